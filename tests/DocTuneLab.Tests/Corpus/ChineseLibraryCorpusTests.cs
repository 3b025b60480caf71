using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Documents;
using DocTuneLab.Documents.Chunking;
using DocTuneLab.Documents.Linking;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;

namespace DocTuneLab.Tests.Corpus;

/// <summary>A library that is documented in Chinese gets a corpus in Chinese, by the same generator and without a setting.</summary>
public class ChineseLibraryCorpusTests
{
    private static readonly Lazy<GeneratedCorpus> s_corpus = new(Generate);

    [Fact]
    public void Most_requests_are_in_Chinese_in_every_kind_that_asks_in_words()
    {
        foreach (var kind in (SampleKind[])
        [
            SampleKind.Qa, SampleKind.Code, SampleKind.Completion, SampleKind.Explain, SampleKind.Unanswerable
        ])
        {
            var samples = s_corpus.Value.Samples.Where(s => s.Kind == kind).ToList();
            var chinese = samples.Count(s => IsChinese(s.Messages[^2].Content));
            Assert.True(samples.Count > 0 && chinese * 3 >= samples.Count * 2,
                $"{kind}: {chinese} of {samples.Count} requests are in Chinese.");
        }
    }

    [Fact]
    public void Requests_speak_one_language()
    {
        // English words that only a recipe would put around a Chinese request.
        string[] frames = [" the given ", " with ", " then ", " and return", "otherwise ", "Write a method", "It ", "for each"];
        var mixed = s_corpus.Value.Samples
            .Where(s => s.Kind.Name is "Code" or "Explain" or "Unanswerable" && IsChinese(Instruction(s)))
            .Where(s => frames.Any(
                f => (Instruction(s) + (s.Kind == SampleKind.Code ? "" : s.Messages[^1].Content)).Contains(f, StringComparison.Ordinal)))
            .ToList();
        Assert.True(mixed.Count == 0, string.Join('\n', mixed.Select(s => $"{Instruction(s)} -> {s.Messages[^1].Content}")));
    }

    [Fact]
    public void No_question_for_a_name_gives_the_name_away()
    {
        var leaks = s_corpus.Value.Samples.Where(s => s.Kind == SampleKind.Qa && s.Checks[0].Detail is "which-member" or "member-name")
            .Where(s => s.Messages[^2].Content.Contains($".{s.Messages[^1].Content.Split('.')[^1]}", StringComparison.Ordinal))
            .Select(s => $"{s.Messages[^2].Content} -> {s.Messages[^1].Content}")
            .ToList();
        Assert.True(leaks.Count == 0, string.Join('\n', leaks));
    }

    private static bool IsChinese(string text) => text.Any(c => c is >= '\u4e00' and <= '\u9fff');

    private static string Instruction(Sample s) => s.Messages[^2].Content.Split("```")[0];

    private static GeneratedCorpus Generate()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root!.FullName, "DocTuneLab.sln"))) root = root.Parent;
        var data = Path.Combine(root.FullName, "data", "private-library-zh");
        var references = ReferenceSet.Load([Path.Combine(data, "bin", "Mingpu.dll")]);
        var api = ApiModel.Load(references);
        var judge = new CSharpJudge(references);
        var chunker = new Chunker(text => (text.Length + 3) / 4, 384, new SymbolLinker(api));
        var chunks =
            DocumentSet.Load(Path.Combine(data, "docs")).Documents.Where(d => d.Split == Split.Train).SelectMany(chunker.Chunk).ToList();
        return new StructuralGenerator(api, judge, new CorpusOptions { Count = 500, LibraryName = "Mingpu", RetrievedShare = 0 })
            .Generate(chunks);
    }
}
