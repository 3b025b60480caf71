using DocTuneLab.Notebooks;

namespace DocTuneLab.Extension;

/// <summary>The lab as seen from a notebook cell.</summary>
public sealed class LabExtension : INotebookExtension
{
    /// <inheritdoc/>
    public string Name => "DocTuneLab";

    /// <inheritdoc/>
    public void Load(IExtensionHost host)
    {
        ArgumentNullException.ThrowIfNull(host);
        host.AddReferences(typeof(LabExtension).Assembly);
    }
}
