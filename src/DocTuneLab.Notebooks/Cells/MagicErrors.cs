using System.CommandLine;
using System.Text.RegularExpressions;

namespace DocTuneLab.Notebooks.Cells;

/// <summary>Messages about magics used wrongly.</summary>
internal static partial class MagicErrors
{
    /// <summary>Parse errors, each with the line and a marker under the argument that it is about.</summary>
    public static CellFailure Failure(ParseResult parsed, Command command, string magicLine, string location)
    {
        var messages = parsed.Errors.Select(error => Choices().Replace(error.Message.TrimEnd('.', '\n', '\r', '\t', ' '), match => match.Value.Contains(':', StringComparison.Ordinal) ? ": " : ", ")).Distinct().ToList();
        var trace = new List<string>();
        foreach (var message in messages)
        {
            var argument = Quoted().Match(message) is { Success: true } match ? match.Groups[1].Value : null;
            var start = argument is { Length: > 0 } ? magicLine.IndexOf(argument, StringComparison.Ordinal) : -1;
            trace.Add($"{location}: {message}.{Hint(message, argument, parsed.CommandResult.Command)}");
            trace.Add("    " + magicLine);
            // An argument that is missing altogether belongs at the end of the line.
            trace.Add("    " + (start >= 0 ? new string(' ', start) + '^' + new string('~', argument!.Length - 1) : new string(' ', magicLine.TrimEnd().Length + 1) + '^'));
        }
        trace.Add($"'{Path(parsed, command)} --help' shows the options.");
        return new CellFailure(new ErrorOutput("MagicError", string.Join("; ", messages) + ".", trace));
    }

    /// <summary>Help speaks of the process's name where the magic's belongs.</summary>
    public static string HelpText(string help, Command command)
    {
        var executable = RootCommand.ExecutableName;
        return help.Contains(executable + " " + command.Name, StringComparison.Ordinal) ? help.Replace(executable + " " + command.Name, command.Name, StringComparison.Ordinal) : help;
    }

    /// <summary>Exceptions whose message was written for the user, so that a trace would only be noise.</summary>
    public static bool IsForUser(Exception exception) =>
        exception is NotebookException or FileNotFoundException or DirectoryNotFoundException or System.Data.Common.DbException
        || exception.GetType().Name is "LabException";

    private static string Hint(string message, string? argument, Command command)
    {
        if (argument is null || !message.StartsWith("Unrecognized", StringComparison.Ordinal))
            return "";
        var names = command.Options.SelectMany(option => option.Aliases.Append(option.Name)).Concat(command.Subcommands.Select(sub => sub.Name));
        return NearestName.Of(argument, names) is { } nearest ? $" Did you mean '{nearest}'?" : "";
    }

    private static string Path(ParseResult parsed, Command root)
    {
        var names = new List<string>();
        for (var result = parsed.CommandResult; result is not null; result = result.Parent as System.CommandLine.Parsing.CommandResult)
            names.Insert(0, result.Command.Name);
        return names.Count == 0 ? root.Name : string.Join(' ', names);
    }

    // The parser lists what is allowed with one line each.
    [GeneratedRegex(@":?\s*\n\s*")]
    private static partial Regex Choices();

    [GeneratedRegex("'([^']*)'")]
    private static partial Regex Quoted();
}
