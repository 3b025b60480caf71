using System.CommandLine;
using System.Text.RegularExpressions;
using DocTuneLab.Text;

namespace DocTuneLab.Notebooks.Cells;

/// <summary>Messages about magics used wrongly.</summary>
internal static partial class MagicErrors
{
    /// <summary>Parse errors, each with the line and a marker under the argument that it is about.</summary>
    public static CellFailure Failure(ParseResult parsed, Command command, string magicLine, string location)
    {
        var messages = Messages(parsed).Distinct().ToList();
        var trace = new List<string>();
        foreach (var message in messages)
        {
            var argument = Quoted().Match(message) is { Success: true } match ? match.Groups[1].Value : null;
            var start = argument is { Length: > 0 } ? magicLine.IndexOf(argument, StringComparison.Ordinal) : -1;
            trace.Add($"{location}: {message}{(message.EndsWith('?') ? "" : ".")}");
            trace.Add("    " + magicLine);
            // An argument that is missing altogether belongs at the end of the line.
            trace.Add("    "
                + (start >= 0
                    ? new string(' ', start) + '^' + new string('~', argument!.Length - 1)
                    : new string(' ', magicLine.TrimEnd().Length + 1) + '^'));
        }
        trace.Add($"'{Path(parsed, command)} --help' shows the options.");
        return new CellFailure(new ErrorOutput("MagicError", string.Join("; ", messages), trace));
    }

    /// <summary>Help speaks of the process's name where the magic's belongs.</summary>
    public static string HelpText(string help, Command command)
    {
        var executable = RootCommand.ExecutableName;
        return help.Contains(executable + " " + command.Name, StringComparison.Ordinal)
            ? help.Replace(executable + " " + command.Name, command.Name, StringComparison.Ordinal)
            : help;
    }

    /// <summary>Exceptions whose message was written for the user, so that a trace would only be noise.</summary>
    public static bool IsForUser(Exception exception) =>
        exception is NotebookException or FileNotFoundException or DirectoryNotFoundException or System.Data.Common.DbException
        || exception.GetType().Name is "LabException";

    // What stands where nothing is expected is the cause of most other errors: of a value left over, of an option that is missing.
    private static IEnumerable<string> Messages(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        // A mistyped option is taken for an argument as long as one is missing.
        var misplaced = parsed.Tokens.FirstOrDefault(token =>
            token.Type == System.CommandLine.Parsing.TokenType.Argument && token.Value.StartsWith("--", StringComparison.Ordinal))?.Value
            ?? (parsed.UnmatchedTokens is [var left, ..] ? left : null);
        if (misplaced is not null)
            yield return misplaced.StartsWith('-')
                ? $"There is no option '{misplaced}' "
                    + $"here{Hint(misplaced, command.Options.SelectMany(option => option.Aliases.Append(option.Name)))}"
                : command.Subcommands.Count > 0
                    ? $"There is no '{misplaced}' here{Hint(misplaced, command.Subcommands.Select(sub => sub.Name))}"
                : $"'{misplaced}' is not expected here";
        foreach (var error in parsed.Errors.Select(error => Choices().Replace(error.Message.TrimEnd('.', '\n', '\r', '\t', ' '),
            match => match.Value.Contains(':', StringComparison.Ordinal) ? ": " : ", ")))
        {
            if (error.StartsWith("Required command", StringComparison.Ordinal))
            {
                if (misplaced is null)
                    yield return $"One of these has to follow: {string.Join(", ", command.Subcommands.Select(sub => sub.Name))}";
            }
            else if (misplaced is null
                || !error.StartsWith("Unrecognized", StringComparison.Ordinal)
                    && !error.Contains("required", StringComparison.OrdinalIgnoreCase))
            {
                yield return ExpectedType().Replace(error, match => match.Groups[1].Value switch
                {
                    "Int32" or "Int64" => "a whole number",
                    "Double" or "Single" or "Decimal" => "a number",
                    "Boolean" => "true or false",
                    var other => other,
                });
            }
        }
    }

    private static string Hint(string typed, IEnumerable<string> names)
    {
        var known = names.ToList();
        return NearestName.Find(typed, known) is { } nearest ? $". Did you mean '{nearest}'?" : known.Count is > 0 and <= 12
            ? $"; there are {string.Join(", ", known.Where(name => name is not ("-?" or "-h" or "/?" or "/h")))}" : "";
    }

    private static string Path(ParseResult parsed, Command root)
    {
        var names = new List<string>();
        for (var result = parsed.CommandResult; result is not null; result = result.Parent as System.CommandLine.Parsing.CommandResult)
            names.Insert(0, result.Command.Name);
        return names.Count == 0 ? root.Name : string.Join(' ', names);
    }

    [GeneratedRegex(@"expected type '(?:System\.)?(?:Nullable`1\[System\.)?(\w+)\]?'")]
    private static partial Regex ExpectedType();

    // The parser lists what is allowed with one line each.
    [GeneratedRegex(@":?\s*\n\s*")]
    private static partial Regex Choices();

    [GeneratedRegex("'([^']*)'")]
    private static partial Regex Quoted();
}
