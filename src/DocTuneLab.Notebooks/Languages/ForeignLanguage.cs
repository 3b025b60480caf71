using System.CommandLine;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Hosting;

namespace DocTuneLab.Notebooks.Languages;

/// <summary>Languages of other notebooks that are not run here. Their cells are kept, and say so when they are run.</summary>
internal static class Foreign
{
    private static readonly Dictionary<string, (string Title, string[] Aliases)> Languages = new(StringComparer.Ordinal)
    {
        ["fsharp"] = ("F#", ["f#", "fs"]),
        ["pwsh"] = ("PowerShell", ["powershell"]),
        ["kql"] = ("Kusto", []),
        ["http"] = ("HTTP", []),
        ["python"] = ("Python", []),
        ["r"] = ("R", []),
        ["vb"] = ("Visual Basic", []),
    };

    /// <summary>Names and aliases, without <c>#!</c>.</summary>
    public static IEnumerable<string> Names => Languages.SelectMany(language => language.Value.Aliases.Prepend(language.Key));

    public static void AddTo(NotebookSession session)
    {
        foreach (var (name, (title, aliases)) in Languages)
        {
            var command = new Command("#!" + name, $"{title}: not run here.") { Hidden = true, TreatUnmatchedTokensAsErrors = false };
            foreach (var alias in aliases)
                command.Aliases.Add("#!" + alias);
            command.SetCellAction((_, _) => throw new NotebookException(
                $"{title} is not run here: this kernel runs C#, SQL, HTML, JavaScript, Mermaid and Markdown. Rewrite the cell in C#, or take it out of the notebook."));
            session.AddMagic(command, MagicKind.Language);
        }
    }
}
