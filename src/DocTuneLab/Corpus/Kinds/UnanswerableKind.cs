using DocTuneLab.Corpus.Code;
using DocTuneLab.Corpus.Dialogue;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;
using DocTuneLab.Prompts;

namespace DocTuneLab.Corpus.Kinds;

/// <summary>
/// A question about a type or member that does not exist, and the honest answer with the nearest one that does. It is a question about a
/// real one, asked in the wording of an answered question, with one name exchanged for one that is as long and as usual: nothing but the
/// library itself tells the two apart.
/// </summary>
internal sealed class UnanswerableKind : SampleKindDefinition
{
    // Of members, so often the type that declares them is the one that does not exist.
    private const double TypeShare = 0.2;

    /// <inheritdoc/>
    public override SampleKind Kind => SampleKind.Unanswerable;

    /// <inheritdoc/>
    public override bool IsAskedInWords => true;

    /// <inheritdoc/>
    public override double? StructuralShare => 0.05;

    /// <inheritdoc/>
    public override double? HostedShare => 0.06;

    /// <inheritdoc/>
    public override int Turn => 1;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Templates => [QaKind.Question];

    /// <inheritdoc/>
    public override Draft? Draft(DraftingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (index, random) = (context.Index, context.Random);
        var asked = context.Kept(this, () => new Questions(context));
        if (asked.Next() is not var (fact, wording)) return null;
        var byName = wording.Contains("{member}", StringComparison.Ordinal) || wording.Contains("{name}", StringComparison.Ordinal);
        var namesOwner = wording.Contains("{member}", StringComparison.Ordinal) || wording.Contains("{type}", StringComparison.Ordinal);
        if (asked.Misname(fact, byName, namesOwner) is not { } wrong) return null;
        var values = fact.Values.ToDictionary(v => v.Key, v => v.Key is "member" or "name" or "type" ? wrong.In(v.Value) : v.Value,
            StringComparer.Ordinal);
        if (new Scope(index, random).Fill(wrong.Owner.TypeParameters) is not { } map) return null;
        var answer = wrong.Denial(Prose.IsChinese(wording), namesOwner);
        var draft = context.Asked(Kind, wrong.Member is null ? "missing-type" : "missing-member", Phrasings.Ask(wording, values), answer,
            [(wrong.Nearest ?? wrong.Owner.Symbol).Id], []) with
        {
            Wording = wording,
            Mistake = new CodeToJudge(wrong.Probe(wrong.Owner.Filled(map)), CodeForm.Members,
                index.UsingsFor([wrong.Owner.Symbol.Id], [])),
        };
        return context.Reading(draft, draft.Prompt);
    }

    /// <summary>The model is asked for a question about what exists, as for any other, and a name in it is exchanged.</summary>
    public override async Task<Draft> WriteAsync(WritingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var index = context.Desk.Index;
        var question = AnswerText.Of(await context.AskAsync(QaKind.Question), "question");
        var named = context.Symbols.Select(s => index.Member(s.Id)).OfType<MemberEntry>().ToList();
        var misnomers = new Misnomers(index);
        var wrong = named.Select(m => misnomers.Of(m, context.Random))
            .Concat(named.Select(m => misnomers.Of(m.Owner, context.Random)))
            .FirstOrDefault(w => w is not null && w.In(question) != question);
        if (wrong is null || new Scope(index, context.Random).Fill(wrong.Owner.TypeParameters) is not { } map)
            throw new NoAnswerException("names nothing that could be another");
        var asked = wrong.In(question);
        var namesOwner = wrong.Member is null || asked.Contains(wrong.Owner.Path.Split('.')[^1], StringComparison.Ordinal);
        var user = context.QaTemplate.Messages(AnswerFormat.QaInputs(asked, context.LibraryName));
        return context.Draft(Kind, user, wrong.Denial(context.Language == "zh", namesOwner), asked) with
        {
            Mistake = new CodeToJudge(wrong.Probe(wrong.Owner.Filled(map)), CodeForm.Members, context.Usings),
            Language = context.Language,
            EvidenceText = "",
        };
    }

    /// <summary>Questions to ask of what does not exist: the wordings of the answered ones, each once before any comes again, about other
    /// members of which the same could be asked.</summary>
    private sealed class Questions(DraftingContext context)
    {
        private readonly Dictionary<string, List<Fact>> _facts = context.SymbolFacts.SelectMany(f => f)
            .GroupBy(f => f.Kind, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.ToList(), StringComparer.Ordinal);
        private readonly Dictionary<string, TypeEntry> _types =
            context.Index.Types.ToDictionary(t => t.Symbol.Id, StringComparer.Ordinal);
        private readonly Misnomers _misnomers = new(context.Index);
        private readonly Queue<(string Fact, string Wording)> _wordings = new();

        /// <summary>A true fact and the wording to ask for it in.</summary>
        public (Fact Fact, string Wording)? Next()
        {
            var random = context.Random;
            if (_wordings.Count == 0)
            {
                // Where nothing is answered, all wordings serve alike.
                (string, string)[] next = context.AnsweredWordings.Count > 0
                    ? [.. context.AnsweredWordings]
                    : [.. _facts.Keys.Select(k => (k, Phrasings.Default.Draw(k, context.NextIsChinese(), random)))
                        .Where(w => Phrasings.Names(w.Item2))];
                random.Shuffle(next);
                foreach (var one in next) _wordings.Enqueue(one);
            }
            if (!_wordings.TryDequeue(out var wording) || !_facts.TryGetValue(wording.Fact, out var facts)) return null;
            return (facts[random.Next(facts.Count)], wording.Wording);
        }

        /// <summary>What a fact is about under another name; null where it cannot have one.</summary>
        /// <param name="fact">The fact.</param>
        /// <param name="byName">Whether the question names the member.</param>
        /// <param name="namesOwner">Whether it names the type.</param>
        public Misnomer? Misname(Fact fact, bool byName, bool namesOwner)
        {
            var random = context.Random;
            if (context.Index.Member(fact.Symbols[0]) is not { } member)
                return _types.TryGetValue(fact.Symbols[0], out var type) ? _misnomers.Of(type, random) : null;
            var isUnnamed = member.Symbol.Kind is ApiKind.Constructor or ApiKind.Operator or ApiKind.Indexer;
            var ofType = isUnnamed || !byName || (namesOwner && random.NextDouble() < TypeShare);
            return !ofType ? _misnomers.Of(member, random) : namesOwner ? _misnomers.Of(member.Owner, random) : null;
        }
    }
}
