using System.Text;

namespace DocTuneLab.Notebooks.Cells;

/// <summary>Sends <see cref="Console"/> output of a running cell to that cell, and everything else where it went before.</summary>
internal static class ConsoleRouter
{
    private static readonly Lock Gate = new();
    private static bool installed;

    public static void Install()
    {
        lock (Gate)
        {
            if (installed)
                return;
            Console.SetOut(new Router(Console.Out, context => context.Out));
            Console.SetError(new Router(Console.Error, context => context.Error));
            installed = true;
        }
    }

    private sealed class Router(TextWriter outside, Func<CellContext, TextWriter> select) : TextWriter
    {
        private TextWriter Target => CellContext.CurrentOrNull is { } context ? select(context) : outside;

        public override Encoding Encoding => outside.Encoding;

        public override void Write(char value) => Target.Write(value);

        public override void Write(char[] buffer, int index, int count) => Target.Write(buffer, index, count);

        public override void Write(ReadOnlySpan<char> buffer) => Target.Write(buffer);

        public override void Write(string? value) => Target.Write(value);

        public override void WriteLine(string? value) => Target.WriteLine(value);

        public override void WriteLine() => Target.WriteLine();

        public override void Flush() => Target.Flush();
    }
}
