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
    public NoAnswerException(string reason) : base(reason) => Reason = reason;

    internal NoAnswerException(FailureKind failure, string? detail = null) : base(detail ?? failure.Name()) =>
        (Reason, IsPending, IsLost) = (failure.Name(), failure == FailureKind.NotAsked, failure.IsTransient());

    /// <summary>Why there is no answer.</summary>
    public string Reason { get; }

    /// <summary>It was not asked at all; a later run asks it.</summary>
    public bool IsPending { get; }

    /// <summary>The server failed, which says nothing about what it was asked; a later run asks again.</summary>
    public bool IsLost { get; }
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
/// <param name="engine">Asks the endpoints.</param>
/// <param name="templates">What is asked.</param>
/// <param name="chunk">Id of what it is about.</param>
/// <param name="seed">Seed of the sampling.</param>
/// <param name="tokens">Tokens of an answer at most; null for each template's own.</param>
/// <param name="cancel">Stops between calls.</param>
internal sealed class ModelDialogue(
    RequestEngine engine, PromptLibrary templates, string chunk, int seed, int? tokens, CancellationToken cancel)
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
        var first = await OutcomeAsync(template, messages, inputs, variant, template.Schema, null);
        if (JsonAnswer.Read(first.Text!, template.Schema, out var wrong) is { } json) return json;
        var second = await OutcomeAsync(template,
            [
                .. messages, Message.Assistant(first.Text!),
                Message.User($"That does not fit: {wrong}. Answer again with one JSON object that fits this schema and nothing else: "
                    + $"{template.Schema}")
            ],
            null, variant, template.Schema, null);
        if (JsonAnswer.Read(second.Text!, template.Schema, out wrong) is { } mended) return mended;
        // Neither can be used: a server that gives none but such answers is not asked on, and once it is mended, it is asked again.
        foreach (var outcome in (ChatOutcome[])[first, second]) engine.Reject(outcome, FailureKind.WrongSchema, wrong!);
        throw new NoAnswerException(FailureKind.WrongSchema, wrong);
    }

    /// <summary>The answer as text.</summary>
    /// <exception cref="NoAnswerException">There is no usable answer.</exception>
    public async Task<string> TextAsync(PromptTemplate template, IReadOnlyList<Message> messages,
        IReadOnlyDictionary<string, string>? inputs = null, int variant = 0, string? schema = null, SamplingOptions? sampling = null) =>
        (await OutcomeAsync(template, messages, inputs, variant, schema, sampling)).Text!;

    private async Task<ChatOutcome> OutcomeAsync(PromptTemplate template, IReadOnlyList<Message> messages,
        IReadOnlyDictionary<string, string>? inputs, int variant, string? schema, SamplingOptions? sampling)
    {
        var used = $"{template.Name}@{template.Version}";
        if (!_used.Contains(used)) _used.Add(used);
        sampling ??= template.Sampling;
        var request = ChatRequest.Create(chunk, template.Hash, Model, messages,
            sampling with { MaxTokens = tokens ?? sampling.MaxTokens, Seed = unchecked(seed + variant) & int.MaxValue }, schema);
        var outcome = await engine.AskAsync(request, cancel);
        if (outcome.Answer is { } answer)
            _calls.Add(new DialogueCall(template.Name, inputs, answer.Text, answer.PromptTokens + answer.CompletionTokens,
                engine.CostOf(Model, answer.PromptTokens, answer.CompletionTokens)));
        return outcome.Failure == FailureKind.None ? outcome : throw new NoAnswerException(outcome.Failure, outcome.Detail);
    }
}
