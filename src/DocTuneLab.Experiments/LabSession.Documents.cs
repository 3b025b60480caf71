using DocTuneLab.Documents;
using DocTuneLab.Library;
using DocTuneLab.Storage;

namespace DocTuneLab.Experiments;

// From pages and assemblies to chunks and symbols.
public sealed partial class LabSession
{
    /// <summary>What <see cref="ParseDocs"/> found.</summary>
    public DocumentSet? Documents { get; private set; }

    /// <summary>Chunks of all documents.</summary>
    public IReadOnlyList<Chunk> Chunks { get; private set; } = [];

    /// <summary>The private library's public members.</summary>
    public ApiModel? Api { get; private set; }

    /// <summary>The compiler as judge.</summary>
    public CSharpJudge? Judge { get; private set; }

    private string LibraryName => Judge!.References.LibraryAssemblies.First();

    /// <summary>Reads documentation and assemblies (those of a package come with it) into the lab, as <c>doctune parse</c> does, counting with the base model's tokenizer where one is loaded.</summary>
    /// <exception cref="LabException">A folder or assembly is missing, or no assembly is given.</exception>
    public ParseReport ParseDocs(string directory, IReadOnlyList<string> assemblies)
    {
        var options = new ParseOptions { Sources = [directory], Assemblies = assemblies, TokenizerDirectory = Model?.Directory };
        var input = ParseInput.Load(options);
        if (input is not { Api: { } api, Judge: { } judge }) throw new LabException("no library given: expected at least one assembly. Pass the DLL of the private library, or a .nupkg as the documentation.");
        var report = Storage.Parse(options, input: input);
        (Documents, Api, Judge, Chunks) = (input.Sets[0], api, judge, Storage.Chunks());
        return report;
    }
}
