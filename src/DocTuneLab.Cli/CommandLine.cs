using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Reflection;
using System.Runtime;
using DocTuneLab.Cli.Arguments;
using DocTuneLab.Cli.Output;
using DocTuneLab.Cli.Verbs;
using DocTuneLab.Notebooks;
using DocTuneLab.Notebooks.Running;
using DocTuneLab.Settings;

namespace DocTuneLab.Cli;

/// <summary>The <c>doctune</c> command: a new verb is a file in Verbs and a line here.</summary>
internal static class CommandLine
{
    /// <summary>All verbs.</summary>
    internal static RootCommand Root() => new(
        "Turns the docs of a private library into a tuned code model. Try: doctune run notebooks/lab.ipynb --report report.html")
    {
        New.Command(),
        Run.Command(),
        Script.Command(),
        Verbs.Repl.Command(),
        Verbs.Convert.Command(),
        Parse.Command(),
        AuditVerb.Command(),
        LabVerb.Command(),
        Runs.Command(),
        Doctor.Command(),
        SettingsVerb.Command(),
        PromptsVerb.Command(),
        CorpusVerb.Command(),
        Serve.Command(),
        Chat.Command(),
        Ui.Command(),
        Mcp.Command(),
        Kernel.Command(),
        Train.Command(),
        SuiteVerb.Command(),
        Evaluate.Command(),
        Generate.Command(),
        Score.Command(),
        Tokenize.Command(),
        Download.Command(),
        Export.Command(),
    };

