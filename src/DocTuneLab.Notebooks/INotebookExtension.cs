namespace DocTuneLab.Notebooks;

/// <summary>
/// A plug-in of the scripting host. The host creates it with its parameterless constructor and loads it once per session,
/// before the first cell.
/// </summary>
public interface INotebookExtension
{
    /// <summary>Name shown in messages, for example <c>DocTuneLab</c>.</summary>
    string Name { get; }

    /// <summary>Registers magics, languages, namespaces, references, values, connections and formatters.</summary>
    void Load(IExtensionHost host);
}
