using System.Text.Json.Nodes;
using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.Patterns;

/// <summary>Patterns as steps write them.</summary>
internal static class Matchers
{
    /// <summary>The field <c>pattern</c>: <c>{"String": "…"}</c> or <c>{"Regex": "…"}</c>; what it says comes along.</summary>
    public static (IMatcher Matcher, string Regex) Read(StepFields fields)
    {
        if (fields.Node("pattern") is JsonObject { Count: 1 } pattern
            && pattern.First().Value is JsonValue value
            && value.TryGetValue<string>(out var text))
        {
            if (pattern.ContainsKey("String")) return (new TextMatcher(text), System.Text.RegularExpressions.Regex.Escape(text));
            if (pattern.ContainsKey("Regex")) return (Regex(fields.Name, text), text);
        }
        throw fields.Unexpected("pattern", "{\"String\": …} or {\"Regex\": …}");
    }

    private static RegexMatcher Regex(string step, string pattern)
    {
        try
        {
            return new RegexMatcher(pattern);
        }
        catch (LabException e)
        {
            throw new LabException($"{step}.pattern: {e.Message}", e);
        }
    }
}
