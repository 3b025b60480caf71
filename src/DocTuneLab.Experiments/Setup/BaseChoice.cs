using DocTuneLab.Training.Checkpoints;

namespace DocTuneLab.Experiments.Setup;

/// <summary>Which base model a new lab starts with.</summary>
public static class BaseChoice
{
    /// <summary>A model of half a billion parameters that knows code: the smallest that is of use.</summary>
    public const string Useful = "Qwen/Qwen2.5-Coder-0.5B-Instruct";

    private const string Sample = "data/models/nano";

    /// <summary>What a lab starts with where nothing is chosen.</summary>
    /// <returns>The model, and whether it is the sample.</returns>
    public static (string Model, bool IsSample) Default() => Of(null, "");

    /// <summary>The model that was given; else the sample model, where this program lies in a clone of the project; else a small one of the
    /// hub.</summary>
    /// <returns>What a notebook in the lab's folder calls it, and whether it is the sample.</returns>
    /// <exception cref="LabException">It is neither a folder, a file nor a name on a hub.</exception>
    internal static (string Model, bool IsSample) Of(string? given, string lab)
    {
        if (given is not null)
            return Directory.Exists(given) || File.Exists(given) ? (Path.GetFullPath(given), false)
                : ModelHub.IsOnHub(given) ? (given, false)
                : throw new LabException($"{given}: neither a model folder nor a name on a hub. Expected a folder in Hugging Face layout, "
                    + "a GGUF file, owner/name or owner/name/file.gguf.");
        for (var folder = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory); folder is not null;
            folder = Path.GetDirectoryName(folder))
            if (Directory.Exists(Path.Combine(folder, Sample)))
                // A notebook looks in the folders above its own.
                return (lab.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)
                    ? Sample : Path.Combine(folder, Sample), true);
        return (Useful, false);
    }
}
