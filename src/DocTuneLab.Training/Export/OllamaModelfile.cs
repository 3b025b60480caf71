using System.Text;
using DocTuneLab.Conversations;

namespace DocTuneLab.Training.Export;

/// <summary>
/// A <c>Modelfile</c> of Ollama (docs/modelfile.md there). Ollama renders conversations by templates of Go, and knows those of some models
/// alone: what the model's own template writes around system turn, prompt and answer is said in Go's.
/// </summary>
public static class OllamaModelfile
{
    // No template has them.
    private const string System = "\u0001system\u0001", Prompt = "\u0001prompt\u0001", Answer = "\u0001answer\u0001",
        Next = "\u0001next\u0001";

    /// <summary>The file of a model.</summary>
    /// <param name="template">The model's chat template; null for none.</param>
    /// <param name="weights">The GGUF file, as seen from the file's folder.</param>
    /// <returns>Its text, and what must be said of it; null where there is nothing to say.</returns>
    public static (string Text, string? Note) Of(ChatTemplate? template, string weights)
    {
        var text = new StringBuilder($"FROM ./{weights}\n");
        if (template is null) return (text.ToString(), "The model has no chat template: Ollama continues texts.");
        foreach (var stop in (string?[])[template.EndOfTurn.Trim(), template.EndToken])
            if (!string.IsNullOrEmpty(stop) && !stop.Contains('"')
                && !text.ToString().Contains($"stop \"{stop}\"", StringComparison.Ordinal))
                text.Append($"PARAMETER stop \"{stop}\"\n");
        if (GoTemplate(template) is not { } go)
            return (text.ToString(), "The chat template does more than stand around system turn, prompt and answer, so the Modelfile has "
                + "no TEMPLATE: Ollama takes one that it knows, or the prompt as it is.");
        return (text.Append("TEMPLATE \"\"\"").Append(go).Append("\"\"\"\n").ToString(), null);
    }

    /// <summary>The template in Go's words; null where it cannot be said so.</summary>
    /// <param name="template">The model's.</param>
    public static string? GoTemplate(ChatTemplate template)
    {
        ArgumentNullException.ThrowIfNull(template);
        try
        {
            Message[] asked = [Message.User(Prompt)], told = [new("system", System), .. asked];
            string plain = Rendered(template, asked), before = Before(plain, Prompt), after = After(plain, Prompt);
            string full = Rendered(template, told), lead = Before(full, System), middle = Between(full, System, Prompt);
            // What ends an answer is what stands between it and the next question's own beginning.
            var longer = Rendered(template, [.. asked, Message.Assistant(Answer), Message.User(Next)]);
            var gap = Between(longer, Answer, Next);
            if (!gap.EndsWith(before, StringComparison.Ordinal)) return null;
            var end = gap[..^before.Length];
            // All that was not looked at must be as these parts say.
            string Turn(string? system, string prompt, string? answer) =>
                (system is null ? before : lead + system + middle) + prompt + after + (answer is null ? "" : answer + end);
            var holds = full == Turn(System, Prompt, null) && longer == Turn(null, Prompt, Answer) + Turn(null, Next, null)
                && Rendered(template, [.. told, Message.Assistant(Answer), Message.User(Next)])
                    == Turn(System, Prompt, Answer) + Turn(null, Next, null);
            string[] parts = [before, after, lead, middle, end];
            if (!holds || parts.Any(p => p.Contains("{{", StringComparison.Ordinal) || p.Contains("\"\"\"", StringComparison.Ordinal)))
                return null;
            return $"{{{{ if .System }}}}{lead}{{{{ .System }}}}{middle}{{{{ else }}}}{before}{{{{ end }}}}{{{{ .Prompt }}}}{after}"
                + $"{{{{ .Response }}}}{end}";
        }
        catch (LabException)
        {
            // Such as one that refuses a system turn.
            return null;
        }
    }

    // llama.cpp puts the first mark before a text by itself.
    private static string Rendered(ChatTemplate template, Message[] messages)
    {
        var text = template.Render(messages, addGenerationPrompt: true);
        return template.BeginToken is { Length: > 0 } begin && text.StartsWith(begin, StringComparison.Ordinal)
            ? text[begin.Length..] : text;
    }

    private static string Before(string text, string mark) => text[..At(text, mark)];

    private static string After(string text, string mark) => text[(At(text, mark) + mark.Length)..];

    private static string Between(string text, string first, string second) => After(Before(text, second), first);

    private static int At(string text, string mark) => text.IndexOf(mark, StringComparison.Ordinal) is >= 0 and var at ? at
        : throw new LabException("The template leaves a turn out.");
}
