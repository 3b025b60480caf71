using System.Text.RegularExpressions;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;
using DocTuneLab.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>A draft before it is tried.</summary>
internal sealed partial class DraftCandidate
{
    private const int MostMembers = 7, MostSteps = 7, LongestInstruction = 1500, LongestExample = 480, MostExamples = 2, FewestTests = 3;
    private const int MostLent = 5;

    /// <summary>What stands between the words of an instruction and the calls that it shows.</summary>
    public const string BeforeExamples = "\nFor example:\n";

    private readonly List<IReadOnlyList<string>> _values = [];
    private readonly List<IReadOnlyList<string>> _lent = [];
    private readonly List<Usage> _found;
    private readonly ExampleArguments _examples;

    private DraftCandidate(Usage found, DraftMethod method, IReadOnlyList<string> members, (IReadOnlyList<string> Steps,
        ExampleArguments Examples) words, (string Document, Split Split) page)
    {
        (_found, Method, Members, Document, Split) = ([found], method, members, page.Document, page.Split);
        (Steps, _examples) = words;
        IsGiven = GivenNames.AreMost(members, Steps);
        Key = $"{method.Usage.Context}\n{method.Signature}\n{method.Body}";
        Shape = CodeShape.Of(method.Body, method.Signature)?.Text + string.Join(' ', members);
        Words = Steps.Count == 1 ? Steps[0] : string.Join('\n', Steps.Select((s, i) => $"{i + 1}. {s}"));
        Asked = AskedIn(Words);
        Id = $"{method.Usage.Source}-{ContentHash.Of(Key)[..10]}";
        Calls = [.. members, .. method.FrameworkCalls()];
    }

    /// <summary>Id of its task: the same for the same code.</summary>
    public string Id { get; }

    /// <summary>Its code.</summary>
    public string Key { get; }

    /// <summary>Its code but for names and literals.</summary>
    public string Shape { get; }

    /// <summary>Its method.</summary>
    public DraftMethod Method { get; }

    /// <summary>Documentation ids of what it needs.</summary>
    public IReadOnlyList<string> Members { get; }

    /// <summary>What it does, in words.</summary>
    public IReadOnlyList<string> Steps { get; }

    /// <summary>Those as a task says them.</summary>
    public string Words { get; }

    /// <summary>What is asked for, whatever the order.</summary>
    public string Asked { get; }

    /// <summary>Whether its words are the members' names.</summary>
    public bool IsGiven { get; }

    /// <summary>What it is known by: those, and what it asks of the framework, as names.</summary>
    public IReadOnlyList<string> Calls { get; }

    /// <summary>What words ask for, whatever the order in which it is done.</summary>
    public static string AskedIn(string words) =>
        string.Join('\n', words.Split([";", "\n"], StringSplitOptions.TrimEntries).Order(StringComparer.Ordinal));

    private string Document { get; }

    private Split Split { get; }

    /// <summary>Makes a draft of a use, or says why none can be made.</summary>
    public static DraftCandidate? Of(Usage usage, DraftMaterial material, MemberRequests requests, DraftPages pages, out string why)
    {
        var references = material.Judge.References;
        var written = DraftMethod.Of(usage, references).WithoutUnused(references);
        if (ParameterChoice.Of(written, references) is not { } chosen)
        {
            why = "nothing in it can be another value";
            return null;
        }
        var method = chosen.Method;
        if (method.Error() is { } error)
        {
            why = $"it does not compile alone ({error.Split(':')[0]})";
            return null;
        }
        if (!method.Types.IsData(method.ResultType))
        {
            why = "the value is none that can be compared";
            return null;
        }
        var members = method.Members().Where(m => material.Api.Find(m) is { } s && s.ContainingType is not null).ToList();
        if (members.Count is 0 or > MostMembers)
        {
            why = members.Count == 0 ? "it does not use the library" : $"it needs more than {MostMembers} members";
            return null;
        }
        if (members.Any(m => material.Api.Find(m)!.Obsolete is not null))
        {
            why = "it uses what is obsolete";
            return null;
        }
        var wording = new StepWording(material.Api, requests, method);
        var steps = wording.Steps();
        if (wording.Failure is { } silent || steps.Count > MostSteps || steps.Sum(s => s.Length) > LongestInstruction)
        {
            why = wording.Failure ?? "it takes too many words";
            return null;
        }
        var standsOnPage = usage.Page?.StartsWith("xml:", StringComparison.Ordinal) == false;
        if ((pages.Of(usage.Page, members) ?? (standsOnPage ? null : pages.Comment(members))) is not { } page)
        {
            why = "only train pages speak of what it needs";
            return null;
        }
        why = "";
        var candidate = new DraftCandidate(usage, method, members, (steps, new ExampleArguments(method, members, wording)), page);
        candidate.Add(chosen.Values);
        return candidate;
    }

