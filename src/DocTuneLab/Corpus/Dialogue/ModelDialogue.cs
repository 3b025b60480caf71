using System.Text.Json.Nodes;
using DocTuneLab.Conversations;
using DocTuneLab.Endpoints;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Endpoints.Retrying;
using DocTuneLab.Prompts;

namespace DocTuneLab.Corpus.Dialogue;

/// <summary>An answer that never came, or never fitted; the reason is the one that the accounting counts.</summary>
internal sealed class NoAnswerException : Exception
{
    /// <summary>No sample comes of what was asked.</summary>
    /// <param name="reason">Why, in a few words: samples without an answer are counted by it.</param>
    public NoAnswerException(string reason) : this(reason, false) { }

    internal NoAnswerException(string reason, bool isPending, string? detail = null) : base(detail ?? reason) =>
        (Reason, IsPending) = (reason, isPending);

    /// <summary>Why there is no answer.</summary>
    public string Reason { get; }

    /// <summary>It was not asked at all; a later run asks it.</summary>
    public bool IsPending { get; }
}

/// <summary>A call that a sample took.</summary>
/// <param name="Template">Name of the template asked with, as it stands in its file.</param>
/// <param name="Inputs">Inputs that it was rendered with; null for a second try.</param>
/// <param name="Answer">The answer's text.</param>
/// <param name="Tokens">Tokens sent and received, by the server's count.</param>
/// <param name="Cost">Price of the call.</param>
internal sealed record DialogueCall(string Template, IReadOnlyDictionary<string, string>? Inputs, string Answer, int Tokens, double Cost);

/// <summary>Asks a model by template and gets an object that fits the template's schema, with one more try where the first
/// does not fit.</summary>
internal sealed class ModelDialogue(RequestEngine engine, PromptLibrary templates, string chunk, int seed, CancellationToken cancel)
{
    private readonly List<DialogueCall> _calls = [];
    private readonly List<string> _used = [];

    /// <summary>Calls so far.</summary>
    public IReadOnlyList<DialogueCall> Calls => _calls;

    /// <summary>The model asked.</summary>
    public string Model { get; } = engine.ModelFor($"{chunk} {seed}");

    /// <summary>Templates asked with.</summary>
    public IReadOnlyList<string> Templates => _used;

    /// <summary>The object in the answer.</summary>
    /// <exception cref="NoAnswerException">There is no usable answer.</exception>
    public async Task<JsonObject> AskAsync(string name, IReadOnlyDictionary<string, string> inputs, int variant = 0)
    {
        var template = templates[name];
        var messages = template.Messages(inputs).ToList();
        if (!engine.HoldsSchema(Model))
            messages[^1] = messages[^1] with
            {
                Content = $"{messages[^1].Content}\nThe JSON object must fit this schema: {template.Schema}"
            };
        var text = await TextAsync(template, messages, inputs, variant, template.Schema);
        if (JsonAnswer.Read(text, template.Schema, out var wrong) is { } json) return json;
        text = await TextAsync(template,
            [
                .. messages, Message.Assistant(text),
                Message.User($"That does not fit: {wrong}. Answer again with one JSON object that fits this schema and nothing else: "
                    + $"{template.Schema}")
            ],
            null, variant, template.Schema);
        return JsonAnswer.Read(text, template.Schema, out wrong) ?? throw new NoAnswerException("wrong schema", false, wrong);
    }

    /// <summary>The answer as text.</summary>
    /// <exception cref="NoAnswerException">There is no usable answer.</exception>
    public async Task<string> TextAsync(PromptTemplate template, IReadOnlyList<Message> messages,
        IReadOnlyDictionary<string, string>? inputs = null, int variant = 0, string? schema = null, SamplingOptions? sampling = null)
    {
        var used = $"{template.Name}@{template.Version}";
        if (!_used.Contains(used)) _used.Add(used);
        var request = ChatRequest.Create(chunk, template.Hash, Model, messages,
            (sampling ?? template.Sampling) with { Seed = unchecked(seed + variant) & int.MaxValue }, schema);
        var outcome = await engine.AskAsync(request, cancel);
        if (outcome.Answer is { } answer)
            _calls.Add(new DialogueCall(template.Name, inputs, answer.Text, answer.PromptTokens + answer.CompletionTokens,
                engine.CostOf(Model, answer.PromptTokens, answer.CompletionTokens)));
        return outcome.Text ?? throw new NoAnswerException(outcome.Failure.Name(), outcome.Failure == FailureKind.NotAsked, outcome.Detail);
    }
}
