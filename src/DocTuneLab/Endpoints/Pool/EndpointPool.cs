using DocTuneLab.Endpoints.Accounting;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Endpoints.Retrying;
using Microsoft.Extensions.AI;

namespace DocTuneLab.Endpoints.Pool;

/// <summary>
/// Hands out the right to ask an endpoint. Each endpoint has its own limit of requests in flight, which follows what it can bear
/// (additive increase, multiplicative decrease: times 0.75 after a 429, plus one per 25 answers, times 0.9 when the median latency has
/// tripled), its own pause after <c>Retry-After</c>, and its own circuit breaker: one endpoint's trouble never stops the others.
/// </summary>
internal sealed class EndpointPool : IDisposable
{
    private const double Decrease = 0.75, SlowDecrease = 0.9, SlowFactor = 3;
    private const int AnswersPerIncrease = 25, LatencyWindow = 50, OutagesToOpen = 5, LongestOpenSeconds = 60;
    // Within a run nobody pays a bill.
    public static readonly TimeSpan QuotaPause = TimeSpan.FromDays(1);
    private readonly Lock _gate = new();
    private readonly LinkedList<Waiter> _waiters = [];
    private readonly State[] _states;
    private readonly TimeProvider _time;
    private readonly EngineOptions _options;

    public EndpointPool(IReadOnlyList<(EndpointOptions Options, IChatClient Client)> endpoints, EngineOptions options, TimeProvider time)
    {
        (_time, _options) = (time, options);
        _states = [.. endpoints.Select(e => new State(e.Options.Validated(), e.Client, time))];
    }

    public IReadOnlyList<EndpointStatus> Status
    {
        get
        {
            lock (_gate)
                return [.. _states.Select(s => new EndpointStatus(s.Options.Name, s.InFlight, (int)s.Limit, s.Answers, s.Refusals,
                    s.Outages, s.ResumeAt > _time.GetUtcNow() ? s.ResumeAt : null))];
        }
    }

    public int Capacity => _states.Sum(s => s.Options.MaxConcurrency);

    /// <summary>The endpoint's client with a place in it, once there is one; requests for the same model are served in order.</summary>
    public async ValueTask<Lease> AcquireAsync(string model, int tokens, CancellationToken cancel)
    {
        State? state;
        Waiter? waiter = null;
        lock (_gate)
        {
            state = _waiters.Count == 0 ? Choose(model) : null;
            if (state is null)
            {
                if (!_states.Any(s => s.Options.Model == model))
                    throw new LabException($"No endpoint serves the model '{model}'; there are: "
                        + $"{string.Join(", ", _states.Select(s => s.Options.Model).Distinct())}.");
                waiter = new Waiter(model);
                _waiters.AddLast(waiter);
                Serve();
            }
        }
        if (waiter is not null)
        {
            using (cancel.UnsafeRegister(static (w, t) => ((Waiter)w!).TrySetCanceled(t), waiter)) state = await waiter.Task;
        }
        try
        {
            if (state!.Requests is { } requests) (await requests.AcquireAsync(1, cancel)).Dispose();
            if (state.Tokens is { } budget) (await budget.AcquireAsync(tokens, cancel)).Dispose();
        }
        catch
        {
            lock (_gate)
            {
                state!.InFlight--;
                Serve();
            }
            throw;
        }
        return new Lease(this, state, tokens, _time.GetTimestamp());
    }

    public void Dispose()
    {
        foreach (var state in _states)
        {
            state.Timer?.Dispose();
            state.Client.Dispose();
        }
    }

    /// <summary>How long none of a model's endpoints will be asked.</summary>
    public TimeSpan PauseOf(string model)
    {
        lock (_gate)
            return _states.Where(s => s.Options.Model == model)
                .Select(s => s.ResumeAt - _time.GetUtcNow())
                .DefaultIfEmpty(TimeSpan.Zero)
                .Min();
    }

    private State? Choose(string model)
    {
        var now = _time.GetUtcNow();
        State? best = null;
        foreach (var s in _states)
        {
            if (s.Options.Model != model || s.ResumeAt > now || s.InFlight >= (s.HalfOpen ? 1 : (int)s.Limit)) continue;
            if (best is null || (s.InFlight + 1) / s.Options.Weight < (best.InFlight + 1) / best.Options.Weight) best = s;
        }
        if (best is not null) best.InFlight++;
        return best;
    }

    private void Serve()
    {
        HashSet<string>? full = null;
        for (var node = _waiters.First; node is not null;)
        {
            var next = node.Next;
            if (node.Value.Task.IsCompleted) _waiters.Remove(node);
            else if (full?.Contains(node.Value.Model) != true)
            {
                if (Choose(node.Value.Model) is { } state)
                {
                    _waiters.Remove(node);
                    if (!node.Value.TrySetResult(state)) state.InFlight--;
                }
                else
                {
                    (full ??= new HashSet<string>(StringComparer.Ordinal)).Add(node.Value.Model);
                    if (full.Count == _states.Length) return;
                }
            }
            node = next;
        }
    }

