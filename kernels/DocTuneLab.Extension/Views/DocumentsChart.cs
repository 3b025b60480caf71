using System.Text.Json.Nodes;
using DocTuneLab.Evaluation;
using DocTuneLab.Evaluation.Metrics;
using DocTuneLab.Evaluation.Statistics;
using DocTuneLab.Experiments;

namespace DocTuneLab.Extension.Views;

/// <summary><c>documents</c>: where the arms of the last evaluation do well.</summary>
public sealed class DocumentsChart : IChart
{
    /// <inheritdoc/>
    public string Name => "documents";

    /// <inheritdoc/>
    public JsonObject Draw(LabSession lab) => Of(MetricsChart.ReportOf(lab));

    /// <summary>Which documents each arm does well on: share of tasks that compile, pass and are answered right.</summary>
    public static JsonObject Of(EvaluationReport report)
    {
        (string Name, string Title)[] shown =
        [
            (MetricNames.CompileRate, "compiles"), (MetricNames.ApiRecall, "recall"),
            (MetricNames.Pass1, "pass@1"), (MetricNames.QaAccuracy, "questions")
        ];
        var columns = shown
            .SelectMany(s =>
                report.Results.Where(r => r[s.Name] is not null).Select(r => (Title: $"{s.Title}, {r.Arm}", r[s.Name]!.Observations)))
            .ToList();
        var documents = columns.SelectMany(c => c.Observations).Select(o => o.Cluster).Distinct(StringComparer.Ordinal)
            .OrderDescending(StringComparer.Ordinal).ToList();
        var rows = new JsonArray([.. documents.Select(d => (JsonNode)new JsonArray([.. columns.Select(c =>
        {
            var share = Bootstrap.Estimate(c.Observations.Where(o => o.Cluster == d));
            return double.IsNaN(share) ? null : (JsonNode)JsonValue.Create(Math.Round(100 * share));
        })]))]);
        var layout = Figure.Layout("Per cent by document", 80 + (22 * documents.Count));
        (layout["xaxis"], layout["yaxis"]) = (Figure.Axis(""), Figure.Axis(""));
        return new JsonObject
        {
            ["data"] = new JsonArray(new JsonObject
            {
                ["type"] = "heatmap",
                ["x"] = Figure.Array(columns.Select(c => c.Title)),
                ["y"] = Figure.Array(documents),
                ["z"] = rows,
                ["zmin"] = 0,
                ["zmax"] = 100,
                ["colorscale"] = new JsonArray(new JsonArray(0, "rgba(66,105,208,0.05)"), new JsonArray(1, "rgb(66,105,208)")),
                ["texttemplate"] = "%{z}",
                ["xgap"] = 1,
                ["ygap"] = 1,
                ["showscale"] = false,
            }),
            ["layout"] = layout,
        };
    }
}
