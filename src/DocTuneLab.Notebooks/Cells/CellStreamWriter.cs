using System.Text;

namespace DocTuneLab.Notebooks.Cells;

/// <summary>
/// A cell's standard output or error. Text is sent in batches, because a message for every <c>Write</c> would drown the front end.
/// </summary>
internal sealed class CellStreamWriter : TextWriter
{
    private const int BatchLength = 64 * 1024;
    private static readonly TimeSpan BatchAge = TimeSpan.FromMilliseconds(40);

    private readonly StringBuilder buffer = new();
    private readonly object gate;
    private readonly bool isError;
    private readonly Action<CellOutput> emit;
    private readonly Timer timer;
    private bool timerSet;
    private bool closed;

    public CellStreamWriter(object gate, bool isError, Action<CellOutput> emit)
    {
        this.gate = gate;
        this.isError = isError;
        this.emit = emit;
        timer = new Timer(_ => Flush());
    }

    /// <summary>The other stream of the cell: flushed before this one writes, so that order is kept.</summary>
    public CellStreamWriter? Sibling { get; set; }

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value) => Write([value]);

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(string? value) => Write(value.AsSpan());

    public override void WriteLine(string? value)
    {
        lock (gate)
        {
            Write(value.AsSpan());
            Write("\n".AsSpan());
        }
    }

    public override void WriteLine() => Write("\n".AsSpan());

    public override void Write(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty)
            return;
        lock (gate)
        {
            if (closed)
                return;
            Sibling?.Flush();
            buffer.Append(text);
            if (buffer.Length >= BatchLength)
            {
                Flush();
            }
            else if (!timerSet)
            {
                timerSet = true;
                timer.Change(BatchAge, Timeout.InfiniteTimeSpan);
            }
        }
    }

    public override void Flush()
    {
        lock (gate)
        {
            timerSet = false;
            if (buffer.Length == 0)
                return;
            var text = buffer.ToString();
            buffer.Clear();
            emit(new StreamOutput(isError, text));
        }
    }

    /// <summary>Sends what is left; later writes (of tasks that outlive their cell) are dropped.</summary>
    public void Complete()
    {
        lock (gate)
        {
            Flush();
            closed = true;
        }
        timer.Dispose();
    }
}
