using System.Text.RegularExpressions;

namespace DocTuneLab.Library.Guidance;

/// <summary>Using directives before the code of an answer: the body of a method holds none, but whoever takes the answer sets them at the
/// head of a file.</summary>
internal static partial class UsingDirectives
{
    /// <summary>What whole directives at the beginning of a text name: a namespace, <c>static</c> and a type, or an alias.</summary>
    /// <param name="text">Code.</param>
    /// <param name="end">Where they end, blanks behind them among them; 0 where there are none.</param>
    public static IReadOnlyList<string> Of(string text, out int end)
    {
        var found = new List<string>();
        end = 0;
        for (var match = Whole().Match(text); match.Success; match = match.NextMatch())
        {
            found.Add(match.Groups["name"].Value);
            end = match.Index + match.Length;
        }
        return found;
    }

    /// <summary>Whether a text without an end may become a directive.</summary>
    /// <param name="text">Code behind other directives.</param>
    /// <param name="space">The namespace that it names so far; null where it is none, or nothing is named yet.</param>
    public static bool MayBegin(string text, out string? space)
    {
        var match = Begun().Match(text);
        space = match.Groups["space"] is { Success: true, Length: > 0 } named ? named.Value : null;
        return match.Success;
    }

    [GeneratedRegex(@"\G\s*using\s+(?<name>(static\s+)?\w+(\.\w+)*|\w+\s*=\s*[^;()""]+?)\s*;\s*", RegexOptions.ExplicitCapture)]
    private static partial Regex Whole();

    [GeneratedRegex(@"^\s*(u|us|usi|usin|using(\s+((?<space>[\w.]*)\s*|static(\s+[\w.]*\s*)?|\w+\s*=[^;()""]*))?)$",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Begun();
}
