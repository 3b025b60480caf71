using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Evaluation;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Notebooks;
using DocTuneLab.Prompts.Tuning;
using DocTuneLab.Text;
using DocTuneLab.Training.Telemetry;

namespace DocTuneLab.Extension.Views;

/// <summary>
/// Plotly figures for a cell. plotly.js (from Plotly.NET's assembly) is sent once per notebook, so that charts draw offline;
/// each figure waits for it, and also goes out as <c>application/vnd.plotly.v1+json</c>.
/// </summary>
public static class Charts
{
    private const string Loaded = "DocTuneLab.Extension.Charts.plotly";
    private static readonly string[] s_palette = ["#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#a463f2"];
    // What stands for nothing done is grey.
    private static readonly string[] s_arms = ["#9aa3af", "#d9b451", "#4269d0", "#a463f2", "#3ca951", "#ff725c"];

    /// <summary>Loss, learning rate, tokens/s, processor and memory of a run as one figure of panels.</summary>
    public static JsonObject Dashboard(IReadOnlyList<TrainingStep> history)
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
            Line("loss", steps, history.Select(h => h.Loss), 1, s_palette[0], width: 1, opacity: 0.35),
            Line("loss, smoothed", steps, smooth, 1, s_palette[0]),
            Line("validation loss", evals.Select(h => (double)h.Step), evals.Select(h => h.EvalLoss!.Value), 1, s_palette[2],
                markers: true),
            Line("learning rate", steps, history.Select(h => h.LearningRate), 2, s_palette[1]),
            Line("tokens/s", steps, history.Select(h => h.TokensPerSecond), 3, s_palette[4]),
            Line("CPU %", steps, history.Select(h => h.CpuPercent), 4, s_palette[3]),
            Line("memory MB", steps, history.Select(h => h.MemoryBytes / 1048576.0), 5, s_palette[5]),
            Line("grad norm", steps, history.Select(h => h.GradNorm), 6, s_palette[2]));
        var replayed = history.Where(h => h.ReplayLoss is not null).ToArray();
        if (replayed.Length > 0)
            traces.Add((JsonNode)Line("replay: divergence from the base", replayed.Select(h => (double)h.Step),
                replayed.Select(h => h.ReplayLoss!.Value), 1, s_palette[4], width: 1, opacity: 0.8));
        if (history.Any(h => h.GpuPercent is not null))
        {
            traces.Add((JsonNode)Line("GPU %", steps, history.Select(h => h.GpuPercent ?? 0), 4, s_palette[1]));
            traces.Add((JsonNode)Line("GPU memory MB", steps, history.Select(h => (h.GpuMemoryBytes ?? 0) / 1048576.0), 5, s_palette[1]));
        }
        var layout = Layout("Training", 620);
        layout["grid"] = new JsonObject { ["rows"] = 3, ["columns"] = 2, ["pattern"] = "independent", ["ygap"] = 0.35 };
        string[] titles = ["loss (nats/token)", "learning rate", "tokens/s", "CPU (% of all cores)", "resident memory (MB)", "grad norm"];
        for (var i = 0; i < 6; i++)
        {
            layout["yaxis" + Suffix(i + 1)] = Axis(titles[i]);
            layout["xaxis" + Suffix(i + 1)] = Axis(i >= 4 ? "step" : "");
        }
        return new JsonObject { ["data"] = traces, ["layout"] = layout };
    }

    /// <summary>One series of a run: <c>loss</c>, <c>lr</c>, <c>throughput</c> or <c>memory</c>.</summary>
    public static JsonObject Series(IReadOnlyList<TrainingStep> history, string name)
    {
        var (title, value) = name switch
        {
            "loss" => ("loss (nats/token)", (Func<TrainingStep, double>)(h => h.Loss)),
            "lr" => ("learning rate", h => h.LearningRate),
            "throughput" => ("tokens/s", h => h.TokensPerSecond),
            "memory" => ("resident memory (MB)", h => h.MemoryBytes / 1048576.0),
            _ => throw new LabException($"no chart '{name}'; there are loss, lr, throughput, memory, dashboard and metrics"),
        };
        var layout = Layout(title, 340);
        (layout["xaxis"], layout["yaxis"]) = (Axis("step"), Axis(title));
        return new JsonObject
        {
            ["data"] = new JsonArray(Line(title, history.Select(h => (double)h.Step), history.Select(value), 1, s_palette[0])),
            ["layout"] = layout
        };
    }

    /// <summary>Shares of all arms as bars with 95% intervals.</summary>
    public static JsonObject Metrics(EvaluationReport report)
    {
        var names = report.Results.SelectMany(r => r.Metrics).Where(m => m.IsShare).DistinctBy(m => m.Name).ToArray();
        JsonNode Bars(EvaluationResult result, string colour)
        {
            var rows = names.Select(n => result[n.Name]).OfType<MetricValue>().ToArray();
            return new JsonObject
            {
                ["type"] = "bar",
                ["name"] = result.Arm,
                ["x"] = Array(rows.Select(r => r.Title)),
                ["y"] = Array(rows.Select(r => 100 * r.Value)),
                ["marker"] = new JsonObject { ["color"] = colour },
                ["error_y"] = Intervals(rows, 100),
            };
        }
        var layout = Layout(string.Join(", ", report.Results.Select(r => r.Arm)), 460);
        layout["barmode"] = "group";
        (layout["xaxis"], layout["yaxis"]) = (Axis(""), Axis("per cent, with 95% interval"));
        return new JsonObject
        {
            ["data"] = new JsonArray([.. report.Results.Select((r, i) => Bars(r, s_arms[i % s_arms.Length]))]),
            ["layout"] = layout
        };
    }

    /// <summary>A metric of every arm over a growing setting, with 95% intervals: a learning curve.</summary>
    /// <param name="points">Evaluations by the setting, such as samples per symbol.</param>
    /// <param name="metric">Name of the metric, such as <c>api_recall</c>.</param>
    /// <param name="setting">What grows, for the axis.</param>
    /// <exception cref="LabException">No evaluation has the metric.</exception>
    public static JsonObject Curve(IReadOnlyList<(double Setting, EvaluationReport Report)> points, string metric, string setting)
    {
        var measured = points
            .SelectMany(p => p.Report.Results.Where(r => r[metric] is not null).Select(r => (p.Setting, r.Arm, Value: r[metric]!)))
            .OrderBy(m => m.Setting)
            .ToArray();
        if (measured.Length == 0) throw new LabException(
            $"no evaluation has a metric '{metric}'; there are {string.Join(", ", points.SelectMany(p => p.Report.Results).SelectMany(r => r.Metrics).Select(m => m.Name).Distinct(StringComparer.Ordinal))}");
        var scale = measured[0].Value.IsShare ? 100.0 : 1;
        var layout = Layout(measured[0].Value.Title, 360);
        (layout["xaxis"], layout["yaxis"]) = (Axis(setting), Axis(scale > 1 ? "per cent, with 95% interval" : "with 95% interval"));
        layout["xaxis"]!["type"] = "log";
        layout["xaxis"]!["tickvals"] = Array(points.Select(p => p.Setting).Distinct());
        layout["xaxis"]!["ticktext"] = Array(
            points.Select(p => p.Setting).Distinct().Select(v => v.ToString("0.##", System.Globalization.CultureInfo.InvariantCulture)));
        return new JsonObject
        {
            ["data"] = new JsonArray([.. measured.GroupBy(m => m.Arm, StringComparer.Ordinal).Select((g, i) => (JsonNode)new JsonObject
            {
                ["type"] = "scatter", ["mode"] = "lines+markers", ["name"] = g.Key, ["x"] = Array(g.Select(m => m.Setting)),
                ["y"] = Array(g.Select(m => scale * m.Value.Value)),
                ["line"] = new JsonObject { ["color"] = s_arms[i % s_arms.Length] }, ["error_y"] = Intervals(g.Select(m => m.Value), scale),
            })]),
            ["layout"] = layout,
        };
    }

    /// <summary>Shares of one arm in several runs, side by side: an ablation.</summary>
    /// <param name="runs">Evaluations by what was changed.</param>
    /// <param name="metrics">Names of the metrics.</param>
    /// <param name="arm">Which arm is shown.</param>
    public static JsonObject Ablation(IReadOnlyList<(string Change, EvaluationReport Report)> runs, IReadOnlyList<string> metrics,
        string arm = "tuned")
    {
        var rows = runs.SelectMany(r => r.Report.Results.Where(x => x.Arm == arm).Select(x => (r.Change, Result: x))).ToArray();
        var layout = Layout($"{arm}, by what was changed", 420);
        layout["barmode"] = "group";
        (layout["xaxis"], layout["yaxis"]) = (Axis(""), Axis("per cent, with 95% interval"));
        return new JsonObject
        {
            ["data"] = new JsonArray([.. metrics
                .Select((m, i) => (Values: rows.Where(r => r.Result[m] is not null).Select(r => (r.Change, Value: r.Result[m]!)).ToArray(),
                    Colour: s_palette[i % s_palette.Length]))
                .Where(m => m.Values.Length > 0)
                .Select(m => (JsonNode)new JsonObject
            {
                ["type"] = "bar",
                ["name"] = m.Values[0].Value.Title,
                ["x"] = Array(m.Values.Select(v => v.Change)),
                ["y"] = Array(m.Values.Select(v => 100 * v.Value.Value)),
                ["marker"] = new JsonObject { ["color"] = m.Colour },
                ["error_y"] = Intervals(m.Values.Select(v => v.Value), 100),
            })]),
            ["layout"] = layout,
        };
    }

    private static JsonObject Intervals(IEnumerable<MetricValue> values, double scale) => new()
    {
        ["type"] = "data",
        ["symmetric"] = false,
        ["array"] = Array(values.Select(v => scale * (v.Interval.High - v.Value))),
        ["arrayminus"] = Array(values.Select(v => scale * (v.Value - v.Interval.Low))),
        ["thickness"] = 1.2,
        ["width"] = 3,
    };

    /// <summary>Which documents each arm does well on: share of tasks that compile, pass and are answered right.</summary>
    public static JsonObject Documents(EvaluationReport report)
    {
        (string Name, string Title)[] shown =
        [
            (Evaluation.Metrics.MetricNames.CompileRate, "compiles"), (Evaluation.Metrics.MetricNames.ApiRecall, "recall"),
            (Evaluation.Metrics.MetricNames.Pass1, "pass@1"), (Evaluation.Metrics.MetricNames.QaAccuracy, "questions")
        ];
        var columns = shown
            .SelectMany(s =>
                report.Results.Where(r => r[s.Name] is not null).Select(r => (Title: $"{s.Title}, {r.Arm}", r[s.Name]!.Observations)))
            .ToList();
        var documents = columns.SelectMany(c => c.Observations).Select(o => o.Cluster).Distinct(StringComparer.Ordinal)
            .OrderDescending(StringComparer.Ordinal).ToList();
        var rows = new JsonArray([.. documents.Select(d => (JsonNode)new JsonArray([.. columns.Select(c =>
        {
            var share = Evaluation.Statistics.Bootstrap.Estimate(c.Observations.Where(o => o.Cluster == d));
            return double.IsNaN(share) ? null : (JsonNode)JsonValue.Create(Math.Round(100 * share));
        })]))]);
        var layout = Layout("Per cent by document", 80 + (22 * documents.Count));
        (layout["xaxis"], layout["yaxis"]) = (Axis(""), Axis(""));
        return new JsonObject
        {
            ["data"] = new JsonArray(new JsonObject
            {
                ["type"] = "heatmap", ["x"] = Array(columns.Select(c => c.Title)), ["y"] = Array(documents), ["z"] = rows, ["zmin"] = 0,
                ["zmax"] = 100,
                ["colorscale"] = new JsonArray(new JsonArray(0, "rgba(66,105,208,0.05)"), new JsonArray(1, "rgb(66,105,208)")),
                ["texttemplate"] = "%{z}", ["xgap"] = 1, ["ygap"] = 1, ["showscale"] = false,
            }),
            ["layout"] = layout,
        };
    }

    /// <summary>Samples of each kind, accepted and rejected.</summary>
    public static JsonObject Corpus(GeneratedCorpus corpus)
    {
        JsonObject Bars(string name, string colour, Func<KindAccount, int> count) => new()
        {
            ["type"] = "bar",
            ["name"] = name,
            ["x"] = Array(corpus.Accounts.Select(a => a.Label)),
            ["y"] = Array(corpus.Accounts.Select(a => (double)count(a))),
            ["marker"] = new JsonObject { ["color"] = colour },
        };
        var layout = Layout("Samples by kind", 340);
        layout["barmode"] = "stack";
        (layout["xaxis"], layout["yaxis"]) = (Axis(""), Axis("samples"));
        return new JsonObject
        {
            ["data"] = new JsonArray(Bars("accepted", s_palette[4], a => a.Accepted),
                Bars("rejected", "#9aa3af", a => a.Rejected.Values.Sum())),
            ["layout"] = layout
        };
    }

    /// <summary>The library as a treemap: types hold their members, colour says how often accepted samples use or ask about them.</summary>
    public static JsonObject Coverage(CoverageLedger ledger)
    {
        var members = ledger.Symbols.Where(s => !s.Id.StartsWith("T:", StringComparison.Ordinal))
            .Select(s => (Symbol: s, Path: s.Id[2..].Split('(')[0]))
            .Select(m => (m.Symbol, Type: m.Path[..m.Path.LastIndexOf('.')], Name: m.Path[(m.Path.LastIndexOf('.') + 1)..]))
            .ToArray();
        var types = members.Select(m => m.Type).Distinct(StringComparer.Ordinal).ToArray();
        static string Short(string type) => type[(type.LastIndexOf('.') + 1)..];
        var layout = Layout("Coverage: samples per member", 560);
        layout["margin"] = new JsonObject { ["l"] = 4, ["r"] = 4, ["t"] = 40, ["b"] = 4 };
        var colours = types.Select(t => members.Where(m => m.Type == t).Average(m => (double)(m.Symbol.Used + m.Symbol.Asked)))
            .Concat(members.Select(m => (double)(m.Symbol.Used + m.Symbol.Asked)))
            .ToArray();
        return new JsonObject
        {
            ["data"] = new JsonArray(new JsonObject
            {
                ["type"] = "treemap", ["ids"] = Array(types.Concat(members.Select(m => m.Symbol.Id))),
                ["labels"] = Array(types.Select(Short).Concat(members.Select(m => m.Name))),
                ["parents"] = Array(types.Select(_ => "").Concat(members.Select(m => m.Type))),
                ["values"] = Array(types.Select(_ => 0.0).Concat(members.Select(_ => 1.0))),
                ["text"] = Array(types.Select(_ => "")
                    .Concat(members.Select(m => $"documented {m.Symbol.Documented}, asked {m.Symbol.Asked}<br>in compiling code "
                        + $"{m.Symbol.Compiled}, accepted {m.Symbol.Used}<br>in held-out tasks {m.Symbol.HeldOut}"))),
                ["hovertemplate"] = "%{label}<br>%{text}<extra></extra>",
                ["marker"] = new JsonObject
                {
                    ["colors"] = Array(colours),
                    ["colorscale"] = "YlGnBu",
                    ["cmin"] = 0,
                    ["cmax"] = Math.Max(1, colours.Order().ElementAtOrDefault(colours.Length * 9 / 10)),
                    ["showscale"] = true
                },
            }), ["layout"] = layout,
        };
    }

    /// <summary>Prompt candidates by what they cost and how they score, with intervals.</summary>
    public static JsonObject Candidates(PromptTuningResult result)
    {
        JsonNode Points(string how, int colour)
        {
            var rows = result.Table.Where(t => t.How == how).ToArray();
            return new JsonObject
            {
                ["type"] = "scatter", ["mode"] = "markers", ["name"] = how, ["x"] = Array(rows.Select(r => r.Measures.Tokens)),
                ["y"] = Array(rows.Select(r => r.Score)),
                ["hovertext"] = Array(rows.Select(r => $"{r.Template.Name}, {r.Examples} examples")), ["hoverinfo"] = "text+y",
                ["marker"] = new JsonObject { ["size"] = 9, ["color"] = s_palette[colour] },
                ["error_y"] = new JsonObject
                {
                    ["type"] = "data",
                    ["symmetric"] = false,
                    ["array"] = Array(rows.Select(r => r.ScoreHigh - r.Score)),
                    ["arrayminus"] = Array(rows.Select(r => r.Score - r.ScoreLow)),
                    ["thickness"] = 1,
                    ["width"] = 3
                },
            };
        }
        var layout = Layout($"Candidates: {result.Winner.Name.Split('+')[0].Split('.')[0]}", 380);
        (layout["xaxis"], layout["yaxis"]) = (Axis("tokens per example"), Axis("score (more is better), with 95% interval"));
        var winner = result.Table[0];
        layout["annotations"] = new JsonArray(new JsonObject
        {
            ["x"] = winner.Measures.Tokens,
            ["y"] = winner.Score,
            ["text"] = $"<b>{winner.Template.Name}</b>",
            ["ax"] = 60,
            ["ay"] = 70,
            ["arrowwidth"] = 1,
            ["arrowhead"] = 2,
            ["bgcolor"] = "rgba(128,128,128,0.25)",
            ["borderpad"] = 3
        });
        return new JsonObject
        {
            ["data"] = new JsonArray([.. ((string[])["given", "format", "reflection", "demonstrations"])
                .Where(h => result.Table.Any(t => t.How == h))
                .Select(Points)]),
            ["layout"] = layout
        };
    }

    /// <summary>Shows a figure in the cell.</summary>
    public static DisplayHandle Show(CellContext cell, JsonObject figure) => cell.DisplayMime(Mime(cell, figure));

    /// <summary>A chart that a cell made with Plotly.NET, drawn as ours are: offline.</summary>
    internal static string Html(CellContext cell, Plotly.NET.GenericChart chart) =>
        Html(cell, JsonNode.Parse(Plotly.NET.GenericChart.toFigureJson(chart))!.AsObject());

    /// <summary>A figure as HTML.</summary>
    internal static string Html(CellContext cell, JsonObject figure) => (string)Mime(cell, figure)["text/html"];

    /// <summary>MIME forms of a figure; the first of a notebook carries plotly.js.</summary>
    public static IReadOnlyDictionary<string, object> Mime(CellContext cell, JsonObject figure)
    {
        if (cell.Items.TryAdd(Loaded, true))
            cell.DisplayMime(new Dictionary<string, object>
            {
                ["text/html"] = $"<script>(function(){{var define,module,exports,require;\n{Library()}\n}}).call(window);</script>",
                ["text/plain"] = "plotly.js"
            });
        var id = "chart-" + ContentHash.Of(figure.ToJsonString(), Guid.NewGuid().ToString())[..12];
        var json = figure.ToJsonString().Replace("</", "<\\/", StringComparison.Ordinal);
        var html = $$"""
            <div id="{{id}}" class="plotly-chart"></div>
            <script>(function draw(n){var e=document.getElementById("{{id}}");if(!window.Plotly||!e){if(n<200)setTimeout(function(){draw(n+1)},50);return}
            var f={{json}};var dark=window.matchMedia&&matchMedia("(prefers-color-scheme: dark)").matches;f.layout.font={family:"system-ui, sans-serif",size:12,color:dark?"#d7dbe2":"#30343b"};
            Plotly.newPlot(e,f.data,f.layout,{responsive:true,displaylogo:false,displayModeBar:"hover"})})(0);</script>
            """;
        return new Dictionary<string, object>
        {
            ["text/html"] = html, ["application/vnd.plotly.v1+json"] = JsonSerializer.Deserialize<JsonElement>(figure.ToJsonString()),
            ["text/plain"] = "[chart: " + ((string?)figure["layout"]?["title"]?["text"] ?? "figure") + "]",
        };
    }

    private static string Library()
    {
        var assembly = typeof(Plotly.NET.Chart).Assembly;
        var name = assembly.GetManifestResourceNames().First(n => n.EndsWith(".min.js", StringComparison.Ordinal));
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd().Replace("</script", "<\\/script", StringComparison.OrdinalIgnoreCase);
    }

    private static JsonObject Line(string name, IEnumerable<double> x, IEnumerable<double> y, int panel, string colour, double width = 2,
        double opacity = 1, bool markers = false) => new()
    {
        ["type"] = "scatter", ["mode"] = markers ? "lines+markers" : "lines", ["name"] = name, ["x"] = Array(x), ["y"] = Array(y),
        ["opacity"] = opacity,
        ["xaxis"] = "x" + Suffix(panel), ["yaxis"] = "y" + Suffix(panel),
        ["line"] = new JsonObject { ["color"] = colour, ["width"] = width }, ["showlegend"] = false,
    };

    private static JsonArray Array(IEnumerable<double> values) =>
        [.. values.Select(v => (JsonNode?)JsonValue.Create(double.IsFinite(v) ? Math.Round(v, 7) : 0))];

    private static JsonArray Array(IEnumerable<string> values) => [.. values.Select(v => (JsonNode?)JsonValue.Create(v))];

    private static string Suffix(int panel) => panel == 1 ? "" : panel.ToString();

    private static JsonObject Axis(string title) => new()
    {
        ["title"] = new JsonObject { ["text"] = title, ["standoff"] = 6, ["font"] = new JsonObject { ["size"] = 11 } },
        ["gridcolor"] = "rgba(128,128,128,0.18)",
        ["zeroline"] = false,
        ["automargin"] = true,
    };

    private static JsonObject Layout(string title, int height) => new()
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
        ["height"] = height, ["paper_bgcolor"] = "rgba(0,0,0,0)", ["plot_bgcolor"] = "rgba(0,0,0,0)",
        ["margin"] = new JsonObject { ["l"] = 56, ["r"] = 20, ["t"] = 64, ["b"] = 40 },
        ["legend"] = new JsonObject { ["orientation"] = "h", ["y"] = 1, ["yanchor"] = "bottom", ["x"] = 0 },
    };
}
