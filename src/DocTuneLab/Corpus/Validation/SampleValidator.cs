using System.Text.RegularExpressions;
using DocTuneLab.Conversations;
using DocTuneLab.Corpus.Kinds;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;
using DocTuneLab.Text;

namespace DocTuneLab.Corpus.Validation;

/// <summary>What every sample must hold.</summary>
public sealed record ValidationOptions
{
    /// <summary>Longest sample in tokens, all turns together; default 512.</summary>
    public int MaxTokens { get; init; } = 512;

    /// <summary>Longest sample with passages before the request, in tokens, where that is more. Default 0: no more than others.</summary>
    public int MaxReadingTokens { get; init; }

    /// <summary>Counts tokens; default four characters each.</summary>
    public Func<string, int> CountTokens { get; init; } = text => (text.Length + 3) / 4;

    /// <summary>Held-out items that no sample may copy; default none.</summary>
    public Decontamination? HeldOut { get; init; }

    /// <summary>Similarity from which two samples count as the same; default 0.92.</summary>
    public double NearDuplicateThreshold { get; init; } = 0.92;

    /// <summary>Share of the prompt's words that an answer may consist of in one piece; default 0.8.</summary>
    public double CopyThreshold { get; init; } = 0.8;

    /// <summary>Definitions of the kinds that samples may be of; default those that ship.
    /// What is of no such kind counts as prose.</summary>
    public IReadOnlyList<SampleKindDefinition> Kinds { get; init; } = SampleKinds.BuiltIn;
}

/// <summary>
/// Judges drafts by what can be measured, whoever wrote them: language, length, wording, grounding, the compiler, existing members, copies,
/// held-out tasks. Judging is stateless; duplicates are found by <see cref="Accept"/>, in the order of the calls.
/// </summary>
/// <param name="symbols">The library.</param>
/// <param name="judge">The compiler, many pieces at once.</param>
/// <param name="options">Limits.</param>
public sealed partial class SampleValidator(IReadOnlyList<ApiSymbol> symbols, ICodeJudge judge, ValidationOptions? options = null)
{
    private readonly ValidationOptions _options = options ?? new ValidationOptions();
    private readonly NearDuplicates _seen = new((options ?? new ValidationOptions()).NearDuplicateThreshold);
    private readonly Dictionary<string, ApiSymbol> _byId = symbols.DistinctBy(s => s.Id).ToDictionary(s => s.Id, StringComparer.Ordinal);
    private readonly RequestForm _form = new(symbols);
    private readonly HashSet<string> _names =
    [
        .. symbols.Select(s => s.Name), .. symbols.SelectMany(s => s.Parameters).Select(p => p.Name)
    ];
    // Members that every object has, and words that are code in any C#, need no evidence.
    private static readonly HashSet<string> s_common = new(StringComparer.Ordinal)
    {
        "ToString", "Equals", "GetHashCode", "GetType", "Dispose", "null", "true", "false", "void", "int", "string", "bool", "double",
        "await", "async", "var", "new", "using", "foreach"
    };

    /// <summary>A validator for a library as the lab reads it.</summary>
    public SampleValidator(ApiModel api, ICodeJudge judge, ValidationOptions? options = null) : this(api.Symbols, judge, options) { }

    /// <summary>Judges drafts, their code in as few compilations as possible.</summary>
    public IReadOnlyList<Judged> Judge(IReadOnlyList<Draft> drafts, CancellationToken cancel = default)
    {
        var pieces = drafts.SelectMany(d => new[] { d.Code, d.Mistake }).OfType<CodeToJudge>().ToList();
        var verdicts = pieces.Count == 0 ? [] : judge.Judge(pieces, cancel);
        var next = 0;
        var judged = new List<Judged>(drafts.Count);
        foreach (var draft in drafts)
        {
            var code = draft.Code is null ? null : verdicts[next++];
            var mistake = draft.Mistake is null ? null : verdicts[next++];
            // A mistake that compiles has no message to show; the draft fails by that and needs no turns of its own.
            var whole = draft.Complete is { } complete && mistake is { Errors: [var error, ..] }
                ? draft with { Messages = complete(error) }
                : draft;
            judged.Add(new Judged(whole, [.. Wording(whole), .. Compiler(whole, code, mistake), .. HeldOut(whole, code)], code));
        }
        return judged;
    }

    /// <summary>The first check that needs no compiler and fails, exact repetition of what was accepted among them;
    /// null where all pass or the turns are not written yet.</summary>
    public Check? Screen(Draft draft)
    {
        if (draft.Complete is not null && draft.Messages.Count == 0) return null;
        if (_seen.ContainsExact(Text(draft.Messages))) return new Check("unique", false, "duplicate");
        return Wording(draft).Concat(HeldOut(draft, null)).FirstOrDefault(c => !c.Passed);
    }

