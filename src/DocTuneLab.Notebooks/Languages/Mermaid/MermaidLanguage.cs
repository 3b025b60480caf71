namespace DocTuneLab.Notebooks.Languages.Mermaid;

/// <summary>Mermaid diagrams, drawn by the front end.</summary>
internal sealed class MermaidLanguage : ICellLanguage
{
    public string Name => "mermaid";

    public string Description => "A Mermaid diagram.";

    public Task<CellValue?> RunAsync(CellCode code, CellContext cell)
    {
        MermaidDiagram.Show(cell, code.Text);
        return Task.FromResult<CellValue?>(null);
    }
}
