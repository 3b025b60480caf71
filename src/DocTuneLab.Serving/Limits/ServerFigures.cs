using DocTuneLab.Training.Inference;
using Prometheus;

namespace DocTuneLab.Serving.Limits;

/// <summary>What a server counts, as Prometheus reads it.</summary>
internal sealed class ServerFigures
{
    private readonly Histogram _firstToken;
    private readonly Counter _requests;

    /// <summary>Figures of a server.</summary>
    /// <param name="batch">What answers.</param>
    public ServerFigures(ContinuousBatch batch)
    {
        var metrics = Metrics.WithCustomRegistry(Registry);
        _requests = metrics.CreateCounter("doctune_requests_total", "Requests by path and status.", "path", "status");
        _firstToken = metrics.CreateHistogram("doctune_first_token_seconds", "Time from a request to its first text.",
            new HistogramConfiguration { Buckets = Histogram.ExponentialBuckets(0.01, 2, 14) });
        var (running, waiting) = (metrics.CreateGauge("doctune_answers_running", "Answers that are being written."),
            metrics.CreateGauge("doctune_answers_waiting", "Answers that wait for a place."));
        var (read, decoded) = (metrics.CreateCounter("doctune_prompt_tokens_total", "Tokens of prompts that were read."),
            metrics.CreateCounter("doctune_tokens_total", "Tokens that were chosen."));
        Registry.AddBeforeCollectCallback(() =>
        {
            running.Set(batch.Running);
            waiting.Set(batch.Waiting);
            read.IncTo(batch.PromptTokensRead);
            decoded.IncTo(batch.TokensDecoded);
        });
    }

    /// <summary>Where they are collected.</summary>
    public CollectorRegistry Registry { get; } = Metrics.NewCustomRegistry();

    /// <summary>Counts a request.</summary>
    public void Request(string path, int status) =>
        _requests.WithLabels(path, status.ToString(System.Globalization.CultureInfo.InvariantCulture)).Inc();

    /// <summary>Counts the time to the first text of an answer.</summary>
    public void FirstToken(TimeSpan time) => _firstToken.Observe(time.TotalSeconds);
}
