using System.Text.Json.Nodes;
using DocTuneLab.Conversations;
using DocTuneLab.Corpus.Code;
using DocTuneLab.Corpus.Dialogue;
using DocTuneLab.Corpus.Grounding;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;
using DocTuneLab.Prompts;

namespace DocTuneLab.Corpus.Kinds;

/// <summary>One sample that a hosted model is asked for: what it shall be about, the model, the compiler, and a source of choices of its
/// own.</summary>
public sealed class WritingContext
{
    private const int AnswerRoom = 120;
    private readonly PlannedSample _plan;
    private readonly IReadOnlyList<CodeDraft> _accepted;
    private readonly CancellationToken _cancel;
    private IReadOnlyList<Chunk>? _passages;

    internal WritingContext(WritingDesk desk, PlannedSample plan, AssembledEvidence evidence, ModelDialogue dialogue, Random random,
        IReadOnlyList<CodeDraft> accepted, CancellationToken cancel)
    {
        (Desk, _plan, Dialogue, Random, _accepted, _cancel) = (desk, plan, dialogue, random, accepted, cancel);
        Evidence = evidence with { Text = AnswerText.Untagged(evidence.Text) };
        MustUse = [.. plan.Symbols.Select(s => s.Id)];
    }

    /// <summary>Members that the sample shall be about.</summary>
    public IReadOnlyList<ApiSymbol> Symbols => _plan.Symbols;

    /// <summary>Language of the sample: <c>en</c> or <c>zh</c>.</summary>
    public string Language => _plan.Language;

    /// <summary>Every choice comes from it, and the sample is the same again.</summary>
    public Random Random { get; }

    /// <summary>Name of the library in prompts.</summary>
    public string LibraryName => Desk.Options.LibraryName;

    /// <summary>Template of code tasks.</summary>
    public PromptTemplate CodeTemplate => Desk.Options.CodeTemplate;

    /// <summary>Template of questions.</summary>
    public PromptTemplate QaTemplate => Desk.Options.QaTemplate;

    /// <summary>What prompts show of library and pages for this sample.</summary>
    public AssembledEvidence Evidence { get; internal set; }

    /// <summary>Namespaces of the members, as using directives for code about them.</summary>
    public IReadOnlyList<string> Usings => Desk.Index.UsingsFor(Symbols.Select(s => s.Id), []);

    /// <summary>How the sample comes to be: the model, the templates asked with so far, the page.</summary>
    public Provenance Provenance => new("model", Dialogue.Model, [.. Dialogue.Templates], Evidence.Main?.DocumentPath ?? "",
        Evidence.Main?.HeadingPath ?? []);

    internal WritingDesk Desk { get; }

    internal ModelDialogue Dialogue { get; }

    /// <summary>Documentation ids of members of which code must use one.</summary>
    internal IReadOnlyList<string> MustUse { get; set; }

    /// <summary>The verdict on the draft, where the kind has asked for it already.</summary>
    internal Judged? Judged { get; set; }

    /// <summary>Drafts that came of the sample besides.</summary>
    internal List<Judged> Extra { get; } = [];

    internal List<PreferencePair> Preferences { get; } = [];

    /// <summary>Methods of accepted samples; empty at first.</summary>
    internal IReadOnlyList<CodeDraft> Accepted => _accepted;

    /// <summary>Asks the model by a template of the generation's library of templates.</summary>
    /// <param name="template">Its name.</param>
    /// <param name="inputs">Inputs besides <c>library</c>, <c>symbols</c>, <c>evidence</c>, <c>persona</c> and <c>language</c>, or in
    /// their place.</param>
    /// <returns>The object in the answer, which fits the template's schema.</returns>
    /// <exception cref="NoAnswerException">There is no usable answer.</exception>
    public Task<JsonObject> AskAsync(string template, params (string Name, string Value)[] inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        var all = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["library"] = LibraryName,
            ["symbols"] = string.Join('\n', Symbols.Select(EvidenceAssembler.Describe)),
            ["evidence"] = Evidence.Text,
            ["persona"] = _plan.Persona,
            ["language"] = Language == "zh" ? "Chinese" : "English",
        };
        foreach (var (name, value) in inputs) all[name] = value;
        return Dialogue.AskAsync(template, all);
    }

    /// <summary>A draft about this sample's members, grounded in its evidence.</summary>
    /// <param name="kind">What it teaches.</param>
    /// <param name="user">Turns up to the user's.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="prompt">Instruction or question without the template.</param>
    public Draft Draft(SampleKind kind, IReadOnlyList<Message> user, string answer, string prompt)
    {
        ArgumentNullException.ThrowIfNull(user);
        return new()
        {
            Kind = kind,
            Messages = [.. user, Message.Assistant(answer)],
            Passages = _passages?.Count ?? 0,
            Prompt = prompt,
            Evidence = new Evidence(Evidence.Chunks, [.. Symbols.Select(s => s.Id)]),
            EvidenceText = Evidence.Text,
            Provenance = Provenance,
        };
    }

    /// <summary>Judges a draft by all checks, the compiler's among them.</summary>
    public Task<Judged> JudgeAsync(Draft draft) => Desk.Judge(draft, _cancel);

    /// <summary>A method to derive the sample from: of an accepted sample, or from the members' signatures.</summary>
    /// <exception cref="NoAnswerException">There is none.</exception>
    public CodeDraft NextMethod() =>
        (_accepted.Count > 0 ? _accepted[Random.Next(_accepted.Count)] : MethodFromSignatures())
            ?? throw new NoAnswerException("nothing to derive from");

    /// <summary>What prompts show of other members than the sample's.</summary>
    /// <param name="symbols">Documentation ids.</param>
    public AssembledEvidence EvidenceFor(IReadOnlyList<string> symbols) =>
        Desk.Evidence.For([.. symbols.Select(Desk.Api.Find).OfType<ApiSymbol>()], Desk.Options.EvidenceTokens, Random);

    /// <summary>The turns, in some samples with passages before the request: those that a search finds for it in train pages, without those
    /// that help in a fifth. For models that are used with retrieval; drawn once for a sample.</summary>
    /// <param name="user">Turns, the request last.</param>
    /// <param name="query">What is searched.</param>
    public IReadOnlyList<Message> Shown(IReadOnlyList<Message> user, string query)
    {
        ArgumentNullException.ThrowIfNull(user);
        if (_passages is null)
        {
            var shows = Random.NextDouble() < Desk.Options.RetrievedShare;
            var allowed = SampleReading.Allowed(new Evidence(Evidence.Chunks, [.. Symbols.Select(s => s.Id)]), Random);
            // What question and answer leave of the longest sample.
            var room = Desk.MaxTokens - user.Sum(m => Desk.CountTokens(m.Content)) - AnswerRoom;
            _passages = shows && Desk.Options.Passages is { } passages ? passages.For(query, allowed, room, Desk.CountTokens) : [];
        }
        return Passages.Put(user, _passages);
    }

    internal CodeDraft? MethodFromSignatures() =>
        Symbols.Select(s => Desk.Index.Members.FirstOrDefault(m => m.Symbol.Id == s.Id))
            .OfType<MemberEntry>()
            .Select(m => Desk.Recipes.Draft(m, Random))
            .FirstOrDefault(d => d is not null);
}
