using System.Collections.Concurrent;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Library.Guidance;

/// <summary>What a frame has in scope before any code is written, and the compiler for code within it.</summary>
internal sealed class GuideScope
{
    private static readonly string[] s_ofObject = ["Equals", "GetHashCode", "GetType", "ToString"];
    private readonly CSharpCompilation _compilation;
    private readonly SortedNames _names;
    private readonly ConcurrentDictionary<(ITypeSymbol Type, bool IsStatic), SortedNames> _members;
    private readonly SemanticModel? _around;
    private readonly int _bodyAt;

    public GuideScope(CSharpCompilation compilation, GuideFrame frame)
    {
        var head = frame.Head;
        // Annotations alone: with warnings each question would have the compiler follow the flow of the whole body.
        _compilation = compilation.WithOptions(compilation.Options.WithNullableContextOptions(NullableContextOptions.Annotations));
        (Head, Opening, HoldsTypes) = (head, head, frame.HoldsTypes);
        Header = frame.Asked is { } asked && SyntaxFactory.ParseMemberDeclaration(asked + ";") is MethodDeclarationSyntax declared
            ? MemberHeaders.Of(declared) : null;
        _members = new(new Comparer());
        Closing = string.Concat(Enumerable.Repeat("\n}", Depth(head)));
        var tree = Parse(head + "\n" + Closing);
        var model = _compilation.AddSyntaxTrees(tree).GetSemanticModel(tree);
        _names = new(model.LookupSymbols(head.Length).Concat(model.LookupNamespacesAndTypes(head.Length)).Select(s => s.Name)
            .Where(n => n.Length > 0));
        Problem = tree.GetDiagnostics().Concat(model.GetDeclarationDiagnostics())
            .FirstOrDefault(d => d.Severity == DiagnosticSeverity.Error && d.Location.SourceSpan.End < head.TrimEnd().Length)?.GetMessage();
        var method = tree.GetRoot().FindToken(head.Length).Parent?.FirstAncestorOrSelf<BaseMethodDeclarationSyntax>();
        if (frame.HoldsMembers) Reach = new(model, head.Length);
        if (HoldsTypes || method?.Body is null) return;
        Method = method is MethodDeclarationSyntax ? head[method.SpanStart..method.ParameterList.Span.End] : null;
        (_around, _bodyAt) = (model, method.Body.OpenBraceToken.Span.End);
        Opening = "class C\n{\n" + head[method.FullSpan.Start..];
        Reach = new(model, _bodyAt);
        NeedsType = model.GetDeclaredSymbol(method) is { } symbol && HasNoValue(model.Compilation, symbol, Reach);
    }

    /// <summary>The frame's text before the code.</summary>
    public string Head { get; }

    /// <summary>What closes the frame behind the code.</summary>
    public string Closing { get; }

    /// <summary>What code is parsed behind: of the frame of a body the method's header alone.</summary>
    public string Opening { get; }

    /// <summary>Whether the code may declare types.</summary>
    public bool HoldsTypes { get; }

    /// <summary>Header of the method that the code is to declare, without modifiers; null where none is asked for.</summary>
    public IReadOnlyList<string>? Header { get; }

    /// <summary>The method whose body the code is, as far as its parameters; null where it is none.</summary>
    public string? Method { get; }

    /// <summary>What is wrong with the frame itself; null where nothing is.</summary>
    public string? Problem { get; }

    public static SyntaxTree Parse(string text) => CSharpSyntaxTree.ParseText(text, CSharpJudge.ParseOptions, "answer.cs");

    /// <summary>Which types lead to which; null where the code is a file.</summary>
    public TypeReach? Reach { get; }

    /// <summary>Whether the method returns a type of the context that nothing implements: only an answer that brings a type can.</summary>
    public bool NeedsType { get; }

