using System.Text;

namespace DocTuneLab.Notebooks.Formatting;

/// <summary>A <see cref="ValueTree"/> as plain text, for terminals and for front ends without HTML.</summary>
internal static class TextView
{
    private const int Width = 100;
    private const int MaxColumnWidth = 40;
    private const int MaxTableWidth = 160;

    /// <summary>A scalar as it is, objects with one member a line unless they fit in one, sequences of objects as
    /// aligned columns.</summary>
    public static string Of(ValueTree tree) => tree switch
    {
        ValueTree.Leaf leaf => leaf.Text,
        ValueTree.Foreign foreign => foreign.Text,
        ValueTree.Items items when HtmlView.Columns(items) is { } columns => Table(columns,
            items.Values.Select(item => columns.Select(column => HtmlView.Member(item, column) is { } cell ? Inline(cell) : "").ToList()),
            items.Note),
        ValueTree.Grid grid => Table(grid.Columns, grid.Rows.Select(row => row.Select(Inline).ToList()), grid.Note),
        ValueTree.Items { Values: var values } items when values.All(value => value is ValueTree.Leaf { Text.Length: < MaxColumnWidth }) =>
            Wrapped(items),
        _ => Inline(tree) is var line && line.Length <= Width && !line.Contains('\n') ? line : Lines(tree),
    };

    /// <summary>All on one line.</summary>
    public static string Inline(ValueTree tree) => tree switch
    {
        ValueTree.Leaf leaf => leaf.Text,
        ValueTree.Foreign foreign => foreign.Text,
        ValueTree.Items items => $"[{string.Join(", ", items.Values.Select(Inline).Concat(Note(items.Note)))}]",
        ValueTree.Tuple tuple => $"({string.Join(", ", tuple.Values.Select(Inline))})",
        ValueTree.Map map => Braced(map.Entries.Select(entry => $"{Inline(entry.Key)}: {Inline(entry.Value)}").Concat(Note(map.Note))),
        ValueTree.Object value => (value.Type == "anonymous" ? "" : value.Type + " ")
            + Braced(value.Members.Select(member => $"{member.Name} = {Inline(member.Value)}").Concat(Note(value.Note))),
        ValueTree.Grid grid => $"{grid.Type} with {grid.Rows.Count} rows",
        _ => "",
    };

    private static string Lines(ValueTree tree) => tree switch
    {
        ValueTree.Object value => $"{value.Type}\n" + string.Join('\n',
            value.Members.Select(member => $"{member.Name}:{Nested(member.Value)}").Concat(Note(value.Note)).Select(line => "  " + line)),
        ValueTree.Map map =>
            string.Join('\n', map.Entries.Select(entry => $"{Inline(entry.Key)}:{Nested(entry.Value)}").Concat(Note(map.Note))),
        ValueTree.Items items => string.Join('\n', items.Values.Select(value => $"-{Nested(value)}").Concat(Note(items.Note))),
        _ => Inline(tree),
    };

    private static string Nested(ValueTree tree) =>
        Of(tree) is var text && text.Contains('\n') ? "\n    " + text.Replace("\n", "\n    ", StringComparison.Ordinal) : " " + text;

    private static string Wrapped(ValueTree.Items items)
    {
        var text = new StringBuilder("[");
        var line = 1;
        var parts = items.Values.Select(Inline).Concat(Note(items.Note)).ToList();
        for (var i = 0; i < parts.Count; i++)
        {
            var part = parts[i] + (i < parts.Count - 1 ? "," : "");
            if (line + part.Length + 1 > Width)
            {
                text.Append("\n ");
                line = 1;
            }
            else if (i > 0)
            {
                text.Append(' ');
                line++;
            }
            text.Append(part);
            line += part.Length;
        }
        return text.Append(']').ToString();
    }

    private static string Table(IReadOnlyList<string> columns, IEnumerable<List<string>> rows, string? note)
    {
        var lines = rows.Select(row => row.Select(cell => Short(cell.ReplaceLineEndings(" "))).ToList()).ToList();
        var widths = columns
            .Select((column, i) => Math.Min(MaxColumnWidth, lines.Select(line => line[i].Length).Prepend(column.Length).Max()))
            .ToList();
        // Columns that no terminal has room for would only wrap: they are left out, and counted.
        var shown = 0;
        for (var total = 0; shown < widths.Count && (shown == 0 || total + widths[shown] + 2 <= MaxTableWidth); shown++)
            total += widths[shown] + 2;
        var right = columns
            .Select((_, i) => lines.Count > 0 && lines.All(line => line[i].Length == 0 || double.TryParse(line[i], out var _)))
            .ToList();
        var text = new StringBuilder();
        foreach (var line in lines.Prepend([.. columns]))
            text
                .Append(string.Join("  ",
                    line.Take(shown).Select((cell, i) => right[i] ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i])))
                    .TrimEnd())
                .Append('\n');
        foreach (var more in Note(note).Concat(Note(shown < columns.Count ? $"{columns.Count - shown} more columns" : null)))
            text.Append(more).Append('\n');
        return text.ToString().TrimEnd('\n');
    }

    private static IEnumerable<string> Note(string? note) => note is null ? [] : ["… " + note];

    private static string Braced(IEnumerable<string> parts) =>
        string.Join(", ", parts) is { Length: > 0 } text ? $"{{ {text} }}" : "{}";

    private static string Short(string text) => text.Length > MaxColumnWidth ? text[..(MaxColumnWidth - 1)] + "…" : text;
}
