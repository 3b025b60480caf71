using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Library.Guidance;

/// <summary>
/// What is known of the types of the references under a set of namespaces: kept for all frames that declare nothing beside their method,
/// since looking it up anew for each answer is most of what a guide costs.
/// </summary>
internal sealed class ReferenceTypes
{
    private static readonly ConditionalWeakTable<CSharpCompilation, ReferenceTypes> s_known = new();

    private ReferenceTypes(CSharpCompilation compilation)
    {
        const string Head = "class C { void M() {";
        var tree = GuideScope.Parse(Head + " } }");
        Reach = new(compilation.AddSyntaxTrees(tree).GetSemanticModel(tree), Head.Length);
    }

    /// <summary>Which of them lead to which.</summary>
    public TypeReach Reach { get; }

    /// <summary>Names of their members.</summary>
    public ConcurrentDictionary<(ITypeSymbol Type, bool IsStatic), SortedNames> Members { get; } = NewMembers();

    /// <summary>What frames in a compilation share; null where the frame or what stands beside it declares types of its own.</summary>
    /// <param name="compilation">The references and namespaces.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="root">The frame's file.</param>
    public static ReferenceTypes? Of(CSharpCompilation compilation, GuideFrame frame, SyntaxNode root) =>
        string.IsNullOrWhiteSpace(frame.Context) && !frame.HoldsTypes
            && root.ChildNodes().ToList() is [ClassDeclarationSyntax { BaseList: null, Members: [MethodDeclarationSyntax method] }]
                // An extension method is a member of what it extends.
                && !method.ParameterList.Parameters.Any(p => p.Modifiers.Any(SyntaxKind.ThisKeyword))
                ? s_known.GetValue(compilation, c => new(c)) : null;

    /// <summary>No names as yet.</summary>
    public static ConcurrentDictionary<(ITypeSymbol Type, bool IsStatic), SortedNames> NewMembers() => new(new Comparer());

    private sealed class Comparer : IEqualityComparer<(ITypeSymbol Type, bool IsStatic)>
    {
        public bool Equals((ITypeSymbol Type, bool IsStatic) x, (ITypeSymbol Type, bool IsStatic) y) =>
            x.IsStatic == y.IsStatic && SymbolEqualityComparer.Default.Equals(x.Type, y.Type);

        public int GetHashCode((ITypeSymbol Type, bool IsStatic) obj) => SymbolEqualityComparer.Default.GetHashCode(obj.Type);
    }
}
