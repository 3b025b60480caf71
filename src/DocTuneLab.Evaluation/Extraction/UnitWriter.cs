using System.Text;

namespace DocTuneLab.Evaluation.Extraction;

/// <summary>Writes a compilation unit line by line and remembers which lines are the answer's.</summary>
internal sealed class UnitWriter(string answer)
{
    private readonly StringBuilder _text = new();
    private readonly List<int> _lines = [];
    private bool _begun;

    /// <summary>For each line of the unit, the answer's line that it is; below zero where it is none but speaks of one.</summary>
    public IReadOnlyList<int> Lines => _lines;

    /// <summary>The unit.</summary>
    public string Source => _text.ToString() + "\n";

    /// <summary>Adds whole lines that are not the answer's.</summary>
    /// <param name="code">The lines.</param>
    /// <param name="about">Line of the answer that an error in them is about; 0 where there is none.</param>
    public void Add(string code, int about = 0)
    {
        foreach (var line in code.Split('\n')) Line(line, -about);
    }

    /// <summary>Adds lines that are not the answer's.</summary>
    public void Add(IEnumerable<string> codes)
    {
        foreach (var code in codes) Add(code);
    }

    /// <summary>Adds a part of the answer, on lines of its own; blanks at its ends are left out.</summary>
    public void Answer(int start, int end)
    {
        while (start < end && char.IsWhiteSpace(answer[start])) start++;
        while (end > start && char.IsWhiteSpace(answer[end - 1])) end--;
        if (start == end) return;
        // The first line keeps its indentation, as the others do.
        var margin = start - (answer.LastIndexOf('\n', Math.Max(0, start - 1)) + 1);
        var number = 1 + answer.AsSpan(0, start).Count('\n');
        var first = new string(' ', start == 0 || answer.AsSpan(start - margin, margin).IsWhiteSpace() ? margin : 0);
        foreach (var line in (first + answer[start..end]).Split('\n')) Line(line, number++);
    }

    /// <summary>Adds lines of the answer that are no part of what it was taken for.</summary>
    /// <param name="code">The lines.</param>
    /// <param name="number">One-based number of the first.</param>
    public void Answer(string code, int number)
    {
        foreach (var line in code.Split('\n')) Line(line, number++);
    }

    /// <summary>Adds to the last line.</summary>
    public void Append(string code) => _text.Append(code);

    private void Line(string line, int origin)
    {
        if (_begun) _text.Append('\n');
        _begun = true;
        _text.Append(line);
        _lines.Add(origin);
    }
}
