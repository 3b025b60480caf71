using Microsoft.CodeAnalysis.CSharp;

namespace DocTuneLab.Notebooks.Languages.CSharp;

/// <summary>Types and identifiers as C# text.</summary>
internal static class CSharpNames
{
    /// <summary>The full name of a type as code can say it; <c>dynamic</c> where code cannot (private or anonymous types).</summary>
    public static string Of(Type type)
    {
        if (!IsSpeakable(type))
            return "dynamic";
        if (type.IsArray)
            return $"{Of(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        if (Nullable.GetUnderlyingType(type) is { } underlying)
            return Of(underlying) + "?";
        var arguments = new Queue<Type>(type.GetGenericArguments());
        var name = type.FullName is null ? "" : Nested(type, arguments);
        return $"global::{(type.Namespace is null ? "" : type.Namespace + ".")}{name}";
    }

    // The compiler makes the anonymous types of a submission public, under names that no code can write.
    private static bool IsSpeakable(Type type) => type.IsVisible && !type.Name.Contains('<', StringComparison.Ordinal)
        && (type.GetElementType() is not { } element || IsSpeakable(element)) && type.GetGenericArguments().All(IsSpeakable);

    public static string Identifier(string name)
    {
        if (!SyntaxFacts.IsValidIdentifier(name))
            throw new NotebookException(
                $"'{name}' is not a C# name: a variable starts with a letter and has only letters, digits and '_'.");
        return SyntaxFacts.GetKeywordKind(name) != SyntaxKind.None ? "@" + name : name;
    }

    // Type arguments belong to the innermost part that declares them: List<int>.Enumerator, not List.Enumerator<int>.
    private static string Nested(Type type, Queue<Type> arguments)
    {
        var prefix = type.DeclaringType is { } outer ? Nested(outer, arguments) + "." : "";
        var parts = type.Name.Split('`');
        if (parts.Length == 1)
            return prefix + parts[0];
        var own = Enumerable.Range(0, int.Parse(parts[1])).Select(_ => Of(arguments.Dequeue())).ToList();
        return $"{prefix}{parts[0]}<{string.Join(", ", own)}>";
    }
}
