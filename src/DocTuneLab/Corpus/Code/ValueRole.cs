using System.Text.RegularExpressions;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Code;

/// <summary>What a number or text means beyond its type.</summary>
/// <param name="Quantity">What is measured, such as <c>length</c>; empty where nothing says.</param>
/// <param name="Unit">In what, such as <c>metre</c>; empty where nothing says.</param>
internal sealed record ValueRole(string Quantity, string Unit)
{
    /// <summary>Nothing is known.</summary>
    public static ValueRole Unknown { get; } = new("", "");

    public bool IsKnown => Quantity.Length > 0;
}

/// <summary>A place that takes a value: a parameter or a property, with what is known of what fits there.</summary>
internal sealed record ValuePlace(string Type, string Name)
{
    /// <summary>What the value means.</summary>
    public ValueRole Role { get; init; } = ValueRole.Unknown;

    /// <summary>What a number may be.</summary>
    public ValueRange Range { get; init; }

    /// <summary>A text that the documentation gives as an example; null where it gives none.</summary>
    public string? Example { get; init; }

    /// <summary>Whether the place is an object of the library that a method is called on.</summary>
    public bool IsReceiver { get; init; }

    /// <summary>Whether it is called as in the documentation: of two places of a type the name tells which is which.</summary>
    public bool KeepsName { get; init; }
}

/// <summary>Which value may go where. Any library says so by the names and the documentation of its members.</summary>
internal static partial class Roles
{
    private static readonly HashSet<string> s_verbs = new(StringComparer.Ordinal)
    {
        "get", "to", "as", "from", "with", "in", "of", "read", "compute", "calculate", "find", "fetch", "load", "async",
    };

    // What only tells an order, or hashes: a number that means nothing to any other member.
    private static readonly HashSet<string> s_leadNowhere = new(StringComparer.Ordinal)
    {
        "CompareTo", "Compare", "GetHashCode", "Equals", "ReferenceEquals", "GetTypeCode", "CompareOrdinal",
    };

    /// <summary>Whether nothing sensible can be done with the member's result but to return it or to decide by it.</summary>
    public static bool LeadsNowhere(MemberEntry m) =>
        s_leadNowhere.Contains(m.Symbol.Name) || (OfResult(m) is { Quantity: "index" or "seed" } && IsPlain(m.Symbol.ReturnType));

    /// <summary>The place of a parameter of a member.</summary>
    public static ValuePlace PlaceOf(MemberEntry m, ApiParameter p, string type)
    {
        var role = OfParameter(m, p);
        var range = UnitTable.Shipped.RangeOf(role.Quantity).And(ValueRange.Documented(p.Documentation));
        foreach (var e in m.Symbol.Exceptions.Where(e => Speaks(e.Condition, p.Name))) range = range.And(ValueRange.Excepted(e.Condition));
        var example = TypeText.NotNull(type) == "string" ? ExampleIn(p.Documentation) ?? Letters(p.Documentation)
            ?? ExampleIn(m.Symbol.Summary) : null;
        return new(type, p.Name) { Role = role, Range = range, Example = example };
    }

    /// <summary>The place of a property that is set.</summary>
    public static ValuePlace PlaceOf(MemberEntry property, string type)
    {
        var s = property.Symbol;
        var role = OfResult(property);
        var range = UnitTable.Shipped.RangeOf(role.Quantity).And(ValueRange.Documented(s.Summary)).And(ValueRange.Documented(s.Returns));
        foreach (var e in s.Exceptions) range = range.And(ValueRange.Excepted(e.Condition));
        return new(type, char.ToLowerInvariant(s.Name[0]) + s.Name[1..])
        {
            Role = role,
            Range = range,
            Example = TypeText.NotNull(type) == "string" ? ExampleIn(s.Summary) : null,
        };
    }

    /// <summary>What a parameter's value means.</summary>
    public static ValueRole OfParameter(MemberEntry m, ApiParameter p)
    {
        if (!IsPlain(p.Type)) return ValueRole.Unknown;
        if (UnitTable.Shipped.Of(Words(p.Name)) is { } named && (named.Unit.Length > 0
            || UnitTable.Shipped.Stated(p.Documentation) is null))
            return named;
        if (UnitTable.Shipped.Stated(p.Documentation) is { } stated) return stated;
        // FromMetres(double value): the member's name says it where it has one number.
        return m.Symbol.Kind is ApiKind.Method or ApiKind.ExtensionMethod && m.Symbol.Parameters.Count(o => IsPlain(o.Type)) == 1
            && UnitTable.Shipped.Of(Words(m.Symbol.Name)) is { Unit.Length: > 0 } member
            ? member
            : ValueRole.Unknown;
    }

    /// <summary>What a member's result means.</summary>
    public static ValueRole OfResult(MemberEntry m)
    {
        var type = TypeText.Awaited(m.Symbol.ReturnType) ?? m.Symbol.ReturnType;
        if (!IsPlain(type)) return ValueRole.Unknown;
        var named = UnitTable.Shipped.Of(Words(m.Symbol.Name));
        if (named is { Unit.Length: > 0 }) return named;
        return UnitTable.Shipped.Stated(m.Symbol.Returns) ?? UnitTable.Shipped.Stated(Prose.FirstSentence(m.Symbol.Summary))
            ?? named ?? ValueRole.Unknown;
    }

