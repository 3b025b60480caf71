using DocTuneLab.Library;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Corpus.Language;

/// <summary>A type parameter and what it must be.</summary>
internal sealed record TypeParameter(string Name, string Constraint);

/// <summary>A type of the library with its members.</summary>
internal sealed class TypeEntry
{
    public required string Key { get; init; }
    public required ApiSymbol Symbol { get; init; }
    public required IReadOnlyList<TypeParameter> TypeParameters { get; init; }
    public required IReadOnlyList<string> Bases { get; init; }
    public required bool IsStatic { get; init; }
    public required bool IsAbstract { get; init; }
    public List<MemberEntry> Members { get; } = [];

    /// <summary>How C# names it from outside: enclosing types included.</summary>
    public required string Path { get; init; }

    /// <summary><see cref="Path"/> with the type parameters filled in.</summary>
    public string Filled(IReadOnlyDictionary<string, string> map) => TypeParameters.Count == 0 ? Path
        : $"{Path}<{string.Join(", ", TypeParameters.Select(p => map.GetValueOrDefault(p.Name, p.Name)))}>";

    public bool IsDisposable =>
        Members.Any(m => m.Symbol is { Kind: ApiKind.Method, Name: "Dispose", Parameters.Count: 0 })
            || Bases.Any(b => TypeText.Head(b) == "IDisposable");
    public bool IsAsyncDisposable =>
        Members.Any(m => m.Symbol is { Kind: ApiKind.Method, Name: "DisposeAsync" })
            || Bases.Any(b => TypeText.Head(b) == "IAsyncDisposable");
    public IEnumerable<MemberEntry> Constructors => Members.Where(m => m.Symbol.Kind == ApiKind.Constructor);
}

/// <summary>A member with what its declaration says beyond the record's fields.</summary>
internal sealed class MemberEntry
{
    public required ApiSymbol Symbol { get; init; }
    public required TypeEntry Owner { get; init; }
    public required IReadOnlyList<TypeParameter> TypeParameters { get; init; }
    public required bool CanRead { get; init; }
    public required bool CanWrite { get; init; }
    public required bool IsInitOnly { get; init; }
    public required bool IsRequired { get; init; }
    public required string? ConstantValue { get; init; }

    /// <summary>What the member does in other words than its summary: its return value, and what pages say of it.</summary>
    public List<string> Descriptions { get; } = [];

    /// <summary>Parameters that a caller passes in the parentheses.</summary>
    public IReadOnlyList<ApiParameter> Arguments =>
        Symbol.Kind == ApiKind.ExtensionMethod ? [.. Symbol.Parameters.Skip(1)] : Symbol.Parameters;

    /// <summary>Documentation id without the parameter list: the same for all overloads.</summary>
    public string Group => Symbol.Id.Split('(')[0];
}

/// <summary>The library as the generator walks it. Built from the symbol records alone, so it serves any assembly that was read.</summary>
internal sealed class ApiIndex
{
    private readonly Dictionary<string, TypeEntry> _types = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<TypeEntry>> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, MemberEntry> _members;
    private IReadOnlyList<IReadOnlyList<Fact>>? _facts;