    /// <summary>Values that another use of the same code has.</summary>
    public void Add(DraftCandidate same)
    {
        _found.AddRange(same._found);
        Add(same._values);
    }

    /// <summary>Gives candidates what others hand to the same call: values that somebody thought of say more than changed ones.</summary>
    public static void Lend(IReadOnlyList<DraftCandidate> all)
    {
        var places = all.SelectMany(c => c.Places().Select(p => (p.Call, Candidate: c, p.At))).GroupBy(p => p.Call, StringComparer.Ordinal);
        foreach (var place in places)
        {
            var values = place.SelectMany(p => p.Candidate._values.Select(v => v[p.At])).Distinct(StringComparer.Ordinal)
                .Where(v => IsPlainArray(SyntaxFactory.ParseExpression(v))).ToList();
            foreach (var (_, candidate, at) in place)
            {
                var first = candidate._values[0];
                candidate._lent.AddRange(values.Where(v => v != first[at]).Take(MostLent)
                    .Select(v => (IReadOnlyList<string>)[.. first.Select((own, i) => i == at ? v : own)]));
            }
        }
    }

    // Parameters that are handed to a member of the library as they are.
    private IEnumerable<(string Call, int At)> Places()
    {
        for (var i = 0; i < Method.Parameters.Count; i++)
        {
            var name = Method.Parameters[i].Name;
            if (Method.Declaration.Body!.DescendantNodes().OfType<ArgumentSyntax>().FirstOrDefault(a => a.Expression.ToString() == name)
                is not { Parent: ArgumentListSyntax { Parent: InvocationExpressionSyntax call } list } argument
                || Method.Model.GetSymbolInfo(call).Symbol is not IMethodSymbol called || !Method.Types.IsOfLibrary(called)) continue;
            yield return ($"{called.ToDisplayString()} {list.Arguments.IndexOf(argument)}", i);
        }
    }

    // new[] { "a", "b" }: nothing in it needs a name that another place has.
    private static bool IsPlainArray(ExpressionSyntax value) => value
        is ImplicitArrayCreationExpressionSyntax { Initializer.Expressions: { Count: > 0 } items }
        && items.All(i => i is LiteralExpressionSyntax);

    /// <summary>Lists of arguments to try: those that were found, then what others have there, then others like them.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Arguments()
    {
        List<IReadOnlyList<string>> all = [.. _values];
        foreach (var lent in _lent) Add(all, lent);
        var variants = Method.Parameters.Select((p, i) => InputVariants.Of(_values[0][i], p.Members)).ToList();
        // One after the other of each parameter, so that each is varied before one is varied often.
        for (var n = 0; n < DraftTrial.MostTried && all.Count < DraftTrial.MostTried; n++)
            for (var i = 0; i < variants.Count; i++)
                if (n < variants[i].Count) Add(all, [.. _values[0].Select((v, at) => at == i ? variants[i][n] : v)]);
        return [.. all.Take(DraftTrial.MostTried)];
    }

    /// <summary>The task with what was observed; null where that is too little.</summary>
    public CodeTask? Task(IReadOnlyList<Observed> observed, out string why)
    {
        why = "";
        if (observed.Count < FewestTests)
        {
            why = $"fewer than {FewestTests} values give a result";
            return null;
        }
        if (IsCopied(observed))
        {
            why = "it gives what it is given";
            return null;
        }
        if (observed.All(o => o.Arguments.Any(a => NeverThere().IsMatch(a))))
        {
            why = "something of what goes in is never there";
            return null;
        }
        if (Idle(observed).Count > 0)
        {
            why = "a parameter changes nothing";
            return null;
        }
        var examples = Examples([.. observed.Where(o => !o.Threw)], MostExamples);
        if (examples.Count > 0) examples.AddRange(Examples([.. observed.Where(o => o.Threw)], 1));
        if (examples.Count == 0)
        {
            why = "no call of it can be shown without naming what it needs";
            return null;
        }
        return new()
        {
            Id = Id,
            Instruction = $"{Words}{BeforeExamples}{string.Join('\n', examples)}",
            Signature = Method.Signature,
            Context = Method.Usage.Context,
            Usings = Method.Usage.Usings,
            GoldSymbols = Members,
            Reference = Method.Body,
            Stub = "return default!;",
            Tests = [.. observed.Select(o => DraftTrial.Test(Method, o))],
            Documents = [Document],
            Split = Split,
        };
    }

