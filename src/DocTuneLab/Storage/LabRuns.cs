using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using DocTuneLab.Text;

namespace DocTuneLab.Storage;

/// <summary>A run of a stage.</summary>
/// <param name="Id">Start time and a hash, unique in the lab.</param>
/// <param name="Kind">Such as <c>train</c> or <c>evaluate</c>.</param>
/// <param name="Status"><c>running</c>, <c>done</c>, <c>failed</c>, or <c>interrupted</c> if its process ended before it did.</param>
/// <param name="Started">UTC.</param>
/// <param name="Finished">UTC, or null while it runs.</param>
/// <param name="Directory">Its folder, with <c>run.json</c>.</param>
/// <param name="Configuration">JSON: everything that determines it.</param>
/// <param name="Results">JSON, or null.</param>
/// <param name="Environment">What it ran on: code and package versions, hardware; null for runs of earlier versions.</param>
public sealed record LabRun(string Id, string Kind, string Status, DateTimeOffset Started, DateTimeOffset? Finished, string Directory, string Configuration, string? Results, RunEnvironment? Environment);

/// <summary>A number measured during a run; null where it was not a number (a diverged loss).</summary>
public sealed record Metric(string Name, long Step, double? Value);

/// <summary>The result of one task in one arm.</summary>
/// <param name="Suite">Suite name.</param>
/// <param name="Arm"><c>base</c>, <c>tuned</c> …</param>
/// <param name="TaskId">Task.</param>
/// <param name="Metric">Such as <c>compiles</c>.</param>
/// <param name="Value">The value; 0 or 1 for yes or no.</param>
/// <param name="Detail">JSON or text: the answer, the verdict.</param>
public sealed record EvaluationRow(string Suite, string Arm, string TaskId, string Metric, double Value, string? Detail);

public sealed partial class Lab
{
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    private sealed record RunRow(string Id, string Kind, string Status, string Started, string? Finished, string ConfigurationKey, string? EnvironmentKey, string? Results);

    /// <summary>Begins a run: its configuration and environment are kept, its folder made and <c>run.json</c> written.</summary>
    /// <param name="kind">Such as <c>train</c>.</param>
    /// <param name="configuration">JSON object: what determines the run: seeds, hashes of data and base model, settings. Versions and hardware are added here.</param>
    /// <exception cref="LabException">The configuration is not JSON.</exception>
    public LabRun BeginRun(string kind, string configuration)
    {
        Parse(configuration, "configuration");
        return Transact((transaction, store) =>
        {
            var key = store.Put("run-configuration", configuration);
            var environment = RunEnvironment.Current();
            var environmentKey = store.Put("run-environment", ToJson(environment));
            var started = _time.GetUtcNow();
            string id;
            for (var n = 0; ; n++)
            {
                id = $"{started.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}-{kind}-{ContentHash.Of(key, n.ToString(CultureInfo.InvariantCulture))[..6]}";
                if (!System.IO.Directory.Exists(RunDirectory(id))) break;
            }
            var run = new LabRun(id, kind, "running", started, null, RunDirectory(id), configuration, null, environment);
            // Before the row: a crash leaves a folder that no row names, never a row without its manifest.
            WriteManifest(run);
            _sql.Execute("INSERT INTO runs (id, kind, status, started, configuration_key, environment_key) VALUES (@id, @kind, 'running', @now, @key, @environmentKey)", new { id, kind, now = Text(started), key, environmentKey }, transaction);
            return run;
        });
    }

    /// <summary>Ends a run and writes its results into <c>run.json</c>.</summary>
    /// <param name="id">The run.</param>
    /// <param name="results">JSON.</param>
    /// <param name="failed">Whether it failed.</param>
    /// <exception cref="LabException">No such run, or the results are not JSON.</exception>
    public LabRun FinishRun(string id, string results = "{}", bool failed = false)
    {
        Parse(results, "results");
        return Write(_ =>
        {
            var run = FindRun(id) ?? throw new LabException($"{id}: no such run in {Directory}. List them with 'doctune runs list'.");
            return Close(run with { Status = failed ? "failed" : "done", Finished = _time.GetUtcNow(), Results = results });
        });
    }

    private LabRun Close(LabRun run)
    {
        WriteManifest(run);
        _sql.Execute("UPDATE runs SET status = @Status, finished = @finished, results = @Results WHERE id = @Id", new { run.Id, run.Status, finished = run.Finished is { } f ? Text(f) : null, run.Results });
        return run;
    }

    /// <summary>Only one process writes to a lab, so a run that is still running when another opens it has lost its process.</summary>
    private void CloseRunsOfTheDead()
    {
        if (_sql.ExecuteScalar<long>("SELECT count(*) FROM runs WHERE status = 'running'") == 0) return;
        foreach (var run in Runs().Where(r => r.Status == "running")) Close(Manifest(run) ?? run with { Status = "interrupted" });
    }

