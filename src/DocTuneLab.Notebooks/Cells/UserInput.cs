using System.Text.Json;
using System.Text.Json.Nodes;

namespace DocTuneLab.Notebooks.Cells;

/// <summary>
/// <c>@input:NAME</c>, <c>@input:"A prompt"</c> and <c>@input:{"prompt": "…"}</c>, and the same with <c>@password</c>, as arguments of
/// magics: the user is asked for the value.
/// </summary>
internal static class UserInput
{
    private const string Plain = "@input";
    private const string Secret = "@password";

    /// <summary>Whether an argument asks the user.</summary>
    public static bool IsAsked(string argument) =>
        argument is Plain or Secret
            || argument.StartsWith(Plain + ":", StringComparison.Ordinal)
            || argument.StartsWith(Secret + ":", StringComparison.Ordinal);

    /// <summary>Asks the user of the running cell and waits for the answer.</summary>
    /// <exception cref="NotebookException">Nobody is there to answer.</exception>
    public static string Ask(string argument)
    {
        var isSecret = argument.StartsWith(Secret, StringComparison.Ordinal);
        var wanted = argument.Split(':', 2) is [_, { Length: > 0 } text] ? text.Trim('"') : "Value";
        if (wanted.StartsWith('{'))
        {
            try
            {
                var settings = JsonNode.Parse(wanted) as JsonObject;
                wanted = settings?["prompt"]?.ToString() ?? "Value";
                isSecret |= settings?["type"]?.ToString() == "password" || settings?["typeHint"]?.ToString() == "password";
            }
            catch (JsonException exception)
            {
                throw new NotebookException($"'{argument}' is not valid: expected {Plain}:{{\"prompt\": \"…\"}}.", exception);
            }
        }
        return CellContext.Current.ReadLineAsync(wanted.TrimEnd(' ') + " ", isSecret).GetAwaiter().GetResult() ?? "";
    }
}
