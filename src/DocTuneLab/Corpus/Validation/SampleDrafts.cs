using System.Globalization;
using System.Text.RegularExpressions;
using DocTuneLab.Corpus.Kinds;
using DocTuneLab.Library;
using DocTuneLab.Prompts;

namespace DocTuneLab.Corpus.Validation;

/// <summary>Makes drafts of samples that exist already, such as imported ones, so that they can be judged like new ones.</summary>
public static partial class SampleDrafts
{
    /// <summary>A draft of a sample: the code in its turns is put together again where its form is known, with the namespaces that it
    /// was judged with.</summary>
    /// <param name="sample">The sample.</param>
    /// <param name="library">The library's namespaces: those in scope of code of which nobody has said.</param>
    /// <param name="kinds">Definitions of kinds, which say what answers hold; default those that ship.</param>
    public static Draft Of(Sample sample, IReadOnlyList<string> library, IReadOnlyList<SampleKindDefinition>? kinds = null)
    {
        var holds = (kinds ?? SampleKinds.BuiltIn).AnswerOf(sample.Kind);
        var (user, answer) = (sample.Messages[^2].Content, sample.Messages[^1].Content);
        var body = holds == AnswerForm.MethodBody ? AnswerFormat.BodyOf(answer) : null;
        // The answer to a missing using directive is the directive; what must compile is the method that is shown.
        var code = body is not null && Directive().IsMatch(body) && Fenced().Match(user) is { Success: true } shown
            ? $"{shown.Groups[1].Value}\n{{\n{shown.Groups[2].Value}\n}}"
            // A class is answered whole, and stands behind the interface that is given.
            : body is not null && body.StartsWith("public static ", StringComparison.Ordinal)
                && Interface().Match(user) is { Success: true } given ? $"{given.Value}\n\n{body}"
            : body is not null && Signature().Matches(user) is { Count: > 0 } found ? $"{found[^1].Groups[1].Value}\n{{\n{body}\n}}"
            : holds == AnswerForm.Gap && Gap().Match(user) is { Success: true } gap
                ? gap.Groups[1].Value + answer + gap.Groups[2].Value
            : null;
        var passages = sample.Checks.FirstOrDefault(c => c.Name == Draft.Reads)?.Detail is { } said
            && int.TryParse(said.Split(' ')[0], CultureInfo.InvariantCulture, out var shownBefore) ? shownBefore : 0;
        return new Draft
        {
            Kind = sample.Kind,
            Messages = sample.Messages,
            Prompt = passages > 0 ? Request(user) : user,
            ShowsPassages = passages > 0,
            Passages = passages,
            Evidence = sample.Evidence,
            Provenance = sample.Provenance ?? new Provenance("structural", "", [], "", []),
            Body = body,
            Code = code is null ? null : new CodeToJudge(code, CodeForm.Members, sample.Provenance?.Usings ?? library),
        };
    }

    // Passages and the request are paragraphs, and the request is the last one; a fence at its end may hold blank lines.
    private static string Request(string user)
    {
        var end = user.TrimEnd().EndsWith("```", StringComparison.Ordinal) && user.LastIndexOf("```csharp", StringComparison.Ordinal) is > 0
            and var fence ? fence : user.Length;
        return user[(user.LastIndexOf("\n\n", end - 1, StringComparison.Ordinal) is >= 0 and var at ? at + 2 : 0)..];
    }

    [GeneratedRegex(@"\Ausing [\w.]+;\z")]
    private static partial Regex Directive();
    [GeneratedRegex(@"```csharp\n([^\n]*)\n(.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex Fenced();
    // The header of the asked method: the last line that reads like one.
    [GeneratedRegex(@"^(public static [^\n;{]*\))[ \t]*(?:where [^\n{]*)?$", RegexOptions.Multiline)]
    private static partial Regex Signature();
    [GeneratedRegex(@"^public interface I.*?^\}", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Interface();
    [GeneratedRegex(@"\A<\|fim_prefix\|>(.*)<\|fim_suffix\|>(.*)<\|fim_middle\|>\z", RegexOptions.Singleline)]
    private static partial Regex Gap();
}
