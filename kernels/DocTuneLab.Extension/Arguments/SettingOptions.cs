using System.CommandLine;
using System.CommandLine.Parsing;
using DocTuneLab.Settings;

namespace DocTuneLab.Extension.Arguments;

/// <summary>The options of a command that stand for settings: the same in the tool and in a cell.
/// One name in several tables is one option.</summary>
public sealed class SettingOptions
{
    private readonly List<(Option Option, List<Setting> Settings)> _options = [];

    /// <summary>Options for settings.</summary>
    /// <param name="settings">In the order of help.</param>
    public SettingOptions(IEnumerable<Setting> settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        foreach (var setting in settings.Where(s => !s.IsInFilesOnly))
        {
            if (_options.Find(o => o.Option.Name == setting.Option) is { Option: not null } known) known.Settings.Add(setting);
            else _options.Add((Of(setting), [setting]));
        }
    }

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="required">Whether each of them must be given.</param>
    public void AddTo(Command command, bool required = false)
    {
        ArgumentNullException.ThrowIfNull(command);
        foreach (var (option, _) in _options)
        {
            option.Required = required;
            command.Options.Add(option);
        }
    }

    /// <summary>What was given: nothing that stands for a default.</summary>
    /// <exception cref="LabException">A value is out of range.</exception>
    public IReadOnlyList<(Setting Setting, object? Value)> Given(ParseResult parsed)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        return [.. _options.Select(o => (o.Settings, Result: parsed.GetResult(o.Option))).Where(o => o.Result is { Implicit: false })
            .SelectMany(o => o.Settings.Select(s => (s, Value(s, o.Result!))))];
    }

    /// <summary>Names of the options that were given.</summary>
    public IEnumerable<string> Names(ParseResult parsed)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        return _options.Where(o => parsed.GetResult(o.Option) is { Implicit: false }).Select(o => o.Option.Name);
    }

    /// <summary>Options with what was given for their table.</summary>
    /// <exception cref="LabException">A value is out of range.</exception>
    public T Apply<T>(ParseResult parsed, SettingTable<T> table, T options)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(table);
        return table.With(options, Given(parsed).Where(g => table.Contains(g.Setting)));
    }

    /// <summary>Words and range, as help says them.</summary>
    public static string Describe(Setting setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        var words = setting.OptionWords.TrimEnd('.');
        if (setting.IsSwitch) return words + ".";
        var isSaid = setting.IsFlag || setting.Expected == "a text" || setting.Expected.StartsWith("an http", StringComparison.Ordinal)
            || words.Contains(setting.Expected, StringComparison.OrdinalIgnoreCase);
        var isShown = setting.Allowed.Count > 0 && setting.Placeholder == string.Join('|', setting.Allowed);
        var several = !setting.IsList ? "" : setting.MayHoldCommas ? " May be repeated." : " Several are separated by commas.";
        return (isSaid || isShown ? $"{words}." : $"{words} ({setting.Expected}).") + several;
    }

    private static Option Of(Setting setting)
    {
        string[] aliases = [.. setting.Aliases];
        var words = Describe(setting);
        Option option;
        if (setting.IsFlag)
            option = setting is { Default: true, IsSwitch: false }
                ? new Option<bool>(setting.Option, aliases) { DefaultValueFactory = _ => true }
                : new Option<bool>(setting.Option, aliases);
        else if (setting.IsList)
            option = new Option<string[]>(setting.Option, aliases)
            {
                AllowMultipleArgumentsPerToken = true,
                Arity = ArgumentArity.OneOrMore,
                DefaultValueFactory = setting.DefaultText.Length == 0 ? null : _ => [setting.DefaultText]
            };
        else if (setting.Default is null)
            option = new Option<string?>(setting.Option, aliases);
        else
            option = new Option<string>(setting.Option, aliases) { DefaultValueFactory = _ => setting.DefaultText };
        (option.Description, option.HelpName) = (words, setting.Placeholder);
        if (!setting.IsFlag) option.Validators.Add(result => Check(setting, result));
        if (setting.Allowed.Count > 0 && !setting.IsList) option.CompletionSources.Add([.. setting.Allowed]);
        return option;
    }

    private static void Check(Setting setting, OptionResult result)
    {
        if (result.Implicit || result.Tokens.Count == 0) return;
        try
        {
            Value(setting, result);
        }
        catch (LabException e)
        {
            result.AddError(e.Message + ".");
        }
    }

    private static object? Value(Setting setting, OptionResult result)
    {
        var texts = result.Tokens.Select(t => t.Value).ToList();
        if (setting.IsFlag)
        {
            var isOn = texts.Count == 0 || bool.Parse(texts[^1]);
            return isOn ? setting.Parse(setting.SwitchTo!) : setting.IsSwitch ? setting.Default : false;
        }
        if (!setting.IsList) return setting.Parse(texts[^1], setting.Option);
        return setting.List(texts, setting.Option);
    }
}
