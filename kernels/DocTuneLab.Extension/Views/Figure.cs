using System.Text.Json.Nodes;
using DocTuneLab.Evaluation.Results;

namespace DocTuneLab.Extension.Views;

/// <summary>Parts of Plotly figures: layout, axes, lines, intervals.</summary>
internal static class Figure
{
    /// <summary>Colours of series.</summary>
    public static readonly string[] Palette = ["#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#a463f2"];

    /// <summary>Colours of arms: what stands for nothing done is grey.</summary>
    public static readonly string[] Arms = ["#9aa3af", "#d9b451", "#4269d0", "#a463f2", "#3ca951", "#ff725c"];

    public static JsonObject Intervals(IEnumerable<MetricValue> values, double scale) => new()
    {
        ["type"] = "data",
        ["symmetric"] = false,
        ["array"] = Array(values.Select(v => scale * (v.Interval.High - v.Value))),
        ["arrayminus"] = Array(values.Select(v => scale * (v.Value - v.Interval.Low))),
        ["thickness"] = 1.2,
        ["width"] = 3,
    };

    public static JsonObject Line(string name, IEnumerable<double> x, IEnumerable<double> y, int panel, LineStyle style) => new()
    {
        ["type"] = "scatter",
        ["mode"] = style.Markers ? "lines+markers" : "lines",
        ["name"] = name,
        ["x"] = Array(x),
        ["y"] = Array(y),
        ["opacity"] = style.Opacity,
        ["xaxis"] = "x" + Suffix(panel),
        ["yaxis"] = "y" + Suffix(panel),
        ["line"] = new JsonObject { ["color"] = style.Colour, ["width"] = style.Width },
        ["showlegend"] = false,
    };

    public static JsonArray Array(IEnumerable<double> values) =>
        [.. values.Select(v => (JsonNode?)JsonValue.Create(double.IsFinite(v) ? Math.Round(v, 7) : 0))];

    public static JsonArray Array(IEnumerable<string> values) => [.. values.Select(v => (JsonNode?)JsonValue.Create(v))];

    public static string Suffix(int panel) => panel == 1 ? "" : panel.ToString();

    public static JsonObject Axis(string title) => new()
    {
        ["title"] = new JsonObject { ["text"] = title, ["standoff"] = 6, ["font"] = new JsonObject { ["size"] = 11 } },
        ["gridcolor"] = "rgba(128,128,128,0.18)",
        ["zeroline"] = false,
        ["automargin"] = true,
    };

    public static JsonObject Layout(string title, int height) => new()
    {
        ["title"] = new JsonObject
        {
            ["text"] = title,
            ["font"] = new JsonObject { ["size"] = 14 },
            ["x"] = 0.01,
            ["xanchor"] = "left",
            ["y"] = 0.98,
            ["yanchor"] = "top"
        },
        ["height"] = height,
        ["paper_bgcolor"] = "rgba(0,0,0,0)",
        ["plot_bgcolor"] = "rgba(0,0,0,0)",
        ["margin"] = new JsonObject { ["l"] = 56, ["r"] = 20, ["t"] = 64, ["b"] = 40 },
        ["legend"] = new JsonObject { ["orientation"] = "h", ["y"] = 1, ["yanchor"] = "bottom", ["x"] = 0 },
    };
}
