using System.Globalization;
using System.Text.Json;
using Dapper;
using DocTuneLab.Text;

namespace DocTuneLab.Storage;

/// <summary>The runs of stages that a lab holds, each with a folder, and what was measured in them.</summary>
public sealed class LabRuns
{
    private readonly LabDatabase _database;

    internal LabRuns(LabDatabase database) => _database = database;

    private sealed record RunRow
    {
        public required string Id { get; init; }
        public required string Kind { get; init; }
        public required string Status { get; init; }
        public required string Started { get; init; }
        public required string? Finished { get; init; }
        public required string ConfigurationKey { get; init; }
        public required string? EnvironmentKey { get; init; }
        public required string? Results { get; init; }
    }

    /// <summary>Begins a run: its configuration and environment are kept, its folder made and <c>run.json</c> written.</summary>
    /// <param name="kind">Such as <c>train</c>.</param>
    /// <param name="configuration">
    /// JSON object: what determines the run: seeds, hashes of data and base model, settings. Versions and hardware are added here.
    /// </param>
    /// <exception cref="LabException">The configuration is not JSON.</exception>
    public LabRun Begin(string kind, string configuration)
    {
        CheckJson(configuration, "configuration");
        return _database.Transact((transaction, store) =>
        {
            var key = store.Put("run-configuration", configuration);
            var environment = RunEnvironment.Current();
            var environmentKey = store.Put("run-environment", LabJson.Write(environment));
            var started = _database.Time;
            string id;
            for (var n = 0; ; n++)
            {
                var hash = ContentHash.Of(key, n.ToString(CultureInfo.InvariantCulture))[..6];
                id = $"{started.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}-{kind}-{hash}";
                if (!Directory.Exists(FolderOf(id))) break;
            }
            var run = new LabRun
            {
                Id = id,
                Kind = kind,
                Status = "running",
                Started = started,
                Finished = null,
                Directory = FolderOf(id),
                Configuration = configuration,
                Results = null,
                Environment = environment,
            };
            // Before the row: a crash leaves a folder that no row names, never a row without its manifest.
            RunManifest.Write(run);
            _database.Sql.Execute(
                """
                INSERT INTO runs (id, kind, status, started, configuration_key, environment_key)
                VALUES (@id, @kind, 'running', @now, @key, @environmentKey)
                """, new { id, kind, now = LabTime.Write(started), key, environmentKey }, transaction);
            return run;
        });
    }

    /// <summary>Ends a run and writes its results into <c>run.json</c>.</summary>
    /// <param name="id">The run.</param>
    /// <param name="results">JSON.</param>
    /// <param name="failed">Whether it failed.</param>
    /// <exception cref="LabException">No such run, or the results are not JSON.</exception>
    public LabRun Finish(string id, string results = "{}", bool failed = false)
    {
        CheckJson(results, "results");
        return _database.Write(_ =>
        {
            var run = Find(id)
                ?? throw new LabException($"{id}: no such run in {_database.Directory}. List them with 'doctune runs list'.");
            return Close(run with { Status = failed ? "failed" : "done", Finished = _database.Time, Results = results });
        });
    }

    /// <summary>All runs, oldest first.</summary>
    /// <param name="kind">Only this kind.</param>
    public IReadOnlyList<LabRun> List(string? kind = null) => _database.Read<IReadOnlyList<LabRun>>(() =>
    {
        return [.. _database.Sql.Query<RunRow>(
            """
            SELECT id, kind, status, started, finished, configuration_key AS ConfigurationKey, environment_key AS EnvironmentKey, results
            FROM runs WHERE @kind IS NULL OR kind = @kind ORDER BY started, id
            """, new { kind }).Select(ToRun)];
    });

    /// <summary>The last run of a kind that ended well, or null.</summary>
    public LabRun? LastDone(string kind) => List(kind).LastOrDefault(r => r.Status == "done");

