namespace DocTuneLab.Tests;

/// <summary>A temporary folder with files written into it.</summary>
public sealed class TempFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("doctune-docs-").FullName;

    public string this[string path] => Path.Combine(Root, path);

    public TempFolder With(string path, string text) => With(path, System.Text.Encoding.UTF8.GetBytes(text));

    public TempFolder With(string path, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(this[path])!);
        File.WriteAllBytes(this[path], bytes);
        return this;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
