namespace DocTuneLab.Training.Checkpoints;

/// <summary>Modules of a model that an adapter may change, by their Hugging Face names.</summary>
/// <param name="Linear">Linear layers, in the model's order.</param>
/// <param name="Embedding">The embedding's module.</param>
/// <param name="Head">The output layer's module.</param>
/// <param name="Norms">Modules of norms.</param>
/// <param name="IsTied">Whether the output layer's matrix is the embedding.</param>
internal sealed record AdaptedModules(IReadOnlyList<string> Linear, string Embedding, string Head, IReadOnlyList<string> Norms, bool IsTied)
{
    /// <summary>What may be targeted: an embedding and a head only by their names.</summary>
    public IEnumerable<string> All => [.. Linear, Embedding, Head];
}
