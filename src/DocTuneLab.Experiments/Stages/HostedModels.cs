using DocTuneLab.Endpoints.Accounting;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Evaluation.Judging;
using DocTuneLab.Evaluation.Subjects;
using DocTuneLab.Storage;

namespace DocTuneLab.Experiments.Stages;

/// <summary>Hosted models over the lab's journal; made when they are first asked for.</summary>
internal sealed class HostedModels(EngineOptions options, Lab lab) : IDisposable
{
    private readonly Dictionary<EndpointOptions, HostedModel> _models = [];
    private LabJournal? _journal;

    public HostedModel this[EndpointOptions endpoint] =>
        _models.TryGetValue(endpoint, out var model) ? model : _models[endpoint] = new(endpoint, _journal ??= new(lab), options);

    /// <summary>The judge of a plan; null where it has none.</summary>
    public AnswerJudge? JudgeOf(EvaluationPlan plan) => plan.Judge is { } endpoint ? new(this[endpoint], plan.JudgeTokens) : null;

    /// <summary>What each model was asked, in words.</summary>
    public IEnumerable<(string Name, string Status)> Asked => _models.Select(m => (m.Key.Name, InWords(m.Key, m.Value.Status)));

    public void Dispose()
    {
        foreach (var model in _models.Values) model.Dispose();
        // A cell's thread has a synchronisation context that must not be waited on.
        if (_journal is { } opened) Task.Run(() => opened.DisposeAsync().AsTask()).GetAwaiter().GetResult();
    }

    private static string InWords(EndpointOptions endpoint, EngineStatus status) =>
        $"{endpoint.Model} at {endpoint.BaseUrl}: {status.Answered} answers asked for, {status.Reused} kept from before, "
        + $"{status.PromptTokens + status.CompletionTokens:N0} tokens"
        + $"{(endpoint.InputPrice is null ? "" : $", cost {status.Cost:0.####}")}{status.Trouble}";
}
