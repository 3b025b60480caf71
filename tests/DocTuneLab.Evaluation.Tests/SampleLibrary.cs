using DocTuneLab.Library;
using Microsoft.CodeAnalysis;

namespace DocTuneLab.Evaluation.Tests;

/// <summary>The sample library compiled from its source, so that tests need no build of it.</summary>
public class SampleLibrary : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("doctune-library-");
    private readonly string _name;

    public SampleLibrary() : this("private-library") { }

    protected SampleLibrary(string sample)
    {
        _name = sample;
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "DocTuneLab.sln"))) Root = at.FullName;
        var sources = Directory.EnumerateFiles(Path.Combine(Data, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Split(Path.DirectorySeparatorChar).Any(d => d is "bin" or "obj")).Order(StringComparer.Ordinal).ToList();
        var name = "Library-" + Guid.NewGuid().ToString("n");
        var compiled = new CSharpJudge(ReferenceSet.Load())
            .Emit([.. sources.Select(File.ReadAllText)], OutputKind.DynamicallyLinkedLibrary, out var errors, assemblyName: name);
        Assert.True(compiled is not null, string.Join('\n', errors));
        var dll = Path.Combine(_folder.FullName, name + ".dll");
        File.WriteAllBytes(dll, compiled.Image);
        References = ReferenceSet.Load(dll);
        Judge = new CSharpJudge(References);
    }

    public string Root { get; } = "";

    public string Data => Path.Combine(Root, "data", _name);

    public string Tasks => Path.Combine(Data, "tasks");

    public ReferenceSet References { get; }

    public CSharpJudge Judge { get; }

    public ApiModel Api => ApiModel.Load(References);

    public void Dispose()
    {
        _folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }
}

/// <summary>The second sample library, of another domain and style, documented in Chinese.</summary>
public sealed class ChineseSampleLibrary() : SampleLibrary("private-library-zh");
