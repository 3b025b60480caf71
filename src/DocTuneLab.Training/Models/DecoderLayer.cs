using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models;

/// <summary>A layer with its tensors; see <see cref="LayerLayout"/>.</summary>
internal sealed class DecoderLayer : IDisposable
{
    public required LayerLayout Layout { get; init; }

    public Norm? InputNorm { get; init; }

    public required Mixer Mixer { get; init; }

    public Norm? MixerOutputNorm { get; init; }

    public Norm? FeedForwardNorm { get; init; }

    public required FeedForward FeedForward { get; init; }

    public Norm? FeedForwardOutputNorm { get; init; }

    /// <summary>Norms around its parts, and those within that mix.</summary>
    public IEnumerable<Norm> Norms => ((Norm?[])[InputNorm, MixerOutputNorm, FeedForwardNorm, FeedForwardOutputNorm]).OfType<Norm>()
        .Concat(Mixer.Norms);

    public IEnumerable<Linear> Linears => [.. Mixer.Linears, .. FeedForward.Linears];

    public void Dispose()
    {
        foreach (var norm in (Norm?[])[InputNorm, MixerOutputNorm, FeedForwardNorm, FeedForwardOutputNorm]) norm?.Dispose();
        Mixer.Dispose();
        FeedForward.Dispose();
    }
}
