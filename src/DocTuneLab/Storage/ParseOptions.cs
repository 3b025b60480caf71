using DocTuneLab.Documents.Chunking;
using DocTuneLab.Documents.Sources;
using DocTuneLab.Settings;

namespace DocTuneLab.Storage;

/// <summary>What to parse into a lab, and how.</summary>
public sealed record ParseOptions
{
    /// <summary>Names, ranges and words of these settings.</summary>
    public static SettingTable<ParseOptions> Settings => SettingTable<ParseOptions>.Instance;

    /// <summary>Documentation folders; none where there are no pages. With more than one, the paths of pages begin with the folder's
    /// name.</summary>
    public required IReadOnlyList<string> Sources { get; init; }

    /// <summary>The private library's assemblies; their XML files lie beside them. Without any, chunks are not linked to symbols.</summary>
    public IReadOnlyList<string> Assemblies { get; init; } = [];

    /// <summary>Assemblies that the library needs and that are not the library, where they are not found otherwise.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary>Budget of a chunk in tokens. Default 384.</summary>
    [Setting("Tokens of a passage at most.", Option = "passage-tokens", Field = "passage_tokens", Min = 1)]
    public int MaxTokens { get; init; } = 384;

    /// <summary>Folder of the model whose tokenizer counts. Default null: four characters count as a token.</summary>
    [Setting("Model folder or .gguf file whose tokenizer counts. Without one, four characters count as a token.", Option = "tokenizer",
        Field = "tokenizer", Placeholder = "DIR")]
    public string? TokenizerDirectory { get; init; }

    /// <summary>How the folders are read: dialects, what is left out. Default as <see cref="DocumentOptions"/> says.</summary>
    public DocumentOptions Reading { get; init; } = new();

    /// <summary>Makes what cuts pages. Default <see cref="Documents.Chunking.Chunker"/>: along sections, without overlap. The lab records
    /// which chunker cut a page, and cuts it anew where another would.</summary>
    public Func<ChunkingContext, IChunker> Chunker { get; init; } = context => new Chunker(context);

    /// <summary>Parse even where nothing changed. Default false.</summary>
    [Setting("Parses even if no file changed.")]
    public bool Full { get; init; }
}