    public ApiIndex(IReadOnlyList<ApiSymbol> symbols)
    {
        Symbols = symbols;
        foreach (var symbol in symbols.Where(s => s.Id.StartsWith("T:", StringComparison.Ordinal))
            .OrderBy(s => s.Id, StringComparer.Ordinal))
            AddType(symbol);
        foreach (var symbol in symbols.Where(s => !s.Id.StartsWith("T:", StringComparison.Ordinal))
            .OrderBy(s => s.Id, StringComparer.Ordinal))
            AddMember(symbol);
        Types = [.. _types.Values.OrderBy(t => t.Key, StringComparer.Ordinal)];
        Members = [.. Types.SelectMany(t => t.Members)];
        Namespaces = [.. Types.Select(t => t.Symbol.Namespace)
            .Where(n => n.Length > 0)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)];
        MemberNames = Members.Select(m => m.Symbol.Name).ToHashSet(StringComparer.Ordinal);
        ParameterNames = [.. Members.SelectMany(m => m.Symbol.Parameters).Select(p => p.Name).Where(n =>
            n.Length is > 0 and < 16 && n.All(char.IsAsciiLetter)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        DocumentationWords = [.. Prose.CommonWords(symbols.SelectMany(s => s.Parameters.Select(p => p.Documentation).Prepend(s.Summary))
            .OfType<string>())
            .Where(w => SyntaxFacts.GetKeywordKind(w) == SyntaxKind.None && SyntaxFacts.GetContextualKeywordKind(w) == SyntaxKind.None)];
        _members = Members.ToDictionary(m => m.Symbol.Id, StringComparer.Ordinal);
        ChineseShare = ShareInChinese(symbols);
    }

    public IReadOnlyList<ApiSymbol> Symbols { get; }
    public IReadOnlyList<TypeEntry> Types { get; }
    public IReadOnlyList<MemberEntry> Members { get; }
    public IReadOnlyList<string> Namespaces { get; }
    public IReadOnlySet<string> MemberNames { get; }
    /// <summary>Names that parameters have anywhere in the library.</summary>
    public IReadOnlyList<string> ParameterNames { get; }
    /// <summary>Words that the documentation uses, in lower case: what callers are likely to name things after.
    /// None where it is not in English.</summary>
    public IReadOnlyList<string> DocumentationWords { get; }

    /// <summary>Share of the summaries that are in Chinese, 0 to 1.</summary>
    public double ChineseShare { get; }

    /// <summary>Whether whoever documented the library wrote Chinese: then its samples are in Chinese, too.</summary>
    public bool IsChinese => ChineseShare >= 0.5;

    /// <summary>Share of the symbols' summaries that are in Chinese; 0 where there are none.</summary>
    public static double ShareInChinese(IEnumerable<ApiSymbol> symbols) =>
        symbols.Where(s => !string.IsNullOrWhiteSpace(s.Summary))
            .Select(s => Prose.IsChinese(s.Summary!) ? 1.0 : 0)
            .DefaultIfEmpty(0)
            .Average();

    /// <summary>What is known of the library, by the symbol that it is about.</summary>
    public IReadOnlyList<IReadOnlyList<Fact>> Facts => _facts ??=
        [.. SymbolFacts.All(this).GroupBy(f => f.Symbols[0], StringComparer.Ordinal).Select(g => g.ToList())];

    /// <summary>Adds another wording of what a member does, where it is another.</summary>
    public void Describe(MemberEntry member, string description)
    {
        if (member.Descriptions.Contains(description)) return;
        member.Descriptions.Add(description);
        _facts = null;
    }

    /// <summary>The member of that documentation id; null for a type.</summary>
    public MemberEntry? Member(string id) => _members.GetValueOrDefault(id);

    /// <summary>The library's type of that C# text, matched by name and number of type arguments.</summary>
    public TypeEntry? Find(string type)
    {
        if (!_byName.TryGetValue(TypeText.Head(type), out var named)) return null;
        if (named.Count == 1 && named[0].TypeParameters.Count == 0) return type.Contains('<', StringComparison.Ordinal) ? null : named[0];
        var arity = TypeText.Arguments(TypeText.NotNull(type)).Count;
        return named.Find(t => t.TypeParameters.Count == arity);
    }

    /// <summary>Namespaces that code using these types needs.</summary>
    public IReadOnlyList<string> UsingsFor(IEnumerable<string> symbols, IEnumerable<string> types)
    {
        if (Namespaces.Count <= 12) return Namespaces;
        var found = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var id in symbols)
            if (OwnerKey(id) is { } key && _types.TryGetValue(key, out var type)) found.Add(type.Symbol.Namespace);
        foreach (var name in types.SelectMany(TypeText.Names))
            if (_byName.TryGetValue(name, out var entries)) found.Add(entries[0].Symbol.Namespace);
        return [.. found];
    }

