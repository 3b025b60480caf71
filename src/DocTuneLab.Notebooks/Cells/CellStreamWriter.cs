using System.Text;

namespace DocTuneLab.Notebooks.Cells;

/// <summary>A cell's standard output or error: what is written goes into the cell's one queue, which keeps the order
/// between the two.</summary>
internal sealed class CellStreamWriter(OutputQueue queue, bool isError) : TextWriter
{
    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value) => Write([value]);

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(string? value) => Write(value.AsSpan());

    public override void WriteLine(string? value) => queue.Write(isError, value, endLine: true);

    public override void WriteLine() => Write("\n".AsSpan());

    public override void Write(ReadOnlySpan<char> text) => queue.Write(isError, text);

    public override void Flush() => queue.Flush();
}
