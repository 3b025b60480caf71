using DocTuneLab.Conversations;
using DocTuneLab.Corpus;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Drafting;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation.Tests;

/// <summary>Drafts of tasks from what the search over types finds.</summary>
public class CompositionDraftTests(SampleLibrary library) : IClassFixture<SampleLibrary>
{
    [Fact]
    public void Drafts_compile_need_several_members_and_are_completed_by_hand()
    {
        var api = library.Api;
        var drafts = CompositionDrafts.Draw(api, library.Judge, [], 30, seed: 1);
        Assert.Equal(30, drafts.Count);
        Assert.All(drafts, d => Assert.True(d.GoldSymbols.Count >= 2 && d.GoldSymbols.All(g => api.Find(g) is not null), d.Reference));
        Assert.All(drafts, d =>
            Assert.True(library.Judge.Judge($"{d.Signature} {{ {d.Reference} }}", CodeForm.Members, d.Usings).Compiles));
        // Not thirty tasks about one member.
        Assert.True(drafts.SelectMany(d => d.GoldSymbols).Distinct().Count() >= 30);
        Assert.Equal(drafts.Select(d => d.Reference), CompositionDrafts.Draw(api, library.Judge, [], 30, seed: 1).Select(d => d.Reference));

        var folder = Directory.CreateTempSubdirectory("doctune-drafts-").FullName;
        var path = Path.Combine(folder, CompositionDrafts.FileName);
        CompositionDrafts.Write(path, drafts);
        Assert.Contains("instruction: missing or empty", Assert.Throws<LabException>(() => Suite.Load(path)).Message);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void What_samples_show_is_not_drafted()
    {
        var first = CompositionDrafts.Draw(library.Api, library.Judge, [], 5, seed: 1);
        var samples = first.Select((d, i) => new Sample($"s{i}", SampleKind.Code,
            [Message.User("Do."), Message.Assistant($"```csharp\n{d.Reference}\n```")], new Evidence([], []), [], Split.Train)).ToList();
        var drafts = CompositionDrafts.Draw(library.Api, library.Judge, samples, 200, seed: 1);
        Assert.Empty(drafts.Select(d => CodeShape.Of(d.Reference)!.Text).Intersect(first.Select(d => CodeShape.Of(d.Reference)!.Text)));
    }
}
