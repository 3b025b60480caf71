using System.Text.RegularExpressions;
using DocTuneLab.Conversations;

namespace DocTuneLab.Corpus.Validation;

/// <summary>The code that a sample shows, whoever wrote the sample: what is fenced in any turn, and code with a gap put together.</summary>
public static partial class SampleCode
{
    /// <summary>The pieces of code in a sample's turns, in their order; headers without a body among them.</summary>
    public static IReadOnlyList<string> Of(IReadOnlyList<Message> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var pieces = messages.SelectMany(m => Fenced().Matches(m.Content.ReplaceLineEndings("\n")))
            .Where(m => m.Groups[1].Value.ToLowerInvariant() is "" or "csharp" or "cs" or "c#")
            .Select(m => m.Groups[2].Value);
        var gap = messages.Count > 1 ? Gap().Match(messages[^2].Content) : Match.Empty;
        return gap.Success
            ? [.. pieces, gap.Groups[1].Value + messages[^1].Content + gap.Groups[2].Value]
            : [.. pieces];
    }

    [GeneratedRegex(@"^[ \t]*```([^\s`]*)[^\n`]*\n(.*?)\n[ \t]*```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Fenced();
    [GeneratedRegex(@"\A<\|fim_prefix\|>(.*)<\|fim_suffix\|>(.*)<\|fim_middle\|>\z", RegexOptions.Singleline)]
    private static partial Regex Gap();
}
