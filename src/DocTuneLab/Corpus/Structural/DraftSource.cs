using DocTuneLab.Conversations;
using DocTuneLab.Corpus.Code;
using DocTuneLab.Corpus.Grounding;
using DocTuneLab.Corpus.Kinds;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;
using DocTuneLab.Prompts;

namespace DocTuneLab.Corpus.Structural;

/// <summary>Makes the next draft of each kind. Sequential and seeded; the compiler comes later.</summary>
internal sealed class DraftSource
{
    private static readonly Dictionary<string, double> FactWeights = new(StringComparer.Ordinal)
    {
        ["which-member"] = 3, ["member-name"] = 2.5, ["exception-when"] = 3, ["parameter-default"] = 3, ["obsolete"] = 4,
        ["constraint"] = 3, ["overload-count"] = 1.5, ["overloads"] = 2, ["overload-taking"] = 2.5, ["constant"] = 4, ["enum-members"] = 3,
        ["which-type"] = 3, ["property-type"] = 2, ["return-type"] = 2.5,
        ["summary"] = 2, ["parameter-names"] = 1.5, ["declaring-type"] = 1.5, ["static-or-instance"] = 0.5, ["settable"] = 0.7,
        ["is-async"] = 0.5, ["namespace"] = 0.7, ["kind"] = 0.7, ["has-member"] = 0.7,
    };

    private readonly ApiIndex _index;
    private readonly CorpusOptions _options;
    private readonly Random _random;
    private readonly Recipes _recipes;
    private readonly double _chineseShare;
    private readonly DerivedSamples _derived;
    private readonly IReadOnlyList<CodeDraft> _examples;
    private readonly List<List<Fact>> _symbolFacts;
    private readonly List<Fact> _documentFacts;
    private readonly CoverageDraw _members, _asked, _documents;
    private readonly List<MemberEntry> _usable;
    private readonly EvidenceAssembler _evidence;
    private int _nextExample;

    public DraftSource(ApiIndex index, IReadOnlyList<Chunk> chunks, IReadOnlyList<CodeDraft> examples, CorpusOptions options)
    {
        _index = index;
        _options = options;
        _evidence = new EvidenceAssembler(index.Symbols, chunks, text => options.Tokenizer?.Count(text) ?? (text.Length + 3) / 4);
        MemberDescriptions.Attach(index, chunks);
        _random = new Random(options.Seed);
        _chineseShare = options.ChineseShareOf(index.ChineseShare);
        _recipes = new Recipes(index, _chineseShare);
        _derived = new DerivedSamples(index);
        _examples = examples;
        _usable = [.. index.Members.Where(m => m.Symbol.Obsolete is null
            && m.Owner.Symbol.Obsolete is null
            && !m.Symbol.Signature.StartsWith("protected ", StringComparison.Ordinal))];
        _members = new CoverageDraw(_usable.Select(m => m.Symbol.Kind == ApiKind.EnumMember ? 0.4
            : m.Symbol.Name is "Equals" or "GetHashCode" or "ToString" or "GetEnumerator" or "GetObjectData" or "CompareTo" ? 0.3
            : 1));
        _symbolFacts = [.. SymbolFacts.All(index).GroupBy(f => f.Symbols[0], StringComparer.Ordinal).Select(g => g.ToList())];
        _asked = new CoverageDraw(_symbolFacts.Select(f => Math.Sqrt(f.Sum(Weight))));
        _documentFacts = [.. DocumentFacts.All(chunks, index.IsChinese)];
        _documents = new CoverageDraw(_documentFacts.Select(f => f.Kind == "cloze" ? 0.6 : 1));
    }

    /// <summary>The next draft of that kind; null where this attempt found nothing to say.</summary>
    public Draft? Next(SampleKind kind) => kind switch
    {
        SampleKind.Qa => Question(),
        SampleKind.Code => Code(),
        SampleKind.Explain => Method() is { } d ? DerivedSamples.Explain(d, _random) : null,
        SampleKind.Completion => Method() is { } d ? _derived.Completion(d, _random) : null,
        SampleKind.Repair => Method() is { } d ? _derived.Repair(d, _random) : null,
        _ => Unanswerable(),
    };

    /// <summary>Whether anything of that kind can be made at all.</summary>
    public bool Has(SampleKind kind) =>
        kind == SampleKind.Qa
            ? _symbolFacts.Count + _documentFacts.Count > 0
            : _usable.Count > 0 || (kind == SampleKind.Code && _examples.Count > 0);

    private CodeDraft? Method() => _usable.Count == 0 ? null : _recipes.Draft(_usable[_members.Next(_random)], _random);

