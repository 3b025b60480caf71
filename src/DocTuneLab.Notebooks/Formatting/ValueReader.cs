using System.Collections;
using System.Data;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Html;
using Microsoft.DotNet.Interactive.Formatting;

namespace DocTuneLab.Notebooks.Formatting;

/// <summary>
/// Reads a value once: a sequence is enumerated one time only, however many forms of it are made, and never beyond what is shown, so
/// that endless sequences, costly queries and cyclic graphs are all safe.
/// </summary>
internal sealed class ValueReader
{
    private const int MaxNestedItems = 20;
    private const int MaxDepth = 5;
    private const int MaxNodes = 5_000;

    private readonly Stack<object> _path = new();
    private int _nodes = MaxNodes;

    // Formatters of others may format what they hold, and so come back here with the value that they were asked for.
    [ThreadStatic]
    private static int s_reentries;

    /// <summary>What to show of a value.</summary>
    public static ValueTree Read(object? value)
    {
        if (s_reentries >= MaxDepth)
            return new ValueTree.Leaf("…");
        s_reentries++;
        try
        {
            return new ValueReader().ReadValue(value);
        }
        finally
        {
            s_reentries--;
        }
    }

    private ValueTree ReadValue(object? value)
    {
        _nodes--;
        if (value is null or DBNull)
            return new ValueTree.Leaf("null", IsNull: true);
        var type = value.GetType();
        if (ValueFormatter.IsScalar(type))
            return new ValueTree.Leaf(ValueFormatter.PlainText(value), IsNumber(value));
        if (_path.Count > 0 && ValueFormatter.HasOwnFormatter(type, ValueFormatter.Html))
            return new ValueTree.Foreign(value.ToDisplayString(ValueFormatter.Html),
                ValueFormatter.HasOwnFormatter(type, ValueFormatter.Plain)
                    ? value.ToDisplayString(ValueFormatter.Plain)
                    : Text(value, type));
        switch (value)
        {
            case JsonElement or JsonDocument or JsonNode:
                return new ValueTree.Leaf(Json(value)!.ToJsonString());
            case IHtmlContent html:
                return new ValueTree.Foreign(html.ToDisplayString(ValueFormatter.Html), html.ToString() ?? "");
            case Task task:
                return new ValueTree.Leaf($"{ClrNames.Of(type)} ({task.Status})");
            case Delegate method:
                return new ValueTree.Leaf(
                    method.Method.Name.StartsWith('<') ? ClrNames.Of(type) : $"{ClrNames.Of(type)} ({method.Method.Name})");
            case MemberInfo or Assembly or Stream or Thread or CancellationToken:
                return new ValueTree.Leaf(Text(value, type));
            case Exception exception when _path.Count > 0:
                return new ValueTree.Leaf($"{exception.GetType().Name}: {exception.Message}");
        }
        if (!type.IsValueType && _path.Any(outer => ReferenceEquals(outer, value)))
            return new ValueTree.Leaf($"↺ {ClrNames.Of(type)}");
        if (_path.Count >= MaxDepth || _nodes <= 0)
            return new ValueTree.Leaf("…");
        _path.Push(value);
        try
        {
            return value switch
            {
                byte[] bytes => new ValueTree.Leaf(Hex(bytes)),
                DataTable table => Table(table),
                Array { Rank: 2 } matrix => Matrix(matrix),
                IDictionary dictionary => Entries(dictionary),
                IEnumerable sequence => Sequence(sequence, type),
                ITuple tuple => new ValueTree.Tuple([.. Parts(tuple)]),
                _ when _path.Count > 1 && HasText(type) => new ValueTree.Leaf(Text(value, type)),
                _ => Members(value, type),
            };
        }
        finally
        {
            _path.Pop();
        }
    }

