using System.Collections.Concurrent;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Library.Composition;

/// <summary>The steps that a library allows: those that need no type filled in, and those that a type brings with it.</summary>
internal sealed class StepSource
{
    private readonly ApiModel _api;
    private readonly TypeFit _fit;
    private readonly List<Member> _members;
    // Every search meets the same types.
    private readonly ConcurrentDictionary<string, IReadOnlyList<string>> _bases = new(StringComparer.Ordinal);

    public StepSource(ApiModel api, TypeFit fit)
    {
        (_api, _fit) = (api, fit);
        _members = [.. api.Symbols.Where(s => s.ContainingType is not null).Select(s => new Member(s, api.TypeOf(s)!))
            .Where(m => IsUsable(m.Symbol, m.Owner)).OrderBy(m => m.Symbol.Id, StringComparer.Ordinal)];
        var none = new Dictionary<string, string>();
        var closed = _members.Where(m => m.Parameters.Count == 0).ToList();
        Closed = [.. closed.Select(m => Use(m, none)).OfType<Step>()];
        Effects = [.. closed.Select(m => m.Symbol.Kind == ApiKind.Property ? Set(m.Symbol) : Use(m, none, CompositionSearch.Nothing))
            .OfType<Step>()];
    }

    /// <summary>Steps without type parameters.</summary>
    public IReadOnlyList<Step> Closed { get; }

    /// <summary>Steps without type parameters that give nothing: calls, and properties that are set.</summary>
    public IReadOnlyList<Step> Effects { get; }

    /// <summary>Steps that there are because values of a type are: of generic types and methods, and over sequences.</summary>
    /// <param name="type">A type with all its arguments.</param>
    /// <param name="given">Values that the code of a lambda may use.</param>
    public IEnumerable<Step> Of(string type, IReadOnlyList<GivenValue> given)
    {
        foreach (var member in _members.Where(m => m.Parameters.Count > 0))
        {
            // What receives the call tells the types; of a constructor it is what comes out.
            var receiver = member.Symbol.Kind == ApiKind.ExtensionMethod ? member.Symbol.Parameters[0].Type : OwnerText(member);
            var map = new Dictionary<string, string>(StringComparer.Ordinal);
            if (receiver is not null && Unify(receiver, type, member.Parameters, map) && member.Parameters.All(map.ContainsKey)
                && member.Constraints.All(c => Meets(map[c.Parameter], TypeText.Substitute(c.Constraint, map)))
                && Use(member, map) is { } step)
                yield return step;
        }
        foreach (var parent in ClosedBases(type))
            foreach (var step in Of(parent, given)) yield return step;
        if (TypeText.Element(type) is { } element && !TypeText.IsNullable(type) && !TypeText.IsNullable(element))
            foreach (var step in SequenceSteps.Of(type, element, InLambda(element, given), _fit)) yield return step;
    }

    /// <summary>What may be said of one element: a property, or a method whose arguments are given.</summary>
    private IEnumerable<(string Code, string Type, string Member)> InLambda(string element, IReadOnlyList<GivenValue> given)
    {
        if (_fit.Find(element) is not { } own || TypeFit.Arity(own) > 0) yield break;
        foreach (var step in Closed.Concat(ClosedBases(element).SelectMany(b => Of(b, given)))
            .Where(s => s.HasReceiver && s.Members.Count == 1 && _fit.Fits(element, s.Inputs[0], convert: false)))
        {
            var rest = step.Inputs.Skip(1).Select(i => given.FirstOrDefault(g => _fit.Fits(g.Type, i))).ToList();
            if (rest.Contains(null)) continue;
            yield return (step.Write([new("x", true), .. rest.Select(g => new Part(g!.Name, true))]).Code, step.Output, step.Members[0]);
        }
    }

    // Generic types of the library that a type of it names as its bases: what they declare is there on its values as well.
    private IReadOnlyList<string> ClosedBases(string type) => _bases.GetOrAdd(type, t => _fit.Find(t) is { } own
        && TypeFit.Arity(own) == 0 && own.Signature.Contains('<', StringComparison.Ordinal)
        && SyntaxFactory.ParseMemberDeclaration(own.Signature + ";") is BaseTypeDeclarationSyntax { BaseList.Types: var bases }
        ? [.. bases.Select(b => b.Type.ToString()).Where(b => TypeText.Arguments(b).Count > 0 && _fit.Find(b) is not null)] : []);