    private void AddType(ApiSymbol symbol)
    {
        var key = symbol.Id[2..];
        var declaration = SyntaxFactory.ParseMemberDeclaration(Declaration(symbol.Signature));
        var (parameters, modifiers, bases) = declaration switch
        {
            TypeDeclarationSyntax t => (Parameters(t.TypeParameterList, t.ConstraintClauses), t.Modifiers, t.BaseList),
            DelegateDeclarationSyntax d => (Parameters(d.TypeParameterList, d.ConstraintClauses), d.Modifiers, null),
            EnumDeclarationSyntax e => ([], e.Modifiers, e.BaseList),
            _ => ([], default, null),
        };
        if (parameters.Count == 0) parameters = ParametersFromName(symbol.Name);
        var path = string.Join('.', (symbol.Namespace.Length > 0 && key.StartsWith(symbol.Namespace + ".", StringComparison.Ordinal)
            ? key[(symbol.Namespace.Length + 1)..]
            : key)
            .Split('.').Select(part => part.Split('`')[0]));
        path = TypeText.Keyword(path, symbol.Namespace);
        // A declaration whose type parameters cannot be read cannot be filled in either.
        if (key.LastIndexOf('`') is >= 0 and var tick
            && key[(tick + 1)..] != parameters.Count.ToString(System.Globalization.CultureInfo.InvariantCulture))
            return;
        var entry = new TypeEntry
        {
            Key = key,
            Symbol = symbol,
            TypeParameters = parameters,
            Bases = bases is null ? [] : [.. bases.Types.Select(b => b.Type.ToString())],
            IsStatic = symbol.IsStatic || modifiers.Any(SyntaxKind.StaticKeyword),
            IsAbstract = symbol.Kind == ApiKind.Interface || modifiers.Any(SyntaxKind.AbstractKeyword),
            Path = path,
        };
        if (!_types.TryAdd(key, entry)) return;
        var name = path.Split('.')[^1];
        if (!_byName.TryGetValue(name, out var list)) _byName[name] = list = [];
        list.Add(entry);
    }

    private void AddMember(ApiSymbol symbol)
    {
        if (OwnerKey(symbol.Id) is not { } key || !_types.TryGetValue(key, out var owner)) return;
        var declaration = SyntaxFactory.ParseMemberDeclaration(Declaration(symbol.Signature));
        var accessors = (declaration as BasePropertyDeclarationSyntax)?.AccessorList?.Accessors.Where(a => a.Modifiers.Count == 0).ToList();
        if (symbol.ReturnType.Length == 0 && declaration is EventFieldDeclarationSyntax raised)
            symbol = symbol with { ReturnType = raised.Declaration.Type.ToString() };
        var isProperty = symbol.Kind is ApiKind.Property or ApiKind.Indexer;
        owner.Members.Add(new MemberEntry
        {
            Symbol = symbol,
            Owner = owner,
            TypeParameters =
                declaration is MethodDeclarationSyntax method ? Parameters(method.TypeParameterList, method.ConstraintClauses) : [],
            CanRead = !isProperty || accessors is null || accessors.Count == 0
                || accessors.Any(a => a.IsKind(SyntaxKind.GetAccessorDeclaration)),
            CanWrite = isProperty ? accessors?.Any(a => a.IsKind(SyntaxKind.SetAccessorDeclaration)) == true : symbol.Kind == ApiKind.Field
                && declaration is FieldDeclarationSyntax f
                && !f.Modifiers.Any(SyntaxKind.ReadOnlyKeyword) && !f.Modifiers.Any(SyntaxKind.ConstKeyword),
            IsInitOnly = accessors?.Any(a => a.IsKind(SyntaxKind.InitAccessorDeclaration)) == true,
            IsRequired = declaration?.Modifiers.Any(SyntaxKind.RequiredKeyword) == true,
            ConstantValue = declaration is FieldDeclarationSyntax { Declaration.Variables: [{ Initializer.Value: { } value }] }
                ? value.ToString()
                : null,
        });
    }

    /// <summary>Key of the type that declares a member, from the member's id; of a type, its own.</summary>
    private static string? OwnerKey(string id)
    {
        if (id.Length < 3) return null;
        if (id.StartsWith("T:", StringComparison.Ordinal)) return id[2..];
        var path = id[2..].Split('(')[0].Split('~')[0];
        var dot = path.LastIndexOf('.');
        return dot < 0 ? null : path[..dot];
    }

    // A signature ends without a body; the parser wants one, or a semicolon.
    private static string Declaration(string signature)
    {
        var text = signature.Trim();
        if (text.EndsWith('}') || text.EndsWith(';')) return text;
        return text.Split(' ').Any(w => w is "class" or "struct" or "interface" or "enum") && !text.Contains('(', StringComparison.Ordinal)
            ? text + " { }"
            : text + ";";
    }

    private static List<TypeParameter> Parameters(TypeParameterListSyntax? list,
        IEnumerable<TypeParameterConstraintClauseSyntax> clauses)
    {
        return list is null ? [] : [.. list.Parameters.Select(p => new TypeParameter(p.Identifier.Text, Constraint(p.Identifier.Text)))];

        string Constraint(string name) =>
            clauses.FirstOrDefault(c => c.Name.Identifier.Text == name)?.Constraints.ToString() ?? "";
    }

    private static List<TypeParameter> ParametersFromName(string name) =>
        [.. TypeText.Arguments(name).Select(n => new TypeParameter(n, ""))];
}
