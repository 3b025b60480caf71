namespace DocTuneLab.Corpus.Kinds;

/// <summary>Draws indexes by weight 1/(uses+1)^0.7, so that what was drawn less comes first but nothing waits its turn.</summary>
internal sealed class CoverageDraw
{
    private readonly double[] _base, _weights;
    private readonly int[] _uses;
    private double _total;

    public CoverageDraw(IEnumerable<double> weights)
    {
        _base = [.. weights];
        _weights = [.. _base];
        _uses = new int[_base.Length];
        _total = _base.Sum();
    }

    public int Count => _base.Length;

    public int Next(Random random)
    {
        var at = random.NextDouble() * _total;
        var i = 0;
        for (; i < _weights.Length - 1; i++)
        {
            at -= _weights[i];
            if (at < 0) break;
        }
        var weight = _base[i] / Math.Pow(++_uses[i] + 1, 0.7);
        _total += weight - _weights[i];
        _weights[i] = weight;
        return i;
    }
}
