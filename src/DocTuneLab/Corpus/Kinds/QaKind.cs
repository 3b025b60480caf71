using DocTuneLab.Corpus.Code;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;
using DocTuneLab.Prompts;

namespace DocTuneLab.Corpus.Kinds;

/// <summary>A question about the library and its short answer: facts of metadata and pages, or a model's answer with the words that it
/// rests on.</summary>
internal sealed class QaKind : SampleKindDefinition
{
    /// <summary>Template by which hosted models are asked for a question.</summary>
    internal const string Question = "generate.qa-question";
    private const string Reply = "generate.qa-answer";
    private const int Tries = 16;

    // Values that are the documentation's own sentences.
    private static readonly string[] s_prose = ["request", "does", "meaning", "when", "condition", "definition", "sentence", "column"];
    private static readonly Dictionary<string, double> s_factWeights = new(StringComparer.Ordinal)
    {
        ["which-member"] = 3,
        ["member-name"] = 2.5,
        ["exception-when"] = 3,
        ["parameter-default"] = 3,
        ["obsolete"] = 4,
        ["constraint"] = 3,
        ["overload-count"] = 1.5,
        ["overloads"] = 2,
        ["overload-taking"] = 2.5,
        ["constant"] = 4,
        ["enum-members"] = 3,
        ["which-type"] = 3,
        ["property-type"] = 2,
        ["return-type"] = 2.5,
        ["summary"] = 2,
        [SymbolFacts.Usage] = 1.5,
        ["parameter-names"] = 1.5,
        ["declaring-type"] = 1.5,
        ["static-or-instance"] = 0.5,
        ["settable"] = 0.7,
        ["is-async"] = 0.5,
        ["namespace"] = 0.7,
        ["kind"] = 0.7,
        ["has-member"] = 0.7,
    };

    /// <inheritdoc/>
    public override SampleKind Kind => SampleKind.Qa;

    /// <inheritdoc/>
    public override bool IsAskedInWords => true;

    /// <inheritdoc/>
    public override double? StructuralShare => 0.30;

    /// <inheritdoc/>
    public override double? HostedShare => 0.25;

    /// <inheritdoc/>
    public override int Turn => 0;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Templates => [Question, Reply];

    /// <inheritdoc/>
    public override bool MayBeParaphrased => true;

    /// <summary>Whether there are facts.</summary>
    public override bool CanDraft(DraftingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var facts = FactsOf(context);
        return facts.OfSymbols.Count + facts.OfPages.Count > 0;
    }

    /// <inheritdoc/>
    public override Draft? Draft(DraftingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        // A cloze keeps its sentence's language; a Chinese frame around an English sentence is nobody's question.
        var wanted = context.NextIsChinese();
        Fact? fact = null;
        var chinese = false;
        for (var i = 0; i < Tries && (fact is null || chinese != wanted); i++)
        {
            if ((fact = FactsOf(context).Next(context)) is null) return null;
            var saysSo = fact.Values.Values.Any(Prose.IsChinese) || Prose.IsChinese(fact.Answer);
            chinese = saysSo || (wanted && !fact.Values.Keys.Any(s_prose.Contains) && !fact.Answer.EndsWith('.'));
            // Of a page in Chinese, a question in English is not to be had.
            if (saysSo) break;
        }
        if (fact is null) return null;
        var wording = fact.Verbatim is null ? Phrasings.Default.Draw(fact.Kind, chinese, context.Random) : null;
        var question = wording is null ? fact.Verbatim! : Phrasings.Ask(wording, fact.Values);
        var line = fact.Kind == SymbolFacts.Usage ? Line(context, fact) : null;
        // A declaration is no use.
        if (fact.Kind == SymbolFacts.Usage && line is null) return null;
        var answer = line?.Answer(chinese) ?? (chinese ? ChineseProse.Answer(fact.Answer) : fact.Answer);
        var asked = context.Asked(Kind, fact.Kind, question, answer, fact.Symbols, fact.Chunks) with { Wording = wording };
        if (line is not null)
            asked = asked with
            {
                Body = line.Draft.Body,
                Code = new CodeToJudge(line.Draft.Method, CodeForm.Members, line.Draft.Usings),
            };
        return context.Reading(asked, question);
    }

    private static UsageLine? Line(DraftingContext context, Fact fact)
    {
        var (index, id) = (context.Index, fact.Symbols[0]);
        // A type is used by making one of it.
        var member = index.Member(id)
            ?? index.Types.FirstOrDefault(t => t.Symbol.Id == id)?.Constructors.FirstOrDefault(Calls.Usable);
        return member is null ? null : UsageLine.Of(index, member, context.Random);
    }

    /// <inheritdoc/>
    public override async Task<Draft> WriteAsync(WritingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var question = AnswerText.Of(await context.AskAsync(Question), "question");
        var answer = await context.AskAsync(Reply, ("question", question));
        var user = context.QaTemplate.Messages(AnswerFormat.QaInputs(question, context.LibraryName));
        return context.Draft(Kind, context.Shown(user, question), AnswerText.Of(answer, "answer"), question) with
        {
            Quote = AnswerText.Of(answer, "quote"),
            Language = context.Language
        };
    }

    private Facts FactsOf(DraftingContext context) => context.Kept(this, () => new Facts(context));

    private static double Weight(Fact fact) => s_factWeights.GetValueOrDefault(fact.Kind, 1);

    /// <summary>Facts to ask about; those asked about less often come first.</summary>
    private sealed class Facts
    {
        private readonly CoverageDraw _symbols, _pages;

        public Facts(DraftingContext context)
        {
            OfSymbols = context.SymbolFacts;
            _symbols = new CoverageDraw(OfSymbols.Select(f => Math.Sqrt(f.Sum(Weight))));
            var gaps = new Lazy<ClozeGaps>(() => new(context.Index));
            OfPages = [.. DocumentFacts.All(context.Chunks, context.Index.IsChinese)
                .Where(f => f.Kind != "cloze" || gaps.Value.IsUnique(f.Values["sentence"], f.Answer))];
            _pages = new CoverageDraw(OfPages.Select(f => f.Kind == "cloze" ? 0.6 : 1));
        }

        public IReadOnlyList<IReadOnlyList<Fact>> OfSymbols { get; }

        public List<Fact> OfPages { get; }

        public Fact? Next(DraftingContext context)
        {
            var random = context.Random;
            if (OfPages.Count > 0 && (OfSymbols.Count == 0 || random.NextDouble() < context.Options.DocumentShare))
                return OfPages[_pages.Next(random)];
            return OfSymbols.Count > 0 ? Weighted(OfSymbols[_symbols.Next(random)], random) : null;
        }

        private static Fact Weighted(IReadOnlyList<Fact> facts, Random random)
        {
            var at = random.NextDouble() * facts.Sum(Weight);
            foreach (var fact in facts)
            {
                at -= Weight(fact);
                if (at < 0) return fact;
            }
            return facts[^1];
        }
    }
}
