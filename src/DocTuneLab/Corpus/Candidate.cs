using DocTuneLab.Library;

namespace DocTuneLab.Corpus;

/// <summary>A sample on its way through the checks.</summary>
internal sealed record Candidate
{
    public required SampleKind Kind { get; init; }
    /// <summary>Recipe or kind of fact.</summary>
    public required string Source { get; init; }
    /// <summary>Turns; null until the compiler's message is known.</summary>
    public IReadOnlyList<Message>? Messages { get; init; }
    /// <summary>Instruction or question without the template, for decontamination.</summary>
    public required string Prompt { get; init; }
    /// <summary>Answer code, for decontamination; null where there is none.</summary>
    public string? Code { get; init; }
    public required IReadOnlyList<string> Symbols { get; init; }
    public IReadOnlyList<string> Chunks { get; init; } = [];
    /// <summary>Code that must compile.</summary>
    public CodeToJudge? Good { get; init; }
    /// <summary>Code that must not.</summary>
    public CodeToJudge? Bad { get; init; }
    /// <summary>Error that <see cref="Bad"/> must have; null for any.</summary>
    public string? BadError { get; init; }
    /// <summary>Writes the turns once the error is known.</summary>
    public Func<CodeDiagnostic, IReadOnlyList<Message>>? Complete { get; init; }
}

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
