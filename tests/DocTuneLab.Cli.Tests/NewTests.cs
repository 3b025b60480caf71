using System.Text.Json.Nodes;

namespace DocTuneLab.Cli.Tests;

/// <summary>A lab from the command line; what it is made of is tested with the extension.</summary>
public sealed class NewTests : IDisposable
{
    private readonly Doctune _doctune = new();

    public void Dispose() => _doctune.Dispose();

    [Fact]
    public void A_project_is_built_and_its_repositorys_documentation_found()
    {
        Directory.CreateDirectory(Path.Combine(_doctune.Folder, "src"));
        Directory.CreateDirectory(Path.Combine(_doctune.Folder, "docs"));
        _doctune.Write("Acme.slnx", "<Solution/>");
        _doctune.Write("docs/tanks.md", "# Tanks\n\n`Tank.Fill` fills one.\n");
        _doctune.Write("src/Acme.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup><TargetFramework>net10.0</TargetFramework>"
            + "<AssemblyName>Acme.Tanks</AssemblyName></PropertyGroup></Project>");
        _doctune.Write("src/Tank.cs", "namespace Acme;\n/// <summary>Holds water.</summary>\npublic class Tank {\n/// <summary>Fills it."
            + "</summary>\npublic void Fill(double litres) { } }\n");
        var result = _doctune.Run("new", "lab", "--project", "src/Acme.csproj", "--json");
        Assert.True(result.Code == 0, result.Out + result.Error);
        var lab = JsonNode.Parse(result.Out)!;
        Assert.Equal(Path.Combine(_doctune.Folder, "docs"), (string?)lab["library"]!["docs"]);
        Assert.EndsWith("Acme.Tanks.dll", (string?)lab["library"]!["assemblies"]![0]);
        // Its XML documentation was made, though the project does not ask for it.
        Assert.DoesNotContain(lab["warnings"]!.AsArray(), w => ((string)w!).Contains("xml", StringComparison.OrdinalIgnoreCase));
        var refused = _doctune.Run("new", "lab", "--docs", "docs");
        Assert.Equal(1, refused.Code);
        Assert.Contains("is a lab already", refused.Error);
        var generated = _doctune.Run("corpus", "generate", "--lab", "lab", "--count", "5");
        Assert.True(generated.Code == 0, generated.Error);
        Assert.Contains("Nothing is held out", generated.Error);
    }

    [Fact]
    public void What_cannot_be_is_refused_with_a_word()
    {
        var two = _doctune.Run("new", "lab", "--package", "a.nupkg", "--assembly", "a.dll");
        Assert.Equal(2, two.Code);
        Assert.Contains("Give one of --package, --project and --assembly", two.Error);
        Assert.Equal(2, _doctune.Run("new", "lab", "--docs", "docs", "-p", "samples", "3").Code);
        var gone = _doctune.Run("new", "lab", "--package", "a.nupkg");
        Assert.Equal((1, true), (gone.Code, gone.Error.Contains("a.nupkg: package not found", StringComparison.Ordinal)));
        Assert.False(Directory.Exists(Path.Combine(_doctune.Folder, "lab")));
        var lost = _doctune.Run("corpus", "generate", "--lab", "lab", "--count", "5");
        Assert.Equal((2, true), (lost.Code, lost.Error.Contains("which library?", StringComparison.Ordinal)));
        Assert.False(Directory.Exists(Path.Combine(_doctune.Folder, "lab")));
    }
}
