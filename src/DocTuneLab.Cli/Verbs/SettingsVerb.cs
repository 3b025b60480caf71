using System.CommandLine;
using DocTuneLab.Cli.Output;
using DocTuneLab.Experiments.Reference;
using DocTuneLab.Extension.Arguments;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune settings</c>: the reference page of all settings.</summary>
internal static class SettingsVerb
{
    public static Command Command()
    {
        var json = CommonOptions.Json();
        var command = new Command("settings", "All settings with names, defaults and ranges, as a page of Markdown.") { json };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(json))
                JsonOutput.Write(LabSettings.Groups.SelectMany(g => g.Table.Select(
                    s => new { group = g.Title, s.Option, s.Aliases, s.Field, @default = s.DefaultText, s.Expected, s.Words })));
            else Console.Out.Write(SettingsPage.Markdown());
            return ExitCodes.Ok;
        });
        return command;
    }
}
