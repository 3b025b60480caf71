using System.Text.Json;
using DocTuneLab.Endpoints;
using DocTuneLab.Endpoints.Accounting;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Endpoints.Transport;
using DocTuneLab.Storage;
using Microsoft.Extensions.AI;

namespace DocTuneLab.Experiments.Runs;

/// <summary>Work that asks endpoints, as a run of the lab.</summary>
/// <param name="lab">Where answers and the run are kept.</param>
/// <param name="endpoints">Who is asked.</param>
/// <param name="options">Attempts, deadlines, ceiling.</param>
/// <param name="batch">Requests go as batches; null where each goes by itself.</param>
/// <param name="live">Shown answers while they come, or how a batch stands.</param>
internal sealed class EndpointRun(
    Lab lab, IReadOnlyList<EndpointOptions> endpoints, EngineOptions options, BatchOptions? batch, IProgress<LiveText>? live)
{
    /// <summary>Does the work; the run holds what it was set up with, and how it ended, whatever happens.</summary>
    /// <param name="kind">Kind of the run.</param>
    /// <param name="settings">What it was set up with; written as JSON.</param>
    /// <param name="work">Gives a result, what the run keeps of it, and whether all of it was done.</param>
    public async Task<T> AskAsync<T>(string kind, object settings, Func<RequestEngine, Task<(T Result, object Summary, bool IsDone)>> work)
    {
        var run = lab.Runs.Begin(kind, JsonSerializer.Serialize(settings));
        try
        {
            await using var journal = new LabJournal(lab);
            using var engine = batch is null
                ? new RequestEngine(endpoints, journal, options) { Live = live }
                : new RequestEngine(
                    [.. endpoints.Select(e =>
                        (e with { MaxConcurrency = batch.MaxRequests }, (IChatClient)new BatchChatClient(e, lab.Answers, batch, live)))],
                    journal, BatchOptions.Patient(options))
                { Live = live };
            var (result, summary, isDone) = await work(engine);
            lab.Runs.Finish(run.Id, JsonSerializer.Serialize(summary), failed: !isDone);
            return result;
        }
        catch
        {
            lab.Runs.Finish(run.Id, failed: true);
            throw;
        }
    }
}
