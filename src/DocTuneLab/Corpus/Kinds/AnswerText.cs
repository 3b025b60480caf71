using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace DocTuneLab.Corpus.Kinds;

/// <summary>Takes what is wanted out of a model's answers.</summary>
internal static partial class AnswerText
{
    /// <summary>A text of an answer that fits its schema.</summary>
    public static string Of(JsonObject json, string name) => ((string)json[name]!).ReplaceLineEndings("\n").Trim();

    /// <summary>The text without the tags that evidence stands in: a page must not be able to close them.</summary>
    public static string Untagged(string text) => Tag().Replace(text, "");

    /// <summary>A method's header without what begins its body.</summary>
    public static string Header(string signature) => signature.TrimEnd('{', ';', ' ', '\n');

    /// <summary>A method's body: models fence what they are told not to fence, and repeat the header that they were given.</summary>
    public static string Body(string text, string signature)
    {
        var body = Fence().Match(text) is { Success: true } fenced ? fenced.Groups[1].Value : text;
        body = body.Trim('\n', ' ');
        if (body.StartsWith(signature, StringComparison.Ordinal)) body = body[signature.Length..].Trim();
        else return body;
        if (body.StartsWith('{') && body.EndsWith('}')) body = body[1..^1].Trim('\n');
        var lines = body.Split('\n');
        var indent = lines.Where(l => l.Trim().Length > 0).Select(l => l.Length - l.TrimStart().Length).DefaultIfEmpty(0).Min();
        return string.Join('\n', lines.Select(l => l.Length >= indent ? l[indent..] : l.TrimStart())).Trim();
    }

    [GeneratedRegex("</?evidence>", RegexOptions.IgnoreCase)]
    private static partial Regex Tag();
    [GeneratedRegex(@"```(?:csharp|cs|c#)?\s*\n(.*?)\n?```", RegexOptions.Singleline)]
    private static partial Regex Fence();
}
