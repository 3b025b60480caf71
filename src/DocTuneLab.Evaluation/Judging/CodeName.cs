using System.Text.RegularExpressions;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation.Judging;

/// <summary>Names of types and members in a line of an answer, as a person reads them.</summary>
internal static partial class CodeName
{
    // Words that begin a sentence, or say what kind of thing is named, and so name nothing themselves.
    private static readonly HashSet<string> s_words = new(
        ("A An The It Its This That These Those In On At By To From For Of With Via Through When If Because Since As And Or But So Not "
        + "No Yes You We I There Here Use Uses Using Call Calls Calling Called Invoke Try Which What Both Each Any All One Is Are Be See "
        + "Note Throw Throws Throwing Raise Raises Return Returns Returning Give Gives Yield Yields Get Gets Answer Final Correct Sure "
        + "Probably Property Method Type Class Struct Interface Event Enum Member Field Constant Parameter Exception Value Named Name "
        + "Namespace Instead Otherwise According Based After Before Then Only Just Im Ok Okay Well Certainly Also").Split(' '),
        StringComparer.Ordinal);

    /// <summary>Every name of a line: qualified, generic, or a word with a capital that is no common one.</summary>
    /// <param name="line">The line, normalised.</param>
    /// <param name="isWanted">Names that count whatever they look like.</param>
    public static IEnumerable<(int Index, string Name)> In(string line, Func<string, bool> isWanted)
    {
        foreach (Match m in Token().Matches(line))
        {
            var name = m.Value.TrimEnd('.');
            if (isWanted(name) || TypeWords.Contains(name) || LooksLikeOne(name)) yield return (m.Index, name);
        }
    }

    /// <summary>A name so that two ways to write one are equal: no blanks, no namespaces within brackets, C#'s words for types.</summary>
    public static string Canonical(string name)
    {
        name = Blanks().Replace(name, "").Replace("global::", "", StringComparison.Ordinal);
        name = Inner().Replace(name, "");
        return SystemType().Replace(name, m => TypeWords.For(m.Groups["name"].Value));
    }

    /// <summary>All parts of all names in a text.</summary>
    public static HashSet<string> Parts(string text) => Part().Matches(text).Select(m => m.Value).ToHashSet(StringComparer.Ordinal);

    private static bool LooksLikeOne(string name) => name.Length > 1
        && (name.IndexOfAny(['_', '.', '<']) >= 0 || name.Skip(1).Any(char.IsUpper) || name.Any(char.IsDigit)
            || (char.IsUpper(name[0]) && !s_words.Contains(name)));

    [GeneratedRegex(@"(?<![A-Za-z0-9_\u00C0-\u024F.@-])[A-Za-z_\u00C0-\u024F][A-Za-z0-9_\u00C0-\u024F]*"
        + @"(?:\.[A-Za-z_\u00C0-\u024F][A-Za-z0-9_\u00C0-\u024F]*|<(?:[^<>]|<[^<>]*>)*>)*"
        + @"(?:\[\]|\?(?=\s|$))?(?!-[A-Za-z0-9])(?![A-Za-z0-9_\u00C0-\u024F])")]
    private static partial Regex Token();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();

    [GeneratedRegex(@"(?<=[<,(])(?:\w+\.)+")]
    private static partial Regex Inner();

    [GeneratedRegex(@"(?<![\w.])(?:System\.)?(?<name>Boolean|S?Byte|Char|Decimal|Double|Single|U?Int(?:16|32|64)|Object|String|Void)"
        + @"(?![\w.])")]
    private static partial Regex SystemType();

    [GeneratedRegex(@"[A-Za-z_\u00C0-\u024F][A-Za-z0-9_\u00C0-\u024F]*")]
    private static partial Regex Part();
}
