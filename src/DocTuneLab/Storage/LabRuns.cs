using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;

namespace DocTuneLab.Storage;

/// <summary>A run of a stage.</summary>
/// <param name="Id">Start time and a hash, unique in the lab.</param>
/// <param name="Kind">Such as <c>train</c> or <c>evaluate</c>.</param>
/// <param name="Status"><c>running</c>, <c>done</c> or <c>failed</c>.</param>
/// <param name="Started">UTC.</param>
/// <param name="Finished">UTC, or null while it runs.</param>
/// <param name="Directory">Its folder, with <c>run.json</c>.</param>
/// <param name="Configuration">JSON: everything that determines it.</param>
/// <param name="Results">JSON, or null.</param>
public sealed record LabRun(string Id, string Kind, string Status, DateTimeOffset Started, DateTimeOffset? Finished, string Directory, string Configuration, string? Results);

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

    private sealed record RunRow(string Id, string Kind, string Status, string Started, string? Finished, string ConfigurationKey, string? Results);

    /// <summary>Begins a run: its configuration is kept, its folder made and <c>run.json</c> written.</summary>
    /// <param name="kind">Such as <c>train</c>.</param>
    /// <param name="configuration">JSON: code version, seeds, hashes of data and base model, hardware, settings.</param>
    /// <exception cref="LabException">The configuration is not JSON.</exception>
    public LabRun BeginRun(string kind, string configuration)
    {
        lock (_gate)
        {
            Parse(configuration, "configuration");
            var key = Writing().Put("run-configuration", configuration);
            var started = _time.GetUtcNow();
            string id;
            for (var n = 0; ; n++)
            {
                id = $"{started.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}-{kind}-{ContentHash.Of(key, n.ToString(CultureInfo.InvariantCulture))[..6]}";
                if (_sql.ExecuteScalar<long>("SELECT count(*) FROM runs WHERE id = @id", new { id }) == 0) break;
            }
            _sql.Execute("INSERT INTO runs (id, kind, status, started, configuration_key) VALUES (@id, @kind, 'running', @now, @key)", new { id, kind, now = Text(started), key });
            System.IO.Directory.CreateDirectory(RunDirectory(id));
            return WriteManifest(id);
        }
    }

    /// <summary>Ends a run and writes its results into <c>run.json</c>.</summary>
    /// <param name="id">The run.</param>
    /// <param name="results">JSON.</param>
    /// <param name="failed">Whether it failed.</param>
    /// <exception cref="LabException">No such run, or the results are not JSON.</exception>
    public LabRun FinishRun(string id, string results = "{}", bool failed = false)
    {
        lock (_gate)
        {
            Writing();
            Parse(results, "results");
            var changed = _sql.Execute("UPDATE runs SET status = @status, finished = @now, results = @results WHERE id = @id", new { id, status = failed ? "failed" : "done", now = Now(), results });
            if (changed == 0) throw new LabException($"{id}: no such run in {Directory}. List them with 'doctune runs list'.");
            return WriteManifest(id);
        }
    }

    /// <summary>All runs, oldest first.</summary>
    public IReadOnlyList<LabRun> Runs(string? kind = null)
    {
        lock (_gate)
        {
            return [.. _sql.Query<RunRow>("SELECT id, kind, status, started, finished, configuration_key AS ConfigurationKey, results FROM runs WHERE @kind IS NULL OR kind = @kind ORDER BY started, id", new { kind }).Select(r =>
                new LabRun(r.Id, r.Kind, r.Status, Date(r.Started), r.Finished is null ? null : Date(r.Finished), RunDirectory(r.Id), Stored(r.ConfigurationKey) ?? "null", r.Results))];
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

    private LabRun WriteManifest(string id)
    {
        var run = FindRun(id)!;
        var manifest = new JsonObject
        {
            ["id"] = run.Id,
            ["kind"] = run.Kind,
            ["status"] = run.Status,
            ["started"] = Text(run.Started),
            ["finished"] = run.Finished is { } f ? Text(f) : null,
            ["configuration"] = JsonNode.Parse(run.Configuration),
            ["results"] = run.Results is null ? null : JsonNode.Parse(run.Results),
        };
        // Written aside and moved, so that a crash leaves the former manifest whole.
        var file = Path.Combine(run.Directory, "run.json");
        File.WriteAllText(file + ".tmp", manifest.ToJsonString(s_indented) + "\n");
        File.Move(file + ".tmp", file, overwrite: true);
        return run;
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
