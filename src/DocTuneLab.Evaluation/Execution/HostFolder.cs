namespace DocTuneLab.Evaluation.Execution;

/// <summary>
/// Where the child program, the library and what they run with lie. Where the isolation lets no answer write there, all share one folder.
/// Elsewhere each run gets its own copy, or, of a whole runtime, the shared one is proven and mended before each run; what a run used is
/// compared again after it, because others of this user run beside it.
/// </summary>
internal sealed class HostFolder
{
    private readonly ChildProgram _program;
    private readonly ChildHost _starter;
    private readonly bool _readOnly;
    private readonly string _shared;
    private readonly Lock _gate = new();

    /// <summary>Writes the shared folder.</summary>
    /// <param name="folder">Where it is made.</param>
    /// <param name="program">What it holds.</param>
    /// <param name="starter">What starts it.</param>
    /// <param name="readOnly">Whether no answer can write there.</param>
    public HostFolder(string folder, ChildProgram program, ChildHost starter, bool readOnly)
    {
        (_program, _starter, _readOnly) = (program, starter, readOnly);
        _shared = program.Write(Directory.CreateDirectory(Path.Combine(folder, "host")).FullName);
    }

    /// <summary>The child program for a run.</summary>
    /// <param name="run">The run's folder.</param>
    public string For(string run)
    {
        if (_readOnly) return _shared;
        if (_starter.Root is not null)
            return _program.Write(Directory.CreateDirectory(Path.Combine(run, $"host-{Guid.NewGuid():n}")).FullName);
        lock (_gate)
        {
            if (!IsWhole(_shared))
            {
                var folder = Path.GetDirectoryName(_shared)!;
                // New files, because what is still running has the old ones mapped.
                if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
                _program.Write(Directory.CreateDirectory(folder).FullName);
            }
        }
        return _shared;
    }

    /// <summary>Whether the folder of a child program still holds what was written.</summary>
    public bool IsWhole(string path) => _readOnly || (_program.IsWhole(Path.GetDirectoryName(path)!) && _starter.IsWhole(path));
}