    // What the framework's types are is not known here, but that numbers and texts are none of them but their own.
    private bool Meets(string type, string constraint) => constraint switch
    {
        "notnull" or "new()" or "unmanaged" or "default" => true,
        "class" or "class?" => !TypeText.IsNumber(type) && type is not ("bool" or "char" or "TimeSpan" or "DateTime" or "DateTimeOffset"),
        "struct" => _fit.Find(type) is not { Kind: ApiKind.Class or ApiKind.Interface or ApiKind.Delegate } && type is not "string",
        _ => type == constraint || (_fit.Find(constraint) is not null ? _fit.Fits(type, constraint, convert: false)
            : _fit.Find(type) is not null || TypeText.Arguments(type).Count > 0),
    };

    private static string? OwnerText(Member member) => member.Symbol.Kind == ApiKind.Operator ? null
        : TypeFit.Arity(member.Owner) > 0 ? member.Owner.Name.Contains('<') ? member.Owner.Name : member.Symbol.ContainingType : null;

    /// <summary>The use of a member with its type parameters filled in; null where it has none that is an expression.</summary>
    /// <param name="member">The member.</param>
    /// <param name="map">What its type parameters are.</param>
    /// <param name="only">What it must give; null for anything but nothing.</param>
    private Step? Use(Member member, IReadOnlyDictionary<string, string> map, string? only = null)
    {
        var s = member.Symbol;
        var owner = TypeText.Substitute(s.ContainingType!, map);
        var output = s.Kind == ApiKind.Constructor ? owner : s.Kind == ApiKind.EnumMember ? owner : TypeText.Substitute(s.ReturnType, map);
        if (only is null ? output is "" or CompositionSearch.Nothing or "Task" or "ValueTask" : output != only) return null;
        var taken = s.Parameters.Where(p => p.DefaultValue is null && p.Modifier != "params").ToList();
        if (taken.Exists(p => p.Modifier is "out" or "ref" or "in")) return null;
        List<string> inputs = [.. taken.Select(p => TypeText.Substitute(p.Type, map))];
        List<ApiSymbol> required = s.Kind == ApiKind.Constructor ? [.. Required(member.Owner)] : [];
        inputs.AddRange(required.Select(r => TypeText.Substitute(r.ReturnType, map)));
        var isCalledOnValue = !s.IsStatic && s.Kind is (ApiKind.Method or ApiKind.Property or ApiKind.Indexer or ApiKind.Field);
        if (isCalledOnValue) inputs.Insert(0, owner);
        Func<IReadOnlyList<Part>, Part>? write = s.Kind switch
        {
            ApiKind.EnumMember => _ => new($"{owner}.{s.Name}", true),
            ApiKind.Property or ApiKind.Field when s.IsStatic => _ => new($"{owner}.{s.Name}", true),
            ApiKind.Property or ApiKind.Field => parts => new($"{parts[0].Operand}.{s.Name}", true),
            ApiKind.Indexer => parts => new($"{parts[0].Operand}[{Arguments(parts.Skip(1))}]", true),
            ApiKind.Constructor when required.Count > 0 => parts =>
                new($"new {owner} {{ {string.Join(", ", required.Zip(parts, (r, p) => $"{r.Name} = {p.Code}"))} }}", true),
            ApiKind.Constructor => parts => new($"new {owner}({Arguments(parts)})", true),
            ApiKind.Method when s.IsStatic => parts => new($"{owner}.{s.Name}({Arguments(parts)})", true),
            ApiKind.Method or ApiKind.ExtensionMethod => parts => new($"{parts[0].Operand}.{s.Name}({Arguments(parts.Skip(1))})", true),
            ApiKind.Operator when Sign(s) is { } sign => inputs.Count == 2
                ? parts => new($"{parts[0].Operand} {sign} {parts[1].Operand}", false)
                : parts => new($"{sign}{parts[0].Operand}", false),
            _ => null,
        };
        return write is null ? null : new([s.Id, .. required.Select(r => r.Id)], inputs, output, write)
        {
            HasReceiver = isCalledOnValue || s.Kind == ApiKind.ExtensionMethod,
        };
    }

