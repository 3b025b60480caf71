using System.Net;
using DocTuneLab.Endpoints.Accounting;
using DocTuneLab.Notebooks;
using DocTuneLab.Notebooks.Cells;

namespace DocTuneLab.Extension.Views;

/// <summary>A display that shows one answer of a hosted model after another while it comes, or how a batch stands;
/// the saved notebook keeps the last.</summary>
public sealed class LiveAnswers : IProgress<LiveText>
{
    private readonly CellContext _cell;
    private readonly InTurn _turn = new();
    private DisplayHandle? _shown;

    private LiveAnswers(CellContext cell) => _cell = cell;

    /// <summary>Shows answers below a cell, from the first one on.</summary>
    public static LiveAnswers In(CellContext cell) => new(cell);

    /// <inheritdoc/>
    public void Report(LiveText value)
    {
        var data = new Dictionary<string, object>
        {
            ["text/html"] = $"<details open><summary>{WebUtility.HtmlEncode(value.Title)}</summary><pre "
                + $"style=\"white-space:pre-wrap;max-height:16em;overflow:auto\">{WebUtility.HtmlEncode(value.Text)}</pre></details>",
            ["text/plain"] = $"{value.Title}: {value.Text}",
        };
        _turn.Do(() =>
        {
            if (_shown is null) _shown = _cell.DisplayMime(data);
            else _shown.UpdateMime(data);
        });
    }
}
