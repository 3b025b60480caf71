using System.Text.Json.Nodes;
using DocTuneLab.Experiments;
using DocTuneLab.Training.Telemetry;

namespace DocTuneLab.Extension.Views;

/// <summary><c>dashboard</c>: all that is known of the last training run.</summary>
public sealed class DashboardChart : IChart
{
    /// <inheritdoc/>
    public string Name => "dashboard";

    /// <inheritdoc/>
    public JsonObject Draw(LabSession lab) => Of(SeriesChart.HistoryOf(lab));

    /// <summary>Loss, learning rate, tokens/s, processor and memory of a run as one figure of panels.</summary>
    public static JsonObject Of(IReadOnlyList<TrainingStep> history)
    {
        var steps = history.Select(h => (double)h.Step).ToArray();
        var smooth = new List<double>();
        // Exponential mean over about twenty steps, corrected for its start at zero as in Adam.
        var (mean, weight) = (0.0, 0.0);
        foreach (var h in history)
        {
            (mean, weight) = (0.95 * mean + 0.05 * h.Loss, 0.95 * weight + 0.05);
            smooth.Add(mean / weight);
        }
        var evals = history.Where(h => h.EvalLoss is not null).ToArray();
        var traces = new JsonArray(
            Figure.Line("loss", steps, history.Select(h => h.Loss), 1, new(Figure.Palette[0], Width: 1, Opacity: 0.35)),
            Figure.Line("loss, smoothed", steps, smooth, 1, new(Figure.Palette[0])),
            Figure.Line("validation loss", evals.Select(h => (double)h.Step), evals.Select(h => h.EvalLoss!.Value), 1,
                new(Figure.Palette[2], Markers: true)),
            Figure.Line("learning rate", steps, history.Select(h => h.LearningRate), 2, new(Figure.Palette[1])),
            Figure.Line("tokens/s", steps, history.Select(h => h.TokensPerSecond), 3, new(Figure.Palette[4])),
            Figure.Line("CPU %", steps, history.Select(h => h.CpuPercent), 4, new(Figure.Palette[3])),
            Figure.Line("memory MB", steps, history.Select(h => h.MemoryBytes / 1048576.0), 5, new(Figure.Palette[5])),
            Figure.Line("grad norm", steps, history.Select(h => h.GradNorm), 6, new(Figure.Palette[2])));
        var replayed = history.Where(h => h.ReplayLoss is not null).ToArray();
        if (replayed.Length > 0)
            traces.Add((JsonNode)Figure.Line("replay: divergence from the base", replayed.Select(h => (double)h.Step),
                replayed.Select(h => h.ReplayLoss!.Value), 1, new(Figure.Palette[4], Width: 1, Opacity: 0.8)));
        if (history.Any(h => h.GpuPercent is not null))
        {
            traces.Add((JsonNode)Figure.Line("GPU %", steps, history.Select(h => h.GpuPercent ?? 0), 4, new(Figure.Palette[1])));
            traces.Add((JsonNode)Figure.Line("GPU memory MB", steps, history.Select(h => (h.GpuMemoryBytes ?? 0) / 1048576.0), 5,
                new(Figure.Palette[1])));
        }
        var layout = Figure.Layout("Training", 620);
        layout["grid"] = new JsonObject { ["rows"] = 3, ["columns"] = 2, ["pattern"] = "independent", ["ygap"] = 0.35 };
        string[] titles = ["loss (nats/token)", "learning rate", "tokens/s", "CPU (% of all cores)", "resident memory (MB)", "grad norm"];
        for (var i = 0; i < 6; i++)
        {
            layout["yaxis" + Figure.Suffix(i + 1)] = Figure.Axis(titles[i]);
            layout["xaxis" + Figure.Suffix(i + 1)] = Figure.Axis(i >= 4 ? "step" : "");
        }
        return new JsonObject { ["data"] = traces, ["layout"] = layout };
    }
}