    /// <summary>Its uses with what changed nothing as a constant, so that something else may be their input; none where everything
    /// changes something, or the use came with its parameters.</summary>
    public IEnumerable<Usage> Otherwise(IReadOnlyList<Observed> observed)
    {
        var idle = Idle(observed);
        if (idle.Count == 0 || _found[0].Parameters.Count > 0) return [];
        // What was found elsewhere has its own constants, which may be the same.
        var constants = _values.SelectMany(v => idle.Select(i => v[i])).Distinct(StringComparer.Ordinal).ToList();
        return _found.Select(f => f with { Constant = [.. f.Constant, .. constants] });
    }

    /// <summary>Its use with another body, for the same arguments.</summary>
    public Usage With(string body)
    {
        var statements = ((BlockSyntax)SyntaxFactory.ParseStatement($"{{\n{body}\n}}")).Statements;
        return Method.Usage with
        {
            Body = [.. statements.SkipLast(1).Select(s => s.ToString())],
            Result = ((ReturnStatementSyntax)statements[^1]).Expression!.ToString(),
            Parameters = [.. Method.Parameters.Select(p => (p.Type, p.Name))],
            Values = [.. _values, .. _lent],
        };
    }

    // An object of the same properties, or a text or tuple that is the same but for what was given.
    private bool IsCopied(IReadOnlyList<Observed> observed)
    {
        var values = observed.Where(o => !o.Threw).ToList();
        if (values.Count < observed.Count) return false;
        if (values.TrueForAll(o => o.Arguments.Any(a => Untyped(a) == Untyped(o.Result)))) return true;
        if (Method.ResultType is not { SpecialType: SpecialType.System_String } and not
            INamedTypeSymbol { IsTupleType: true }
            || Method.Parameters.Any(p => !PlainData.IsType(p.Type))) return false;
        var kept = values.ConvertAll(o => o.Arguments.Aggregate(o.Result, (text, a) => a.Trim('"', '\'') is { Length: > 0 } said
            ? Regex.Replace(text, $@"(?<!\w){Regex.Escape(said)}(?!\w)", "…") : text));
        return kept.Distinct(StringComparer.Ordinal).Count() == 1 && kept[0].Contains('…', StringComparison.Ordinal);
    }

    private static string Untyped(string code) => Regex.Replace(code, @"new [\w.<>]+\s*(?:\(\)\s*)?|\s|@", "");

    private List<int> Idle(IReadOnlyList<Observed> observed) =>
        [.. Enumerable.Range(0, Method.Parameters.Count).Where(i => IsIdle(observed, i))];

    // Two calls that differ in this parameter alone and give the same, and none that differ so and give another.
    private static bool IsIdle(IReadOnlyList<Observed> observed, int at)
    {
        var pairs = observed.SelectMany(a => observed.Where(b => a.Arguments.Where((_, i) => i != at)
            .SequenceEqual(b.Arguments.Where((_, i) => i != at))
            && a.Arguments[at] != b.Arguments[at]).Select(b => a.Result == b.Result)).ToList();
        return pairs.Count > 0 && pairs.TrueForAll(same => same);
    }

    private List<string> Examples(IReadOnlyList<Observed> observed, int most) =>
    [
        .. observed.DistinctBy(o => o.Result).OrderBy(IsPlain).ThenByDescending(o => o.Result.Length > 4)
            .Select(o => (Seen: o, Given: _examples.Of(o.Arguments)))
            .Where(e => e.Given is not null && e.Seen.Result.Length + e.Given.Length < LongestExample).Take(most)
            .Select(e => $"- {e.Given} " + (e.Seen.Threw ? $"throws {e.Seen.Result.Split('.')[^1]}" : $"gives {e.Seen.Result}")),
    ];

    // What shows little: nothing comes out, or all of it went in.
    private static bool IsPlain(Observed seen) => Empty().IsMatch(seen.Result)
        || seen.Arguments.Any(a => Untyped(seen.Result).Contains(Untyped(a), StringComparison.Ordinal)
            || Untyped(a).Contains(Untyped(seen.Result), StringComparison.Ordinal));

    private void Add(IReadOnlyList<IReadOnlyList<string>> values)
    {
        foreach (var v in values) Add(_values, v);
    }

    private static void Add(List<IReadOnlyList<string>> all, IReadOnlyList<string> values)
    {
        if (!all.Exists(a => a.SequenceEqual(values, StringComparer.Ordinal))) all.Add(values);
    }

    [GeneratedRegex(@"\w = null\b")]
    private static partial Regex NeverThere();

    [GeneratedRegex(@"^(?:null|""""|0\w?|false|default!?|\w+\.Empty<.*>\(\))$")]
    private static partial Regex Empty();
}
