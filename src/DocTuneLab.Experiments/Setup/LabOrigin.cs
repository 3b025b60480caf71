using System.Text.Json;
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
        if (!Lab.Exists(lab)) return null;
        using var storage = Lab.Open(lab, readOnly: true);
        return storage.Inputs is { Pages: [], Assemblies: [] } ? null : storage.Inputs;
    }

    /// <summary>Folder of the adapter that a lab trained last over a base model; null where there is none.</summary>
    /// <param name="lab">The lab.</param>
    /// <param name="model">The base model's name.</param>
    public static string? LastAdapter(Lab lab, string model)
    {
        ArgumentNullException.ThrowIfNull(lab);
        return lab.Runs.List("train").Reverse().Where(r => r.Status == "done").Select(r => Path.Combine(r.Directory, "adapter"))
            .FirstOrDefault(a => BaseOf(a) is { } named && Path.GetFileName(named.TrimEnd('/', '\\')) == Path.GetFileName(model));
    }

    private static string? BaseOf(string adapter)
    {
        var path = Path.Combine(adapter, "adapter_config.json");
        if (!File.Exists(path)) return null;
        using var config = JsonDocument.Parse(File.ReadAllText(path));
        return config.RootElement.TryGetProperty("base_model_name_or_path", out var name) ? name.GetString() : null;
    }
}
