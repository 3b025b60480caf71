using System.Text.Json.Nodes;

namespace DocTuneLab.Notebooks.Formats;

/// <summary>Text as nbformat stores it: an array of lines, each with its line break.</summary>
internal static class MultilineText
{
    public static bool IsJson(string mimeType) => mimeType == "application/json" || mimeType.EndsWith("+json", StringComparison.Ordinal);

    public static bool IsSplit(string mimeType) =>
        mimeType.StartsWith("text/", StringComparison.Ordinal) || mimeType is "application/javascript" or "image/svg+xml";

    public static JsonArray Split(string text)
    {
        var lines = new JsonArray();
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (!IsBreak(text[i]) || text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n')
                continue;
            lines.Add((JsonNode)text[start..(i + 1)]);
            start = i + 1;
        }
        if (start < text.Length)
            lines.Add((JsonNode)text[start..]);
        return lines;
    }

    // The line breaks of Python's str.splitlines, which Jupyter splits with.
    private static bool IsBreak(char c) =>
        c is '\n' or '\r' or '\v' or '\f' or '\x1c' or '\x1d' or '\x1e' or '\x85' or '\u2028' or '\u2029';
}