    /// <summary>A run, or null.</summary>
    public LabRun? Find(string id) => List().FirstOrDefault(r => r.Id == id);

    /// <summary>Appends measurements in one transaction; the last value of a name and step counts.</summary>
    public void AppendMetrics(string runId, IReadOnlyList<Metric> metrics) => _database.Transact(t => _database.Sql.Execute(
        "INSERT OR REPLACE INTO metrics (run_id, name, step, value) VALUES (@runId, @Name, @Step, @value)",
        metrics.Select(m => new { runId, m.Name, m.Step, value = m.Value is { } v && double.IsFinite(v) ? m.Value : null }), t));

    /// <summary>Measurements of a run by name and step.</summary>
    public IReadOnlyList<Metric> Metrics(string runId, string? name = null) => [.. _database.Query<(string Name, long Step, double? Value)>(
        "SELECT name, step, value FROM metrics WHERE run_id = @runId AND (@name IS NULL OR name = @name) ORDER BY name, step",
        new { runId, name }).Select(m => new Metric(m.Name, m.Step, m.Value))];

    /// <summary>Saves results of tasks; one result per suite, arm, task and metric.</summary>
    public void SaveEvaluations(string runId, IReadOnlyList<EvaluationRow> rows) => _database.Transact(t => _database.Sql.Execute(
        """
        INSERT OR REPLACE INTO evaluations (run_id, suite, arm, task_id, metric, value, detail)
        VALUES (@runId, @Suite, @Arm, @TaskId, @Metric, @Value, @Detail)
        """, rows.Select(r => new { runId, r.Suite, r.Arm, r.TaskId, r.Metric, r.Value, r.Detail }), t));

    /// <summary>Results of a run by suite, arm, task and metric.</summary>
    public IReadOnlyList<EvaluationRow> Evaluations(string runId) => _database.Query<EvaluationRow>(
        """
        SELECT suite AS Suite, arm AS Arm, task_id AS TaskId, metric AS Metric, value AS Value, detail AS Detail
        FROM evaluations WHERE run_id = @runId ORDER BY suite, arm, task_id, metric
        """, new { runId });

    /// <summary>Only one process writes to a lab, so a run that is still running when another opens it has lost its process.</summary>
    internal void CloseInterrupted()
    {
        if (_database.Scalar<long>("SELECT count(*) FROM runs WHERE status = 'running'") == 0) return;
        foreach (var run in List().Where(r => r.Status == "running")) Close(RunManifest.End(run) ?? run with { Status = "interrupted" });
    }

    /// <summary>Where a run's files are.</summary>
    internal string FolderOf(string id) => Path.Combine(_database.Directory, "runs", id);

    /// <summary>The folders under <c>runs/</c>, also those that no row names.</summary>
    internal string[] Folders() =>
        Path.Combine(_database.Directory, "runs") is var runs && Directory.Exists(runs) ? Directory.GetDirectories(runs) : [];

    private LabRun Close(LabRun run)
    {
        RunManifest.Write(run);
        _database.Sql.Execute(
            "UPDATE runs SET status = @Status, finished = @finished, results = @Results WHERE id = @Id",
            new { run.Id, run.Status, finished = run.Finished is { } f ? LabTime.Write(f) : null, run.Results });
        return run;
    }

    private LabRun ToRun(RunRow row) => new()
    {
        Id = row.Id,
        Kind = row.Kind,
        Status = row.Status,
        Started = LabTime.Read(row.Started),
        Finished = row.Finished is null ? null : LabTime.Read(row.Finished),
        Directory = FolderOf(row.Id),
        Configuration = _database.Document(row.ConfigurationKey) ?? "null",
        Results = row.Results,
        Environment = row.EnvironmentKey is not null && _database.Document(row.EnvironmentKey) is { } environment
            ? LabJson.Read<RunEnvironment>(environment)
            : null,
    };

    private static void CheckJson(string json, string what)
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
}
