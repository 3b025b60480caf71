using System.Text;
using Spectre.Console.Rendering;

namespace DocTuneLab.Cli.Repl;

/// <summary>
/// Reads a piece of code of one or more lines from a terminal: the keys of readline, history, and completion with Tab. Enter ends the
/// input where the code is complete and begins a new line where it is not.
/// </summary>
/// <param name="readKey">Waits for a key.</param>
/// <param name="screen">The terminal.</param>
/// <param name="width">Columns of the terminal.</param>
/// <param name="complete">Ways to go on at a position: the range that they replace, and the texts.</param>
/// <param name="isComplete">Whether the code can be run as it is.</param>
internal sealed class LineEditor(
    Func<ConsoleKeyInfo> readKey, TextWriter screen, Func<int> width,
    Func<string, int, (int Start, int End, IReadOnlyList<string> Texts)> complete, Func<string, bool> isComplete)
{
    private readonly EditBuffer _buffer = new();
    private string _first = "";
    private string _next = "";
    private int _row;

    /// <summary>Reads one input.</summary>
    /// <param name="prompt">Shown before the first line; later lines are indented as far.</param>
    /// <param name="history">What was entered before, oldest first.</param>
    /// <returns>The text; empty after Ctrl-C; null when the user ends the session with Ctrl-D.</returns>
    public string? Read(string prompt, IReadOnlyList<string> history)
    {
        (_first, _next) = (prompt, new string(' ', Math.Max(0, prompt.Length - 4)) + "... ");
        _buffer.Set("");
        _row = 0;
        var (at, draft) = (history.Count, "");
        Draw();
        while (true)
        {
            var key = readKey();
            var control = key.Modifiers.HasFlag(ConsoleModifiers.Control);
            switch (key.Key)
            {
                case ConsoleKey.Enter
                    when key.Modifiers.HasFlag(ConsoleModifiers.Alt)
                        || key.Modifiers.HasFlag(ConsoleModifiers.Shift)
                        || !isComplete(_buffer.Text):
                    _buffer.Insert("\n" + Indent());
                    break;
                case ConsoleKey.Enter:
                    return Finish(_buffer.Text);
                case ConsoleKey.D when control && _buffer.IsEmpty:
                    Finish("");
                    return null;
                case ConsoleKey.C when control:
                    return Finish("");
                case ConsoleKey.Tab:
                    Complete();
                    break;
                case ConsoleKey.UpArrow or ConsoleKey.P when key.Key is ConsoleKey.UpArrow || control:
                    if (!_buffer.Up() && at > 0)
                    {
                        if (at == history.Count) draft = _buffer.Text;
                        _buffer.Set(history[--at]);
                    }
                    break;
                case ConsoleKey.DownArrow or ConsoleKey.N when key.Key is ConsoleKey.DownArrow || control:
                    if (!_buffer.Down() && at < history.Count)
                        _buffer.Set(++at == history.Count ? draft : history[at]);
                    break;
                default:
                    Edit(key, control);
                    break;
            }
            Draw();
        }
    }

    private void Edit(ConsoleKeyInfo key, bool control)
    {
        switch (key.Key)
        {
            case ConsoleKey.LeftArrow when control: _buffer.WordLeft(); break;
            case ConsoleKey.RightArrow when control: _buffer.WordRight(); break;
            case ConsoleKey.LeftArrow: _buffer.Left(); break;
            case ConsoleKey.RightArrow: _buffer.Right(); break;
            case ConsoleKey.Home: _buffer.Home(); break;
            case ConsoleKey.End: _buffer.End(); break;
            case ConsoleKey.A when control: _buffer.Home(); break;
            case ConsoleKey.E when control: _buffer.End(); break;
            case ConsoleKey.K when control: _buffer.DeleteToLineEnd(); break;
            case ConsoleKey.U when control: _buffer.DeleteToLineStart(); break;
            case ConsoleKey.W when control: _buffer.DeleteWord(); break;
            case ConsoleKey.Backspace when control: _buffer.DeleteWord(); break;
            case ConsoleKey.Backspace: _buffer.Backspace(); break;
            case ConsoleKey.Delete: _buffer.Delete(); break;
            case ConsoleKey.D when control: _buffer.Delete(); break;
            default:
                if (!char.IsControl(key.KeyChar) && key.KeyChar != 0) _buffer.Insert(key.KeyChar.ToString());
                break;
        }
    }

    private void Complete()
    {
        var (start, end, texts) = complete(_buffer.Text, _buffer.Cursor);
        var typed = _buffer.Text[start..Math.Min(end, _buffer.Cursor)];
        var fitting = texts.Where(text => text.StartsWith(typed, StringComparison.OrdinalIgnoreCase)).Distinct().ToList();
        if (fitting.Count == 0) return;
        var common = fitting.Aggregate((one, other) => one[..one.Zip(other).TakeWhile(pair => pair.First == pair.Second).Count()]);
        if (common.Length > typed.Length || fitting.Count == 1)
        {
            _buffer.Replace(start, end, fitting.Count == 1 ? fitting[0] : common);
            return;
        }
        // Nothing to add: show what there is, below what is being typed.
        MoveToEnd();
        var shown = string.Join("  ", fitting.Take(60)) + (fitting.Count > 60 ? $"  … {fitting.Count - 60} more" : "");
        screen.Write($"\r\n{shown}\r\n");
        _row = 0;
    }

    private string Indent()
    {
        var line = _buffer.Text[..(_buffer.Cursor)].Split('\n')[^1];
        var depth = line.Length - line.TrimStart().Length;
        return new string(' ', depth + (line.TrimEnd().EndsWith('{') ? 4 : 0));
    }

    private string Finish(string result)
    {
        MoveToEnd();
        screen.Write("\r\n");
        screen.Flush();
        return result;
    }

    private void MoveToEnd()
    {
        _buffer.Set(_buffer.Text);
        Draw();
    }

    // Draws all from the first row of the input. A line that is longer than the terminal takes several rows.
    private void Draw()
    {
        // A terminal that does not know its width says 0.
        var columns = width() is > 10 and var known ? known : 80;
        var output = new StringBuilder("\r");
        if (_row > 0) output.Append($"\u001b[{_row}A");
        output.Append("\u001b[J");
        var lines = _buffer.Text.Split('\n');
        var (rows, cursorRow, cursorColumn, offset) = (0, 0, 0, 0);
        for (var i = 0; i < lines.Length; i++)
        {
            var prompt = i == 0 ? _first : _next;
            if (i > 0) output.Append("\r\n");
            output.Append(prompt).Append(lines[i]);
            if (_buffer.Cursor >= offset && _buffer.Cursor <= offset + lines[i].Length)
            {
                var cells = Cells(prompt) + Cells(lines[i][..(_buffer.Cursor - offset)]);
                (cursorRow, cursorColumn) = (rows + cells / columns, cells % columns);
            }
            var all = Cells(prompt) + Cells(lines[i]);
            // A terminal wraps only with the next character: at exactly the width the row is made by hand.
            if (all > 0 && all % columns == 0) output.Append("\r\n");
            rows += 1 + all / columns;
            offset += lines[i].Length + 1;
        }
        if (rows - 1 - cursorRow > 0) output.Append($"\u001b[{rows - 1 - cursorRow}A");
        output.Append('\r');
        if (cursorColumn > 0) output.Append($"\u001b[{cursorColumn}C");
        screen.Write(output);
        screen.Flush();
        _row = cursorRow;
    }

    // East Asian characters take two cells.
    private static int Cells(string text) => new Segment(text).CellCount();
}
