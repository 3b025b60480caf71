namespace DocTuneLab.Storage;

/// <summary>Files that are there as a whole: whoever reads one, also after a crash, sees what it was before or what it is now.</summary>
public static class WholeFile
{
    /// <summary>Replaces a file, which is written aside and moved.</summary>
    /// <param name="path">The file; its folder is there.</param>
    /// <param name="text">What it holds.</param>
    /// <exception cref="IOException">It cannot be written; the former one stays.</exception>
    public static void Write(string path, string text)
    {
        File.WriteAllText(path + ".tmp", text);
        File.Move(path + ".tmp", path, overwrite: true);
    }
}
