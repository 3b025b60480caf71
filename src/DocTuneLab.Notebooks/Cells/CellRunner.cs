using System.CommandLine;
using DocTuneLab.Notebooks.Formatting;
using DocTuneLab.Text;

namespace DocTuneLab.Notebooks.Cells;

/// <summary>Runs the parts of a cell in order.</summary>
internal sealed class CellRunner(SessionState session)
{
    public async Task RunAsync(CellRequest cell, HostCellContext context)
    {
        var parts = CellSplitter.Split(cell.Source, cell.Language, (name, line) => session.Magics.TryGet(name, out var magic)
            ? magic.Kind
            : throw Unknown(name, cell.Label, line));
        foreach (var part in parts)
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            switch (part)
            {
                case CodePart code:
                    var line = Math.Max(1, code.FirstLine - 1);
                    if (!session.Magics.TryGet(CellSplitter.Prefix + code.Language, out var language))
                        throw Unknown(CellSplitter.Prefix + code.Language, cell.Label, line);
                    await RunAsync(code, language, cell.Label, $"{cell.Label}:line {line}", context);
                    break;
                case MagicPart named when session.Magics.TryGet(named.Name, out var magic):
                    context.Language = session.Magics.Language(named.Language) ?? session.Main;
                    var location = $"{cell.Label}:line {named.Line}";
                    await InvokeAsync(Parse(magic, named.Arguments, named.MagicLine, location), magic, named.Text, location, context);
                    break;
            }
        }
    }

    private async Task RunAsync(CodePart code, Magic magic, string label, string location, HostCellContext context)
    {
        // A line without arguments is not parsed: the first cell of all need not wait for the parser.
        var parsed = code.Arguments.Count > 0 || magic.HasArguments ? Parse(magic, code.Arguments, code.MagicLine, location) : null;
        if (magic.Language is not { } language || WantsHelp(parsed))
        {
            await InvokeAsync(parsed ?? Parse(magic, code.Arguments, code.MagicLine, location), magic, code.Text, location, context);
            return;
        }
        context.Language = language;
        try
        {
            if (await language.RunAsync(new CellCode(code.Text, label, code.FirstLine, parsed), context) is { } result)
                context.Emit(new ResultOutput(ValueFormatter.Format(result.Value), []));
        }
        catch (Exception exception) when (IsForUser(exception))
        {
            throw CellFailure.At(location, exception.GetType().Name, exception.Message);
        }
    }

    private static async Task InvokeAsync(ParseResult parsed, Magic magic, string body, string location, HostCellContext context)
    {
        context.SetBody(body);
        try
        {
            var wantsHelp = WantsHelp(parsed);
            var writer = new StringWriter();
            var exit = await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
                Output = wantsHelp ? writer : context.Out,
                Error = context.Error,
            }, context.CancellationToken);
            if (wantsHelp)
                context.Out.Write(MagicErrors.HelpText(writer.ToString(), magic.Command));
            if (exit != 0)
                throw CellFailure.At(location, "MagicFailed", $"{magic.Command.Name} ended with exit code {exit}.");
        }
        catch (Exception exception) when (IsForUser(exception))
        {
            throw CellFailure.At(location, exception.GetType().Name, exception.Message);
        }
        finally
        {
            context.SetBody(null);
        }
    }

    private ParseResult Parse(Magic magic, IReadOnlyList<string> arguments, string magicLine, string location)
    {
        var command = magic.Command;
        var values = arguments.Select(argument => Substitute(command, argument, location));
        var parsed = command.Parse([.. values], new ParserConfiguration { ResponseFileTokenReplacer = null });
        return parsed.Errors.Count > 0 && !WantsHelp(parsed) ? throw MagicErrors.Failure(parsed, command, magicLine, location) : parsed;
    }

    private static bool WantsHelp(ParseResult? parsed) => parsed?.Action?.ClearsParseErrors ?? false;

    private static bool IsForUser(Exception exception) =>
        exception is not (CellFailure or ScriptFailure or OperationCanceledException or ThreadInterruptedException)
        && MagicErrors.IsForUser(exception);

    /// <summary>
    /// <c>@csharp:name</c> as an argument stands for the variable's value, and so with the name of another language that has variables.
    /// </summary>
    private string Substitute(Command command, string argument, string location)
    {
        if (UserInput.IsAsked(argument))
            return UserInput.Ask(argument);
        if (!argument.StartsWith('@') || command.Name is "#!set" || argument[1..].Split(':', 2) is not [var from, var name])
            return argument;
        var language = from == session.Main.Name ? session.Main : session.Magics.Language(from);
        // Addresses start with @, too; and only the full name of C# has ever stood for it here.
        if (language?.Variables is null || language == session.Main && from != session.Main.Name)
            return argument;
        if (!language.TryGetValue(name, out var value))
        {
            throw CellFailure.At(location, "UnknownVariable", language == session.Main
                ? $"There is no C# variable '{name}'."
                : $"There is no variable '{name}' in '{from}'.");
        }
        return ValueFormatter.PlainText(value);
    }

    private CellFailure Unknown(string name, string label, int line)
    {
        var nearest = NearestName.Find(name, session.Magics.Names);
        var hint = nearest is null ? "'#!lsmagic' lists those there are." : $"Did you mean '{nearest}'?";
        return CellFailure.At($"{label}:line {line}", "UnknownMagic", $"There is no magic '{name}'. {hint}");
    }
}
