using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Evaluation;
using DocTuneLab.Notebooks;
using DocTuneLab.Prompts.Tuning;
using DocTuneLab.Text;

namespace DocTuneLab.Extension.Views;

/// <summary>
/// Plotly figures for a cell. plotly.js (from Plotly.NET's assembly) is sent once per notebook, so that charts draw offline;
/// each figure waits for it, and also goes out as <c>application/vnd.plotly.v1+json</c>.
/// </summary>
public static class Charts
{
    private const string Loaded = "DocTuneLab.Extension.Charts.plotly";

    /// <summary>What <c>#!chart</c> draws. A new one is a class in a file of its own and a line here; a notebook adds its own.</summary>
    public static Registry<IChart> All { get; } = new("chart", c => c.Name,
    [
        new SeriesChart("loss", "loss (nats/token)", h => h.Loss),
        new SeriesChart("lr", "learning rate", h => h.LearningRate),
        new SeriesChart("throughput", "tokens/s", h => h.TokensPerSecond),
        new SeriesChart("memory", "resident memory (MB)", h => h.MemoryBytes / 1048576.0),
        new DashboardChart(),
        new MetricsChart(),
        new DocumentsChart(),
    ]);

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
        var layout = Figure.Layout(measured[0].Value.Title, 360);
        (layout["xaxis"], layout["yaxis"]) =
            (Figure.Axis(setting), Figure.Axis(scale > 1 ? "per cent, with 95% interval" : "with 95% interval"));
        layout["xaxis"]!["type"] = "log";
        layout["xaxis"]!["tickvals"] = Figure.Array(points.Select(p => p.Setting).Distinct());
        layout["xaxis"]!["ticktext"] = Figure.Array(
            points.Select(p => p.Setting).Distinct().Select(v => v.ToString("0.##", System.Globalization.CultureInfo.InvariantCulture)));
        return new JsonObject
        {
            ["data"] = new JsonArray([.. measured.GroupBy(m => m.Arm, StringComparer.Ordinal).Select((g, i) => (JsonNode)new JsonObject
            {
                ["type"] = "scatter", ["mode"] = "lines+markers", ["name"] = g.Key, ["x"] = Figure.Array(g.Select(m => m.Setting)),
                ["y"] = Figure.Array(g.Select(m => scale * m.Value.Value)),
                ["line"] = new JsonObject { ["color"] = Figure.Arms[i % Figure.Arms.Length] },
                ["error_y"] = Figure.Intervals(g.Select(m => m.Value), scale),
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
        var layout = Figure.Layout($"{arm}, by what was changed", 420);
        layout["barmode"] = "group";
        (layout["xaxis"], layout["yaxis"]) = (Figure.Axis(""), Figure.Axis("per cent, with 95% interval"));
        return new JsonObject
        {
            ["data"] = new JsonArray([.. metrics
                .Select((m, i) => (Values: rows.Where(r => r.Result[m] is not null).Select(r => (r.Change, Value: r.Result[m]!)).ToArray(),
                    Colour: Figure.Palette[i % Figure.Palette.Length]))
                .Where(m => m.Values.Length > 0)
                .Select(m => (JsonNode)new JsonObject
            {
                ["type"] = "bar",
                ["name"] = m.Values[0].Value.Title,
                ["x"] = Figure.Array(m.Values.Select(v => v.Change)),
                ["y"] = Figure.Array(m.Values.Select(v => 100 * v.Value.Value)),
                ["marker"] = new JsonObject { ["color"] = m.Colour },
                ["error_y"] = Figure.Intervals(m.Values.Select(v => v.Value), 100),
            })]),
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
            ["x"] = Figure.Array(corpus.Accounts.Select(a => a.Label)),
            ["y"] = Figure.Array(corpus.Accounts.Select(a => (double)count(a))),
            ["marker"] = new JsonObject { ["color"] = colour },
        };
        var layout = Figure.Layout("Samples by kind", 340);
        layout["barmode"] = "stack";
        (layout["xaxis"], layout["yaxis"]) = (Figure.Axis(""), Figure.Axis("samples"));
        return new JsonObject
        {
            ["data"] = new JsonArray(Bars("accepted", Figure.Palette[4], a => a.Accepted),
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
        var layout = Figure.Layout("Coverage: samples per member", 560);
        layout["margin"] = new JsonObject { ["l"] = 4, ["r"] = 4, ["t"] = 40, ["b"] = 4 };
        var colours = types.Select(t => members.Where(m => m.Type == t).Average(m => (double)(m.Symbol.Used + m.Symbol.Asked)))
            .Concat(members.Select(m => (double)(m.Symbol.Used + m.Symbol.Asked)))
            .ToArray();
        return new JsonObject
        {
            ["data"] = new JsonArray(new JsonObject
            {
                ["type"] = "treemap",
                ["ids"] = Figure.Array(types.Concat(members.Select(m => m.Symbol.Id))),
                ["labels"] = Figure.Array(types.Select(Short).Concat(members.Select(m => m.Name))),
                ["parents"] = Figure.Array(types.Select(_ => "").Concat(members.Select(m => m.Type))),
                ["values"] = Figure.Array(types.Select(_ => 0.0).Concat(members.Select(_ => 1.0))),
                ["text"] = Figure.Array(types.Select(_ => "")
                    .Concat(members.Select(m => $"documented {m.Symbol.Documented}, asked {m.Symbol.Asked}<br>in compiling code "
                        + $"{m.Symbol.Compiled}, accepted {m.Symbol.Used}<br>in held-out tasks {m.Symbol.HeldOut}"))),
                ["hovertemplate"] = "%{label}<br>%{text}<extra></extra>",
                ["marker"] = new JsonObject
                {
                    ["colors"] = Figure.Array(colours),
                    ["colorscale"] = "YlGnBu",
                    ["cmin"] = 0,
                    ["cmax"] = Math.Max(1, colours.Order().ElementAtOrDefault(colours.Length * 9 / 10)),
                    ["showscale"] = true
                },
            }),
            ["layout"] = layout,
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
                ["type"] = "scatter",
                ["mode"] = "markers",
                ["name"] = how,
                ["x"] = Figure.Array(rows.Select(r => r.Measures.Tokens)),
                ["y"] = Figure.Array(rows.Select(r => r.Score)),
                ["hovertext"] = Figure.Array(rows.Select(r => $"{r.Template.Name}, {r.Examples} examples")),
                ["hoverinfo"] = "text+y",
                ["marker"] = new JsonObject { ["size"] = 9, ["color"] = Figure.Palette[colour] },
                ["error_y"] = new JsonObject
                {
                    ["type"] = "data",
                    ["symmetric"] = false,
                    ["array"] = Figure.Array(rows.Select(r => r.ScoreHigh - r.Score)),
                    ["arrayminus"] = Figure.Array(rows.Select(r => r.Score - r.ScoreLow)),
                    ["thickness"] = 1,
                    ["width"] = 3
                },
            };
        }
        var layout = Figure.Layout($"Candidates: {result.Winner.Name.Split('+')[0].Split('.')[0]}", 380);
        (layout["xaxis"], layout["yaxis"]) = (Figure.Axis("tokens per example"), Figure.Axis("score (more is better), with 95% interval"));
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

    /// <summary>The figure of a chart made with Plotly.NET.</summary>
    public static JsonObject FigureOf(Plotly.NET.GenericChart chart) =>
        JsonNode.Parse(Plotly.NET.GenericChart.toFigureJson(chart))!.AsObject();

    /// <summary>A chart that a cell made with Plotly.NET, drawn as ours are: offline.</summary>
    internal static string Html(CellContext cell, Plotly.NET.GenericChart chart) => Html(cell, FigureOf(chart));

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
            ["text/html"] = html,
            ["application/vnd.plotly.v1+json"] = JsonSerializer.Deserialize<JsonElement>(figure.ToJsonString()),
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
}
