using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Conversations.Jinja;
using DocTuneLab.Conversations.Jinja.Library;
using DocTuneLab.Conversations.Jinja.Values;

namespace DocTuneLab.Conversations;

/// <summary>
/// How a conversation becomes text: the Jinja template of <c>chat_template.jinja</c>, or of <c>tokenizer_config.json</c>, as
/// transformers renders it. What a template needs and is not supported is refused by name rather than rendered wrongly.
/// </summary>
public sealed class ChatTemplate
{
    /// <summary>ChatML as Jinja, as written into <c>tokenizer_config.json</c>.</summary>
    public const string ChatMl =
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' }}{% if message['role'] == 'assistant' %}{% generation %}"
            + "{{ message['content'] + '<|im_end|>' + '\\n' }}{% endgeneration %}{% else %}{{ message['content'] + '<|im_end|>' + '\\n' }}"
            + "{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    private static readonly string[] s_tokens =
        ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];
    private static readonly string[] s_reasoning = ["reasoning_content", "reasoning", "thinking"];
    private static readonly Signature s_message = new("message"), s_format = new("format");

    private readonly string _path;
    private readonly JinjaTemplate _template;
    private readonly Dictionary<string, object?> _tokens;
    private readonly TimeProvider _clock;
    private readonly Lazy<string> _endOfTurn;

    private ChatTemplate(string path, string source, Dictionary<string, object?> tokens, TimeProvider clock)
    {
        (_path, Source, _tokens, _clock) = (path, source, tokens, clock);
        try
        {
            _template = new JinjaTemplate(source);
        }
        catch (LabException e)
        {
            throw new LabException($"{path}: {e.Message}", e);
        }
        _endOfTurn = new Lazy<string>(() => Split([Message.User("question"), Message.Assistant("answer")]) is var (_, answer)
            && answer.IndexOf("answer", StringComparison.Ordinal) is >= 0 and var at
            ? answer[(at + "answer".Length)..]
            : throw new LabException($"{path}: the chat template leaves an assistant's turn out"));
    }

    /// <summary>The template.</summary>
    public string Source { get; }

    /// <summary>Text that ends an assistant's turn; it is trained on.</summary>
    public string EndOfTurn => _endOfTurn.Value;

    /// <summary>The token that <c>tokenizer_config.json</c> names as the end, or null.</summary>
    public string? EndToken => _tokens.GetValueOrDefault("eos_token") as string;

    /// <summary>The token that <c>tokenizer_config.json</c> names as the beginning, or null.</summary>
    public string? BeginToken => _tokens.GetValueOrDefault("bos_token") as string;

    /// <summary>Reads the template of <c>tokenizer_config.json</c>, or that of <c>chat_template.jinja</c> beside it, which goes
    /// before.</summary>
    /// <param name="path">The file.</param>
    /// <param name="clock">Date for templates that write it. Default: the system's.</param>
    /// <exception cref="LabException">The file or its template is missing, or the template needs what is not supported.</exception>
    public static ChatTemplate Load(string path, TimeProvider? clock = null)
    {
        if (!File.Exists(path))
            throw new LabException($"{path}: no such file; a chat model needs tokenizer_config.json with its chat_template");
        return LoadOrNull(path, clock)
            ?? throw new LabException($"{path}: the field chat_template is missing; a base model without a chat format cannot be asked");
    }

    /// <summary>The same; null where there is no file or no template in it.</summary>
    /// <inheritdoc cref="Load"/>
    public static ChatTemplate? LoadOrNull(string path, TimeProvider? clock = null)
    {
        var beside = Path.Combine(Path.GetDirectoryName(path) ?? "", "chat_template.jinja");
        if (File.Exists(beside)) return new ChatTemplate(beside, File.ReadAllText(beside), Tokens(path), clock ?? TimeProvider.System);
        if (!File.Exists(path)) return null;
        try
        {
            var source = Config(path)["chat_template"] switch
            {
                JsonArray several =>
                    several.Where(t => (string?)t?["name"] == "default").Select(t => (string?)t!["template"]).FirstOrDefault(),
                var one => (string?)one,
            };
            return source is null ? null : new ChatTemplate(path, source, Tokens(path), clock ?? TimeProvider.System);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new LabException($"{path}: cannot read chat_template: {e.Message}", e);
        }
    }

    /// <summary>A template by itself.</summary>
    /// <param name="path">Where it is from, for messages.</param>
    /// <param name="source">The template.</param>
    /// <param name="tokens">Marks that templates name, such as <c>bos_token</c> and <c>eos_token</c>.</param>
    /// <param name="clock">Date for templates that write it. Default: the system's.</param>
    /// <exception cref="LabException">The template needs what is not supported.</exception>
    public static ChatTemplate Of(string path, string source, IReadOnlyDictionary<string, string> tokens, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        return new ChatTemplate(path, source, tokens.ToDictionary(t => t.Key, t => (object?)t.Value, StringComparer.Ordinal),
            clock ?? TimeProvider.System);
    }

    /// <summary>The marks that a <c>tokenizer_config.json</c> names, by field; none where there is no such file.</summary>
    /// <exception cref="LabException">The file cannot be read.</exception>
    public static IReadOnlyDictionary<string, string> TokensOf(string path) => Tokens(path)
        .Where(t => t.Value is string).ToDictionary(t => t.Key, t => (string)t.Value!, StringComparer.Ordinal);

    private static Dictionary<string, object?> Tokens(string path)
    {
        var tokens = new Dictionary<string, object?>(StringComparer.Ordinal);
        if (!File.Exists(path)) return tokens;
        try
        {
            var json = Config(path);
            foreach (var name in s_tokens)
                if (json[name] is { } token) tokens[name] = (string?)(token is JsonObject added ? added["content"] : token);
            return tokens;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new LabException($"{path}: cannot read chat_template: {e.Message}", e);
        }
    }

    private static JsonObject Config(string path) =>
        JsonNode.Parse(File.ReadAllBytes(path)) as JsonObject ?? throw new JsonException("the file holds no object");

    /// <summary>Text of <paramref name="messages"/>, with the assistant's header at the end where asked for.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="addGenerationPrompt">Whether the assistant is to speak next.</param>
    /// <param name="variables">Further values for the template, such as <c>enable_thinking</c>, <c>tools</c> or <c>documents</c>:
    /// text, numbers, booleans, JSON or null.</param>
    /// <exception cref="LabException">The template refuses the conversation, or needs what is not supported.</exception>
    public string Render(
        IReadOnlyList<Message> messages, bool addGenerationPrompt, IReadOnlyDictionary<string, object?>? variables = null) =>
        Render(messages.Select(m => (object?)Json.Map([("role", m.Role), ("content", m.Content)])), addGenerationPrompt, variables);

    /// <summary>Text of messages with parts, tool calls or reasoning, as OpenAI's protocol has them. As in transformers 5, a field
    /// that is null is not there, and <c>reasoning_content</c>, <c>reasoning</c> and <c>thinking</c> stand for each other.</summary>
    /// <inheritdoc cref="Render(IReadOnlyList{Message}, bool, IReadOnlyDictionary{string, object?})"/>
    public string Render(JsonArray messages, bool addGenerationPrompt, IReadOnlyDictionary<string, object?>? variables = null) =>
        Render(messages.Select(m => m is JsonObject fields ? (object?)Map(fields) : Json.Read(m)), addGenerationPrompt, variables);

    private string Render(IEnumerable<object?> messages, bool addGenerationPrompt, IReadOnlyDictionary<string, object?>? variables)
    {
        var values = new Dictionary<string, object?>(_tokens, StringComparer.Ordinal)
        {
            ["messages"] = messages.ToList(),
            ["add_generation_prompt"] = addGenerationPrompt,
            ["tools"] = null,
            ["documents"] = null,
            ["raise_exception"] = new JinjaFunction("raise_exception",
                call => throw Refusal.Of($"it refuses the conversation: {PythonText.Of(s_message.Bind("raise_exception()", call)[0])}")),
            ["strftime_now"] = new JinjaFunction("strftime_now",
                call => DateFormat.Write(_clock.GetLocalNow().DateTime, s_format.Bind("strftime_now()", call).Text(0))),
        };
        foreach (var (name, value) in variables ?? new Dictionary<string, object?>()) values[name] = Value(name, value);
        try
        {
            return _template.Render(values);
        }
        catch (LabException e)
        {
            throw new LabException($"{_path}: {e.Message}", e);
        }
    }

    /// <summary>A conversation whose last turn is the assistant's, as what is given and what is to be said;
    /// joined, they are the whole.</summary>
    /// <exception cref="LabException">The template writes the turns before the answer otherwise once it is there.</exception>
    public (string Prompt, string Answer) Split(IReadOnlyList<Message> messages)
    {
        var prompt = Render([.. messages.SkipLast(1)], addGenerationPrompt: true);
        var whole = Render(messages, addGenerationPrompt: false);
        if (whole.StartsWith(prompt, StringComparison.Ordinal)) return (prompt, whole[prompt.Length..]);
        throw new LabException($"{_path}: the chat template writes the conversation otherwise with the answer than before it, "
            + "so the answer's part cannot be told from the prompt's");
    }

    /// <summary>A whole conversation, and where in it the assistant's turns stand, each with its end mark and without its header.</summary>
    /// <param name="messages">The conversation; its last turn is the assistant's.</param>
    /// <param name="all">Whether all of the assistant's turns are wanted, not only the last.</param>
    /// <exception cref="LabException">The template writes what stands before a turn otherwise once it is there, or others follow.
    /// </exception>
    public (string Text, IReadOnlyList<(int Start, int End)> Turns) Turns(IReadOnlyList<Message> messages, bool all = false)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var (prompt, answer) = Split(messages);
        var text = prompt + answer;
        var turns = new List<(int, int)>();
        for (var i = 0; all && i < messages.Count - 1; i++)
        {
            if (messages[i].Role != Message.Assistant("").Role) continue;
            var before = Render([.. messages.Take(i)], addGenerationPrompt: true);
            var after = Render([.. messages.Take(i + 1)], addGenerationPrompt: false);
            if (!after.StartsWith(before, StringComparison.Ordinal) || !text.StartsWith(after, StringComparison.Ordinal))
                throw new LabException($"{_path}: the chat template writes turn {i + 1} otherwise once others follow, so it cannot be "
                    + "trained with them; train on the last turn only");
            turns.Add((before.Length, after.Length));
        }
        turns.Add((prompt.Length, text.Length));
        return (text, turns);
    }

    private static JinjaMap Map(JsonObject message)
    {
        var map = Json.Map(message.Where(f => f.Value is not null).Select(f => (f.Key, Json.Read(f.Value))));
        foreach (var name in s_reasoning)
        {
            if (!map.TryGet(name, out var reasoning)) continue;
            foreach (var other in (string[])["reasoning_content", "thinking"])
                if (!map.TryGet(other, out _)) map[other] = reasoning;
            break;
        }
        return map;
    }

    private object? Value(string name, object? value) => value switch
    {
        null or string or bool or long or double => value,
        int i => (long)i,
        float f => (double)f,
        JsonNode node => Json.Read(node),
        _ => throw new LabException(
            $"{_path}: the variable '{name}' is a {value.GetType().Name}; a template takes text, numbers, booleans, JSON and null"),
    };
}