    /// <summary>
    /// The sample of a judged draft. One that passed all checks is also compared with all accepted before; the check
    /// <c>unique</c> says how that ended.
    /// </summary>
    public Sample Accept(Judged judged, Split split = Split.Train)
    {
        var (draft, checks) = (judged.Draft, judged.Checks);
        if (judged.Failed is null)
        {
            // The whole turn, not the request in it: a repair asks for the same task as the sample that it came of.
            var duplicate = _seen.TryAdd(Text(draft.Messages));
            checks = [.. checks, new Check("unique", duplicate is null, duplicate)];
        }
        // The compiler knows which overload the code really calls; what has no name in the code (constructors, indexers, operators) it does
        // not report, and is taken from the draft.
        var used = judged.Compiled?.Compiles == true ? Used(judged.Compiled) : [];
        IReadOnlyList<string> evidence = used.Count > 0
            ? [.. used.Concat(draft.Evidence.Symbols.Where(IsUnnamed)).Distinct(StringComparer.Ordinal)]
            : draft.Evidence.Symbols;
        return new Sample(Sample.IdOf(draft.Kind, draft.Messages), draft.Kind, draft.Messages, draft.Evidence with { Symbols = evidence },
            checks, split)
        {
            Provenance = draft.Provenance with { Usings = draft.Code?.Usings ?? draft.Provenance.Usings }
        };
    }

    /// <summary>Makes the validator remember samples that exist already, so that new ones do not repeat them.</summary>
    public void Remember(IEnumerable<Sample> samples)
    {
        foreach (var s in samples) _seen.TryAdd(Text(s.Messages));
    }

    private IEnumerable<Check> Wording(Draft d)
    {
        if (d.Grounds is not null) yield return new Check("grounded", true, d.Grounds);
        if (d.Messages.Count == 0) yield break;
        var answer = d.Messages[^1].Content;
        if (d.Language is { } language)
        {
            var chinese = Prose.IsChinese(d.Prompt);
            yield return new Check("language", chinese == (language == "zh"),
                chinese == (language == "zh") ? null : $"asked for {language}");
        }
        if (d.Passages > 0) yield return new Check(Draft.Reads, true, $"{d.Passages} passages before the request");
        var tokens = d.Messages.Sum(m => 4 + _options.CountTokens(m.Content));
        var most = d.Passages > 0 ? Math.Max(_options.MaxTokens, _options.MaxReadingTokens) : _options.MaxTokens;
        yield return new Check("length", tokens <= most && answer.Trim().Length > 0,
            tokens <= most ? answer.Trim().Length == 0 ? "empty" : null : $"{tokens} tokens, at most {most}");
        var kind = _options.Kinds.Find(d.Kind);
        if (kind is { IsAskedInWords: true })
        {
            var fault = _form.Fault(d.Prompt);
            yield return new Check("reads as a request", fault is null, fault);
        }
        // Passages are meant to be spoken of, and to hold the answer.
        var leak = !d.ShowsPassages && Leak().Match(d.Prompt) is { Success: true } p
            ? p
            : Leak().Match(kind is { MaySpeakOfPassages: true } ? "" : answer);
        yield return new Check("self-contained", !leak.Success, leak.Success ? $"speaks of '{leak.Value}'" : null);
        if (!d.MayNameMembers)
        {
            var named = d.MustUse.Select(id => _byId.GetValueOrDefault(id)).OfType<ApiSymbol>().FirstOrDefault(s =>
                s.ContainingType is not null && s.Name.Length > 3 && Regex.IsMatch(d.Prompt, $@"(?<!\w){Regex.Escape(s.Name)}(?!\w)"));
            yield return new Check("names no member", named is null, named is null ? null : $"names {named.Name}");
        }
        // A fix repeats what was right in the code that it mends.
        var copied = d.ShowsPassages || kind is { MayRepeatPrompt: true } ? 0 : Copied(d.Prompt, answer);
        yield return new Check("no copy of the prompt", copied <= _options.CopyThreshold,
            copied <= _options.CopyThreshold ? null : $"{copied:P0} of the answer stands in the prompt");
        if (d.Quote is { } quote)
        {
            var holds = Squeezed(d.EvidenceText).Contains(Squeezed(quote), StringComparison.OrdinalIgnoreCase);
            yield return new Check("quoted", holds, holds ? null : "the quoted words do not stand in the evidence");
        }
        if (d.EvidenceText.Length > 0 && d.Code is null)
        {
            var invented = Identifiers(answer).FirstOrDefault(name => !Known(name, d));
            yield return new Check("grounded", invented is null,
                invented is null ? null : $"'{invented}' is neither in the library nor in the evidence");
        }
    }

