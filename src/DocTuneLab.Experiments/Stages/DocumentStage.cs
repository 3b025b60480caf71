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
    /// <param name="options">At most one folder, page or package, the library, and how passages are cut.</param>
    /// <param name="hooks">Dialects and chunker, where they are not those that ship; they go before those of the options.</param>
    /// <param name="name">What the library is called; null for the name of its first assembly.</param>
    /// <exception cref="LabException">A folder or assembly is missing, or there is nothing to read.</exception>
    public static (DocumentStage Stage, ParseReport Report) Parse(Lab lab, ParseOptions options, LabHooks? hooks = null,
        string? name = null)
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
        var report = lab.Documents.Parse(options, input: input);
        var library = input is { Api: { } api, Judge: { } judge }
            ? new PrivateLibrary(api, judge, name)
            : PrivateLibrary.Load([], name: name);
        return (new DocumentStage(input.Sets is [var set, ..] ? set : DocumentSet.Of([], null), lab.Documents.Chunks(), library), report);
    }

    /// <summary>What a lab holds of an earlier session.</summary>
    /// <returns>Null where nothing was parsed yet.</returns>
    /// <exception cref="LabException">An assembly is no longer where it was.</exception>
    internal static DocumentStage? Reopen(Lab lab, PrivateLibrary? library, LabHooks hooks)
    {
        var inputs = lab.Inputs;
        if (inputs.Pages.Count == 0 && inputs.Assemblies.Count == 0) return null;
        var pages = lab.Documents.Pages(hooks.Dialects.All);
        var set = DocumentSet.Of(pages, inputs.Pages is [var only] ? only : null, new() { Dialects = hooks.Dialects.All });
        return new(set, lab.Documents.Chunks(), library ?? PrivateLibrary.Load(inputs.Assemblies, inputs.References, inputs.Name));
    }
}
