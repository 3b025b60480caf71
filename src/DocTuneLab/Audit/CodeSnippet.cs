using System.Text.RegularExpressions;

namespace DocTuneLab.Audit;

/// <summary>A code block prepared for the compiler: what its author left out on purpose is known and does not count.</summary>
/// <param name="Code">Same lines as the block.</param>
/// <param name="Elided">Something is left out: <c>...</c>, <c>// ...</c>.</param>
internal sealed partial record CodeSnippet(string Code, bool Elided)
{
    private static readonly string[] s_languages = ["csharp", "cs", "c#", "csharp-interactive"];
    private static readonly string[] s_marks =
    [
        "no-compile", "nocompile", "no_compile", "compile_fail", "compile-fail", "no-audit", "ignore"
    ];

    public static bool IsCSharp(string language) => s_languages.Contains(language, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether the author says that the block is not to be compiled.</summary>
    public static bool IsMarked(string info, string code) =>
        info.Split([' ', ',', '{', '}', '.', ';'], StringSplitOptions.RemoveEmptyEntries)
            .Any(w => s_marks.Contains(w, StringComparer.OrdinalIgnoreCase))
            || MarkComment().IsMatch(code);

    public static CodeSnippet Of(string code)
    {
        code = code.ReplaceLineEndings("\n");
        // In comments the dots are harmless as code, yet say the same.
        var elided = CommentDots().IsMatch(code);
        code = Dots().Replace(code, m =>
        {
            elided |= m.Groups["dots"].Success;
            return m.Groups["dots"].Success ? "" : m.Value;
        });
        return new(code, elided);
    }

    [GeneratedRegex(@"//\s*(…|\.\.\.)|/\*\s*(…|\.\.\.)\s*\*/|//.*(…|\.\.\.)\s*$", RegexOptions.Multiline)]
    private static partial Regex CommentDots();

    // Strings and comments are matched first, so that their dots stay.
    [GeneratedRegex("""
        "(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/|(?<dots>(?<!\.)\.\.\.(?!\.)|…)
        """, RegexOptions.Singleline)]
    private static partial Regex Dots();

    [GeneratedRegex(@"^\s*//\s*(no-?compile|does not compile|won't compile|compile error|error CS\d+)",
        RegexOptions.IgnoreCase | RegexOptions.Multiline)]
    private static partial Regex MarkComment();
}
