using System.CommandLine;
using DocTuneLab.Notebooks.Formatting;
using DocTuneLab.Notebooks.Hosting;
using DocTuneLab.Notebooks.Languages.CSharp;

namespace DocTuneLab.Notebooks.Cells;

/// <summary>Runs the parts of a cell in order.</summary>
internal sealed class CellRunner(NotebookSession session)
{
    public async Task RunAsync(CellRequest cell, HostCellContext context)
    {
        var parts = CellSplitter.Split(cell.Source, cell.Language, (name, line) => session.TryGetMagic(name, out var magic)
            ? magic.Kind
            : throw Unknown(name, cell.Label, line));
        foreach (var part in parts)
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            context.Language = part switch { CodePart code => code.Language, MagicPart magic => magic.Language, _ => cell.Language };
            switch (part)
            {
                case CodePart { Language: "csharp" or "c#" } code when code.Arguments.Count == 0:
                    await RunCSharpAsync(code, cell.Label, context);
                    break;
                case CodePart code:
                    if (!session.TryGetMagic(CellSplitter.Prefix + code.Language, out var language))
                        throw Unknown(CellSplitter.Prefix + code.Language, cell.Label, Math.Max(1, code.FirstLine - 1));
                    await InvokeAsync(language.Command, code.Arguments, code.MagicLine, code.Text, $"{cell.Label}:line {Math.Max(1, code.FirstLine - 1)}", context);
                    break;
                case MagicPart line when session.TryGetMagic(line.Name, out var magic):
                    await InvokeAsync(magic.Command, line.Arguments, line.MagicLine, line.Text, $"{cell.Label}:line {line.Line}", context);
                    break;
            }
        }
    }

    private async Task RunCSharpAsync(CodePart part, string label, HostCellContext context)
    {
        var code = await session.NuGet.TakeDirectivesAsync(part.Text, session.CSharp, $"{label}:line ", part.FirstLine, context.CancellationToken);
        while (session.NuGet.TryTakeExtension(out var assembly))
            session.LoadExtensions(assembly);
        var (hasValue, value) = await session.CSharp.RunAsync(code, label, part.FirstLine, context.CancellationToken);
        if (hasValue)
            context.Emit(new ResultOutput(ValueFormatter.Format(value), []));
    }

    private async Task InvokeAsync(Command command, IReadOnlyList<string> arguments, string magicLine, string body, string location, HostCellContext context)
    {
        var parsed = command.Parse([.. arguments.Select(argument => Substitute(command, argument, location))], new ParserConfiguration { ResponseFileTokenReplacer = null });
        var wantsHelp = parsed.Action?.ClearsParseErrors ?? false;
        if (parsed.Errors.Count > 0 && !wantsHelp)
            throw MagicErrors.Failure(parsed, command, magicLine, location);
        context.SetBody(body);
        try
        {
            var writer = new StringWriter();
            var exit = await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
                Output = wantsHelp ? writer : context.Out,
                Error = context.Error,
            }, context.CancellationToken);
            if (wantsHelp)
                context.Out.Write(MagicErrors.HelpText(writer.ToString(), command));
            if (exit != 0)
                throw CellFailure.At(location, "MagicFailed", $"{command.Name} ended with exit code {exit}.");
        }
        catch (Exception exception) when (exception is not (CellFailure or ScriptFailure or OperationCanceledException or ThreadInterruptedException) && MagicErrors.IsForUser(exception))
        {
            throw CellFailure.At(location, exception.GetType().Name, exception.Message);
        }
        finally
        {
            context.SetBody(null);
        }
    }

    /// <summary><c>@csharp:name</c> (or <c>@name</c> of a variable that exists) as an argument stands for the variable's value.</summary>
    private string Substitute(Command command, string argument, string location)
    {
        const string Prefix = "@csharp:";
        if (UserInput.IsAsked(argument))
            return UserInput.Ask(argument);
        if (!argument.StartsWith(Prefix, StringComparison.Ordinal) || command.Name is "#!set")
            return argument;
        if (!session.TryGetValue(argument[Prefix.Length..], out var value))
            throw CellFailure.At(location, "UnknownVariable", $"There is no C# variable '{argument[Prefix.Length..]}'.");
        return ValueFormatter.PlainText(value);
    }

    private CellFailure Unknown(string name, string label, int line)
    {
        var nearest = NearestName.Of(name, session.MagicNames);
        var hint = nearest is null ? "'#!lsmagic' lists those there are." : $"Did you mean '{nearest}'?";
        return CellFailure.At($"{label}:line {line}", "UnknownMagic", $"There is no magic '{name}'. {hint}");
    }
}
