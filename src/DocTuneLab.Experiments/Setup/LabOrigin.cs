using DocTuneLab.Storage;

namespace DocTuneLab.Experiments.Setup;

/// <summary>What a lab is about, as its folder says, without opening it for writing.</summary>
public static class LabOrigin
{
    /// <summary>What its <c>library.yaml</c> names, else what was read into it last; null where neither says anything.</summary>
    /// <param name="lab">The lab's folder, which may not be there yet.</param>
    /// <exception cref="LabException"><c>library.yaml</c> is wrong.</exception>
    public static LabInputs? Of(string lab)
    {
        if (File.Exists(Path.Combine(lab, LibraryFolder.FileName)))
        {
            var folder = LibraryFolder.Read(lab);
            return new()
            {
                Name = folder.Name,
                Pages = folder.Docs is { } docs ? [docs] : [],
                Assemblies = folder.Assemblies,
                References = folder.References,
                Code = folder.Sources,
                Suite = folder.HasTasks ? folder.Tasks : null,
            };
        }
        if (!File.Exists(Path.Combine(lab, "lab.sqlite"))) return null;
        using var storage = Lab.Open(lab, readOnly: true);
        return storage.Inputs is { Pages: [], Assemblies: [] } ? null : storage.Inputs;
    }
}
