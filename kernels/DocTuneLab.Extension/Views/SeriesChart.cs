using System.Text.Json.Nodes;
using DocTuneLab.Experiments;
using DocTuneLab.Training.Telemetry;

namespace DocTuneLab.Extension.Views;

/// <summary>One series of the last training run.</summary>
/// <param name="name">What stands behind <c>#!chart</c>.</param>
/// <param name="title">What is drawn, with its unit.</param>
/// <param name="value">Its value at a step.</param>
internal sealed class SeriesChart(string name, string title, Func<TrainingStep, double> value) : IChart
{
    public string Name => name;

    public JsonObject Draw(LabSession lab)
    {
        var history = HistoryOf(lab);
        var layout = Figure.Layout(title, 340);
        (layout["xaxis"], layout["yaxis"]) = (Figure.Axis("step"), Figure.Axis(title));
        var line = Figure.Line(title, history.Select(h => (double)h.Step), history.Select(value), 1, new(Figure.Palette[0]));
        return new JsonObject { ["data"] = new JsonArray(line), ["layout"] = layout };
    }

    /// <summary>The steps of the last training run.</summary>
    /// <exception cref="LabException">There is none.</exception>
    public static IReadOnlyList<TrainingStep> HistoryOf(LabSession lab) =>
        lab.Training?.History ?? throw new LabException("there is no training run yet: run #!train first");
}
