namespace DocTuneLab.Cli.Repl;

/// <summary>Text being typed, perhaps of several lines, and the place where typing goes on.</summary>
internal sealed class EditBuffer
{
    /// <summary>The text; lines end with <c>\n</c>.</summary>
    public string Text { get; private set; } = "";

    /// <summary>Index in <see cref="Text"/> before which typing goes on.</summary>
    public int Cursor { get; private set; }

    public bool IsEmpty => Text.Length == 0;

    private int LineStart => Cursor == 0 ? 0 : Text.LastIndexOf('\n', Cursor - 1) + 1;

    private int LineEnd => Text.IndexOf('\n', Cursor) is >= 0 and var end ? end : Text.Length;

    public void Set(string text) => (Text, Cursor) = (text, text.Length);

    public void Insert(string text)
    {
        // A closing brace at the start of a line goes back to the depth of the line that it closes.
        if (text == "}" && Cursor - LineStart is >= 4 and var depth && Text[LineStart..Cursor].Trim().Length == 0)
            Replace(Cursor - Math.Min(4, depth), Cursor, "");
        Replace(Cursor, Cursor, text);
    }

    /// <summary>Puts text in the place of a range; the cursor goes behind it.</summary>
    public void Replace(int start, int end, string text)
    {
        Text = Text[..start] + text + Text[end..];
        Cursor = start + text.Length;
    }

    public void Backspace()
    {
        if (Cursor > 0) Replace(Before(), Cursor, "");
    }

    public void Delete()
    {
        if (Cursor < Text.Length) Replace(Cursor, After(), "");
    }

    public void DeleteWord() => Replace(WordBefore(), Cursor, "");

    public void DeleteToLineStart() => Replace(LineStart, Cursor, "");

    public void DeleteToLineEnd() => Replace(Cursor, LineEnd, "");

    public void Left() => Cursor = Before();

    public void Right() => Cursor = After();

    public void WordLeft() => Cursor = WordBefore();

    public void WordRight()
    {
        while (Cursor < Text.Length && !char.IsLetterOrDigit(Text[Cursor])) Cursor++;
        while (Cursor < Text.Length && char.IsLetterOrDigit(Text[Cursor])) Cursor++;
    }

    public void Home() => Cursor = LineStart;

    public void End() => Cursor = LineEnd;

    /// <summary>One line up in the same column; false on the first line.</summary>
    public bool Up()
    {
        if (LineStart == 0) return false;
        var column = Cursor - LineStart;
        var above = LineStart - 1;
        var start = above == 0 ? 0 : Text.LastIndexOf('\n', above - 1) + 1;
        Cursor = Math.Min(start + column, above);
        return true;
    }

    /// <summary>One line down in the same column; false on the last line.</summary>
    public bool Down()
    {
        if (LineEnd == Text.Length) return false;
        var column = Cursor - LineStart;
        var start = LineEnd + 1;
        var end = Text.IndexOf('\n', start) is >= 0 and var found ? found : Text.Length;
        Cursor = Math.Min(start + column, end);
        return true;
    }

    // Pairs of surrogates move as one.
    private int Before() => Math.Max(0, Cursor - (Cursor > 1 && char.IsSurrogatePair(Text, Cursor - 2) ? 2 : 1));

    private int After() => Math.Min(Text.Length, Cursor + (Cursor + 1 < Text.Length && char.IsSurrogatePair(Text, Cursor) ? 2 : 1));

    private int WordBefore()
    {
        var at = Cursor;
        while (at > 0 && !char.IsLetterOrDigit(Text[at - 1])) at--;
        while (at > 0 && char.IsLetterOrDigit(Text[at - 1])) at--;
        return at;
    }
}
