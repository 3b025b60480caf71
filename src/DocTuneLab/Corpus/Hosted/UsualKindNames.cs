using DocTuneLab.Settings;

namespace DocTuneLab.Corpus.Hosted;

/// <summary>
/// Kinds that settings can name; a program with kinds of its own gives them a share in their definitions, or in
/// <see cref="GenerationOptions.Mix"/>.
/// </summary>
internal sealed class UsualKindNames : ISettingNames
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Names => GenerationOptions.NamesOf(GenerationOptions.DefaultMix);
}
