using DocTuneLab.Storage;

namespace DocTuneLab.Experiments;

/// <summary>The lab in a notebook: one experiment from documents to evaluation, each stage kept in the lab's folder.</summary>
public sealed partial class LabSession : IDisposable
{
    private Lab? _lab;

    /// <summary>Seed of everything random. Default 1.</summary>
    public int Seed { get; set; } = 1;

    /// <summary>Folder of the databases and runs. Default artifacts/lab.</summary>
    public string Path { get; private set; } = System.IO.Path.Combine("artifacts", "lab");

    /// <summary>The databases, opened when first used.</summary>
    public Lab Storage => _lab ??= Lab.Open(Path);

    /// <summary>Starts an experiment in a folder.</summary>
    public void Open(string path, int seed)
    {
        _lab?.Dispose();
        (_lab, Path, Seed) = (Lab.Open(path), path, seed);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Adapter?.Dispose();
        Model?.Dispose();
        _lab?.Dispose();
    }

    private static void Need(object? stage, string magic)
    {
        if (stage is null) throw new LabException($"an earlier step is missing: run {magic} first");
    }
}
