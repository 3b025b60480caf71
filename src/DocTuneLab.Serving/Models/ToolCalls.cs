using System.Text.Json;
using System.Text.RegularExpressions;
using DocTuneLab.Serving.Protocol;

namespace DocTuneLab.Serving.Models;

/// <summary>Calls of tools in an answer, as Qwen's and Hermes' templates have models write them.</summary>
internal static partial class ToolCalls
{
    /// <summary>Whether a template has models write calls that are understood here.</summary>
    public static bool AreUnderstood(string template) => template.Contains("<tool_call>", StringComparison.Ordinal);

    /// <summary>What is said beside the calls, and the calls. One that is not whole stays part of the text.</summary>
    public static (string Text, IReadOnlyList<ToolCall> Calls) Read(string answer)
    {
        List<ToolCall> calls = [];
        var text = Call().Replace(answer, m =>
        {
            try
            {
                using var call = JsonDocument.Parse(m.Groups[1].Value);
                if (!call.RootElement.TryGetProperty("name", out var name) || name.ValueKind != JsonValueKind.String) return m.Value;
                var arguments = call.RootElement.TryGetProperty("arguments", out var given) ? given.GetRawText() : "{}";
                calls.Add(new(calls.Count, $"call_{Guid.NewGuid():N}", "function", new(name.GetString()!, arguments)));
                return "";
            }
            catch (JsonException)
            {
                return m.Value;
            }
        });
        return (calls.Count > 0 ? text.Trim() : text, calls);
    }

    [GeneratedRegex(@"<tool_call>\s*(\{.*?\})\s*</tool_call>", RegexOptions.Singleline)]
    private static partial Regex Call();
}