    private Draft? Code()
    {
        // The documentation's own examples come first, each once per pass over its instructions.
        var draft = _nextExample < _examples.Count ? _examples[_nextExample++] : Method();
        if (draft is null) return null;
        // What is documented in Chinese is asked for in Chinese as a whole, not by a frame.
        var instruction = !_index.IsChinese && _random.NextDouble() < _chineseShare
            ? _random.Next(3) switch { 0 => "编写方法：", 1 => "用 C# 实现：", _ => "完成下面的方法：" } + draft.Instruction
            : draft.Instruction;
        var inputs = AnswerFormat.CodeInputs(instruction, draft.Signature, "", _options.LibraryName);
        return draft.Sample(SampleKind.Code,
            Shown([.. _options.CodeTemplate.Messages(inputs), Message.Assistant(AnswerFormat.Code(draft.Body))], draft.Chunks,
                draft.Symbols),
            instruction, $"{_options.CodeTemplate.Name}@{_options.CodeTemplate.Version}") with
        {
            Inputs = inputs
        };
    }

    private Draft? Question()
    {
        Fact fact;
        if (_documentFacts.Count > 0 && (_symbolFacts.Count == 0 || _random.NextDouble() < _options.DocumentShare))
            fact = _documentFacts[_documents.Next(_random)];
        else if (_symbolFacts.Count > 0) fact = Weighted(_symbolFacts[_asked.Next(_random)]);
        else return null;
        // A cloze keeps its sentence's language; a Chinese frame around it would say nothing.
        var chinese = fact.Values.Values.Any(Prose.IsChinese) || Prose.IsChinese(fact.Answer) || _random.NextDouble() < _chineseShare;
        var question = Phrasings.Default.Ask(fact, chinese, _random);
        var asked = Asked(SampleKind.Qa, fact.Kind, question, fact.Answer, fact.Symbols, fact.Chunks);
        return asked with { Messages = Shown(asked.Messages, fact.Chunks, fact.Symbols) };
    }

    private Draft Asked(SampleKind kind, string source, string question, string answer, IReadOnlyList<string> symbols,
        IReadOnlyList<string> chunks)
    {
        var inputs = AnswerFormat.QaInputs(question, _options.LibraryName);
        return new Draft
        {
            Kind = kind,
            Messages = [.. _options.QaTemplate.Messages(inputs), Message.Assistant(answer)],
            Prompt = question,
            Inputs = inputs,
            Grounds = source,
            Evidence = new Evidence(chunks, symbols),
            Provenance = new Provenance("structural", "", [$"{_options.QaTemplate.Name}@{_options.QaTemplate.Version}"], "", []),
        };
    }

    // For a model that is used with retrieval: passages before the question, others among them, the right one missing from a fifth.
    private IReadOnlyList<Message> Shown(IReadOnlyList<Message> messages, IReadOnlyList<string> chunks, IReadOnlyList<string> symbols)
    {
        if (_random.NextDouble() >= _options.RetrievedShare || _evidence.IsEmpty) return messages;
        var right = _random.NextDouble() < 0.8 ? _evidence.About(chunks, symbols) : null;
        var passages = _evidence.Retrieved(right, 3, _options.MaxTokens - _options.Tokens(messages) - 12, _random);
        return passages.Count == 0
            ? messages
            : [.. messages.SkipLast(2), Message.User(PromptLibrary.Default["retrieved.plain"].Render(new Dictionary<string, string>
        {
            ["passages"] = string.Join("\n\n", passages.Select(c => c.Text.Trim())), ["request"] = messages[^2].Content,
        })), messages[^1]];
    }

    private Draft? Unanswerable()
    {
        var member = _usable[_members.Next(_random)];
        if (_derived.Invent(member, _random) is not { } invented) return null;
        var owner = SymbolFacts.Display(member.Owner);
        var fact = SymbolFacts.Build("missing-member",
            $"`{owner}` has no member `{invented.Name}`; the nearest is `{invented.Nearest.Symbol.Name}`.", [invented.Nearest.Symbol.Id],
            [("member", $"{owner}.{invented.Name}"), ("name", invented.Name), ("type", owner)]);
        var chinese = _random.NextDouble() < _chineseShare;
        if (chinese && _index.IsChinese)
            fact = fact with { Answer = $"`{owner}` 没有成员 `{invented.Name}`；最接近的是 `{invented.Nearest.Symbol.Name}`。" };
        var question = Phrasings.Default.Ask(fact, chinese, _random);
        if (new Scope(_index, _random).Fill(member.Owner.TypeParameters) is not { } map) return null;
        var usings = _index.UsingsFor([member.Symbol.Id], []);
        return Asked(SampleKind.Unanswerable, "missing-member", question, fact.Answer, fact.Symbols, []) with
        {
            Mistake = new CodeToJudge($"public static string Probe() => nameof({member.Owner.Filled(map)}.{invented.Name});",
                CodeForm.Members, usings),
            MistakeError = "CS0117",
        };
    }

    private static double Weight(Fact fact) => FactWeights.GetValueOrDefault(fact.Kind, 1);

    private Fact Weighted(List<Fact> facts)
    {
        var at = _random.NextDouble() * facts.Sum(Weight);
        foreach (var fact in facts)
        {
            at -= Weight(fact);
            if (at < 0) return fact;
        }
        return facts[^1];
    }
}