    /// <summary>Whether the result of a member may go into a parameter of another.</summary>
    /// <param name="index">The library.</param>
    /// <param name="from">The member that gives the value.</param>
    /// <param name="type">Type of the value.</param>
    /// <param name="to">The member that takes it.</param>
    /// <param name="parameter">Where it takes it.</param>
    public static bool Flows(ApiIndex index, MemberEntry from, string type, MemberEntry to, ApiParameter parameter)
    {
        if (s_leadNowhere.Contains(from.Symbol.Name)) return false;
        if (TypeText.NotNull(type) != TypeText.NotNull(parameter.Type)) return false;
        if (IsOwn(index, type)) return true;
        if (!IsPlain(type)) return Agree(from.Symbol.Name, parameter.Name);
        var (given, taken) = (OfResult(from), OfParameter(to, parameter));
        if (given.IsKnown != taken.IsKnown) return false;
        if (!given.IsKnown) return Agree(from.Symbol.Name, parameter.Name);
        // Equal in both; where neither states the unit, they must be called the same.
        return given == taken && (given.Unit.Length > 0 || Agree(from.Symbol.Name, parameter.Name));
    }

    /// <summary>Whether a type is the library's own, or a sequence of such: then the type is the role.</summary>
    public static bool IsOwn(ApiIndex index, string type) =>
        (TypeText.Element(type) ?? TypeText.NotNull(type)) is var core && index.Find(core) is { Symbol.Namespace: not "System" };

    /// <summary>Whether a property only gives back what the member was told to make the object from, or what nobody has set.</summary>
    public static bool Echoes(MemberEntry made, MemberEntry read) => read.Symbol.Kind is ApiKind.Property or ApiKind.Field
        && (made.Symbol.Kind == ApiKind.Constructor || made.Symbol.IsStatic)
        && ((made.Symbol.Kind == ApiKind.Constructor && (read.CanWrite || read.IsInitOnly))
            || made.Symbol.Parameters.Any(p => Agree(read.Symbol.Name, p.Name)
                || (OfParameter(made, p) is { Unit.Length: > 0 } role && role == OfResult(read))));

    /// <summary>Whether a type is an exception: thrown and caught, and no thing that a program works with.</summary>
    public static bool IsException(TypeEntry type) => type.Symbol.Name.EndsWith("Exception", StringComparison.Ordinal);

    /// <summary>Whether the type says nothing of what its values mean.</summary>
    public static bool IsPlain(string type) => TypeText.NotNull(type) is var t && (TypeText.IsNumber(t)
        || t is "string" or "bool" or "char" or "sbyte" or "ushort" or "object" or "nint");

    /// <summary>Whether adding up what a member gives makes sense.</summary>
    public static bool Sums(MemberEntry m) => TypeText.IsNumber(m.Symbol.ReturnType) && OfResult(m) is { IsKnown: true } role
        && UnitTable.Shipped.Sums(role.Quantity);

    /// <summary>Whether a larger value of what a member gives is more of something: not so of a key or a code.</summary>
    public static bool Orders(MemberEntry m) => TypeText.IsNumber(m.Symbol.ReturnType)
        && OfResult(m) is not { Quantity: "identifier" or "seed" };

    /// <summary>Words of a name in small letters.</summary>
    public static IReadOnlyList<string> Words(string name) => Prose.Words(name).ToLowerInvariant().Split(' ');

    private static bool Agree(string given, string taken) => Core(given) is { Length: > 0 } a && a == Core(taken);

    // "GetGateName" and "gateName" agree, as do "Names" and "name".
    private static string Core(string name)
    {
        var words = Words(name).Where(w => !s_verbs.Contains(w)).ToList();
        return words.Count == 0 ? "" : words[^1].Length > 3 ? words[^1].TrimEnd('s') : words[^1];
    }

    private static bool Speaks(string condition, string name) =>
        Regex.IsMatch(condition, $@"(?<!\w){Regex.Escape(name)}(?!\w)");

    // "text such as NB-042": at most three words, and no sentence.
    private static string? ExampleIn(string? text) =>
        text is not null && SuchAs().Match(text) is { Success: true } match && match.Groups[1].Value.IndexOf('"') < 0
            ? match.Groups[1].Value.Trim('`', '\'')
            : null;

    // "two to four letters"
    private static string? Letters(string? text) =>
        text is not null && LetterCount().Match(text) is { Success: true } match
        && ValueRange.Documented(match.Groups[1].Value) is { Min: >= 1 and <= 8 and var min } ? "NBXKQTLM"[..(int)min] : null;

    [GeneratedRegex(@"(\S+ to \S+|\bat least \S+) (?:letters|characters)\b", RegexOptions.IgnoreCase)]
    private static partial Regex LetterCount();
    [GeneratedRegex(@"\bsuch as (\S+?(?: [^\s.,;]+)?)(?=[.,;)](?:\s|$)|$|\sor\s)")]
    private static partial Regex SuchAs();
}