    /// <summary>What the manifest of a run says of its end, if it got that far.</summary>
    private static LabRun? Manifest(LabRun run)
    {
        try
        {
            var manifest = JsonNode.Parse(File.ReadAllText(Path.Combine(run.Directory, "run.json")))!;
            return (string?)manifest["status"] is "done" or "failed" && (string?)manifest["finished"] is { } finished
                ? run with { Status = (string)manifest["status"]!, Finished = Date(finished), Results = manifest["results"]?.ToJsonString() }
                : null;
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }

    /// <summary>All runs, oldest first.</summary>
    public IReadOnlyList<LabRun> Runs(string? kind = null)
    {
        lock (_gate)
        {
            return [.. _sql.Query<RunRow>("SELECT id, kind, status, started, finished, configuration_key AS ConfigurationKey, environment_key AS EnvironmentKey, results FROM runs WHERE @kind IS NULL OR kind = @kind ORDER BY started, id", new { kind }).Select(r =>
                new LabRun(r.Id, r.Kind, r.Status, Date(r.Started), r.Finished is null ? null : Date(r.Finished), RunDirectory(r.Id), Stored(r.ConfigurationKey) ?? "null", r.Results,
                    r.EnvironmentKey is not null && Stored(r.EnvironmentKey) is { } environment ? FromJson<RunEnvironment>(environment) : null))];
        }
    }

    /// <summary>A run, or null.</summary>
    public LabRun? FindRun(string id) => Runs().FirstOrDefault(r => r.Id == id);

    /// <summary>Appends measurements in one transaction; the last value of a name and step counts.</summary>
    public void AppendMetrics(string runId, IReadOnlyList<Metric> metrics) => Transact(t => _sql.Execute(
        "INSERT OR REPLACE INTO metrics (run_id, name, step, value) VALUES (@runId, @Name, @Step, @value)",
        metrics.Select(m => new { runId, m.Name, m.Step, value = m.Value is { } v && double.IsFinite(v) ? m.Value : null }), t));

    /// <summary>Measurements of a run by name and step.</summary>
    public IReadOnlyList<Metric> Metrics(string runId, string? name = null) =>
        [.. Query<(string Name, long Step, double? Value)>("SELECT name, step, value FROM metrics WHERE run_id = @runId AND (@name IS NULL OR name = @name) ORDER BY name, step", new { runId, name }).Select(m => new Metric(m.Name, m.Step, m.Value))];

    /// <summary>Saves results of tasks; one result per suite, arm, task and metric.</summary>
    public void SaveEvaluations(string runId, IReadOnlyList<EvaluationRow> rows) => Transact(t => _sql.Execute(
        "INSERT OR REPLACE INTO evaluations (run_id, suite, arm, task_id, metric, value, detail) VALUES (@runId, @Suite, @Arm, @TaskId, @Metric, @Value, @Detail)",
        rows.Select(r => new { runId, r.Suite, r.Arm, r.TaskId, r.Metric, r.Value, r.Detail }), t));

    /// <summary>Results of a run by suite, arm, task and metric.</summary>
    public IReadOnlyList<EvaluationRow> Evaluations(string runId) =>
        Query<EvaluationRow>("SELECT suite AS Suite, arm AS Arm, task_id AS TaskId, metric AS Metric, value AS Value, detail AS Detail FROM evaluations WHERE run_id = @runId ORDER BY suite, arm, task_id, metric", new { runId });

    private string RunDirectory(string id) => Path.Combine(Directory, "runs", id);

    private static void WriteManifest(LabRun run)
    {
        var manifest = new JsonObject
        {
            ["id"] = run.Id,
            ["kind"] = run.Kind,
            ["status"] = run.Status,
            ["started"] = Text(run.Started),
            ["finished"] = run.Finished is { } f ? Text(f) : null,
            ["environment"] = JsonSerializer.SerializeToNode(run.Environment),
            ["configuration"] = JsonNode.Parse(run.Configuration),
            ["results"] = run.Results is null ? null : JsonNode.Parse(run.Results),
        };
        System.IO.Directory.CreateDirectory(run.Directory);
        // Written aside and moved, so that a crash leaves the former manifest whole.
        var file = Path.Combine(run.Directory, "run.json");
        File.WriteAllText(file + ".tmp", manifest.ToJsonString(s_indented) + "\n");
        File.Move(file + ".tmp", file, overwrite: true);
    }

    private static void Parse(string json, string what)
    {
        try
        {
            using var _ = JsonDocument.Parse(json);
        }
        catch (JsonException e)
        {
            throw new LabException($"The run's {what} is not JSON ({e.Message}). Expected a JSON object.", e);
        }
    }

    private string Now() => Text(_time.GetUtcNow());

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    private static DateTimeOffset Date(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);
}
