using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Library;

/// <summary>Types as C# text, as the symbol records hold them:
/// what they are made of, and what they become when type parameters are filled in.</summary>
internal static class TypeText
{
    private static readonly HashSet<string> s_sequences = new(StringComparer.Ordinal)
    {
        "IEnumerable", "IReadOnlyList", "IReadOnlyCollection", "IList", "ICollection", "List", "IReadOnlySet", "ISet", "HashSet", "Queue",
        "Stack", "ImmutableArray", "ImmutableList", "LinkedList",
    };

    /// <summary>The keyword for a type of the namespace <c>System</c> that has one, else its name.</summary>
    public static string Keyword(string name, string space) =>
        space == "System" ? TypeWords.For(name) : name;

    /// <summary>Outermost name without type arguments, array rank or question mark: <c>Task</c> of <c>Task&lt;int&gt;?</c>.</summary>
    public static string Head(string type)
    {
        var text = type.AsSpan().Trim();
        if (text.StartsWith("(")) return "(";
        if (text.EndsWith("]") || text.EndsWith("]?")) return "[]";
        var end = text.IndexOfAny("<?");
        if (end >= 0) text = text[..end];
        var dot = text.LastIndexOf('.');
        return text[(dot + 1)..].ToString();
    }

    /// <summary>Type arguments of the outermost name.</summary>
    public static IReadOnlyList<string> Arguments(string type)
    {
        if (!type.Contains('<', StringComparison.Ordinal)) return [];
        var syntax = Unwrap(SyntaxFactory.ParseTypeName(type));
        if (syntax is QualifiedNameSyntax qualified) syntax = qualified.Right;
        return syntax is GenericNameSyntax generic ? [.. generic.TypeArgumentList.Arguments.Select(a => a.ToString())] : [];
    }

    /// <summary>Without a trailing question mark.</summary>
    public static string NotNull(string type) => type.EndsWith('?') ? type[..^1] : type;

    /// <summary>Whether a null or empty value is a possible result.</summary>
    public static bool IsNullable(string type) => type.EndsWith('?');

    /// <summary>Element type where the type is a sequence that LINQ takes, else null.</summary>
    public static string? Element(string type)
    {
        type = NotNull(type);
        if (type.EndsWith("[]", StringComparison.Ordinal)) return type[..^2];
        return s_sequences.Contains(Head(type)) && Arguments(type) is [var element] ? element : null;
    }

    /// <summary>Result of awaiting the type: empty for <c>Task</c> and <c>ValueTask</c>, the argument for their generic forms, null where
    /// it cannot be awaited.</summary>
    public static string? Awaited(string type) => Head(type) is "Task" or "ValueTask"
        ? Arguments(type) is [var result] ? result : "" : null;

    /// <summary>Element type of <c>IAsyncEnumerable&lt;T&gt;</c>, else null.</summary>
    public static string? AsyncElement(string type) =>
        Head(type) == "IAsyncEnumerable" && Arguments(type) is [var element] ? element : null;

    /// <summary>Whether arithmetic applies.</summary>
    public static bool IsNumber(string type) =>
        type is "int" or "long" or "double" or "decimal" or "float" or "short" or "byte" or "uint" or "ulong";

    /// <summary>All type names used anywhere in the type.</summary>
    public static IEnumerable<string> Names(string type) => type.Length == 0 ? [] :
        SyntaxFactory.ParseTypeName(type).DescendantNodesAndSelf().OfType<SimpleNameSyntax>().Select(n => n.Identifier.Text);

    /// <summary>The type with type parameters replaced.</summary>
    public static string Substitute(string type, IReadOnlyDictionary<string, string> map)
    {
        if (map.Count == 0 || type.Length == 0 || !map.Keys.Any(k => type.Contains(k, StringComparison.Ordinal))) return type;
        return new Filler(map).Visit(SyntaxFactory.ParseTypeName(type)).ToString();
    }

    private static TypeSyntax Unwrap(TypeSyntax type) => type switch
    {
        NullableTypeSyntax nullable => Unwrap(nullable.ElementType),
        _ => type,
    };

    private sealed class Filler(IReadOnlyDictionary<string, string> map) : CSharpSyntaxRewriter
    {
        public override SyntaxNode? VisitIdentifierName(IdentifierNameSyntax node) =>
            map.TryGetValue(node.Identifier.Text, out var type) ? SyntaxFactory.ParseTypeName(type).WithTriviaFrom(node) : node;
    }
}
