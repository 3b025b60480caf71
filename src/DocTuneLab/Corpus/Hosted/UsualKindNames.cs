using DocTuneLab.Settings;

namespace DocTuneLab.Corpus.Hosted;

/// <summary>The kinds that ship, for help; those of a lab's own are named likewise, and <see cref="GenerationOptions.KindNames"/> looks
/// whether its <see cref="GenerationOptions.Kinds"/> have them.</summary>
internal sealed class UsualKindNames : ISettingNames
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Names => GenerationOptions.NamesOf(GenerationOptions.DefaultMix);

    /// <inheritdoc/>
    public bool IsOpen => true;
}
