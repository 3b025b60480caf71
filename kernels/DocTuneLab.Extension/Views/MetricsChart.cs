using System.Text.Json.Nodes;
using DocTuneLab.Evaluation;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Experiments;

namespace DocTuneLab.Extension.Views;

/// <summary><c>metrics</c>: how the arms of the last evaluation compare.</summary>
internal sealed class MetricsChart : IChart
{
    /// <inheritdoc/>
    public string Name => "metrics";

    /// <inheritdoc/>
    public JsonObject Draw(LabSession lab) => Of(ReportOf(lab));

    /// <summary>Shares of all arms as bars with 95% intervals: over all tasks, then the primary ones over the tasks that training data does
    /// not show, and over those that it shows.</summary>
    public static JsonObject Of(EvaluationReport report)
    {
        var parts = new[] { ("", report.Results), (", unseen", report.Unseen), (", seen", report.Seen) };
        var names = parts.SelectMany(p => p.Item2.SelectMany(r => r.Metrics)
            .Where(m => m.IsShare && (m.Primary || p.Item2 == report.Results))
            .DistinctBy(m => m.Name).Select(m => (m.Name, Words: p.Item1, Arms: p.Item2))).ToArray();
        JsonNode Bars(int arm, string colour)
        {
            var result = report.Results[arm];
            var rows = names.Select(n => n.Arms[arm][n.Name] is { } m ? m with { Title = m.Title + n.Words } : null).OfType<MetricValue>()
                .ToArray();
            return new JsonObject
            {
                ["type"] = "bar",
                ["name"] = result.Arm,
                ["x"] = Figure.Array(rows.Select(r => r.Title)),
                ["y"] = Figure.Array(rows.Select(r => 100 * r.Value)),
                ["marker"] = new JsonObject { ["color"] = colour },
                ["error_y"] = Figure.Intervals(rows, 100),
            };
        }
        var layout = Figure.Layout(string.Join(", ", report.Results.Select(r => r.Arm)), 460);
        layout["barmode"] = "group";
        (layout["xaxis"], layout["yaxis"]) = (Figure.Axis(""), Figure.Axis("per cent, with 95% interval"));
        return new JsonObject
        {
            ["data"] = new JsonArray([.. report.Results.Select((_, i) => Bars(i, Figure.Arms[i % Figure.Arms.Length]))]),
            ["layout"] = layout
        };
    }

    /// <summary>The last evaluation.</summary>
    /// <exception cref="LabException">There is none.</exception>
    internal static EvaluationReport ReportOf(LabSession lab) =>
        lab.Report ?? throw new LabException("there are no metrics yet: run #!evaluate first");
}
