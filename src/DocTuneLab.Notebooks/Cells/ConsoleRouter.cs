using System.Runtime.CompilerServices;
using System.Text;

namespace DocTuneLab.Notebooks.Cells;

/// <summary>Sends <see cref="Console"/> output of a running cell to that cell, and everything else where it went before.</summary>
internal static class ConsoleRouter
{
    private static readonly Lock s_gate = new();
    private static bool s_installed;

    public static void Install()
    {
        lock (s_gate)
        {
            if (s_installed)
                return;
            Console.SetOut(new Router(Console.Out, context => context.Out));
            Console.SetError(new Router(Console.Error, context => context.Error));
            Console.SetIn(new InputRouter(Console.In));
            s_installed = true;
        }
    }

    /// <summary>Console.ReadLine in a cell asks the front end. What is not a whole line is cut from one.</summary>
    private sealed class InputRouter(TextReader outside) : TextReader
    {
        private readonly AsyncLocal<StrongBox<string>> _rest = new();

        public override string? ReadLine()
        {
            if (CellContext.CurrentOrNull is not { } context)
                return outside.ReadLine();
            if (_rest.Value is { Value: { Length: > 0 } left })
            {
                _rest.Value.Value = "";
                return left.TrimEnd('\n');
            }
            return context.ReadLineAsync().GetAwaiter().GetResult();
        }

        public override int Peek() =>
            CellContext.CurrentOrNull is null ? outside.Peek() : Buffered() is { Length: > 0 } text ? text[0] : -1;

        public override int Read()
        {
            if (CellContext.CurrentOrNull is null)
                return outside.Read();
            if (Buffered() is not { Length: > 0 } text)
                return -1;
            _rest.Value!.Value = text[1..];
            return text[0];
        }

        private string Buffered()
        {
            _rest.Value ??= new StrongBox<string>("");
            if (_rest.Value.Value!.Length == 0 && CellContext.Current.ReadLineAsync().GetAwaiter().GetResult() is { } line)
                _rest.Value.Value = line + '\n';
            return _rest.Value.Value;
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
