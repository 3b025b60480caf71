namespace DocTuneLab.Library.Guidance;

/// <summary>What stands around the code that is being written.</summary>
/// <param name="Head">Text of the compilation unit up to where the code begins, such as a class and the header of a method.</param>
/// <param name="Usings">Namespaces in scope besides <see cref="CSharpJudge.ImplicitUsings"/>.</param>
/// <param name="Context">C# that stands beside it, in a file of its own; may be empty.</param>
public sealed record GuideFrame(string Head, IReadOnlyList<string> Usings, string Context = "")
{
    /// <summary>Whether types can be declared in the code.</summary>
    public bool HoldsTypes { get; init; }

    /// <summary>Whether the code stands in a class, so that statements can only stand in members of it.</summary>
    public bool HoldsMembers { get; init; }

    /// <summary>The method that is asked for, as far as its parameters, where the code is to declare it; default null, none is.</summary>
    public string? Asked { get; init; }

    /// <summary>The body of a method.</summary>
    /// <param name="signature">Its header.</param>
    /// <param name="usings">Namespaces in scope.</param>
    /// <param name="context">C# that stands beside it.</param>
    public static GuideFrame Body(string signature, IReadOnlyList<string> usings, string context = "") =>
        new($"public static class Solution\n{{\n{signature}\n{{\n", usings, context);

    /// <summary>Members of a class.</summary>
    /// <param name="usings">Namespaces in scope.</param>
    /// <param name="context">C# that stands beside it.</param>
    public static GuideFrame Members(IReadOnlyList<string> usings, string context = "") =>
        new("public static class Solution\n{\n", usings, context) { HoldsTypes = true, HoldsMembers = true };

    /// <summary>A whole file.</summary>
    /// <param name="usings">Namespaces in scope.</param>
    /// <param name="context">C# that stands beside it.</param>
    public static GuideFrame File(IReadOnlyList<string> usings, string context = "") => new("", usings, context) { HoldsTypes = true };
}
