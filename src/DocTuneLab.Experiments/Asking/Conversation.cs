using DocTuneLab.Conversations;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Library;
using DocTuneLab.Library.Guidance;
using DocTuneLab.Prompts;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Experiments.Asking;

/// <summary>
/// A conversation with a local model, before and after tuning, with pages in the prompt, and with the compiler in the decoder: each arm
/// goes on from what it said itself. What is asked is worded as the model was trained to be asked.
/// </summary>
public sealed class Conversation
{
    private readonly BaseModel _model;
    private readonly LoraAdapter? _adapter;
    private readonly PrivateLibrary? _library;
    private readonly Func<string, IReadOnlyList<Chunk>>? _search;
    private readonly Wordings _wordings;
    private readonly GuideSettings _guide = new();
    private readonly Dictionary<string, List<Message>> _said = new(StringComparer.Ordinal);

    /// <summary>A conversation.</summary>
    /// <param name="model">The base model; not disposed with this, as little as the adapter.</param>
    /// <param name="adapter">The adapter; null where only the base answers.</param>
    /// <param name="library">The library that answers are checked against; null checks nothing.</param>
    /// <param name="search">Passages for a query, best first; null where there are no pages.</param>
    /// <param name="wordings">How the model was trained to be asked.</param>
    public Conversation(BaseModel model, LoraAdapter? adapter, PrivateLibrary? library, Func<string, IReadOnlyList<Chunk>>? search,
        Wordings wordings) => (_model, _adapter, _library, _search, _wordings) = (model, adapter, library, search, wordings);

    /// <summary>Who can be asked, the likeliest to be right last.</summary>
    public IReadOnlyList<string> Arms =>
    [
        .. ((string[])["base", "tuned"]).Where(m => m == "base" || _adapter is not null).SelectMany(m => (string?[])[m,
            _search is null ? null : $"{m}+{ArmName.Documents}", _library is null ? null : $"{m}+{GuidedArm.Whole.Name}"])
            .OfType<string>()
    ];

    /// <summary>Asks one of them.</summary>
    /// <param name="arm">Who, such as <c>tuned</c> or <c>base+docs</c>.</param>
    /// <param name="question">What.</param>
    /// <param name="onText">Called with text as it comes; not for guided answers, of which what was refused would be shown twice.</param>
    /// <param name="onDecoded">Called, while a guided answer is sought, with how many tokens were decoded.</param>
    /// <param name="cancel">Stops between tokens; nothing is remembered then.</param>
    /// <exception cref="LabException">There is no such arm, or the conversation leaves no room in the model's context.</exception>
    public AskedAnswer Ask(string arm, AskedQuestion question, Action<string>? onText = null, Action<int>? onDecoded = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(question);
        var name = ArmName.Of(arm);
        if (name.Model is not ("base" or "tuned") || (name.Model == "tuned" && _adapter is null)
            || (name.HasDocuments && _search is null) || (name.Guided is not null && _library is null))
            throw new LabException($"'{arm}' cannot be asked here; expected one of {string.Join(", ", Arms)}"
                + (_adapter is null ? ", and tuned once there is an adapter (#!train, #!adapter, --adapter)" : ""));
        var turn = Worded(question);
        var (turns, sources) = WithPages(name, turn, question);
        // What stands before every question is read once, in front.
        IReadOnlyList<Message> conversation = [.. turns.SkipLast(1), .. _said.GetValueOrDefault(arm, []), turns[^1]];
        var local = new LocalModel(_model, name.Model == "tuned" ? _adapter : null, arm);
        var prompt = _model.ChatTemplate.Render(conversation, addGenerationPrompt: true);
        IReadOnlyList<int>[] ids = [_model.Tokenizer.Encode(prompt, specialTokens: true)];
        var guided = name.Guided is null ? null
            : local.Complete(ids, [GuideOf(name.Guided, question)], question.Sampling,
                question.Sampling.Temperature > 0 ? _guide.Budget with { Beams = 1 } : _guide.Budget, null, onDecoded, cancel)[0];
        var text = guided?.Text
            ?? local.Complete(ids, question.Sampling, onText is null ? null : (_, piece) => onText(piece), null, false, cancel)[0];
        if (!_said.TryGetValue(arm, out var said)) _said[arm] = said = [];
        // Passages are for one question: the next has its own.
        said.AddRange([turn[^1], Message.Assistant(text)]);
        return new(arm, text, prompt, Checked(text, turn[^1].Content), sources, guided);
    }

    /// <summary>Forgets what was said.</summary>
    public void Clear() => _said.Clear();

    private IReadOnlyList<Message> Worded(AskedQuestion question) =>
        _wordings.Asked.Ask(question.Text, question.Signature, question.Context, _library?.Name ?? "");

    private (IReadOnlyList<Message> Turns, IReadOnlyList<Chunk> Sources) WithPages(ArmName arm, IReadOnlyList<Message> turns,
        AskedQuestion question)
    {
        if (!arm.HasDocuments) return (turns, []);
        var query = question.Signature is { } header ? Passages.QueryOf(question.Text, header, question.Context) : question.Text;
        return new Passages(_search!).With(turns, query);
    }

    private AnswerGuide GuideOf(GuidedArm arm, AskedQuestion question)
    {
        var settings = arm.Layers is { } layers ? _guide with { Layers = [layers] } : _guide;
        var usings = _library!.Api.Namespaces;
        var code = settings.Code(_library.Judge, question.Signature is { } header
            ? GuideFrame.Body(header, usings, question.Context) : GuideFrame.File(usings, question.Context));
        return code.Problem is { } problem
            ? throw new LabException($"the header '{question.Signature}' does not compile: {problem.TrimEnd('.')}.") : new(code);
    }

    private IReadOnlyList<CheckedCode> Checked(string text, string asked) =>
        _library is null ? [] : new CodeCheck(_library.Judge, _library.Api).Answer(text, asked);
}