    /// <summary>Runs the verb that <paramref name="args"/> name and returns the exit code.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        // Someone waits for this one: not the time of making all verbs and looking for it among them.
        if (args is ["kernel", "start", "-f", var connection])
        {
            // What the last start had to compile is compiled on the second core while this one runs:
            // a third of the time until the first result.
            ProfileOptimization.SetProfileRoot(AppContext.BaseDirectory);
            ProfileOptimization.StartProfile("kernel-start.profile");
            return await KernelAsync(connection);
        }
        var root = Root();
        foreach (var option in root.Options.OfType<VersionOption>())
            option.Action = new VersionAction();
        foreach (var option in root.Options.OfType<HelpOption>()) OrderedHelp.Use(option);
        var parsed = root.Parse(Run.JoinParameters(args), new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0 && parsed.Action is not { ClearsParseErrors: true })
            return Misused(parsed, args);
        using var interruption = new Interruption();
        try
        {
            // The verb ends on the token itself, so that it can save what it has; the library would end the process after 2 s.
            return await parsed.InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null },
                interruption.Token);
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
        catch (Exception exception)
        {
            return Failed(exception);
        }
    }

    private static async Task<int> KernelAsync(string connection)
    {
        using var interruption = new Interruption();
        try
        {
            return await Kernel.StartAsync(connection, interruption.Token);
        }
        catch (Exception exception)
        {
            return Failed(exception);
        }
    }

    private static int Misused(ParseResult parsed, string[] args)
    {
        var command = parsed.CommandResult.Command;
        // A verb that does not exist also lacks its subcommand and leaves its arguments over: the first error says it all.
        var first = parsed.CommandResult.Children.OfType<ArgumentResult>().Select(MistypedOption.In).FirstOrDefault(m => m is not null)
            ?? (parsed.UnmatchedTokens is [var left, ..] ? left : null);
        var required = parsed.Errors.Select(e => e.SymbolResult).OfType<OptionResult>().Where(o => o.Option.Required && o.Tokens.Count == 0)
            .Select(o => o.Option).Distinct().ToList();
        var message = first is null && required.Count > 1
                ? $"{command.Name} needs {string.Join(", ", required.SkipLast(1).Select(Named))} and {Named(required[^1])}."
            : first is null ? Explain(parsed.Errors[0])
            : first.StartsWith('-') ? $"There is no option '{first}' here."
            : command.Subcommands.Count > 0 ? $"There is no verb '{first}' here."
            : $"'{first}' is not expected here.";
        var names = command.Subcommands.Select(sub => sub.Name)
            .Concat(Options(parsed).SelectMany(option => option.Aliases.Append(option.Name)));
        var nearest = first is null
            ? null : SettingNames.Nearest(first, names.Where(name => name.StartsWith('-') == first.StartsWith('-')));
        Console.Error.WriteLine($"doctune: {message}{(nearest is null ? "" : $" Did you mean '{nearest}'?")}");
        Console.Error.WriteLine($"'{Path(parsed)} --help' shows what there is.");
        return args.Length == 0 && first is null ? Help(parsed) : ExitCodes.Usage;
    }

    private static string Named(Option option) => option.HelpName is null ? option.Name : $"{option.Name} <{option.HelpName}>";

    /// <summary>A fault of the parser in the words of this program.</summary>
    private static string Explain(ParseError error) => error.SymbolResult switch
    {
        ArgumentResult { Tokens.Count: 0, Parent: CommandResult command, Argument: var argument } =>
            $"{command.Command.Name} needs <{argument.Name}>. {argument.Description}",
        CommandResult { Command: { Subcommands.Count: > 0 } command }
            when error.Message.StartsWith("Required command", StringComparison.Ordinal) =>
            command is RootCommand
                ? "What to do? A verb is missing."
                : $"{command.Name} needs one of: {string.Join(", ", command.Subcommands.Select(c => c.Name))}.",
        OptionResult { Tokens.Count: 0, Option: var option, Parent: CommandResult command } => error.Message.EndsWith("is required.",
            StringComparison.Ordinal)
            ? $"{command.Command.Name} needs {Named(option)}. {option.Description}"
            : $"{option.Name} needs a value. {option.Description}",
        OptionResult { Tokens: [var token, ..], Option: var option }
            when (Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType) is { IsPrimitive: true } type && type != typeof(bool)
                && !double.TryParse(token.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out _) =>
            $"{option.Name} takes a {(type == typeof(double) || type == typeof(float) ? "" : "whole ")}number, not '{token.Value}'.",
        OptionResult { Tokens: [.., var token], Option: var option }
            when error.Message.Contains("Must be one of", StringComparison.Ordinal) =>
            $"{option.Name} takes one of "
                + $"{string.Join(", ", error.Message.Split('\n').Skip(1).Select(l => l.Trim().Trim('\'')).Where(l => l.Length > 0))}, "
                + $"not '{token.Value}'.",
        _ => error.Message.ReplaceLineEndings(" "),
    };

    private static int Help(ParseResult parsed)
    {
        parsed.RootCommandResult.Command.Parse(["--help"]).Invoke();
        return ExitCodes.Usage;
    }

    private static int Failed(Exception exception)
    {
        if (Environment.GetEnvironmentVariable("DOCTUNE_DEBUG") == "1")
        {
            Console.Error.WriteLine(exception);
            return exception is UsageException or ParameterException ? ExitCodes.Usage : ExitCodes.Failed;
        }
        // TorchSharp loads libtorch in a static constructor.
        if (exception is TypeInitializationException && exception.GetBaseException() is LabException cause) exception = cause;
        switch (exception)
        {
            case UsageException or ParameterException:
                Console.Error.WriteLine($"doctune: {exception.Message}");
                return ExitCodes.Usage;
            case NotebookException or LabException:
                Console.Error.WriteLine($"doctune: {exception.Message}");
                return ExitCodes.Failed;
            default:
                Console.Error.WriteLine($"doctune: {exception.GetType().Name}: {exception.Message.ReplaceLineEndings(" ")}");
                Console.Error.WriteLine("This was not expected. DOCTUNE_DEBUG=1 shows where it happened.");
                return ExitCodes.Failed;
        }
    }

    private static IEnumerable<Option> Options(ParseResult parsed)
    {
        for (SymbolResult? result = parsed.CommandResult; result is not null; result = result.Parent)
        {
            foreach (var option in (result as CommandResult)?.Command.Options ?? [])
                yield return option;
        }
    }

    private static string Path(ParseResult parsed)
    {
        var names = new List<string>();
        for (SymbolResult? result = parsed.CommandResult; result?.Parent is not null; result = result.Parent)
            names.Insert(0, ((CommandResult)result).Command.Name);
        return string.Join(' ', names.Prepend("doctune"));
    }

    private sealed class VersionAction : System.CommandLine.Invocation.SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            Console.WriteLine(
                typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion);
            return 0;
        }
    }
}
