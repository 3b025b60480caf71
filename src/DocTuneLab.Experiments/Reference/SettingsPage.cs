using System.Text;
using DocTuneLab.Settings;

namespace DocTuneLab.Experiments.Reference;

/// <summary>The reference page of all settings; <c>docs/settings.md</c> is what it writes.</summary>
public static class SettingsPage
{
    private const string Opening = "# Settings\n\n"
        + "Every setting has one name, one default and one range, wherever it is given: as an option of `doctune`, "
        + "as an option of a magic (`#!train --rank 8`),\n"
        + "as a field of a file, or as a property of an options record in C#. "
        + "A field's name in snake case, with dashes, is an option too. "
        + "Values of a list are\n"
        + "separated by commas; *none* and the like stand for no value. "
        + "`--base` can be written `--model` wherever a local model is named.\n"
        + "Where input and output lie (`--docs`, `--assembly`, `--suite`, `--lab`, `--out`, `--compare` and the like) is no setting: "
        + "`doctune VERB --help` says it.\n\n"
        + "This page is written by `doctune settings`; a test holds it to the code. After a change: "
        + "`dotnet run -c Release --project src/DocTuneLab.Cli -- settings > docs/settings.md`.\n";

    /// <summary>The page as Markdown.</summary>
    public static string Markdown()
    {
        var page = new StringBuilder(Opening);
        foreach (var group in LabSettings.Groups)
        {
            page.Append("\n## ").Append(group.Title).Append("\n\n").Append(group.Where).Append(
                "\n\n| Option | Field | Default | Expected | What it does |\n|---|---|---|---|---|\n");
            foreach (var setting in group.Table) page.Append(Row(setting)).Append('\n');
        }
        return page.ToString();
    }

    private static string Row(Setting setting)
    {
        var names = string.Join(", ",
            setting.Aliases.Where(a => a != "--" + setting.Field.Replace('_', '-')).Prepend(setting.Option).Select(n => $"`{n}`"));
        if (setting.IsInFilesOnly) names = "";
        else if (setting.IsSwitch) names += $" for `{setting.SwitchTo}`";
        var initial = setting.DefaultText.Length == 0 ? "none" : setting.Default is null ? setting.DefaultText : $"`{setting.DefaultText}`";
        return $"| {names} | `{setting.Field}` | {initial} | "
            + $"{Cell(setting.IsList ? $"a list, each {setting.Expected}" : setting.Expected)} | {Cell(setting.Words)} |";
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