    private void Release(State s, FailureKind failure, TimeSpan? retryAfter, long started, int tokens, int used)
    {
        lock (_gate)
        {
            s.InFlight--;
            if (used > tokens) s.Tokens?.Charge(used - tokens);
            var now = _time.GetUtcNow();
            if (failure == FailureKind.RateLimited)
            {
                s.Refusals++;
                // Requests sent before the last decrease say nothing about the new limit.
                if (started >= s.DecreasedAt)
                {
                    s.Limit = Math.Max(1, s.Limit * Decrease);
                    s.DecreasedAt = _time.GetTimestamp();
                    s.Streak = 0;
                    s.RefusalsInARow++;
                }
                // A server that does not say how long to wait is left alone for longer each time.
                var backOff = Math.Min(_options.LongestDelay.TotalSeconds,
                    _options.FirstDelay.TotalSeconds * Math.Pow(2, Math.Min(s.RefusalsInARow, 20) - 1)) * (0.5 + s.Jitter.NextDouble());
                Pause(s, now + (retryAfter ?? TimeSpan.FromSeconds(backOff)));
            }
            else if (failure == FailureKind.OutOfQuota) Pause(s, now + QuotaPause);
            else if (failure.IsOutage())
            {
                s.Outages++;
                if (retryAfter is { } wait) Pause(s, now + wait);
                if (s.HalfOpen || ++s.OutagesInARow >= OutagesToOpen)
                {
                    Pause(s,
                        now + TimeSpan.FromSeconds(Math.Min(LongestOpenSeconds,
                            _options.BreakerDelay.TotalSeconds * Math.Pow(2, s.Openings++))));
                    (s.HalfOpen, s.OutagesInARow) = (true, 0);
                }
            }
            else
            {
                (s.OutagesInARow, s.Openings, s.HalfOpen, s.RefusalsInARow) = (0, 0, false, 0);
                if (failure == FailureKind.None) Answered(s, _time.GetElapsedTime(started));
            }
            Serve();
        }
    }

    private static void Answered(State s, TimeSpan latency)
    {
        s.Answers++;
        if (++s.Streak % AnswersPerIncrease == 0) s.Limit = Math.Min(s.Options.MaxConcurrency, s.Limit + 1);
        s.Latencies.Add(latency.TotalMilliseconds);
        if (s.Latencies.Count < LatencyWindow) return;
        s.Latencies.Sort();
        var median = s.Latencies[LatencyWindow / 2];
        s.Latencies.Clear();
        if (median > SlowFactor * s.FastestMedian) s.Limit = Math.Max(1, s.Limit * SlowDecrease);
        // Forgets slowly, so that a server that has become slower for good is not throttled for ever.
        s.FastestMedian = Math.Min(median, s.FastestMedian * 1.05);
    }

    private void Pause(State s, DateTimeOffset until)
    {
        if (until <= s.ResumeAt) return;
        s.ResumeAt = until;
        Arm(s);
    }

    private void Arm(State s)
    {
        s.Timer?.Dispose();
        s.Timer = _time.CreateTimer(_ =>
        {
            lock (_gate)
            {
                // Timers count in coarser ticks than the clock, and may come before it.
                if (s.ResumeAt > _time.GetUtcNow()) Arm(s);
                else Serve();
            }
        }, null, s.ResumeAt - _time.GetUtcNow() is { } wait && wait > TimeSpan.FromMilliseconds(1) ? wait : TimeSpan.FromMilliseconds(1),
            Timeout.InfiniteTimeSpan);
    }

    /// <summary>The right to ask once.</summary>
    public readonly struct Lease(EndpointPool pool, State state, int tokens, long started)
    {
        public EndpointOptions Options => state.Options;
        public IChatClient Client => state.Client;
        public void Release(FailureKind failure, TimeSpan? retryAfter, int usedTokens) =>
            pool.Release(state, failure, retryAfter, started, tokens, usedTokens);
    }

    /// <summary>An endpoint as it is now; guarded by the pool's lock.</summary>
    internal sealed class State(EndpointOptions options, IChatClient client, TimeProvider time)
    {
        public EndpointOptions Options { get; } = options;
        public IChatClient Client { get; } = client;
        public RateBudget? Requests { get; } = options.RequestsPerMinute is { } rpm ? new RateBudget(rpm, time) : null;
        public RateBudget? Tokens { get; } = options.TokensPerMinute is { } tpm ? new RateBudget(tpm, time) : null;
        public double Limit { get; set; } = options.MaxConcurrency;
        public double FastestMedian { get; set; } = 1e12;
        public List<double> Latencies { get; } = [];
        public int InFlight { get; set; }
        public int Streak { get; set; }
        public long Answers { get; set; }
        public long Refusals { get; set; }
        public long Outages { get; set; }
        public int OutagesInARow { get; set; }
        public int Openings { get; set; }
        public int RefusalsInARow { get; set; }
        public Random Jitter { get; } = new(options.Name.Length);
        public bool HalfOpen { get; set; }
        public long DecreasedAt { get; set; } = long.MinValue;
        public DateTimeOffset ResumeAt { get; set; }
        public ITimer? Timer { get; set; }
    }

    private sealed class Waiter(string model) : TaskCompletionSource<State>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public string Model => model;
    }
}
