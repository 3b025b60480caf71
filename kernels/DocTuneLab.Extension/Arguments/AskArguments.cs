using System.CommandLine;
using DocTuneLab.Experiments.Asking;

namespace DocTuneLab.Extension.Arguments;

/// <summary>Options of asking a model, the same in a verb and in a magic.</summary>
public static class AskArguments
{
    /// <summary><c>--who</c>.</summary>
    public static Option<string[]> Arms() => new("--who")
    {
        Description = "Who answers: base, tuned, each also with +docs (passages in the prompt) or +compiler (guided). May be repeated. "
            + "Default: base and tuned; base alone where there is no adapter.",
        HelpName = "ARM",
        AllowMultipleArgumentsPerToken = true,
    };

    /// <summary>Those that were chosen, else the usual ones.</summary>
    public static IReadOnlyList<string> Chosen(IReadOnlyList<string> given, Conversation talk)
    {
        ArgumentNullException.ThrowIfNull(talk);
        return given.Count > 0
            ? [.. given.SelectMany(g => g.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))]
            : [.. talk.Arms.Where(a => a is "base" or "tuned")];
    }
}
