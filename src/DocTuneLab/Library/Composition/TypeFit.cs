using System.Collections.Concurrent;

namespace DocTuneLab.Library.Composition;

/// <summary>Which types fit where another is asked for, as far as texts and the library's own types tell.</summary>
internal sealed class TypeFit(ApiModel api)
{
    private static readonly HashSet<string> s_readable = ["IEnumerable", "IReadOnlyCollection", "IReadOnlyList"];

    private static readonly Dictionary<string, string[]> s_wider = new(StringComparer.Ordinal)
    {
        ["byte"] = ["short", "int", "long", "float", "double", "decimal"],
        ["short"] = ["int", "long", "float", "double", "decimal"],
        ["int"] = ["long", "float", "double", "decimal"],
        ["uint"] = ["long", "ulong", "double", "decimal"],
        ["long"] = ["float", "double", "decimal"],
        ["float"] = ["double"],
    };

    // Types are texts, and taking them apart costs more than all the rest of a search.
    private readonly ConcurrentDictionary<(string From, string To, bool Convert), bool> _fits = new();
    private readonly ConcurrentDictionary<string, ApiSymbol?> _found = new(StringComparer.Ordinal);
    private readonly ILookup<string, ApiSymbol> _types = api.Types.ToLookup(t => t.Name.Split('<')[0], StringComparer.Ordinal);

    /// <summary>The library's type of a text, or null.</summary>
    public ApiSymbol? Find(string type) => _found.GetOrAdd(type, t =>
    {
        if (t.EndsWith(']')) return null;
        var arity = TypeText.Arguments(TypeText.NotNull(t)).Count;
        return _types[TypeText.Head(t)].FirstOrDefault(s => Arity(s) == arity);
    });

    /// <summary>Number of type parameters by the documentation id.</summary>
    public static int Arity(ApiSymbol type) =>
        type.Id.LastIndexOf('`') is >= 0 and var at && int.TryParse(type.Id[(at + 1)..], out var n) ? n : 0;

    /// <summary>Whether a value of one type may stand where another is asked for.</summary>
    /// <param name="from">Type of the value.</param>
    /// <param name="to">The type that is asked for.</param>
    /// <param name="convert">Whether a number may become a wider one, and a value one that may be missing: not before a dot.</param>
    public bool Fits(string from, string to, bool convert = true) =>
        from == to || _fits.GetOrAdd((from, to, convert), k => Compute(k.From, k.To, k.Convert));

    private bool Compute(string from, string to, bool convert)
    {
        if (to == "object") return convert;
        var (source, target) = (TypeText.NotNull(from), TypeText.NotNull(to));
        // A value that may be missing is of another type, unless it is an object.
        if (TypeText.IsNullable(from) && !TypeText.IsNullable(to) && !IsObject(source)) return false;
        if (source == target) return convert || IsObject(source);
        if (convert && !TypeText.IsNullable(from) && s_wider.TryGetValue(source, out var wider) && wider.Contains(target)) return true;
        if (s_readable.Contains(TypeText.Head(target)) && TypeText.Element(source) is { } element
            && TypeText.Arguments(target) is [var wanted] && (element == wanted || (IsObject(element) && Fits(element, wanted)))
            && Reads(TypeText.Head(source), TypeText.Head(target)))
            return true;
        return Find(source) is { } own && Find(target) is { } other && Arity(own) == 0 && api.BasesOf(own.Id).Contains(other.Id);
    }

    /// <summary>Whether values have an order that the framework knows.</summary>
    public bool IsOrdered(string type) => TypeText.IsNumber(type) || type is "string" or "TimeSpan" or "DateTime" or "DateTimeOffset"
        || (Find(type) is { } own && (own.Kind == ApiKind.Enum || api.BasesOf(own.Id).Contains("T:System.IComparable`1")));

    private bool IsObject(string type) => type is "string" || type.EndsWith(']')
        || Find(type) is { } own && (own.Kind is ApiKind.Class or ApiKind.Interface or ApiKind.Delegate
            || (own.Kind == ApiKind.Record && !own.Signature.Contains(" struct ", StringComparison.Ordinal)));

    private static bool Reads(string source, string target) => target == "IEnumerable"
        || source is "[]" or "List" or "IReadOnlyList" or "ImmutableArray" or "ImmutableList"
        || (target == "IReadOnlyCollection" && source is "HashSet" or "Queue" or "Stack" or "LinkedList" or "IReadOnlySet");
}
