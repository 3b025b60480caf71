using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;
using DocTuneLab.Library.Composition;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>
/// Drafts of programming tasks whose solution is a composition that no sample shows. A draft has signature, reference and members; whoever
/// completes it writes the instruction and the tests, and names its page. Until then no suite takes it.
/// </summary>
public static class CompositionDrafts
{
    private static readonly CompositionBounds s_bounds = new() { Breadth = 10, Results = 300 };

    /// <summary>File name of drafts in a suite's folder, which a suite does not read.</summary>
    public const string FileName = "code-drafts.jsonl";

    /// <summary>Draws drafts so that every member of the library comes up about as often.</summary>
    /// <param name="api">The library.</param>
    /// <param name="judge">What a reference must compile against.</param>
    /// <param name="samples">Samples whose code must not show a draft's solution.</param>
    /// <param name="count">Drafts, at most.</param>
    /// <param name="seed">Seed of every choice.</param>
    public static IReadOnlyList<CodeTask> Draw(ApiModel api, CSharpJudge judge, IReadOnlyList<Sample> samples, int count, int seed)
    {
        ArgumentNullException.ThrowIfNull(api);
        ArgumentNullException.ThrowIfNull(judge);
        var shown = samples.SelectMany(s => SampleCode.Of(s.Messages)).Select(c => CodeShape.Of(c)?.Text).OfType<string>()
            .ToHashSet(StringComparer.Ordinal);
        var search = new CompositionSearch(api);
        var found = Givens(api).SelectMany(given => search.FindAll(given, s_bounds, shown)
            .Where(c => Names(c.Code) is var names && given.All(g => names.Contains(g.Name)))
            // A task needs a member however often it is used.
            .Select(c => (Made: c with { Members = [.. c.Members.Distinct(StringComparer.Ordinal)] }, Given: given))).ToArray();
        new Random(seed).Shuffle(found);

        var left = found.ToList();
        Dictionary<string, int> used = new(StringComparer.Ordinal);
        List<CodeTask> drafts = [];
        while (drafts.Count < count && left.Count > 0)
        {
            var next = left.MinBy(c => c.Made.Members.Sum(m => used.GetValueOrDefault(m)))!;
            left.Remove(next);
            // What text alone takes for a type may be another's name in code.
            if (Draft(api, next.Made, next.Given, drafts.Count + 1) is var draft && !Compiles(judge, draft)) continue;
            drafts.Add(draft);
            foreach (var member in next.Made.Members) used[member] = used.GetValueOrDefault(member) + 1;
        }
        return drafts;
    }

    /// <summary>Writes drafts as JSON Lines.</summary>
    public static void Write(string path, IReadOnlyList<CodeTask> drafts) => EvaluationJson.WriteLines(path, drafts);

    /// <summary>What a method may be given: an object of the library or several of them, alone or with something that its members take;
    /// and data that some member takes, where the search makes the objects.</summary>
    internal static IEnumerable<IReadOnlyList<GivenValue>> Givens(ApiModel api)
    {
        foreach (var type in api.Types.Where(t => t is { Obsolete: null, Kind: ApiKind.Class or ApiKind.Struct or ApiKind.Record }
            && !t.Id.Contains('`') && !t.Signature.Contains("static ", StringComparison.Ordinal)
            && !t.Name.EndsWith("Exception", StringComparison.Ordinal)))
        {
            var name = char.ToLowerInvariant(type.Name[0]) + type.Name[1..];
            GivenValue one = new(SyntaxFacts.GetKeywordKind(name) == SyntaxKind.None ? name : "value", type.Name);
            yield return [one];
            yield return [new(one.Name + "List", $"IReadOnlyList<{type.Name}>")];
            foreach (var taken in api.MembersOf(type.Id).Where(m => m.Kind == ApiKind.Method).SelectMany(m => m.Parameters)
                .Where(p => p.Modifier.Length == 0).DistinctBy(p => p.Type))
                yield return [one, new(taken.Name == one.Name || SyntaxFacts.GetKeywordKind(taken.Name) != SyntaxKind.None ? "other"
                    : taken.Name, taken.Type)];
        }
        foreach (var data in api.Symbols.Where(s => s.Obsolete is null).Select(Data).Where(d => d.Count is 1 or 2)
            .DistinctBy(d => string.Join(',', d.Select(g => g.Type))))
            yield return data;
    }

    // What a member takes beside what stands before the dot, where all of it is data.
    private static List<GivenValue> Data(ApiSymbol member)
    {
        var taken = member.Parameters.Skip(member.Kind == ApiKind.ExtensionMethod ? 1 : 0).Where(p => p.DefaultValue is null).ToList();
        return taken.TrueForAll(p => p.Modifier.Length == 0 && PlainData.IsType(p.Type))
            && taken.DistinctBy(p => p.Name).Count() == taken.Count
            ? taken.ConvertAll(p => new GivenValue(SyntaxFacts.GetKeywordKind(p.Name) == SyntaxKind.None ? p.Name : "value", p.Type)) : [];
    }

    private static CodeTask Draft(ApiModel api, Composition made, IReadOnlyList<GivenValue> given, int number) => new()
    {
        Id = $"draft-{number:000}",
        Instruction = "",
        Signature = $"public static {made.Type} Draft{number:000}({string.Join(", ", given.Select(g => $"{g.Type} {g.Name}"))})",
        Context = "",
        Usings = api.Namespaces,
        GoldSymbols = made.Members,
        Reference = $"return {made.Code};",
        Stub = "return default!;",
        Tests = [],
        Documents = [],
        Split = Split.Dev,
    };

    private static bool Compiles(CSharpJudge judge, CodeTask draft) =>
        judge.Judge($"{draft.Signature}\n{{\n{draft.Reference}\n}}", CodeForm.Members, draft.Usings).Compiles;

    private static HashSet<string> Names(string code) => SyntaxFactory.ParseExpression(code).DescendantNodesAndSelf()
        .OfType<IdentifierNameSyntax>().Select(n => n.Identifier.ValueText).ToHashSet(StringComparer.Ordinal);
}
