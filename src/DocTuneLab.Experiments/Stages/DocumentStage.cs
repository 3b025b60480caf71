using DocTuneLab.Documents;
using DocTuneLab.Documents.Model;
using DocTuneLab.Storage;

namespace DocTuneLab.Experiments.Stages;

/// <summary>From pages and assemblies to chunks and symbols.</summary>
public sealed class DocumentStage
{
    /// <summary>Pages and a library that were read before.</summary>
    /// <param name="set">The pages.</param>
    /// <param name="chunks">Chunks of all pages.</param>
    /// <param name="library">What they document.</param>
    public DocumentStage(
        DocumentSet set, IReadOnlyList<Chunk> chunks, PrivateLibrary library) => (Set, Chunks, Library) = (set, chunks, library);

    /// <summary>The pages.</summary>
    public DocumentSet Set { get; }

    /// <summary>Chunks of all pages.</summary>
    public IReadOnlyList<Chunk> Chunks { get; }

    /// <summary>The library that the pages document.</summary>
    public PrivateLibrary Library { get; }

    /// <summary>Chunks of the pages that samples may be written from; those of dev and test pages stay unseen.</summary>
    public IReadOnlyList<Chunk> TrainChunks => [.. Chunks.Where(c => Set.SplitOf(c.DocumentPath) == Split.Train)];

    /// <summary>Reads documentation and assemblies (those of a package come with it) into a lab, as <c>doctune parse</c> does.</summary>
    /// <param name="lab">Where they are kept.</param>
    /// <param name="directory">Folder of pages, a page or a package.</param>
    /// <param name="assemblies">The library; may be empty for a package.</param>
    /// <param name="tokenizerDirectory">Model whose tokenizer counts, or null.</param>
    /// <param name="hooks">Dialects and chunker, where they are not those that ship.</param>
    /// <exception cref="LabException">A folder or assembly is missing, or no assembly is given.</exception>
    public static (DocumentStage Stage, ParseReport Report) Parse(Lab lab, string directory, IReadOnlyList<string> assemblies,
        string? tokenizerDirectory = null, LabHooks? hooks = null) =>
        Parse(lab, new ParseOptions { Sources = [directory], Assemblies = assemblies, TokenizerDirectory = tokenizerDirectory }, hooks);

    /// <summary>Likewise, with all that can be said of it.</summary>
    /// <param name="lab">Where they are kept.</param>
    /// <param name="options">One folder, page or package, the library, and how passages are cut.</param>
    /// <param name="hooks">Dialects and chunker, where they are not those that ship; they go before those of the options.</param>
    /// <exception cref="LabException">A folder or assembly is missing, or no assembly is given.</exception>
    public static (DocumentStage Stage, ParseReport Report) Parse(Lab lab, ParseOptions options, LabHooks? hooks = null)
    {
        ArgumentNullException.ThrowIfNull(lab);
        ArgumentNullException.ThrowIfNull(options);
        hooks ??= new();
        options = options with
        {
            Reading = options.Reading with { Dialects = hooks.Dialects.All },
            Chunker = hooks.Chunker,
        };
        var input = ParseInput.Load(options);
        if (input is not { Api: { } api, Judge: { } judge })
            throw new LabException(
                "no library given: expected at least one assembly. Pass the DLL of the private library, or a .nupkg as the documentation.");
        var report = lab.Documents.Parse(options, input: input);
        return (new DocumentStage(input.Sets[0], lab.Documents.Chunks(), new PrivateLibrary(api, judge)), report);
    }
}
