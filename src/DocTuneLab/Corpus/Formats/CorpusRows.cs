using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Conversations;

namespace DocTuneLab.Corpus.Formats;

/// <summary>
/// Rows of other tools as turns. Roles and texts may stand under <c>role</c> and <c>content</c> or <c>from</c> and <c>value</c> in either
/// kind of list. Calls of tools become text as Qwen's and Hermes' templates write it: a call <c>&lt;tool_call&gt;</c> in the assistant's
/// turn, what came of it <c>&lt;tool_response&gt;</c> in the user's, the tools themselves at the end of the system turn.
/// </summary>
internal static class CorpusRows
{
    /// <summary>Rows of a text of JSON Lines or of a JSON array, each with the place where it begins.</summary>
    public static IEnumerable<(JsonObject Row, string At)> Of(byte[] bytes, string path)
    {
        var text = Decoded(bytes, path);
        if (text.AsSpan().TrimStart().StartsWith("[")) return Items(text, path);
        return text.Split('\n').Select((l, i) => (Text: l, At: $"{path}:{i + 1}")).Where(l => l.Text.Trim().Length > 0)
            .Select(l => (Parse(l.Text, l.At), l.At));
    }

    /// <summary>The turns of a row; null where it has no fields that are known.</summary>
    /// <exception cref="LabException">A turn is wrong; the message names it.</exception>
    public static List<Message>? Turns(JsonObject row, string at)
    {
        var turns = new List<Message>();
        if (row["system"] is { } said && Text(said, "system", at) is { Length: > 0 } system) turns.Add(new Message("system", system));
        foreach (var name in (string[])["messages", "conversations", "conversation"])
            if (row[name] is JsonArray list)
            {
                Add(turns, list, name, at);
                return WithTools(turns, row["tools"]);
            }
        if (row["output"] is not null && row["instruction"] is not null)
        {
            foreach (var pair in row["history"]?.AsArray() ?? [])
                turns.AddRange([Message.User((string)pair![0]!), Message.Assistant((string)pair[1]!)]);
            var (asked, input) = (Text(row["instruction"], "instruction", at), Text(row["input"], "input", at));
            turns.AddRange([Message.User(input.Length == 0 ? asked : asked.Length == 0 ? input : $"{asked}\n{input}"),
                Message.Assistant(Text(row["output"], "output", at))]);
            return turns;
        }
        if (row["prompt"] is null || row["completion"] is null) return null;
        Add(turns, row["prompt"]!, "prompt", at);
        Add(turns, row["completion"]!, "completion", at, "assistant");
        return turns;
    }

    /// <summary>A row with a chosen and a rejected answer; null where it is none.</summary>
    /// <exception cref="LabException">It is wrong; the message names the field.</exception>
    public static PreferencePair? Pair(JsonObject row, string at)
    {
        if (row["chosen"] is null || row["rejected"] is null) return null;
        var (prompt, chosen, rejected) = (new List<Message>(), new List<Message>(), new List<Message>());
        if (row["prompt"] is { } asked) Add(prompt, asked, "prompt", at);
        Add(chosen, row["chosen"]!, "chosen", at, "assistant");
        Add(rejected, row["rejected"]!, "rejected", at, "assistant");
        // Without a prompt, both answers hold the whole conversation.
        if (prompt.Count == 0) prompt.AddRange(chosen.SkipLast(1));
        Check([.. prompt, chosen[^1]], at);
        Check([.. prompt, rejected[^1]], at);
        return new PreferencePair(prompt, chosen[^1].Content, rejected[^1].Content, (string?)row["metadata"]?["reason"] ?? "imported");
    }

    /// <summary>Checks that turns can be trained on.</summary>
    /// <exception cref="LabException">They cannot; the message says why.</exception>
    public static void Check(IReadOnlyList<Message> turns, string at)
    {
        if (turns.Count < 2 || turns[^1].Role != "assistant" || turns[^2].Role != "user")
            throw new LabException($"{at}: the last two turns must be a user's and an assistant's.");
        if (turns[^1].Content.Trim().Length == 0)
            throw new LabException($"{at}: the answer is empty; expected text to be trained on. Leave the row out or fill it in.");
        if (turns[^2].Content.Trim().Length == 0)
            throw new LabException($"{at}: the question is empty; expected text before the answer. Leave the row out or fill it in.");
    }

    private static void Add(List<Message> turns, JsonNode said, string name, string at, string role = "user")
    {
        if (said is not JsonArray list)
        {
            turns.Add(new Message(role, Text(said, name, at)));
            return;
        }
        var tool = false;
        for (var i = 0; i < list.Count; i++)
        {
            if (list[i] is not JsonObject turn) throw new LabException($"{at}: {name}[{i}] is no object with a role and a text.");
            var from = (string?)(turn["role"] ?? turn["from"])
                ?? throw new LabException($"{at}: {name}[{i}] has neither 'role' nor 'from'.");
            var text = Text(turn["content"] ?? turn["value"], $"{name}[{i}].{(turn.ContainsKey("value") ? "value" : "content")}", at,
                turn["tool_calls"] is not null || turn["function_call"] is not null);
            var (message, isCall, isResponse) = from switch
            {
                "system" or "developer" => (new Message("system", text), false, false),
                "user" or "human" => (Message.User(text), false, false),
                "assistant" or "gpt" or "model" => (Message.Assistant(text + Calls(turn, text)), false, false),
                "function_call" => (Message.Assistant(Call(text)), true, false),
                "tool" or "function" or "observation" or "function_response" or "ipython" =>
                    (Message.User($"<tool_response>\n{text}\n</tool_response>"), false, true),
                _ => throw new LabException($"{at}: {name}[{i}] is of '{from}'; expected system, user, assistant, tool, human, gpt, "
                    + "function_call or observation."),
            };
            // Several calls or responses in a row are one turn.
            if (turns.Count > 0 && turns[^1].Role == message.Role && (isCall || (isResponse && tool)))
                turns[^1] = turns[^1] with { Content = $"{turns[^1].Content}\n{message.Content}" };
            else turns.Add(message);
            tool = isResponse;
        }
    }

