using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;

namespace DocTuneLab.Notebooks;

/// <summary>Help in which an option's name comes first and its aliases after it; the library sorts all of them.</summary>
/// <param name="help">The library's help.</param>
public sealed partial class OrderedHelp(SynchronousCommandLineAction help) : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <summary>Lets a help option show help in this order.</summary>
    public static void Use(HelpOption option)
    {
        ArgumentNullException.ThrowIfNull(option);
        if (option.Action is SynchronousCommandLineAction help and not OrderedHelp) option.Action = new OrderedHelp(help);
    }

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        ArgumentNullException.ThrowIfNull(parseResult);
        var configuration = parseResult.InvocationConfiguration;
        var (output, text) = (configuration.Output, new StringWriter());
        configuration.Output = text;
        try
        {
            var code = help.Invoke(parseResult);
            var names = Options(parseResult);
            output.Write(Names().Replace(text.ToString(), m => string.Join(", ", m.Value.Split(", ").OrderByDescending(names.Contains))));
            return code;
        }
        finally
        {
            configuration.Output = output;
        }
    }

    private static HashSet<string> Options(ParseResult parsed)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var result = (SymbolResult?)parsed.CommandResult; result is not null; result = result.Parent)
            if (result is CommandResult command) names.UnionWith(command.Command.Options.Select(o => o.Name));
        return names;
    }

    [GeneratedRegex(@"(?<=^  )-[^\s,]+(?:, -[^\s,]+)+", RegexOptions.Multiline)]
    private static partial Regex Names();
}
