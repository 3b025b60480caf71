using System.Threading.RateLimiting;

namespace DocTuneLab.Endpoints.Pool;

/// <summary>
/// So many permits per minute, smoothed, with a burst of a second's worth: the generic cell rate algorithm (ITU-T I.371). Unlike
/// the token bucket of the framework it runs on a <see cref="TimeProvider"/>, serves in order of arrival, and a debt (an answer longer
/// than estimated) is worked off by those who come later.
/// </summary>
public sealed class RateBudget(int permitsPerMinute, TimeProvider time) : RateLimiter
{
    private readonly Lock _gate = new();
    private readonly double _ticksPerPermit = (double)TimeSpan.TicksPerMinute / permitsPerMinute;
    private readonly long _burst = TimeSpan.TicksPerSecond;
    private double _next;

    /// <inheritdoc/>
    public override TimeSpan? IdleDuration => null;

    /// <inheritdoc/>
    public override RateLimiterStatistics? GetStatistics() => null;

    /// <summary>Takes permits without waiting: what an answer used beyond its estimate.</summary>
    public void Charge(int permits) => Reserve(permits);

    /// <inheritdoc/>
    protected override RateLimitLease AttemptAcquireCore(int permitCount)
    {
        lock (_gate)
        {
            if (_next - _burst > Now) return Lease.Refused;
            Advance(permitCount);
            return Lease.Granted;
        }
    }

    /// <inheritdoc/>
    protected override async ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken)
    {
        var wait = Reserve(permitCount);
        if (wait > TimeSpan.Zero) await Task.Delay(wait, time, cancellationToken);
        return Lease.Granted;
    }

    private long Now => time.GetUtcNow().Ticks;

    private TimeSpan Reserve(int permits)
    {
        lock (_gate)
        {
            var wait = TimeSpan.FromTicks((long)Math.Max(0, _next - _burst - Now));
            Advance(permits);
            return wait;
        }
    }

    private void Advance(int permits) => _next = Math.Max(_next, Now) + permits * _ticksPerPermit;

    private sealed class Lease(bool granted) : RateLimitLease
    {
        public static readonly Lease Granted = new(true), Refused = new(false);
        public override bool IsAcquired => granted;
        public override IEnumerable<string> MetadataNames => [];

        public override bool TryGetMetadata(string metadataName, out object? metadata)
        {
            metadata = null;
            return false;
        }
    }
}
