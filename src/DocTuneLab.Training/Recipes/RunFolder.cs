namespace DocTuneLab.Training.Recipes;

/// <summary>The output folder of a run, which is one run's alone: another would delete its checkpoints as old ones.</summary>
internal static class RunFolder
{
    private static readonly string[] s_folders = ["checkpoints", "adapter", "tensorboard"];
    private static readonly string[] s_files = ["trainer_log.jsonl", "loss.svg"];

    /// <summary>Makes the folder, and makes it this run's.</summary>
    /// <exception cref="LabException">It holds another run, which is neither to be resumed nor to be overwritten.</exception>
    public static void Claim(SftOptions options)
    {
        var folder = options.OutputDirectory;
        var (folders, files) = (s_folders.Select(f => Path.Combine(folder, f)).Where(Directory.Exists).ToArray(),
            s_files.Select(f => Path.Combine(folder, f)).Where(File.Exists).ToArray());
        var keeps = options.Resume || !options.Overwrite;
        if (keeps && !options.Resume && folders.Concat(files).FirstOrDefault() is { } first)
            throw new LabException($"{folder}: the folder holds another run ({Path.GetFileName(first)}); name another one with --out, go on "
                + "with that run with --resume, or delete its checkpoints, log and adapter and begin anew with --overwrite");
        if (!keeps)
        {
            foreach (var old in folders) Directory.Delete(old, recursive: true);
            foreach (var old in files) File.Delete(old);
        }
        Directory.CreateDirectory(folder);
    }
}
