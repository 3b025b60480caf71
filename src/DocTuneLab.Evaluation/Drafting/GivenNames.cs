using System.Text.RegularExpressions;
using DocTuneLab.Corpus.Language;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>Names of members that stand in the words of a task: who writes the words as one name has the member without knowing it.
/// </summary>
internal static class GivenNames
{
    /// <summary>Whether of the names that have several words more than half stand in the text word by word. A name of one word is
    /// everybody's.</summary>
    /// <param name="members">Documentation ids.</param>
    /// <param name="text">Words of the task.</param>
    public static bool AreMost(IReadOnlyList<string> members, IReadOnlyList<string> text)
    {
        var all = string.Join('\n', text);
        var names = members.Select(Name).Distinct(StringComparer.Ordinal).Select(n => MemberRequests.Words(n).Split(' '))
            .Where(w => w.Length > 1).ToList();
        return 2 * names.Count(w => Says(all, w)) > names.Count;
    }

    /// <summary>The name in a documentation id; empty for a constructor.</summary>
    public static string Name(string id) => id.Split('(')[0].Split('.')[^1].Split('`')[0] is var name && name.StartsWith('#') ? "" : name;

    private static bool Says(string text, string[] words) =>
        Regex.IsMatch(text, $@"(?<!\w){string.Join(@"[\s-]+", words.Select(Regex.Escape))}s?(?!\w)", RegexOptions.IgnoreCase);
}
