using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Formats;
using DocTuneLab.Corpus.Review;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Experiments;
using DocTuneLab.Prompts;

namespace DocTuneLab.Extension.Tests;

/// <summary>Samples looked at, decided on, edited and written again from cells.</summary>
public sealed class ReviewTests
{
    private const string Read = "#!docs data/private-library/docs --assembly data/private-library/bin/Fenmark.dll",
        Suite = "#!suite data/private-library/tasks";

    [Fact]
    public async Task Samples_are_browsed_decided_on_judged_again_and_written_again()
    {
        using var lab = new LabFolder();
        string[] begin = [$"#!lab --path {lab.Path}/lab", Read, Suite];
        var (shown, error) = await lab.RunAsync(
        [
            .. begin, "#!corpus generate --count 60 --general-share 0", "#!corpus browse --status accepted --kind code --show 3"
        ]);
        Assert.Null(error);
        Assert.Contains("Save decisions", shown);
        Assert.Contains("3 of ", shown);
        using (var storage = Storage.Lab.Open($"{lab.Path}/lab"))
            Assert.All(SampleBrowser.Find(storage.Samples, SampleStanding.Accepted), s => Assert.True(s.Accepted));
        Sample[] code;
        using (var storage = Storage.Lab.Open($"{lab.Path}/lab"))
            code = [.. storage.Samples.List(kind: SampleKind.Code)
                .Where(s => s.Messages[^2].Content.StartsWith("Complete the method", StringComparison.Ordinal))
                .Take(3)];
        var word = code[0].Evidence.Symbols[0];
        Assert.Contains(code[0].Id[..8], (await lab.RunAsync([.. begin, $"#!corpus browse --search {word} --show 100"])).Shown);

        (shown, error) = await lab.RunAsync([.. begin, "#!corpus coverage --show 3"]);
        Assert.Null(error);
        Assert.Contains("treemap", shown);
        Assert.All((string[])["Documented", "Asked", "Compiled", "Used", "HeldOut", "in held-out tasks"],
            column => Assert.Contains(column, shown));
        Assert.Contains("run #!docs first", (await lab.RunAsync($"#!lab --path {lab.Path}/empty", "#!corpus coverage")).Error);

        // An edit that does not compile stays out, with the compiler's reason; one that does gets in.
        (shown, error) = await lab.RunAsync(
            [.. begin, $"#!decide {code[0].Id[..12]} edit --reviewer ada --note shorter\n```csharp\nreturn NoSuchThing.At.All;\n```"]);
        Assert.Null(error);
        Assert.Contains("does not exist", shown);
        (shown, error) = await lab.RunAsync([.. begin, $"#!decide {code[1].Id[..12]} edit --reviewer ada\n```csharp\n// the same\n"
            + $"{AnswerFormat.BodyOf(code[1].Messages[^1].Content)}\n```"]);
        Assert.Null(error);
        (_, error) = await lab.RunAsync([.. begin, $"#!decide {code[2].Id[..12]} regenerate --reviewer ada"]);
        Assert.Null(error);
        using (var storage = Storage.Lab.Open($"{lab.Path}/lab"))
        {
            var all = storage.Samples.List(acceptedOnly: false).ToDictionary(s => s.Id);
            Assert.All(code, s => Assert.False(all[s.Id].Accepted));
            var edited = storage.Samples.Reviews().Where(r => r.Decision == ReviewDecision.Edit).Select(r => all[r.ReplacedBy!]).ToList();
            Assert.Equal([false, true], edited.Select(s => s.Accepted));
            Assert.Contains(edited[1].Checks, c => c is { Name: "compiles", Passed: true });
            Assert.All(edited, s => Assert.Equal("review", s.Provenance!.Source));
        }
        (shown, error) = await lab.RunAsync([.. begin, "#!corpus regenerate"]);
        Assert.Null(error);
        Assert.Contains("1 samples were marked; 1 new ones accepted", shown);
        Assert.Contains("nothing is marked", (await lab.RunAsync([.. begin, "#!corpus regenerate"])).Shown);
        using (var storage = Storage.Lab.Open($"{lab.Path}/lab"))
        {
            Assert.Equal(["ada", "ada", "ada", "doctune"], storage.Samples.Reviews().Select(r => r.Reviewer));
            Assert.Contains(storage.Samples.List(), s => s.Id == storage.Samples.Reviews()[^1].ReplacedBy);
        }
    }

    // A sample is judged again by the namespaces that it was written under: those of .NET's own samples are not the library's.
    [Fact]
    public void A_corpus_that_was_just_written_holds()
    {
        using var lab = new LabFolder();
        using var session = new LabSession();
        session.Open($"{lab.Path}/lab", 1);
        session.ParseDocs(new()
        {
            Sources = ["data/private-library/docs"],
            Assemblies = ["data/private-library/bin/Fenmark.dll"]
        });
        session.LoadSuite("data/private-library/tasks");
        var corpus = session.CorpusStage.Generate(new CorpusOptions { Count = 60, ReplayShare = 0.4, General = new GeneralSamples() });
        var (kept, failed) = session.CorpusStage.Check();
        Assert.Equal([], failed.Select(s => $"{s.Provenance!.Source}: {s.Checks.First(c => !c.Passed)}"));
        Assert.Equal(corpus.Samples.Count, kept);
        Assert.Contains(corpus.Samples,
            s => s.Provenance is { Source: "general", Usings: { } usings }
                && usings.Any(u => u != "System" && !u.StartsWith("Fenmark", StringComparison.Ordinal)));

        // Nor does a way through a file change what stands.
        CorpusFormats.WriteLines($"{lab.Path}/all.jsonl", corpus.Samples.Select(s => CorpusFormats.Row(s, CorpusFormat.ShareGpt)!));
        session.Storage.Samples.Save(CorpusFormats.Read($"{lab.Path}/all.jsonl"), replaceAll: true);
        Assert.Empty(session.CorpusStage.Check().Failed);
    }

    [Fact]
    public async Task A_wrong_decision_is_named()
    {
        using var lab = new LabFolder();
        Assert.Contains("no sample 'zzz'",
            (await lab.RunAsync($"#!lab --path {lab.Path}/lab", "#!decide zzz accept --reviewer ada")).Error);
        Assert.Contains("maybe", (await lab.RunAsync($"#!lab --path {lab.Path}/lab", "#!decide zzz maybe --reviewer ada")).Error);
    }
}