    private static string Calls(JsonObject turn, string text)
    {
        var calls = (turn["tool_calls"] as JsonArray)?.Select(c => c?["function"] ?? c).ToList() ?? [];
        if (turn["function_call"] is { } one) calls.Add(one);
        return string.Concat(calls.OfType<JsonNode>().Select((c, i) => (text.Length > 0 || i > 0 ? "\n" : "") + Call(CallText(c))));
    }

    private static string Call(string json) => $"<tool_call>\n{json.Trim()}\n</tool_call>";

    private static string CallText(JsonNode call)
    {
        // Arguments are JSON, or JSON in a text.
        var arguments = call["arguments"] is JsonValue value && value.TryGetValue<string>(out var text) ? text
            : call["arguments"]?.ToJsonString(CorpusFormats.Json) ?? "{}";
        return $"{{\"name\": {JsonSerializer.Serialize((string?)call["name"] ?? "", CorpusFormats.Json)}, \"arguments\": {arguments}}}";
    }

    private static List<Message> WithTools(List<Message> turns, JsonNode? tools)
    {
        var text = tools is JsonValue value && value.TryGetValue<string>(out var json) ? json : tools?.ToJsonString(CorpusFormats.Json);
        if (text is null or "" or "[]") return turns;
        var words = $"# Tools\n\n<tools>\n{text}\n</tools>";
        if (turns is [{ Role: "system" }, ..]) turns[0] = turns[0] with { Content = $"{turns[0].Content}\n\n{words}" };
        else turns.Insert(0, new Message("system", words));
        return turns;
    }

    // Some tools write a text as a list of parts.
    private static string Text(JsonNode? node, string field, string at, bool mayLack = false) => node switch
    {
        null when mayLack || field is "input" => "",
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        JsonArray parts when parts.All(p => p?["text"] is not null) => string.Concat(parts.Select(p => (string?)p!["text"])),
        JsonObject value when field.EndsWith(".value", StringComparison.Ordinal) => value.ToJsonString(CorpusFormats.Json),
        null => throw new LabException($"{at}: {field} is missing; expected text."),
        _ => throw new LabException($"{at}: {field} is {node.GetValueKind().ToString().ToLowerInvariant()}; expected text."),
    };

    private static string Decoded(byte[] bytes, string path)
    {
        // Only a mark at the beginning tells the other encodings of Unicode.
        if (bytes is [0xFF, 0xFE, ..]) return Encoding.Unicode.GetString(bytes, 2, bytes.Length - 2);
        if (bytes is [0xFE, 0xFF, ..]) return Encoding.BigEndianUnicode.GetString(bytes, 2, bytes.Length - 2);
        var start = bytes is [0xEF, 0xBB, 0xBF, ..] ? 3 : 0;
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes, start, bytes.Length - start);
        }
        catch (DecoderFallbackException e)
        {
            var at = Math.Clamp(start + e.Index, 0, bytes.Length - 1);
            throw new LabException($"{path}:{bytes.AsSpan(0, at).Count((byte)'\n') + 1}: not UTF-8 (byte 0x{bytes[at]:X2}), as text in "
                + "Latin-1 or another old encoding is not. Save the file as UTF-8.", e);
        }
    }

    private static IEnumerable<(JsonObject Row, string At)> Items(string text, string path)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var items = new List<(int Start, int End)>();
        try
        {
            var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = 64 });
            reader.Read();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                items.Add((start, (int)reader.BytesConsumed));
            }
        }
        catch (JsonException e)
        {
            throw new LabException($"{path}:{e.LineNumber + 1}: not valid JSON: {e.Message}", e);
        }
        var (line, seen) = (1, 0);
        foreach (var (start, end) in items)
        {
            line += bytes.AsSpan(seen, start - seen).Count((byte)'\n');
            seen = start;
            var at = $"{path}:{line}";
            yield return (Parse(Encoding.UTF8.GetString(bytes, start, end - start), at), at);
        }
    }

    private static JsonObject Parse(string text, string at)
    {
        try
        {
            return JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }) as JsonObject
                ?? throw new LabException($"{at}: a row is a JSON object.");
        }
        catch (JsonException e)
        {
            var isTwice = e.Message.Contains("uplicate", StringComparison.Ordinal);
            throw new LabException($"{at}: {(isTwice ? "a key stands twice in one object" : "not valid JSON")}: {e.Message}", e);
        }
    }
}
