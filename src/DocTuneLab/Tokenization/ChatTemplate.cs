using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Corpus;

namespace DocTuneLab.Tokenization;

/// <summary>
/// How a conversation becomes text. Only ChatML is rendered; a model with another template is refused by name rather than
/// prompted wrongly.
/// </summary>
public sealed class ChatTemplate
{
    /// <summary>ChatML as Jinja, as written into <c>tokenizer_config.json</c>.</summary>
    public const string ChatMl =
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    private readonly string? _defaultSystem;

    private ChatTemplate(string? defaultSystem) => _defaultSystem = defaultSystem;

    /// <summary>Text that ends an assistant's turn; it is trained on.</summary>
    public string EndOfTurn => "<|im_end|>\n";

    /// <summary>Reads the template of <c>tokenizer_config.json</c>.</summary>
    /// <exception cref="LabException">The file or its template is missing, or the template is not ChatML.</exception>
    public static ChatTemplate Load(string path)
    {
        if (!File.Exists(path)) throw new LabException($"{path}: no such file; a chat model needs tokenizer_config.json with its chat_template");
        string? template;
        try
        {
            template = (string?)JsonNode.Parse(File.ReadAllBytes(path))?["chat_template"];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new LabException($"{path}: cannot read chat_template: {e.Message}", e);
        }
        if (template is null) throw new LabException($"{path}: the field chat_template is missing; a base model without a chat format cannot be asked");
        if (!template.Contains("<|im_start|>", StringComparison.Ordinal))
            throw new LabException($"{path}: the chat template is not ChatML (no <|im_start|>); only ChatML models are supported");
        // Qwen2.5 adds a system turn of its own where there is none.
        const string qwen = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.";
        return new ChatTemplate(template.Contains(qwen, StringComparison.Ordinal) ? qwen : null);
    }

    /// <summary>ChatML text of <paramref name="messages"/>, with the assistant's header at the end where asked for.</summary>
    public string Render(IReadOnlyList<Message> messages, bool addGenerationPrompt)
    {
        var text = new StringBuilder();
        if (_defaultSystem is not null && (messages.Count == 0 || messages[0].Role != "system")) Turn("system", _defaultSystem);
        foreach (var message in messages) Turn(message.Role, message.Content);
        if (addGenerationPrompt) text.Append("<|im_start|>assistant\n");
        return text.ToString();

        void Turn(string role, string content) => text.Append("<|im_start|>").Append(role).Append('\n').Append(content).Append("<|im_end|>\n");
    }
}
