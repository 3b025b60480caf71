namespace DocTuneLab.Evaluation.Execution;

/// <summary>
/// Where the child program, the library and what they run with lie. Where the isolation lets no answer write there, all share one folder.
/// Elsewhere each run gets its own copy, or, of a whole runtime, the shared one is proven and mended before each run; what a run used is
/// compared again after it, because others of this user run beside it.
/// </summary>
internal sealed class HostFolder
{
    private readonly ChildProgram program;
    private readonly ChildHost starter;
    private readonly bool readOnly;
    private readonly string shared;
    private readonly Lock gate = new();

    /// <summary>Writes the shared folder.</summary>
    /// <param name="folder">Where it is made.</param>
    /// <param name="program">What it holds.</param>
    /// <param name="starter">What starts it.</param>
    /// <param name="readOnly">Whether no answer can write there.</param>
    public HostFolder(string folder, ChildProgram program, ChildHost starter, bool readOnly)
    {
        (this.program, this.starter, this.readOnly) = (program, starter, readOnly);
        shared = program.Write(Directory.CreateDirectory(Path.Combine(folder, "host")).FullName);
    }

    /// <summary>The child program for a run.</summary>
    /// <param name="run">The run's folder.</param>
    public string For(string run)
    {
        if (readOnly) return shared;
        if (starter.Root is not null)
            return program.Write(Directory.CreateDirectory(Path.Combine(run, $"host-{Guid.NewGuid():n}")).FullName);
        lock (gate)
        {
            if (!IsWhole(shared))
            {
                var folder = Path.GetDirectoryName(shared)!;
                // New files, because what is still running has the old ones mapped.
                if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
                program.Write(Directory.CreateDirectory(folder).FullName);
            }
        }
        return shared;
    }

    /// <summary>Whether the folder of a child program still holds what was written.</summary>
    public bool IsWhole(string path) => readOnly || (program.IsWhole(Path.GetDirectoryName(path)!) && starter.IsWhole(path));
}
