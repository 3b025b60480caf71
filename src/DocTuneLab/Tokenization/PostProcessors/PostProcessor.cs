namespace DocTuneLab.Tokenization.PostProcessors;

/// <summary>What is done once there are ids.</summary>
internal sealed record PostProcessor
{
    /// <summary>Ids that a whole text begins with.</summary>
    public IReadOnlyList<int> Prefix { get; init; } = [];

    /// <summary>Ids that it ends with.</summary>
    public IReadOnlyList<int> Suffix { get; init; } = [];

    /// <summary>Whether white space at the ends of a token is no part of its place in the text.</summary>
    public bool TrimsOffsets { get; init; }

    /// <summary>Whether the first token's one space is taken for an added one.</summary>
    public bool AddsSpace { get; init; }

    /// <summary>This one after another.</summary>
    public PostProcessor After(PostProcessor earlier) => new()
    {
        Prefix = [.. Prefix, .. earlier.Prefix],
        Suffix = [.. earlier.Suffix, .. Suffix],
        TrimsOffsets = TrimsOffsets || earlier.TrimsOffsets,
        AddsSpace = TrimsOffsets ? AddsSpace : earlier.AddsSpace,
    };
}