    private static bool HasNoValue(Compilation compilation, IMethodSymbol method, TypeReach reach)
    {
        if (method.ReturnType is not INamedTypeSymbol { IsAbstract: true, IsGenericType: false } type
            || !SymbolEqualityComparer.Default.Equals(type.ContainingAssembly, compilation.Assembly)
            || method.Parameters.Any(p => reach.Reaches(p.Type, type)))
            return false;
        return !compilation.GetSymbolsWithName(_ => true, SymbolFilter.TypeAndMember).Any(s => s switch
        {
            INamedTypeSymbol found => !found.IsAbstract && reach.Converts(found, type),
            IMethodSymbol { IsStatic: true } made => !SymbolEqualityComparer.Default.Equals(made, method)
                && reach.Converts(made.ReturnType, type),
            IPropertySymbol { IsStatic: true } held => reach.Converts(held.Type, type),
            IFieldSymbol { IsStatic: true } held => reach.Converts(held.Type, type),
            _ => false,
        });
    }

    /// <summary>The meaning of code behind <see cref="Opening"/>. Of a body it is looked up in the frame as that is compiled already:
    /// nothing but what is asked about is bound.</summary>
    public SemanticModel Model(SyntaxTree tree) => _around is not null && Body(tree.GetCompilationUnitRoot()) is { } method
        && _around.TryGetSpeculativeSemanticModelForMethodBody(_bodyAt, method, out var model)
            ? model
            : Whole(tree);

    // The method that all code stands in; none where the code has closed it.
    private static BaseMethodDeclarationSyntax? Body(CompilationUnitSyntax unit) =>
        unit.DescendantNodes().OfType<BaseMethodDeclarationSyntax>().FirstOrDefault() is { } method
            && method.FullSpan.End >= unit.EndOfFileToken.FullSpan.Start ? method : null;

    /// <summary>The meaning of a whole file, of which errors can be asked.</summary>
    public SemanticModel Whole(SyntaxTree tree) => _compilation.AddSyntaxTrees(tree).GetSemanticModel(tree);

    /// <summary>Names in scope with those that the code declares.</summary>
    public SortedNames With(IEnumerable<string> declared) => new(declared, _names);

    /// <summary>Names that may follow a dot behind a value.</summary>
    public SortedNames Members(SemanticModel model, ITypeSymbol type, int position) => Cached(type, false, () =>
    {
        var found = model.LookupSymbols(position, type, includeReducedExtensionMethods: true)
            .Where(s => s.CanBeReferencedByName && s is not INamedTypeSymbol)
            .Where(s => !s.IsStatic || s is IMethodSymbol { IsExtensionMethod: true })
            .Select(s => s.Name);
        return new(type.TypeKind is TypeKind.Interface or TypeKind.TypeParameter ? found.Concat(s_ofObject) : found);
    });

    /// <summary>Names that may follow a dot behind a type.</summary>
    public SortedNames StaticMembers(SemanticModel model, ITypeSymbol type, int position) => Cached(type, true, () =>
        new(model.LookupSymbols(position, type).Where(s => s.CanBeReferencedByName && (s.IsStatic || s is INamedTypeSymbol))
            .Select(s => s.Name).Concat(["Equals", "ReferenceEquals"])));

    // What code declares itself changes while it is written.
    private SortedNames Cached(ITypeSymbol type, bool isStatic, Func<SortedNames> make) =>
        IsFixed(type) ? _members.GetOrAdd((type, isStatic), _ => make()) : make();

    private static bool IsFixed(ITypeSymbol type) => type switch
    {
        INamedTypeSymbol named => !named.Locations.Any(l => l.IsInSource) && named.TypeArguments.All(IsFixed)
            && named.ContainingType?.IsGenericType != true,
        IArrayTypeSymbol array => IsFixed(array.ElementType),
        _ => false,
    };

    private static int Depth(string head) => SyntaxFactory.ParseTokens(head, options: CSharpJudge.ParseOptions).Sum(t =>
        t.IsKind(SyntaxKind.OpenBraceToken) ? 1 : t.IsKind(SyntaxKind.CloseBraceToken) ? -1 : 0);

    private sealed class Comparer : IEqualityComparer<(ITypeSymbol Type, bool IsStatic)>
    {
        public bool Equals((ITypeSymbol Type, bool IsStatic) x, (ITypeSymbol Type, bool IsStatic) y) =>
            x.IsStatic == y.IsStatic && SymbolEqualityComparer.Default.Equals(x.Type, y.Type);

        public int GetHashCode((ITypeSymbol Type, bool IsStatic) obj) => SymbolEqualityComparer.Default.GetHashCode(obj.Type);
    }
}
