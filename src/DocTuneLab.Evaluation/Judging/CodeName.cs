using System.Text.RegularExpressions;

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

    private static readonly HashSet<string> s_keywords =
        [.. "bool byte sbyte char decimal double float int uint long ulong short ushort object string void".Split(' ')];

    private static readonly Dictionary<string, string> s_types = new(StringComparer.Ordinal)
    {
        ["Boolean"] = "bool",
        ["Byte"] = "byte",
        ["SByte"] = "sbyte",
        ["Char"] = "char",
        ["Decimal"] = "decimal",
        ["Double"] = "double",
        ["Single"] = "float",
        ["Int32"] = "int",
        ["UInt32"] = "uint",
        ["Int64"] = "long",
        ["UInt64"] = "ulong",
        ["Int16"] = "short",
        ["UInt16"] = "ushort",
        ["Object"] = "object",
        ["String"] = "string",
        ["Void"] = "void",
    };

    /// <summary>Whether a text is a type that C# has a word for.</summary>
    public static bool IsKeyword(string text) => s_keywords.Contains(text);

    /// <summary>Every name of a line: qualified, generic, or a word with a capital that is no common one.</summary>
    /// <param name="line">The line, normalised.</param>
    /// <param name="isWanted">Names that count whatever they look like.</param>
    public static IEnumerable<(int Index, string Name)> In(string line, Func<string, bool> isWanted)
    {
        foreach (Match m in Token().Matches(line))
        {
            var name = m.Value.TrimEnd('.');
            if (isWanted(name) || IsKeyword(name) || LooksLikeOne(name)) yield return (m.Index, name);
        }
    }

    /// <summary>A name so that two ways to write one are equal: no blanks, no namespaces within brackets, C#'s words for types.</summary>
    public static string Canonical(string name)
    {
        name = Blanks().Replace(name, "").Replace("global::", "", StringComparison.Ordinal);
        name = Inner().Replace(name, "");
        return SystemType().Replace(name, m => s_types.GetValueOrDefault(m.Groups["name"].Value, m.Value));
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