    /// <summary>An assignment to a property of a value; null where none is possible.</summary>
    private static Step? Set(ApiSymbol s) => s.IsStatic || !s.Signature.Contains(" set;", StringComparison.Ordinal) ? null
        : new([s.Id], [s.ContainingType!, s.ReturnType], CompositionSearch.Nothing,
            parts => new($"{parts[0].Operand}.{s.Name} = {parts[1].Code}", false))
        {
            HasReceiver = true,
        };

    /// <summary>What an initializer of a new object has to set.</summary>
    private IEnumerable<ApiSymbol> Required(ApiSymbol owner) => _api.MembersOf(owner.Id, inherited: true)
        .Where(m => m.Signature.Contains("required ", StringComparison.Ordinal)).DistinctBy(m => m.Name);

    private static string Arguments(IEnumerable<Part> parts) => string.Join(", ", parts.Select(p => p.Code));

    private static string? Sign(ApiSymbol s)
    {
        var name = s.Id.Split('(')[0].Split('.')[^1];
        // Equality is every value's; a conversion is no step of its own.
        return name is "op_Equality" or "op_Inequality" or "op_Implicit" or "op_Explicit" or "op_True" or "op_False"
            || SyntaxFacts.GetText(SyntaxFacts.GetOperatorKind(name)) is not { Length: > 0 } sign || sign is "++" or "--" ? null : sign;
    }

    private bool IsUsable(ApiSymbol s, ApiSymbol owner)
    {
        if (s.Obsolete is not null || owner.Obsolete is not null || s.Kind == ApiKind.Event) return false;
        if (s.Signature.StartsWith("protected ", StringComparison.Ordinal) || s.Signature.Contains('*', StringComparison.Ordinal))
            return false;
        if (s.Kind is ApiKind.Property or ApiKind.Indexer && !s.Signature.Contains("get;", StringComparison.Ordinal)) return false;
        if (s.Kind != ApiKind.Constructor) return true;
        return owner.Kind != ApiKind.Delegate && !owner.Signature.Contains("abstract ", StringComparison.Ordinal)
            && (s.Parameters.Count == 0 || !Required(owner).Any());
    }

    /// <summary>Binds the type parameters in a pattern so that it becomes a type, a sequence's by its elements.</summary>
    private static bool Unify(string pattern, string type, IReadOnlySet<string> parameters, Dictionary<string, string> map)
    {
        if (parameters.Contains(pattern)) return map.TryAdd(pattern, type) || map[pattern] == type;
        if (TypeText.IsNullable(pattern) != TypeText.IsNullable(type)) return false;
        (pattern, type) = (TypeText.NotNull(pattern), TypeText.NotNull(type));
        var (wanted, has) = (TypeText.Arguments(pattern), TypeText.Arguments(type));
        if (TypeText.Head(pattern) == "IEnumerable" && wanted is [var item] && TypeText.Element(type) is { } element)
            return Unify(item, element, parameters, map);
        return TypeText.Head(pattern) == TypeText.Head(type) && wanted.Count == has.Count && wanted.Count > 0
            && wanted.Zip(has).All(p => Unify(p.First, p.Second, parameters, map));
    }

    /// <summary>A member with the type parameters of its own and of its type.</summary>
    private sealed class Member(ApiSymbol symbol, ApiSymbol owner)
    {
        public ApiSymbol Symbol { get; } = symbol;

        public ApiSymbol Owner { get; } = owner;

        public HashSet<string> Parameters { get; } = TypeText.Arguments(symbol.ContainingType!)
            .Concat(Generic(symbol)?.TypeParameterList!.Parameters.Select(p => p.Identifier.Text) ?? [])
            .ToHashSet(StringComparer.Ordinal);

        /// <summary>What its own type parameters must be.</summary>
        public IReadOnlyList<(string Parameter, string Constraint)> Constraints { get; } =
            [.. Generic(symbol)?.ConstraintClauses
                .SelectMany(c => c.Constraints.Select(x => (c.Name.Identifier.Text, x.ToString()))) ?? []];

        private static MethodDeclarationSyntax? Generic(ApiSymbol symbol) => symbol.Kind is ApiKind.Method or ApiKind.ExtensionMethod
            && SyntaxFactory.ParseMemberDeclaration(symbol.Signature + ";") is MethodDeclarationSyntax method
            && method.TypeParameterList is not null ? method : null;
    }
}
