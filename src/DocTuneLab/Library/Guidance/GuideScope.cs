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
    private readonly ReferenceTypes? _shared;
    private readonly SemanticModel? _around;
    private readonly int _bodyAt;
    private readonly Lazy<string?> _problem;

    public GuideScope(CSharpCompilation compilation, GuideFrame frame)
    {
        var head = frame.Head;
        // Annotations alone: with warnings each question would have the compiler follow the flow of the whole body.
        _compilation = compilation.WithOptions(compilation.Options.WithNullableContextOptions(NullableContextOptions.Annotations));
        (Head, Opening, HoldsTypes) = (head, head, frame.HoldsTypes);
        var declared = frame.Asked is { } asked ? SyntaxFactory.ParseMemberDeclaration(asked + ";") as MethodDeclarationSyntax : null;
        (Header, Asked) = (declared is null ? null : MemberHeaders.Of(declared), declared?.Identifier.ValueText);
        Closing = string.Concat(Enumerable.Repeat("\n}", Depth(head)));
        var tree = Parse(head + "\n" + Closing);
        var model = _compilation.AddSyntaxTrees(tree).GetSemanticModel(tree);
        _shared = ReferenceTypes.Of(compilation, frame, tree.GetRoot());
        _members = _shared?.Members ?? ReferenceTypes.NewMembers();
        _names = new(model.LookupSymbols(head.Length).Concat(model.LookupNamespacesAndTypes(head.Length)).Select(s => s.Name)
            .Where(n => n.Length > 0));
        _problem = new(() => Fault(model, head.TrimEnd(), frame.HoldsTypes));
        var method = tree.GetRoot().FindToken(head.Length).Parent?.FirstAncestorOrSelf<BaseMethodDeclarationSyntax>();
        if (frame.HoldsMembers) Reach = ReachAt(model, head.Length);
        if (HoldsTypes || method?.Body is null) return;
        Method = method is MethodDeclarationSyntax ? head[method.SpanStart..method.ParameterList.Span.End] : null;
        (_around, _bodyAt) = (model, method.Body.OpenBraceToken.Span.End);
        Opening = "class C\n{\n" + head[method.FullSpan.Start..];
        Reach = ReachAt(model, _bodyAt);
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

    /// <summary>Name of the method that the code is to declare; null where none is asked for.</summary>
    public string? Asked { get; }

    /// <summary>The method whose body the code is, as far as its parameters; null where it is none.</summary>
    public string? Method { get; }

    /// <summary>What is wrong with the frame itself; null where nothing is.</summary>
    public string? Problem => _problem.Value;

    public static SyntaxTree Parse(string text) => CSharpSyntaxTree.ParseText(text, CSharpJudge.ParseOptions, "answer.cs");

    /// <summary>Why what a using directive names cannot be used; null where it can.</summary>
    public string? Fault(string directive)
    {
        var tree = Parse($"using {directive};");
        return Whole(tree).GetDiagnostics().FirstOrDefault(d => d.Severity == DiagnosticSeverity.Error)?.GetMessage();
    }

    /// <summary>Whether some namespace begins so.</summary>
    /// <param name="text">Names with dots between them, the last one perhaps not whole.</param>
    public bool HasNamespace(string text)
    {
        var names = text.Split('.');
        INamespaceSymbol? space = _compilation.GlobalNamespace;
        foreach (var name in names.SkipLast(1)) space = space?.GetNamespaceMembers().FirstOrDefault(n => n.Name == name);
        return space?.GetNamespaceMembers().Any(n => n.Name.StartsWith(names[^1], StringComparison.Ordinal)) == true;
    }

    /// <summary>Which types lead to which; null where the code is a file.</summary>
    public TypeReach? Reach { get; }

    /// <summary>Which types lead to which in the meaning of some code.</summary>
    public TypeReach ReachAt(SemanticModel model, int position) => new(model, position, _shared?.Reach);

    /// <summary>Whether the method returns a type of the context that nothing implements: only an answer that brings a type can.</summary>
    public bool NeedsType { get; }

    private static string? Fault(SemanticModel model, string head, bool holdsTypes)
    {
        // A signature that is more than a header, or none.
        if (!holdsTypes && head.EndsWith('{') && model.SyntaxTree.GetRoot().FindToken(head.Length - 1) is var brace
            && (!brace.IsKind(SyntaxKind.OpenBraceToken) || brace.Parent?.Parent
                is not (BaseMethodDeclarationSyntax or AccessorDeclarationSyntax or LocalFunctionStatementSyntax)))
            return "the signature is no header of a method";
        if (Error(model.SyntaxTree.GetDiagnostics().Concat(model.GetDeclarationDiagnostics())
            .Where(d => d.Location.SourceSpan.End < head.Length)) is { } fault)
            return fault;
        return model.Compilation.SyntaxTrees.FirstOrDefault(t => t.FilePath == CSharpJudge.ContextFile) is { } context
            && Error(model.Compilation.GetSemanticModel(context).GetDiagnostics()) is { } beside ? $"context: {beside}" : null;

        static string? Error(IEnumerable<Diagnostic> all) => all.FirstOrDefault(d => d.Severity == DiagnosticSeverity.Error)?.GetMessage();
    }

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
    public SortedNames Members(SemanticModel model, ITypeSymbol type, int position) => Cached(model, type, false, () =>
    {
        var found = model.LookupSymbols(position, type, includeReducedExtensionMethods: true)
            .Where(s => s.CanBeReferencedByName && s is not INamedTypeSymbol)
            .Where(s => !s.IsStatic || s is IMethodSymbol { IsExtensionMethod: true })
            .Select(s => s.Name);
        return new(type.TypeKind is TypeKind.Interface or TypeKind.TypeParameter ? found.Concat(s_ofObject) : found);
    });

    /// <summary>Names that may follow a dot behind a type.</summary>
    public SortedNames StaticMembers(SemanticModel model, ITypeSymbol type, int position) => Cached(model, type, true, () =>
        new(model.LookupSymbols(position, type, includeReducedExtensionMethods: true)
            .Where(s => s.CanBeReferencedByName && (s.IsStatic || s is INamedTypeSymbol))
            .Select(s => s.Name).Concat(["Equals", "ReferenceEquals"])));

    // What code declares itself changes while it is written.
    private SortedNames Cached(SemanticModel model, ITypeSymbol type, bool isStatic, Func<SortedNames> make) =>
        TypeReach.IsFixed(type) && !(HoldsTypes && DeclaresExtension(model.SyntaxTree))
            ? _members.GetOrAdd((type, isStatic), _ => make())
            : make();

    private static bool DeclaresExtension(SyntaxTree tree) => tree.GetRoot().DescendantTokens()
        .Any(t => (t.IsKind(SyntaxKind.ThisKeyword) && t.Parent is ParameterSyntax) || t.IsKind(SyntaxKind.ExtensionKeyword));

    private static int Depth(string head) => SyntaxFactory.ParseTokens(head, options: CSharpJudge.ParseOptions).Sum(t =>
        t.IsKind(SyntaxKind.OpenBraceToken) ? 1 : t.IsKind(SyntaxKind.CloseBraceToken) ? -1 : 0);
}
