namespace DocTuneLab.Training.Recipes;

/// <summary>The output folder of a run, which is one run's alone: another would delete its checkpoints as old ones.</summary>
internal static class RunFolder
{
    private static readonly string[] s_folders = ["checkpoints", "adapter", "tensorboard"];
    private static readonly string[] s_files = ["trainer_log.jsonl", "loss.svg"];

    /// <summary>Makes the folder, and makes it this run's.</summary>
    /// <exception cref="LabException">It holds another run, which is neither to be resumed nor to be overwritten, or one that has
    /// ended.</exception>
    public static void Claim(SftOptions options)
    {
        var folder = options.OutputDirectory;
        string[] used = [.. s_folders.Select(f => Path.Combine(folder, f)).Where(Directory.Exists),
            .. s_files.Select(f => Path.Combine(folder, f)).Where(File.Exists)];
        if (options.Resume)
        {
            if (Directory.Exists(Path.Combine(folder, "adapter")) && !Directory.Exists(Path.Combine(folder, "checkpoints")))
                throw new LabException($"{folder}: the run there has ended and left no checkpoint to go on from; train its adapter further "
                    + "in another folder (--adapter), or begin anew (--overwrite)");
        }
        else if (options.Overwrite)
        {
            foreach (var old in used)
            {
                if (Directory.Exists(old)) Directory.Delete(old, recursive: true);
                else File.Delete(old);
            }
        }
        else if (used.Length > 0)
        {
            throw new LabException($"{folder}: the folder holds another run ({Path.GetFileName(used[0])}); name another one (--out), go on "
                + "with that run (--resume), or delete its checkpoints, log and adapter and begin anew (--overwrite)");
        }
        Directory.CreateDirectory(folder);
    }
}
