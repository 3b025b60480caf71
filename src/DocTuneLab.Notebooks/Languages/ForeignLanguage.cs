using System.CommandLine;

namespace DocTuneLab.Notebooks.Languages;

/// <summary>A language of other notebooks that is not run here. Its cells are kept, and say so when they are run.</summary>
internal sealed class ForeignLanguage(string name, string title, params string[] aliases) : ICellLanguage
{
    public static readonly IReadOnlyList<ForeignLanguage> All =
    [
        new("fsharp", "F#", "f#", "fs"),
        new("pwsh", "PowerShell", "powershell"),
        new("kql", "Kusto"),
        new("http", "HTTP"),
        new("python", "Python"),
        new("r", "R"),
        new("vb", "Visual Basic"),
    ];

    public string Name => name;

    public string Description => $"{title}: not run here.";

    public IReadOnlyList<string> Aliases => aliases;

    public void Configure(Command command)
    {
        command.Hidden = true;
        command.TreatUnmatchedTokensAsErrors = false;
    }

    public Task<CellValue?> RunAsync(CellCode code, CellContext cell) => throw new NotebookException(
        $"{title} is not run here: this kernel runs C#, SQL, HTML, JavaScript, Mermaid and Markdown. "
        + "Rewrite the cell in C#, or take it out of the notebook.");
}
