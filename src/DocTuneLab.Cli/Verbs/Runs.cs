using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Cli.Output;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Settings;
using DocTuneLab.Storage;
using Spectre.Console;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune runs</c>: what was trained and evaluated in a lab.</summary>
internal static class Runs
{
    public static Command Command() => new("runs", "Training and evaluation runs of a lab.") { List(), Show(), RunsCompare.Command() };

    private static Command List()
    {
        var (lab, json) = (CommonOptions.Lab(), CommonOptions.Json());
        var kind = CommonOptions.Kind<string?>("train|evaluate|generate|tune");
        var command = new Command("list", "All runs, oldest first.") { lab, kind, json };
        command.SetAction(parsed =>
        {
            using var opened = LabVerb.Open(parsed.GetRequiredValue(lab));
            var runs = opened.Runs.List(parsed.GetValue(kind));
            if (parsed.GetValue(json))
            {
                JsonOutput.Write(
                    runs.Select(r => new { r.Id, r.Kind, r.Status, r.Started, r.Finished, seconds = Seconds(r), r.Directory }));
                return ExitCodes.Ok;
            }
            if (runs.Count == 0)
            {
                Console.WriteLine($"No runs in {opened.Directory}.");
                return ExitCodes.Ok;
            }
            var table = new Table().Border(TableBorder.Simple)
                .AddColumns("Run", "Kind", "Status", "Started (UTC)")
                .AddColumn(new TableColumn("Took").RightAligned());
            foreach (var run in runs)
                table.AddRow(Markup.Escape(run.Id), Markup.Escape(run.Kind), Colored(run.Status),
                    run.Started.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
                    Seconds(run) is { } s ? $"{s:0.0} s" : "");
            Terminal.Create().Write(table);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Command Show()
    {
        var (lab, json) = (CommonOptions.Lab(), CommonOptions.Json());
        var id = new Argument<string>("run") { Description = "The run's id, or its beginning; 'last' is the newest." };
        var command = new Command("show", "One run: what it was made with, on what, and what came out.") { id, lab, json };
        command.SetAction(parsed =>
        {
            using var opened = LabVerb.Open(parsed.GetRequiredValue(lab));
            var run = Find(opened, parsed.GetRequiredValue(id));
            var metrics = opened.Runs.Metrics(run.Id)
                .GroupBy(m => m.Name, StringComparer.Ordinal)
                .ToDictionary(g => g.Key, g => g.Last(), StringComparer.Ordinal);
            if (parsed.GetValue(json))
            {
                JsonOutput.Write(new
                {
                    run.Id,
                    run.Kind,
                    run.Status,
                    run.Started,
                    run.Finished,
                    seconds = Seconds(run),
                    run.Directory,
                    run.Environment,
                    configuration = JsonOutput.Camel(JsonNode.Parse(run.Configuration)),
                    results = run.Results is null ? null : JsonOutput.Camel(JsonNode.Parse(run.Results)),
                    lastMetrics = metrics
                });
                return ExitCodes.Ok;
            }
            var console = Terminal.Create();
            console.MarkupLine($"[bold]{Markup.Escape(run.Id)}[/]  {Colored(run.Status)}");
            console.WriteLine(
                $"started  {run.Started.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC{(Seconds(run) is { } s ? $", took {s:0.0} s" : "")}");
            console.WriteLine($"folder   {run.Directory}");
            if (run.Environment is { } e)
                console.WriteLine($"on       DocTuneLab {e.Code}, {e.Framework}, {e.System}, {e.Processor} ({e.Cores} cores, "
                    + $"{LabVerb.Size(e.MemoryBytes)})");
            Section(console, "Configuration", run.Configuration);
            if (metrics.Count > 0)
                Section(console, "Last metrics",
                    JsonSerializer.Serialize(metrics.ToDictionary(m => $"{m.Key} (step {m.Value.Step})", m => m.Value.Value)));
            if (run.Results is not null) Section(console, "Results", run.Results);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static LabRun Find(Lab lab, string id)
    {
        var runs = lab.Runs.List();
        var found = id == "last" ? runs.TakeLast(1).ToList()
            : runs.Where(r => r.Id == id).DefaultIfEmpty().First() is { } exact ? [exact]
            : runs.Where(r => r.Id.StartsWith(id, StringComparison.Ordinal)).ToList();
        if (found.Count == 1) return found[0];
        if (found.Count > 1)
            throw new LabException(
                $"'{id}' is the beginning of {found.Count} runs: {string.Join(", ", found.Take(4).Select(r => r.Id))}. Give more of it.");
        var nearest = SettingNames.Nearest(id, runs.Select(r => r.Id));
        throw new LabException($"{id}: no such run in "
            + $"{lab.Directory}.{(nearest is null ? " List them with 'doctune runs list'." : $" Did you mean '{nearest}'?")}");
    }

    private static void Section(IAnsiConsole console, string title, string json)
    {
        if (JsonNode.Parse(json) is not JsonObject { Count: > 0 } values) return;
        console.WriteLine();
        console.MarkupLine($"[bold]{title}[/]");
        foreach (var (name, value) in values.SelectMany(v => Flat(v.Key, v.Value))) console.WriteLine($"  {name,-28} {value}");
    }

    private static IEnumerable<(string Name, string Value)> Flat(string name, JsonNode? value) => value switch
    {
        JsonObject inner => inner.SelectMany(v => Flat($"{name}.{v.Key}", v.Value)),
        JsonArray { Count: > 8 } list => [(name, $"{list.Count} entries")],
        _ => [(name, value is JsonValue v && v.TryGetValue<string>(out var text) ? text : value?.ToJsonString() ?? "-")],
    };

    private static double? Seconds(LabRun run) => (run.Finished - run.Started)?.TotalSeconds;

    private static string Colored(string status) =>
        status switch { "done" => "[green]done[/]", "running" => "[blue]running[/]", _ => $"[red]{Markup.Escape(status)}[/]" };
}
