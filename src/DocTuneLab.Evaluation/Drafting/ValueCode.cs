using System.Globalization;
using DocTuneLab.Evaluation.Execution;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>Values that a run gave as C# expressions of a type: what hidden tests expect.</summary>
/// <param name="types">Which types are the task's own.</param>
internal sealed class ValueCode(DataTypes types)
{
    private static readonly SymbolDisplayFormat s_format = SymbolDisplayFormat.MinimallyQualifiedFormat
        .WithMiscellaneousOptions(SymbolDisplayMiscellaneousOptions.UseSpecialTypes
            | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    /// <summary>A type as a signature writes it.</summary>
    public static string Name(ITypeSymbol type) => type.ToDisplayString(s_format);

    /// <summary>The expression; null where the value cannot be written.</summary>
    /// <param name="node">What the run gave.</param>
    /// <param name="type">The type that it is of; null for one that is not known.</param>
    public string? Of(TraceNode node, ITypeSymbol? type)
    {
        if (type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T, TypeArguments: [var of] }) type = of;
        return node switch
        {
            NullNode => "null",
            TextNode t => SymbolDisplay.FormatLiteral(t.Value, quote: true),
            // A number in a box may be of any of their types.
            ExactNode when type is { SpecialType: SpecialType.System_Object } => null,
            ExactNode n => Number(n.Value, type),
            FloatingNode f => double.IsFinite(f.Value) ? f.Value.ToString("R", CultureInfo.InvariantCulture) + "d"
                : double.IsNaN(f.Value) ? "double.NaN" : f.Value > 0 ? "double.PositiveInfinity" : "double.NegativeInfinity",
            ScalarNode s => Scalar(s, type),
            ItemsNode { Kind: NodeKind.Tuple } i when type is INamedTypeSymbol { IsTupleType: true } tuple
                && tuple.TupleElements.Length == i.Items.Count
                // What is nothing has a type within a tuple only where it is said.
                && All(i.Items.Zip(tuple.TupleElements, (x, e) => x is NullNode ? $"({Name(e.Type)})null!" : Of(x, e.Type)))
                    is { } parts => $"({string.Join(", ", parts)})",
            ItemsNode { Kind: not NodeKind.Tuple } i when DataTypes.Element(type) is { } element
                && All(i.Items.Select(x => Of(x, element))) is { } items
                => items.Count == 0 ? $"Array.Empty<{Name(element)}>()" : $"new {Name(element)}[] {{ {string.Join(", ", items)} }}",
            MapNode m when type is INamedTypeSymbol { TypeArguments: [var k, var v] }
                && All(m.Entries.Select(e => Of(e.Key, k) is { } key && Of(e.Value, v) is { } value ? $"[{key}] = {value}"
                    : null)) is { } all
                => $"new Dictionary<{Name(k)}, {Name(v)}>{(all.Count == 0 ? "()" : $" {{ {string.Join(", ", all)} }}")}",
            ThingNode t when type is INamedTypeSymbol named && types.IsRecordOfData(named) => Record(t, named),
            _ => null,
        };
    }

    private static List<string>? All(IEnumerable<string?> parts)
    {
        List<string> all = [];
        foreach (var part in parts)
        {
            if (part is null) return null;
            all.Add(part);
        }
        return all;
    }

    private string? Record(ThingNode thing, INamedTypeSymbol type)
    {
        if (type.InstanceConstructors.All(c => c.Parameters.Length > 0)) return null;
        var members = type.GetMembers().Where(m => !m.IsStatic && m is IPropertySymbol or IFieldSymbol { AssociatedSymbol: null })
            .ToDictionary(m => m.Name, m => m is IPropertySymbol p ? p.Type : ((IFieldSymbol)m).Type, StringComparer.Ordinal);
        List<string> set = [];
        foreach (var (name, value) in thing.Fields)
        {
            if (!members.TryGetValue(name, out var its)) return null;
            if (value is NullNode) continue;
            if (Of(value, its) is not { } code) return null;
            set.Add($"{name} = {code}");
        }
        return set.Count == 0 ? $"new {Name(type)}()" : $"new {Name(type)} {{ {string.Join(", ", set)} }}";
    }

    private static string? Number(decimal value, ITypeSymbol? type)
    {
        var text = value.ToString(CultureInfo.InvariantCulture);
        return type?.SpecialType switch
        {
            SpecialType.System_Int64 => text + "L",
            SpecialType.System_UInt64 => text + "UL",
            SpecialType.System_UInt32 => text + "U",
            SpecialType.System_Decimal => text + "m",
            SpecialType.System_Byte or SpecialType.System_SByte or SpecialType.System_Int16 or SpecialType.System_UInt16
                => $"({Name(type)}){(value < 0 ? $"({text})" : text)}",
            _ => value is >= int.MinValue and <= int.MaxValue && decimal.Truncate(value) == value ? text : text + "m",
        };
    }

    private static string? Scalar(ScalarNode scalar, ITypeSymbol? type)
    {
        switch (TraceComparison.Simple(scalar.Type))
        {
            case nameof(Boolean): return scalar.Key;
            case nameof(Char):
                return SymbolDisplay.FormatLiteral((char)int.Parse(scalar.Key, CultureInfo.InvariantCulture), quote: true);
            case nameof(TimeSpan): return $"TimeSpan.Parse({Quoted(scalar.Words)})";
            case nameof(Guid): return $"new Guid({Quoted(scalar.Key)})";
            case nameof(DateTime): return $"new DateTime({Moment(scalar.Key, dayAlone: true)})";
            case nameof(DateTimeOffset): return $"new DateTimeOffset({Moment(scalar.Key, dayAlone: false)}, TimeSpan.Zero)";
            case nameof(DateOnly):
                var day = DateOnly.FromDayNumber(int.Parse(scalar.Key, CultureInfo.InvariantCulture));
                return $"new DateOnly({day.Year}, {day.Month}, {day.Day})";
            case nameof(TimeOnly):
                var time = new TimeOnly(long.Parse(scalar.Key, CultureInfo.InvariantCulture));
                return time.Ticks % TimeSpan.TicksPerSecond == 0 ? $"new TimeOnly({time.Hour}, {time.Minute}, {time.Second})"
                    : $"new TimeOnly({scalar.Key}L)";
            case nameof(Uri): return $"new Uri({Quoted(scalar.Key)}, UriKind.RelativeOrAbsolute)";
            case nameof(Version): return $"new Version({Quoted(scalar.Key)})";
            default:
                return type is INamedTypeSymbol { TypeKind: TypeKind.Enum } named
                    && named.GetMembers().OfType<IFieldSymbol>().Any(f => f.Name == scalar.Words) ? $"{Name(type)}.{scalar.Words}" : null;
        }
    }

    // As people write it, where it is a whole second.
    private static string Moment(string ticks, bool dayAlone)
    {
        var at = new DateTime(long.Parse(ticks, CultureInfo.InvariantCulture));
        if (at.Ticks % TimeSpan.TicksPerSecond != 0) return ticks + "L";
        return $"{at.Year}, {at.Month}, {at.Day}" + (dayAlone && at.TimeOfDay == default ? "" : $", {at.Hour}, {at.Minute}, {at.Second}");
    }

    private static string Quoted(string text) => SymbolDisplay.FormatLiteral(text, quote: true);
}
