using DocTuneLab.Conversations;
using DocTuneLab.Corpus.Code;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;
using DocTuneLab.Prompts;

namespace DocTuneLab.Corpus.Kinds;

/// <summary>What drafts are made from without a language model: the library, its pages, and one source of choices.
/// Sequential and seeded; the compiler comes later.</summary>
public sealed class DraftingContext
{
    // Members are tried until one has a class to it.
    private const double ClassShare = 0.03;
    private const int ClassTries = 12;

    private readonly Recipes _recipes;
    private readonly CoverageDraw _draw;
    private readonly List<MemberEntry> _usable;
    private readonly double _chineseShare;
    private readonly Dictionary<SampleKindDefinition, object> _kept = [];
    private readonly List<(string Fact, string Wording)> _answered = [];

    internal DraftingContext(ApiIndex index, IReadOnlyList<Chunk> chunks, IReadOnlyList<CodeDraft> examples, IDraftingOptions options)
    {
        (Index, Chunks, Examples, Options) = (index, chunks, examples, options);
        MemberDescriptions.Attach(index, chunks);
        Random = new Random(options.Seed);
        _chineseShare = options.ChineseShareOf(index.ChineseShare);
        _recipes = new Recipes(index, _chineseShare, examples);
        _usable = [.. index.Members.Where(m => m.Symbol.Obsolete is null
            && m.Owner.Symbol.Obsolete is null
            && !m.Symbol.Signature.StartsWith("protected ", StringComparison.Ordinal))];
        _draw = new CoverageDraw(_usable.Select(m => m.Symbol.Kind == ApiKind.EnumMember ? 0.2
            : m.Symbol.Name is "Equals" or "GetHashCode" or "ToString" or "GetEnumerator" or "GetObjectData" or "CompareTo" ? 0.3
            : 1));
    }

    /// <summary>The library's types and members.</summary>
    public IReadOnlyList<ApiSymbol> Symbols => Index.Symbols;

    /// <summary>Chunks of the pages that may be trained on.</summary>
    public IReadOnlyList<Chunk> Chunks { get; }

    /// <summary>Every choice comes from it.</summary>
    public Random Random { get; }

    /// <summary>Name of the library, for templates that mention it; may be empty.</summary>
    public string LibraryName => Options.LibraryName;

    /// <summary>Template of code tasks.</summary>
    public PromptTemplate CodeTemplate => Options.CodeTemplate;

    /// <summary>Template of questions.</summary>
    public PromptTemplate QaTemplate => Options.QaTemplate;

    /// <summary>Whether there are members that drafts can be about.</summary>
    public bool HasMembers => _usable.Count > 0;

    internal ApiIndex Index { get; }

    internal IReadOnlyList<CodeDraft> Examples { get; }

    internal IDraftingOptions Options { get; }

    /// <summary>What is known of the library, by the symbol that it is about.</summary>
    internal IReadOnlyList<IReadOnlyList<Fact>> SymbolFacts => Index.Facts;

    /// <summary>Kinds and wordings of the accepted questions that name what they are about, in order of acceptance.</summary>
    internal IReadOnlyList<(string Fact, string Wording)> AnsweredWordings => _answered;

    /// <summary>Takes note of a draft that was accepted.</summary>
    internal void Accepted(Draft draft)
    {
        if (draft.Kind == SampleKind.Qa && draft is { Wording: { } wording, Grounds: { } fact } && Phrasings.Names(wording))
            _answered.Add((fact, wording));
    }

    /// <summary>A member that is not obsolete; those drawn less often come first.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public ApiSymbol NextMember() => NextEntry().Symbol;

    /// <summary>A method that uses such a member; null where no recipe applies to it, or there is none.</summary>
    public CodeDraft? NextMethod() => HasMembers ? _recipes.Draft(NextEntry(), Random) : null;

    /// <summary>A method as <see cref="NextMethod"/>, or, in a small share, one with the class that it makes for an interface.</summary>
    internal CodeDraft? NextAnswer()
    {
        if (!HasMembers || Random.NextDouble() >= ClassShare) return NextMethod();
        for (var i = 0; i < ClassTries; i++)
            if (_recipes.DraftClass(_usable[Random.Next(_usable.Count)], Random) is { } draft) return draft;
        return NextMethod();
    }

    /// <summary>Draws whether the next question is asked in Chinese.</summary>
    public bool NextIsChinese() => Random.NextDouble() < _chineseShare;

    /// <summary>What a kind keeps from draft to draft, made when it is asked for first.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="make">Makes it; nothing is to be drawn from <see cref="Random"/>.</param>
    public T Kept<T>(SampleKindDefinition kind, Func<T> make) where T : class
    {
        ArgumentNullException.ThrowIfNull(make);
        if (!_kept.TryGetValue(kind, out var kept)) _kept[kind] = kept = make();
        return (T)kept;
    }

    /// <summary>A question and its answer as a draft, in the template of questions.</summary>
    /// <param name="kind">What it teaches.</param>
    /// <param name="grounds">What the answer is true by, in a word or two.</param>
    /// <param name="question">The question.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="symbols">Documentation ids of what it is about.</param>
    /// <param name="chunks">Ids of the chunks that it comes from.</param>
    public Draft Asked(SampleKind kind, string grounds, string question, string answer, IReadOnlyList<string> symbols,
        IReadOnlyList<string> chunks)
    {
        var inputs = AnswerFormat.QaInputs(question, LibraryName);
        return new Draft
        {
            Kind = kind,
            Messages = [.. QaTemplate.Messages(inputs), Message.Assistant(answer)],
            Prompt = question,
            Inputs = inputs,
            Grounds = grounds,
            Evidence = new Evidence(chunks, symbols),
            Provenance = new Provenance("structural", "", [$"{QaTemplate.Name}@{QaTemplate.Version}"], "", []),
        };
    }

    /// <summary>A draft, in some samples with passages before its request: those that a search finds for it in train pages, without those
    /// that help in a fifth. For models that are used with retrieval.</summary>
    /// <param name="draft">A draft whose turns end with the request and its answer.</param>
    /// <param name="query">What is searched.</param>
    public Draft Reading(Draft draft, string query)
    {
        ArgumentNullException.ThrowIfNull(draft);
        if (Random.NextDouble() >= Options.RetrievedShare || Options.Passages is not { } passages) return draft;
        var room = Options.MaxReadingTokens - Options.Tokens(draft.Messages) - SampleReading.Margin;
        var found = passages.For(query, SampleReading.Allowed(draft.Evidence, Random), room, Options.Tokens);
        return draft with
        {
            Messages = [.. Passages.Put([.. draft.Messages.SkipLast(1)], found), draft.Messages[^1]],
            Passages = found.Count,
        };
    }

    internal MemberEntry NextEntry() => HasMembers
        ? _usable[_draw.Next(Random)]
        : throw new InvalidOperationException("The library has no member that is not obsolete; see HasMembers.");
}
