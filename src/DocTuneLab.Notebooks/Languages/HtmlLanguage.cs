namespace DocTuneLab.Notebooks.Languages;

/// <summary>HTML, shown as it is.</summary>
internal sealed class HtmlLanguage : ICellLanguage
{
    public string Name => "html";

    public string Description => "HTML, shown as it is.";

    public Task<CellValue?> RunAsync(CellCode code, CellContext cell)
    {
        cell.DisplayMime(new Dictionary<string, object> { ["text/html"] = code.Text, ["text/plain"] = code.Text });
        return Task.FromResult<CellValue?>(null);
    }
}
