using DocTuneLab.Corpus.Code;
using DocTuneLab.Corpus.Dialogue;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;
using DocTuneLab.Prompts;
using Quickenshtein;

namespace DocTuneLab.Corpus.Kinds;

/// <summary>A question about a member that does not exist, and the honest answer with the nearest one that does.</summary>
public sealed class UnanswerableKind : SampleKindDefinition
{
    private const string Template = "generate.unanswerable";

    /// <inheritdoc/>
    public override SampleKind Kind => SampleKind.Unanswerable;

    /// <inheritdoc/>
    public override double? StructuralShare => 0.05;

    /// <inheritdoc/>
    public override double? HostedShare => 0.06;

    /// <inheritdoc/>
    public override int Turn => 1;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Templates => [Template];

    /// <inheritdoc/>
    public override int MostMembers => 1;

    /// <inheritdoc/>
    public override Draft? Draft(DraftingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (index, random) = (context.Index, context.Random);
        var member = context.NextEntry();
        if (Invent(index, member, random) is not { } invented) return null;
        var (owner, nearest) = (SymbolFacts.Display(member.Owner), invented.Nearest.Symbol);
        var fact = SymbolFacts.Build("missing-member", Denial(owner, invented.Name, nearest.Name, false), [nearest.Id],
            [("member", $"{owner}.{invented.Name}"), ("name", invented.Name), ("type", owner)]);
        var chinese = context.NextIsChinese();
        if (chinese && index.IsChinese) fact = fact with { Answer = Denial(owner, invented.Name, nearest.Name, true) };
        var question = Phrasings.Default.Ask(fact, chinese, random);
        if (new Scope(index, random).Fill(member.Owner.TypeParameters) is not { } map) return null;
        return context.Asked(Kind, "missing-member", question, fact.Answer, fact.Symbols, []) with
        {
            Mistake = Probe(member.Owner.Filled(map), invented.Name, index.UsingsFor([member.Symbol.Id], [])),
            MistakeError = "CS0117",
        };
    }

    /// <inheritdoc/>
    public override async Task<Draft> WriteAsync(WritingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var index = context.Desk.Index;
        var member = index.Members.First(m => m.Symbol.Id == context.Symbols[0].Id);
        if (Invent(index, member, context.Random) is not { } invented
            || new Scope(index, context.Random).Fill(member.Owner.TypeParameters) is not { } map)
            throw new NoAnswerException("nothing to invent");
        var (type, nearest) = (SymbolFacts.Display(member.Owner), invented.Nearest.Symbol.Name);
        var asked = await context.AskAsync(Template, ("type", type), ("member", invented.Name), ("nearest", nearest));
        var question = AnswerText.Of(asked, "question");
        if (!question.Contains(invented.Name, StringComparison.Ordinal))
            throw new NoAnswerException("does not name the invented member");
        var answer = Denial(type, invented.Name, nearest, context.Language == "zh");
        var user = context.QaTemplate.Messages(AnswerFormat.QaInputs(question, context.LibraryName));
        return context.Draft(Kind, user, answer, question) with
        {
            Mistake = Probe(member.Owner.Filled(map), invented.Name, context.Usings),
            Language = context.Language,
            EvidenceText = "",
        };
    }

    private static string Denial(string type, string name, string nearest, bool inChinese) => inChinese
        ? $"`{type}` 没有成员 `{name}`；最接近的是 `{nearest}`。"
        : $"`{type}` has no member `{name}`; the nearest is `{nearest}`.";

    // The compiler must say that there is no such member.
    private static CodeToJudge Probe(string type, string name, IReadOnlyList<string> usings) =>
        new($"public static string Probe() => nameof({type}.{name});", CodeForm.Members, usings);

    // A plausible member that the type lacks, and the nearest that it has.
    private static (string Name, MemberEntry Nearest)? Invent(ApiIndex index, MemberEntry member, Random random)
    {
        var names = new InventedNames(index);
        var named = member.Owner.Members.Where(m => m.Symbol.Kind is not (ApiKind.Constructor or ApiKind.Operator or ApiKind.Indexer))
            .ToList();
        if (named.Count == 0
            || member.Symbol.Kind is ApiKind.Constructor or ApiKind.Operator or ApiKind.Indexer
            || member.Symbol.Obsolete is not null)
            return null;
        for (var i = 0; i < 8; i++)
        {
            var candidates = random.Next(3) == 0 ? names.Misspellings(member.Symbol.Name, random).ToList()
                : names.Recombined(member.Symbol.Name, random) is { } r ? [r]
                : [];
            if (candidates.Count == 0) continue;
            var name = candidates[random.Next(candidates.Count)];
            if (index.MemberNames.Contains(name) || InventedNames.IsInherited(name) || index.Types.Any(t => t.Path == name)) continue;
            var nearest = named.Where(m => m.Symbol.Obsolete is null)
                .MinBy(m => (Levenshtein.GetDistance(m.Symbol.Name, name), m.Symbol.Name));
            return (name, nearest ?? member);
        }
        return null;
    }
}
