using DocTuneLab.Documents;
using DocTuneLab.Library;
using DocTuneLab.Storage;

namespace DocTuneLab.Extension;

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

    /// <summary>Reads documentation and assemblies (those of a package come with it), cuts chunks and links them to symbols.</summary>
    /// <exception cref="LabException">A folder or assembly is missing.</exception>
    public DocumentChanges ParseDocs(string directory, IReadOnlyList<string> assemblies)
    {
        var documents = DocumentSet.Load(directory);
        var references = ReferenceSet.Load([.. assemblies.Concat(documents.Site.Assemblies)]);
        Api = ApiModel.Load(references);
        Judge = new CSharpJudge(references);
        Documents = documents;
        var linker = new SymbolLinker(Api, Judge);
        // Without a base model there is no tokenizer yet; four characters a token is close enough for a budget.
        var chunker = Model is { } model ? new Chunker(model.Tokenizer, 384, linker) : new Chunker(text => (text.Length + 3) / 4, 384, linker);
        var changes = Storage.SaveDocuments(documents.Documents, chunker.Chunk, $"{typeof(Chunker).Module.ModuleVersionId}:384:{Model?.Tokenizer.VocabularySize}:{Api.Hash}");
        Storage.SaveSymbols(Api);
        Chunks = Storage.Chunks();
        return changes;
    }
}
