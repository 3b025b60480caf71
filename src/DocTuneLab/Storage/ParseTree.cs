using DocTuneLab.Documents.Model;

namespace DocTuneLab.Storage;

/// <summary>What of a page is kept as a document, beside its row.</summary>
internal sealed record ParseTree(IReadOnlyDictionary<string, string> FrontMatter, Section Root, IReadOnlyList<CodeBlock> CodeBlocks);
