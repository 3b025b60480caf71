using System.Collections;
using System.Data;
using System.Net;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.DotNet.Interactive.Formatting;

namespace DocTuneLab.Notebooks.Formatting;

/// <summary>Objects and sequences as HTML tables: one row an item, one column a member.</summary>
internal static class TableFormatter
{
    public const int MaxRows = 50;
    private const int MaxColumns = 20;
    private const int MaxCellLength = 300;

    public static string Format(object value) => value switch
    {
        DataTable table => Format(table),
        string text => WebUtility.HtmlEncode(text),
        IDictionary dictionary => Rows(["key", "value"], Entries(dictionary), dictionary.Count),
        IEnumerable sequence => Sequence(sequence),
        _ when ValueFormatter.IsScalar(value.GetType()) => WebUtility.HtmlEncode(ValueFormatter.PlainText(value)),
        _ => Single(value),
    };

    public static string TypeName(Type type)
    {
        if (type.Name.StartsWith("<>f__AnonymousType", StringComparison.Ordinal))
            return "anonymous";
        if (!type.IsGenericType)
            return type.Name;
        var arguments = string.Join(", ", type.GetGenericArguments().Select(TypeName));
        return $"{type.Name.Split('`')[0]}<{arguments}>";
    }

    private static string Format(DataTable table) => Rows(
        [.. table.Columns.Cast<DataColumn>().Select(column => column.ColumnName)],
        table.Rows.Cast<DataRow>().Select(row => row.ItemArray));

    // Not Cast<DictionaryEntry>(): generic dictionaries enumerate pairs unless asked through IDictionary.
    private static IEnumerable<object?[]> Entries(IDictionary dictionary)
    {
        foreach (DictionaryEntry entry in dictionary)
            yield return [entry.Key, entry.Value];
    }

    private static string Sequence(IEnumerable sequence)
    {
        // One item more than shown, so that an endless sequence is shown too.
        var items = sequence.Cast<object?>().Take(MaxRows + 1).ToList();
        var total = sequence is ICollection collection ? collection.Count : (int?)null;
        var members = items.Where(item => item is not null).Select(item => item!.GetType()).Distinct().ToList() is [var single] && !ValueFormatter.IsScalar(single)
            && !typeof(IEnumerable).IsAssignableFrom(single) ? Members(single) : [];
        return members.Length == 0
            ? Rows(["#", "value"], items.Select((item, index) => new[] { index, item }), total)
            : Rows([.. members.Select(member => member.Name)], items.Select(item => members.Select(member => Read(member, item)).ToArray()), total);
    }

    private static string Single(object value)
    {
        var members = Members(value.GetType());
        if (members.Length == 0)
            return WebUtility.HtmlEncode(value.ToString() ?? "");
        return Rows([TypeName(value.GetType()), ""], members.Select(member => new[] { member.Name, Read(member, value) }));
    }

    private static MemberInfo[] Members(Type type) =>
    [
        .. type.GetMembers(BindingFlags.Public | BindingFlags.Instance)
            .Where(member => member is FieldInfo || member is PropertyInfo { CanRead: true } property && property.GetIndexParameters().Length == 0)
            .Where(member => !(member is PropertyInfo { PropertyType: var t } && (t.IsByRefLike || t.IsPointer)))
            .Take(MaxColumns),
    ];

    private static object? Read(MemberInfo member, object? target)
    {
        if (target is null)
            return null;
        try
        {
            return member is FieldInfo field ? field.GetValue(target) : ((PropertyInfo)member).GetValue(target);
        }
        catch (TargetInvocationException exception)
        {
            return $"({exception.GetBaseException().GetType().Name})";
        }
    }

    private static string Rows(IReadOnlyList<string> columns, IEnumerable<object?[]> rows, int? total = null)
    {
        var html = new StringBuilder("<table class=\"doctune-table\"><thead><tr>");
        foreach (var column in columns)
            html.Append("<th>").Append(WebUtility.HtmlEncode(column)).Append("</th>");
        html.Append("</tr></thead><tbody>");
        var count = 0;
        foreach (var row in rows)
        {
            if (count++ == MaxRows)
            {
                html.Append($"<tr><td colspan=\"{columns.Count}\">… ").Append(total is { } known ? $"{known - MaxRows} more" : "more").Append("</td></tr>");
                break;
            }
            html.Append("<tr>");
            foreach (var cell in row)
                html.Append(IsNumber(cell) ? "<td style=\"text-align:right\">" : "<td>").Append(Cell(cell)).Append("</td>");
            html.Append("</tr>");
        }
        return html.Append("</tbody></table>").ToString();
    }

    private static string Cell(object? value)
    {
        var text = value switch
        {
            null => "",
            DBNull => "",
            _ when ValueFormatter.IsScalar(value.GetType()) => ValueFormatter.PlainText(value),
            ITuple => value.ToString() ?? "",
            _ => value.ToDisplayString(ValueFormatter.Plain),
        };
        return WebUtility.HtmlEncode(text.Length > MaxCellLength ? text[..MaxCellLength] + "…" : text);
    }

    private static bool IsNumber(object? value) => value is IConvertible and not (string or bool or char or DateTime or Enum or DBNull);
}
