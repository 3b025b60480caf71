using DocTuneLab.Conversations;
using DocTuneLab.Evaluation.Reports;
using DocTuneLab.Experiments;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Extension.Magics;
using DocTuneLab.Extension.Views;
using DocTuneLab.Notebooks;
using DocTuneLab.Prompts.Tuning;
using DocTuneLab.Training.Devices;
using Microsoft.Data.Sqlite;

namespace DocTuneLab.Extension;

/// <summary>The lab as seen from a notebook cell: magics over <see cref="LabSession"/>, which cells reach as <c>lab</c>.</summary>
public sealed class LabExtension : INotebookExtension
{
    /// <inheritdoc/>
    public string Name => "DocTuneLab";

    /// <inheritdoc/>
    public void Load(IExtensionHost host)
    {
        ArgumentNullException.ThrowIfNull(host);
        LibTorch.Prepare(); // Cells may use TorchSharp before the lab does.
        var lab = new LabSession();
        host.AddReferences(typeof(LabExtension).Assembly, typeof(Plotly.NET.CSharp.Chart).Assembly);
        host.AddUsings("DocTuneLab", "DocTuneLab.Conversations", "DocTuneLab.Documents", "DocTuneLab.Documents.Model", "DocTuneLab.Corpus",
            "DocTuneLab.Corpus.Formats", "DocTuneLab.Corpus.Structural", "DocTuneLab.Corpus.Validation", "DocTuneLab.Evaluation",
            "DocTuneLab.Evaluation.Results", "DocTuneLab.Experiments", "DocTuneLab.Experiments.Stages", "DocTuneLab.Extension.Views",
            "DocTuneLab.Prompts");
        host.SetValue("lab", lab);
        host.AddSqlConnection("lab", () => new SqliteConnection(lab.Storage.SqliteConnectionString));
        host.AddFormatter<Plotly.NET.GenericChart>("text/html", chart => Charts.Html(CellContext.Current, chart));
        host.AddFormatter<Plotly.NET.GenericChart>("text/plain", _ => "[chart]");
        host.AddFormatter<TorchSharp.torch.Tensor>("text/html", TensorFormat.Html);
        host.AddFormatter<TorchSharp.torch.Tensor>("text/plain", TensorFormat.Text);
        host.AddFormatter<PromptTuningResult>("text/html",
            result => Summary.Table(TuningArguments.Table(result)) + Charts.Html(CellContext.Current, Charts.Candidates(result))
                + $"<p>{System.Net.WebUtility.HtmlEncode(TuningArguments.Chosen(result))}</p>");
        host.AddFormatter<PromptTuningResult>("text/plain", TuningArguments.Text);
        host.AddFormatter<GuidedText>("text/html", GuideView.Html);
        host.AddFormatter<GuidedText>("text/plain", GuideView.Plain);
        LabMagics.AddTo(host, lab);
        DocsMagics.AddTo(host, lab);
        PromptMagics.AddTo(host, lab);
        CorpusMagics.AddTo(host, lab);
        TrainMagics.AddTo(host, lab);
        EvaluateMagics.AddTo(host, lab);
        AskMagic.AddTo(host, lab);
        ChartMagics.AddTo(host, lab);
    }
}