    private IEnumerable<Check> Compiler(Draft d, Verdict? code, Verdict? mistake)
    {
        if (code is not null)
        {
            yield return new Check("parses", code.Parses, code.Parses ? null : Error(code));
            if (!code.Parses) yield break;
            var missing = code.Uses.FirstOrDefault(u => u.Kind == SymbolUseKind.Missing && u.IsLibrary);
            yield return new Check("members exist", missing is null,
                missing is null ? null : $"{missing.Name} does not exist{(missing.Suggestion is { } s ? $"; {s} does" : "")}");
            yield return new Check("compiles", code.Compiles, code.Compiles ? null : Error(code));
            if (code.Compiles)
            {
                var used = Used(code);
                if (d.MustUse.Count > 0)
                {
                    var uses = d.MustUse.Any(id => used.Contains(id) || used.Any(u => SameMember(u, id)));
                    yield return new Check("uses the member", uses, uses ? null : $"uses none of {string.Join(", ", d.MustUse)}");
                }
                if (d.MustNotUse.Count > 0) yield return new Check("leaves the old member", !d.MustNotUse.Any(used.Contains), null);
            }
        }
        if (mistake is null) yield break;
        var failsAsSaid = !mistake.Compiles
            && mistake.Errors.Count > 0
            && (d.MistakeError is null || mistake.Errors.Any(e => e.Id == d.MistakeError));
        yield return new Check("mistake fails", failsAsSaid,
            mistake.Compiles ? "the code that is shown as wrong compiles" : Error(mistake));
    }

    private IEnumerable<Check> HeldOut(Draft d, Verdict? code)
    {
        if (_options.HeldOut is not { } held) yield break;
        var members = code is null ? d.Evidence.Symbols : Used(code);
        // Code in earlier turns, such as a passage's, teaches as well.
        var copy = held.Find(d.Prompt, d.Body, members)
            ?? (d.Body is null && d.Code is { } whole ? held.FindShape(whole.Code) : null)
            ?? SampleCode.Of([.. d.Messages.SkipLast(1)]).Select(held.FindShape).FirstOrDefault(w => w is not null)
            ?? (d.Body is not null && code is not null ? held.FindCombination(members) : null)
            ?? (d.Messages.Count > 0 ? held.FindFact(d.Evidence.Symbols, d.Messages[^1].Content) : null);
        yield return new Check("not held out", copy is null, copy ?? $"against {held.Count} items");
    }

    private IReadOnlyList<string> Used(Verdict verdict) =>
        [.. verdict.Uses.Where(u => u is { Kind: SymbolUseKind.Resolved, IsLibrary: true, Id: not null })
            .Select(u => Documented(u.Id!))
            .OfType<string>()
            .Distinct(StringComparer.Ordinal)];

    // What the compiler adds by itself (the constructor of a plain struct, the equality of a record) stands for its type.
    private string? Documented(string id)
    {
        if (_byId.ContainsKey(id)) return id;
        var member = id.Split('(')[0];
        var type = $"T:{member[2..Math.Max(2, member.LastIndexOf('.'))]}";
        return _byId.ContainsKey(type) ? type : null;
    }

    private static bool IsUnnamed(string id) =>
        id.Contains("#ctor", StringComparison.Ordinal)
            || id.Contains(".op_", StringComparison.Ordinal)
            || (id.StartsWith("P:", StringComparison.Ordinal) && id.Contains('(', StringComparison.Ordinal));

    // What has no name in the code (constructors, operators) the compiler reports under its type.
    private static bool SameMember(string used, string wanted) =>
        wanted.Contains("#ctor", StringComparison.Ordinal) && used == $"T:{wanted[2..wanted.IndexOf(".#ctor", StringComparison.Ordinal)]}";

    private static string? Error(Verdict verdict) => verdict.Errors is [var first, ..] ? $"{first.Id}: {first.Message}" : null;

    private bool Known(string name, Draft d) =>
        s_common.Contains(name) || _names.Contains(name) || d.EvidenceText.Contains(name, StringComparison.Ordinal)
            || d.Prompt.Contains(name, StringComparison.Ordinal);

    private static string Text(IReadOnlyList<Message> messages) => $"{messages[^2].Content}\n{messages[^1].Content}";

    private static IEnumerable<string> Identifiers(string answer) =>
        CodeSpan().Matches(answer).SelectMany(m => Identifier().Matches(m.Groups[1].Value)).Select(m => m.Value);

    private static string Squeezed(string text) => Blanks().Replace(Marks().Replace(text, ""), " ").Trim();

    // Share of the answer's words in its longest run that also stands in the prompt.
    private static double Copied(string prompt, string answer)
    {
        var (words, all) = (TokenGrams.Tokens(answer), TokenGrams.Tokens(prompt));
        if (words.Count < 8) return 0;
        var longest = 0;
        var row = new int[words.Count + 1];
        foreach (var word in all)
            for (var i = words.Count; i >= 1; i--)
            {
                row[i] = words[i - 1] == word ? row[i - 1] + 1 : 0;
                longest = Math.Max(longest, row[i]);
            }
        return (double)longest / words.Count;
    }

    [GeneratedRegex(@"(?i)\b(?:the|this|given|provided|above|following) (?:reference )?"
        + @"(?:document(?:ation)?|passage|evidence|context|excerpt|text above|snippet above)\b"
        + @"|</?evidence>|according to the (?:docs|document\w*|text)|根据(?:文档|上文|资料)|\{\{|as an ai\b")]
    private static partial Regex Leak();
    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex CodeSpan();
    [GeneratedRegex(@"[A-Z][A-Za-z0-9_]{2,}")]
    private static partial Regex Identifier();
    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
    [GeneratedRegex("[`*_]")]
    private static partial Regex Marks();
}
