using System.Net;
using System.Text;

namespace DocTuneLab.Notebooks.Formatting;

/// <summary>A <see cref="ValueTree"/> as HTML: tables outside, folded details inside.</summary>
internal static class HtmlView
{
    private const int MaxCellLength = 400;

    // Front ends align table cells to the right, with selectors of one class and one pseudo-class: the class twice outweighs them.
    private const string Style = "<style>table.doctune-table.doctune-table td,table.doctune-table.doctune-table "
        + "th{text-align:left;vertical-align:top}table.doctune-table.doctune-table .n{text-align:right}.doctune-table td "
        + "pre{margin:0}.doctune-table .z{opacity:.55}.doctune-table summary{cursor:pointer}</style>";

    /// <summary>The HTML of a value, or null where its text says as much: scalars, and sequences of them.</summary>
    public static string? Of(ValueTree tree)
    {
        if (tree is ValueTree.Leaf or ValueTree.Tuple
            || tree is ValueTree.Items { Values: var values } && values.All(IsPlain)
            || tree is ValueTree.Map { Entries.Count: 0 })
            return null;
        if (tree is ValueTree.Foreign foreign)
            return foreign.Html;
        var html = new StringBuilder(Style);
        Table(html, tree);
        return html.ToString();
    }

    private static bool IsPlain(ValueTree tree) => tree is ValueTree.Leaf;

    private static void Table(StringBuilder html, ValueTree tree)
    {
        switch (tree)
        {
            case ValueTree.Items items when Columns(items) is { } columns:
                Rows(html, columns, items.Values.Select(item => columns.Select(column => Member(item, column)).ToList()), items.Note);
                break;
            case ValueTree.Items items:
                Rows(html, ["#", "value"],
                    items.Values.Select((item, index) => new List<ValueTree?> { new ValueTree.Leaf($"{index}", IsNumber: true), item }),
                    items.Note);
                break;
            case ValueTree.Map map:
                Rows(html, ["key", "value"], map.Entries.Select(entry => new List<ValueTree?> { entry.Key, entry.Value }), map.Note);
                break;
            case ValueTree.Grid grid:
                Rows(html, grid.Columns, grid.Rows.Select(row => row.Cast<ValueTree?>().ToList()), grid.Note);
                break;
            case ValueTree.Object value:
                html.Append("<table class=\"doctune-table\"><thead><tr><th colspan=\"2\">")
                    .Append(Text(value.Type))
                    .Append("</th></tr></thead><tbody>");
                foreach (var (name, content) in value.Members)
                {
                    html.Append("<tr><td>").Append(Text(name)).Append("</td><td>");
                    Cell(html, content);
                    html.Append("</td></tr>");
                }
                Note(html, value.Note, 2);
                html.Append("</tbody></table>");
                break;
        }
    }

    private static void Rows(StringBuilder html, IReadOnlyList<string> columns, IEnumerable<List<ValueTree?>> rows, string? note)
    {
        var all = rows.ToList();
        // A column of numbers is aligned to the right; one number among texts would stand alone at the far end.
        var numbers = columns
            .Select((_, column) =>
                all.All(row => row[column] is null or ValueTree.Leaf { IsNumber: true } or ValueTree.Leaf { IsNull: true }))
            .ToList();
        html.Append("<table class=\"doctune-table\"><thead><tr>");
        for (var i = 0; i < columns.Count; i++)
            html.Append(numbers[i] ? "<th class=\"n\">" : "<th>").Append(Text(columns[i])).Append("</th>");
        html.Append("</tr></thead><tbody>");
        foreach (var row in all)
        {
            html.Append("<tr>");
            for (var i = 0; i < row.Count; i++)
            {
                html.Append(numbers[i] ? "<td class=\"n\">" : "<td>");
                if (row[i] is { } cell)
                    Cell(html, cell);
                html.Append("</td>");
            }
            html.Append("</tr>");
        }
        Note(html, note, columns.Count);
        html.Append("</tbody></table>");
    }

    private static void Note(StringBuilder html, string? note, int columns)
    {
        if (note is not null)
            html.Append($"<tr><td colspan=\"{columns}\" class=\"z\">… ").Append(Text(note)).Append("</td></tr>");
    }

    private static void Cell(StringBuilder html, ValueTree tree)
    {
        switch (tree)
        {
            case ValueTree.Foreign foreign:
                html.Append(foreign.Html);
                break;
            case ValueTree.Leaf { IsNull: true } leaf:
                html.Append("<span class=\"z\">").Append(Text(leaf.Text)).Append("</span>");
                break;
            case ValueTree.Leaf or ValueTree.Tuple:
            case ValueTree.Items { Values: var values } when values.All(IsPlain):
            case ValueTree.Map { Entries.Count: 0 }:
                html.Append(Text(Short(TextView.Inline(tree))));
                break;
            default:
                html.Append("<details><summary>").Append(Text(Short(TextView.Inline(tree), 80))).Append("</summary>");
                Table(html, tree);
                html.Append("</details>");
                break;
        }
    }

    /// <summary>Names of the members of all items, if all are objects.</summary>
    internal static IReadOnlyList<string>? Columns(ValueTree.Items items) =>
        items.Values.Count > 0
            && items.Values.All(item => item is ValueTree.Object or ValueTree.Tuple or ValueTree.Leaf { IsNull: true })
            && items.Values.Any(item => item is not ValueTree.Leaf)
            ? [.. items.Values.SelectMany(Names).Distinct().Take(ValueTree.MaxMembers)]
            : null;

    internal static ValueTree? Member(ValueTree item, string column) => item switch
    {
        ValueTree.Object value => value.Members.FirstOrDefault(member => member.Name == column).Value,
        ValueTree.Tuple tuple => tuple.Values.ElementAtOrDefault(int.Parse(column["Item".Length..], null) - 1),
        _ => null,
    };

    private static IEnumerable<string> Names(ValueTree item) => item switch
    {
        ValueTree.Object value => value.Members.Select(member => member.Name),
        ValueTree.Tuple tuple => tuple.Values.Select((_, index) => $"Item{index + 1}"),
        _ => [],
    };

    private static string Short(string text, int limit = MaxCellLength) =>
        text.Length > limit ? text[..(char.IsHighSurrogate(text[limit - 1]) ? limit - 1 : limit)] + "…" : text;

    private static string Text(string text) => WebUtility.HtmlEncode(text).Replace("\n", "<br>", StringComparison.Ordinal);
}
