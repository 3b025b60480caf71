using System.Text.Json;
using DocTuneLab.Storage;
using DocTuneLab.Training.Recipes;

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

    /// <summary>Folder of the adapter that a lab trained last; null where there is none.</summary>
    /// <param name="lab">The lab's folder, which may not be there yet.</param>
    /// <param name="model">Folder or file of the base model that it must be over; null for any.</param>
    public static string? LastAdapter(string lab, string? model = null)
    {
        if (!Lab.Exists(lab)) return null;
        using var storage = Lab.Open(lab, readOnly: true);
        return storage.Runs.List("train").Reverse().Where(r => r.Status == "done").Select(AdapterOf)
            .FirstOrDefault(a => BaseOf(a) is { } named && (model is null || NameOf(named) == NameOf(model)));
    }

    // A run that was resumed wrote into the folder of an earlier one; a lab that was moved has its own below it still.
    private static string AdapterOf(LabRun run)
    {
        var own = Path.Combine(run.Directory, "adapter");
        if (run.Results is null) return own;
        using var results = JsonDocument.Parse(run.Results);
        return results.RootElement.TryGetProperty(nameof(TrainingResult.AdapterDirectory), out var folder)
            && folder.GetString() is { } named && Directory.Exists(named) ? named : own;
    }

    // An adapter names its base by the last part of its path.
    private static string NameOf(string model) => Path.GetFileName(model.TrimEnd('/', '\\'));

    private static string? BaseOf(string adapter)
    {
        var path = Path.Combine(adapter, "adapter_config.json");
        if (!File.Exists(path)) return null;
        using var config = JsonDocument.Parse(File.ReadAllText(path));
        return config.RootElement.TryGetProperty("base_model_name_or_path", out var name) ? name.GetString() : null;
    }
}
