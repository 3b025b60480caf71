using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Documents;
using DocTuneLab.Documents.Chunking;
using DocTuneLab.Documents.Linking;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;
using DocTuneLab.Tests.Prompts.Loopback;

namespace DocTuneLab.Tests.Corpus;

/// <summary>The sample library with its train pages, and answers that a fair model would give about it.</summary>
public sealed class PrivateLibrary
{
    public PrivateLibrary()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root!.FullName, "DocTuneLab.sln"))) root = root.Parent;
        var references = ReferenceSet.Load([Path.Combine(root.FullName, "data/private-library/bin/Fenmark.dll")]);
        Api = ApiModel.Load(references);
        Judge = new CSharpJudge(references);
        var chunker = new Chunker(text => (text.Length + 3) / 4, 384, new SymbolLinker(Api));
        Chunks = [.. DocumentSet.Load(Path.Combine(root.FullName, "data/private-library/docs")).Documents
            .Where(d => d.Split == Split.Train)
            .SelectMany(chunker.Chunk)];
        Answers = new LibraryAnswers(Api, Judge, 600);
    }

    public ApiModel Api { get; }
    public CSharpJudge Judge { get; }
    public IReadOnlyList<Chunk> Chunks { get; }
    public LibraryAnswers Answers { get; }
    public ICodeJudge Batched => new BatchedJudge(Judge);
}
