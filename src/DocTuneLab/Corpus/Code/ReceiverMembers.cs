using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Code;

/// <summary>Members by the type of what they are called on, and those that give a type.</summary>
internal sealed class ReceiverMembers
{
    private readonly ApiIndex _index;
    private readonly Dictionary<string, List<MemberEntry>> _byReceiver = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<MemberEntry>> _sequences = new(StringComparer.Ordinal), _makers = new(StringComparer.Ordinal);

    public ReceiverMembers(ApiIndex index)
    {
        _index = index;
        foreach (var m in index.Members.Where(m => Calls.Usable(m) && m.TypeParameters.Count == 0))
        {
            var receiver = m.Symbol.Kind == ApiKind.ExtensionMethod ? TypeText.Head(m.Symbol.Parameters[0].Type)
                : m.Symbol.IsStatic || m.Symbol.Kind is ApiKind.Constructor or ApiKind.Operator or ApiKind.EnumMember ? null
                : TypeText.Head(m.Owner.Path);
            if (receiver is not null) Add(_byReceiver, receiver, m);
            if (m.Owner.TypeParameters.Count > 0) continue;
            if (receiver is not null && m.Arguments.Count == 0 && TypeText.Element(m.Symbol.ReturnType) is { } element)
                Add(_sequences, element, m);
            if (Makes(m) is { } made) Add(_makers, made, m);
        }
    }

    /// <summary>What can be called on a value of a type.</summary>
    public IReadOnlyList<MemberEntry> On(string type) => _byReceiver.TryGetValue(TypeText.Head(type), out var list) ? list : [];

    /// <summary>What can be called on an object of a type of the library that has no type parameters: no extension methods.</summary>
    public IReadOnlyList<MemberEntry> Of(string type) =>
        [.. On(type).Where(m => m.Symbol.Kind != ApiKind.ExtensionMethod && m.Owner.Path == TypeText.NotNull(type)
            && m.Owner.TypeParameters.Count == 0)];

    /// <summary>What can be read of an object without an argument.</summary>
    public IReadOnlyList<MemberEntry> Readable(string type) => [.. Of(type).Where(IsReadable)];

    /// <summary>Members that give a sequence of a type and need no argument.</summary>
    public IReadOnlyList<MemberEntry> SequencesOf(string type) => _sequences.TryGetValue(type, out var list) ? list : [];

    /// <summary>Constructors and static members that make a value of a type from simple values.</summary>
    public IReadOnlyList<MemberEntry> MakersOf(string type) => _makers.TryGetValue(TypeText.NotNull(type), out var list) ? list : [];

    /// <summary>Whether it is a property or field that can be read on an object of a type without type parameters.</summary>
    public static bool IsReadable(MemberEntry p) =>
        p.Symbol.Kind is ApiKind.Property or ApiKind.Field && p.CanRead && !p.Symbol.IsStatic && p.Owner.TypeParameters.Count == 0;

    /// <summary>Whether values of a type are put in order by <c>&gt;</c>.</summary>
    public bool IsOrdered(string type) => TypeText.IsNumber(type)
        || type is "TimeSpan" or "DateTime" or "DateTimeOffset" or "DateOnly" or "TimeOnly"
        || HasOperator(type, "op_GreaterThan");

    /// <summary>Whether the library's type has an operator.</summary>
    public bool HasOperator(string type, string name) =>
        _index.Find(type)?.Members.Any(m => m.Symbol.Kind == ApiKind.Operator && m.Symbol.Parameters.All(p => p.Type == type)
            && m.Symbol.Id.Contains("." + name + "(", StringComparison.Ordinal)) == true;

    /// <summary>Whether a larger value of what a member gives is more of something.</summary>
    public bool IsRanked(MemberEntry m) => IsOrdered(m.Symbol.ReturnType) && (!TypeText.IsNumber(m.Symbol.ReturnType) || Roles.Orders(m));

    /// <summary>Whether what a member gives can be added up over several objects.</summary>
    public bool IsAddable(MemberEntry m) => Roles.Sums(m) || m.Symbol.ReturnType == "TimeSpan"
        || Zero(m.Symbol.ReturnType) is { Length: > 1 };

    /// <summary>What a sum of values of a type begins with; null where the type has none.</summary>
    public string? Zero(string type)
    {
        switch (type)
        {
            case "int" or "double" or "long" or "float" or "decimal": return "0";
            case "TimeSpan": return "TimeSpan.Zero";
        }
        if (!HasOperator(type, "op_Addition")) return null;
        var zero = _index.Find(type)!.Members.Find(m => m.Symbol is { IsStatic: true, Kind: ApiKind.Property or ApiKind.Field }
            && m.Symbol.ReturnType == type && (m.Symbol.Name is "Zero" or "Empty" or "None"
                || m.Symbol.Summary?.Contains("zero", StringComparison.OrdinalIgnoreCase) == true));
        return zero is null ? null : $"{type}.{zero.Symbol.Name}";
    }

    private static string? Makes(MemberEntry m)
    {
        if (m.Symbol.Parameters.Count == 0 || m.Symbol.Parameters.Any(p => p.Modifier is "ref" or "out" || !IsGiven(p.Type))) return null;
        return m.Symbol.Kind switch
        {
            ApiKind.Constructor => m.Owner.Path,
            ApiKind.Method when m.Symbol.IsStatic && TypeText.NotNull(m.Symbol.ReturnType) == m.Owner.Path => m.Owner.Path,
            ApiKind.ExtensionMethod when Roles.IsPlain(m.Symbol.Parameters[0].Type) => m.Symbol.ReturnType,
            _ => null,
        };

        static bool IsGiven(string type) => Roles.IsPlain(type)
            || TypeText.NotNull(type) is "TimeSpan" or "DateTime" or "DateTimeOffset" or "DateOnly";
    }

    private static void Add(Dictionary<string, List<MemberEntry>> index, string key, MemberEntry m)
    {
        if (!index.TryGetValue(key, out var list)) index[key] = list = [];
        list.Add(m);
    }
}