    private ValueTree Sequence(IEnumerable sequence, Type type)
    {
        var limit = _path.Count == 1 ? ValueTree.MaxItems : MaxNestedItems;
        var items = new List<ValueTree>();
        string? note = null;
        try
        {
            foreach (var item in sequence)
            {
                if (items.Count == limit || _nodes <= 0)
                {
                    note = sequence is ICollection { Count: var count } ? $"{count - items.Count:N0} more" : "more";
                    break;
                }
                items.Add(ReadValue(item));
            }
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or ThreadInterruptedException))
        {
            note = $"ended by {exception.GetType().Name}: {exception.Message}";
        }
        return new ValueTree.Items(ClrNames.Of(type), items, note);
    }

    private ValueTree.Map Entries(IDictionary dictionary)
    {
        var entries = new List<(ValueTree, ValueTree)>();
        var limit = _path.Count == 1 ? ValueTree.MaxItems : MaxNestedItems;
        // Not through IEnumerable: generic dictionaries enumerate pairs unless asked through IDictionary.
        foreach (DictionaryEntry entry in dictionary)
        {
            if (entries.Count == limit || _nodes <= 0)
                break;
            entries.Add((ReadValue(entry.Key), ReadValue(entry.Value)));
        }
        return new ValueTree.Map(ClrNames.Of(dictionary.GetType()), entries,
            dictionary.Count > entries.Count ? $"{dictionary.Count - entries.Count:N0} more" : null);
    }

    private List<ValueTree> Parts(ITuple tuple)
    {
        var parts = new List<ValueTree>();
        for (var i = 0; i < tuple.Length; i++)
            parts.Add(ReadValue(tuple[i]));
        return parts;
    }

    private ValueTree Members(object value, Type type)
    {
        var members = new List<(string, ValueTree)>();
        var found = type.GetMembers(BindingFlags.Public | BindingFlags.Instance)
            .Where(
            member => member is FieldInfo || member is PropertyInfo { CanRead: true } property && property.GetIndexParameters().Length == 0
                && !property.PropertyType.IsByRefLike && !property.PropertyType.IsPointer && !property.PropertyType.IsByRef)
            .DistinctBy(member => member.Name).ToList();
        foreach (var member in found.Take(ValueTree.MaxMembers))
        {
            try
            {
                var content = member is FieldInfo field ? field.GetValue(value) : ((PropertyInfo)member).GetValue(value);
                members.Add((member.Name, ReadValue(content)));
            }
            catch (TargetInvocationException exception)
                when (exception.InnerException is not (OperationCanceledException or ThreadInterruptedException))
            {
                members.Add((member.Name, new ValueTree.Leaf($"({exception.GetBaseException().GetType().Name})", IsNull: true)));
            }
        }
        return members.Count == 0
            ? new ValueTree.Leaf(Text(value, type))
            : new ValueTree.Object(ClrNames.Of(type), members, found.Count > members.Count ? $"{found.Count - members.Count} more" : null);
    }

    /// <summary>JSON values as a node, others as null.</summary>
    public static JsonNode? Json(object? value) => value switch
    {
        JsonNode node => node,
        JsonDocument document => JsonSerializer.SerializeToNode(document.RootElement),
        JsonElement { ValueKind: not JsonValueKind.Undefined } element => JsonSerializer.SerializeToNode(element),
        _ => null,
    };

    // Records and anonymous types have a text of their own, too, but one that says no more than their members.
    private static bool HasText(Type type) =>
        type.GetMethod(nameof(ToString), []) is { } method && method.DeclaringType != typeof(object)
            && method.DeclaringType != typeof(ValueType)
        && type.GetMethod("<Clone>$") is null && method.GetCustomAttribute<CompilerGeneratedAttribute>() is null
        && !ClrNames.IsAnonymous(type);

    private static string Text(object value, Type type) => HasText(type) ? value.ToString() ?? "" : ClrNames.Of(type);

    private static string Hex(byte[] bytes)
    {
        const int Shown = 32;
        var head = string.Join(' ', bytes.Take(Shown).Select(part => part.ToString("X2", null)));
        return bytes.Length == 0
            ? "byte[0]"
            : $"byte[{bytes.Length}] {head}{(bytes.Length > Shown ? $" … {bytes.Length - Shown:N0} more" : "")}";
    }

    private static bool IsNumber(object value) =>
        value is IConvertible and not (string or bool or char or DateTime or Enum) or Half or Int128 or System.Numerics.BigInteger;

    private ValueTree.Grid Table(DataTable table)
    {
        var rows = new List<IReadOnlyList<ValueTree>>();
        foreach (var row in table.Rows.Cast<DataRow>().Take(ValueTree.MaxItems))
            rows.Add(Cells(row.ItemArray));
        return new ValueTree.Grid("DataTable", [.. table.Columns.Cast<DataColumn>().Select(column => column.ColumnName)], rows,
            table.Rows.Count > ValueTree.MaxItems ? $"{table.Rows.Count - ValueTree.MaxItems:N0} more" : null);
    }

    private ValueTree.Grid Matrix(Array matrix)
    {
        var (height, width) = (matrix.GetLength(0), matrix.GetLength(1));
        var rows = new List<IReadOnlyList<ValueTree>>();
        for (var i = 0; i < Math.Min(height, ValueTree.MaxItems); i++)
            rows.Add(Cells([.. Enumerable.Range(0, Math.Min(width, ValueTree.MaxMembers)).Select(j => matrix.GetValue(i, j))]));
        var note = height > ValueTree.MaxItems || width > ValueTree.MaxMembers ? $"{height:N0} x {width:N0} in all" : null;
        return new ValueTree.Grid(ClrNames.Of(matrix.GetType()),
            [.. Enumerable.Range(0, Math.Min(width, ValueTree.MaxMembers)).Select(j => $"{j}")], rows, note);
    }

    private List<ValueTree> Cells(object?[] values)
    {
        var cells = new List<ValueTree>();
        foreach (var value in values)
            cells.Add(ReadValue(value));
        return cells;
    }
}
