using DocTuneLab.Conversations;
using DocTuneLab.Training.Simd;

namespace DocTuneLab.Training.Inference;

/// <summary>Chooses the tokens of one answer from its logits.</summary>
/// <param name="request">How.</param>
internal sealed class TokenChoice(DecodingRequest request)
{
    // Less likely than this share of the likeliest, a token is looked at only where those before it are not enough.
    private const double Likely = 1e-5;

    private readonly SamplingOptions _options = request.Sampling;
    private readonly Random _random = new(unchecked(request.Sampling.Seed * 1_000_003));
    private readonly Dictionary<int, int> _counts = [];
    private double[] _powers = [];

    /// <summary>The next token.</summary>
    /// <param name="logits">A logit for each token of the vocabulary; may be written to.</param>
    public DecodedToken Next(Span<float> logits)
    {
        // Probabilities are the model's own; what is told is not what sampling makes of it.
        var total = LogSum(logits);
        var told = request.Alternatives == 0 ? [] : Array.ConvertAll(Likeliest(logits, request.Alternatives),
            id => (id, LogProbability: 0.0));
        for (var i = 0; i < told.Length; i++) told[i].LogProbability = logits[told[i].id] - total;
        var own = Altered(logits);
        var id = _options.Temperature <= 0 ? ArgMax(logits) : Drawn(logits);
        _counts[id] = _counts.GetValueOrDefault(id) + 1;
        return new(id, own.TryGetValue(id, out var logit) ? logit - total : logits[id] - total, told);
    }

    /// <summary>Ids of the largest values, largest first.</summary>
    public static int[] Likeliest(ReadOnlySpan<float> values, int count)
    {
        count = Math.Min(count, values.Length);
        var smallestFirst = new PriorityQueue<int, (float, int)>(count + 1);
        for (var i = 0; i < values.Length; i++)
        {
            if (smallestFirst.Count == count && smallestFirst.TryPeek(out _, out var least) && values[i] <= least.Item1) continue;
            smallestFirst.Enqueue(i, (values[i], -i));
            if (smallestFirst.Count > count) smallestFirst.Dequeue();
        }
        var ids = new int[smallestFirst.Count];
        for (var at = ids.Length - 1; at >= 0; at--) ids[at] = smallestFirst.Dequeue();
        return ids;
    }

    /// <summary>Logarithm of the sum of what the values are logarithms of.</summary>
    public static double LogSum(ReadOnlySpan<float> values)
    {
        var largest = Powers.Largest(values);
        return largest + Math.Log(Powers.Sum(values, largest, 1, []));
    }

    // Penalties and bias; what the tokens that they touch had before.
    private Dictionary<int, float> Altered(Span<float> logits)
    {
        Dictionary<int, float> own = [];
        if (request.PresencePenalty != 0 || request.FrequencyPenalty != 0)
            foreach (var (id, count) in _counts)
            {
                own[id] = logits[id];
                logits[id] -= (float)(request.PresencePenalty + (request.FrequencyPenalty * count));
            }
        foreach (var (id, bias) in request.Bias)
        {
            if (id < 0 || id >= logits.Length) continue;
            own.TryAdd(id, logits[id]);
            logits[id] += (float)bias;
        }
        return own;
    }

    private int Drawn(ReadOnlySpan<float> logits)
    {
        var p = _powers.Length == logits.Length ? _powers : _powers = new double[logits.Length];
        var sum = Powers.Sum(logits, Powers.Largest(logits), _options.Temperature, p);
        if (_options is { TopK: 0, TopP: >= 1, MinP: 0 }) return Draw(p, [], sum);
        // The largest is 1 before it is shared out.
        var order = Enumerable.Range(0, p.Length).Where(i => p[i] >= Likely).ToArray();
        if (order.Sum(i => p[i]) < _options.TopP * sum) order = [.. Enumerable.Range(0, p.Length)];
        Array.Sort(order, (a, b) => p[b].CompareTo(p[a]) is var by && by != 0 ? by : a.CompareTo(b));
        var (kept, mass) = (0, 0.0);
        var most = _options.TopK > 0 ? Math.Min(_options.TopK, order.Length) : order.Length;
        while (kept < most && (kept == 0 || (mass < _options.TopP * sum && p[order[kept]] >= _options.MinP))) mass += p[order[kept++]];
        return Draw(p, order[..kept], mass);
    }

    // From all where no order is given.
    private int Draw(double[] p, int[] order, double mass)
    {
        var (draw, count) = (_random.NextDouble() * mass, order.Length == 0 ? p.Length : order.Length);
        for (var at = 0; at < count - 1; at++)
        {
            var id = order.Length == 0 ? at : order[at];
            if ((draw -= p[id]) <= 0) return id;
        }
        return order.Length == 0 ? count - 1 : order[^1];
    }

    private static int ArgMax(ReadOnlySpan<float> values) => Math.Max(0, values.IndexOf(Powers.Largest(values)));
}
