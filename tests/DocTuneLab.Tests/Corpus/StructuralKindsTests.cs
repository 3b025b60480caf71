using System.Text.RegularExpressions;
using DocTuneLab.Conversations;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;
using DocTuneLab.Prompts;

namespace DocTuneLab.Tests.Corpus;

/// <summary>Kinds of samples that need no language model:
/// mistakes, overloads, usages of others, general knowledge, retrieved passages.</summary>
public sealed partial class StructuralKindsTests(
    CorpusFixture fixture, PrivateLibrary library) : IClassFixture<CorpusFixture>, IClassFixture<PrivateLibrary>
{
    private GeneratedCorpus Generate(SampleKind kind, CorpusOptions options, params Chunk[] chunks) =>
        new StructuralGenerator(fixture.Symbols, fixture.Batched, options with { Mix = new Dictionary<SampleKind, double> { [kind] = 1 } })
            .Generate(chunks, null, TestContext.Current.CancellationToken);

    [Fact]
    public void Every_kind_of_mistake_occurs_and_is_one()
    {
        var corpus = Generate(SampleKind.Repair, new CorpusOptions { Count = 800, Seed = 2 });
        var kinds = corpus.Samples.GroupBy(s => s.Checks[0].Detail!.Split(": ")[0]).ToDictionary(g => g.Key, g => g.ToList());
        Assert.Equal(
            [
                "argument order", "forgotten argument", "invented name", "missing await", "missing using", "property called",
                "used after disposal", "wrong overload"
            ],
            kinds.Keys.Order(StringComparer.Ordinal));
        Assert.All(corpus.Samples, s => Assert.Contains(s.Checks, c => c is { Name: "mistake fails", Passed: true }));
        foreach (var sample in kinds.Where(k => k.Key != "missing using").SelectMany(k => k.Value))
        {
            var parts = Shown().Match(sample.Messages[^2].Content);
            Assert.False(fixture.One(new CodeToJudge($"{parts.Groups[1].Value}\n{{\n{parts.Groups[2].Value}\n}}", CodeForm.Members,
                ["Waterworks"])).Compiles, sample.Messages[^2].Content);
            Assert.True(fixture.One(new CodeToJudge($"{parts.Groups[1].Value}\n{{\n{AnswerFormat.BodyOf(sample.Messages[^1].Content)}\n}}",
                CodeForm.Members, ["Waterworks"])).Compiles, sample.Messages[^1].Content);
        }
        foreach (var sample in kinds["missing using"])
        {
            var parts = Shown().Match(sample.Messages[^2].Content);
            var method = $"{parts.Groups[1].Value}\n{{\n{parts.Groups[2].Value}\n}}";
            Assert.False(fixture.One(new CodeToJudge(method, CodeForm.Members, [])).Compiles);
            Assert.True(fixture.One(new CodeToJudge(method, CodeForm.Members,
                [Directive().Match(sample.Messages[^1].Content).Groups[1].Value])).Compiles);
        }
        Assert.All(kinds["used after disposal"], s => Assert.Contains("CS0103", s.Messages[^2].Content));
        Assert.All(kinds["missing await"], s => Assert.Contains("await", s.Messages[^1].Content));
    }

    [Fact]
    public void Overloads_and_constraints_are_asked()
    {
        var symbols = library.Api.Symbols;
        // Of some kinds there are few facts: not every seed draws one.
        var byKind = ((int[])[0, 1]).SelectMany(seed => new StructuralGenerator(symbols, library.Batched,
            new CorpusOptions
            {
                Count = 700,
                Seed = seed,
                ChineseShare = 0,
                Mix = new Dictionary<SampleKind, double> { [SampleKind.Qa] = 1 }
            })
            .Generate([], null, TestContext.Current.CancellationToken).Samples)
            .ToLookup(s => s.Checks[0].Detail!);
        foreach (var kind in (string[])["signature", "exception-when", "parameter-default"]) Assert.True(byKind[kind].Any(), kind);
        var overloaded = ApiModel.FromSources([("Gate.cs", "namespace N; public class Gate { public void Set(int steps) { } public void "
            + "Set(string word, int steps) { } public void Set(System.TimeSpan time) { } }")], ReferenceSet.Load());
        byKind = new StructuralGenerator(overloaded.Symbols, library.Batched,
            new CorpusOptions { Count = 60, ChineseShare = 0, Mix = new Dictionary<SampleKind, double> { [SampleKind.Qa] = 1 } })
            .Generate([], null, TestContext.Current.CancellationToken).Samples
            .ToLookup(s => s.Checks[0].Detail!);
        Assert.All(byKind["overload-count"], s => Assert.Equal("3", s.Messages[^1].Content));
        Assert.Contains(byKind["overloads"],
            s => s.Messages[^1].Content.Split("; ").Order(StringComparer.Ordinal).SequenceEqual(["(TimeSpan)", "(int)", "(string, int)"]));
        Assert.Contains(byKind["overload-taking"],
            s => s.Messages[^2].Content.Contains("string", StringComparison.Ordinal) && s.Messages[^1].Content == "(string, int)");
        Assert.DoesNotContain(byKind["overload-taking"], s => Regex.IsMatch(s.Messages[^2].Content, "\\bint\\b"));
        var constrained = Generate(SampleKind.Qa,
            new CorpusOptions { Count = 900, ChineseShare = 0 }).Samples.Where(s => s.Checks[0].Detail == "constraint")
            .ToList();
        Assert.NotEmpty(constrained);
        Assert.All(constrained, s => Assert.Equal("struct", s.Messages[^1].Content));
    }

    [Fact]
    public void Gaps_stand_at_nodes_of_the_syntax()
    {
        var corpus = Generate(SampleKind.Completion, new CorpusOptions { Count = 120 });
        Assert.Contains(corpus.Samples, s => s.Messages[^1].Content.EndsWith(';'));
        Assert.Contains(corpus.Samples, s => Regex.IsMatch(s.Messages[^1].Content, @"^\w+$"));
        Assert.All(corpus.Samples, s => Assert.Contains(s.Checks, c => c is { Name: "compiles", Passed: true }));
    }

    [Fact]
    public void Usages_are_mined_from_the_librarys_own_tests()
    {
        var folder = Directory.CreateTempSubdirectory("doctune-usages-").FullName;
        File.WriteAllText(Path.Combine(folder, "TankTests.cs"), """
            using Waterworks;
            using Xunit;

            public sealed class TankTests
            {
                private readonly Tank _tank = new("north", 100);

                [Fact]
                public void Filling_a_tank_raises_its_level()
                {
                    var before = _tank.Level;
                    _tank.Fill(new Volume(5));
                    Assert.Equal(before + 5, _tank.Level);
                }

                /// <summary>Drains the tank at the given rate and reads what is left.</summary>
                [Fact]
                public async Task Draining()
                {
                    var clock = new FakeClock();
                    var left = await _tank.DrainAsync(1.5);
                    clock.Advance(left);
                    await Assert.ThrowsAsync<PressureException>(() => _tank.DrainAsync(-1));
                }

                /// <summary>Fills the tank twice and tells its level.</summary>
                public static double FillTwice(Tank tank, Volume amount)
                {
                    tank.Fill(amount);
                    tank.Fill(amount);
                    return tank.Level;
                }

                // The name of a tank in capitals.
                private static string Shouted(Tank tank) => tank.Name.ToUpperInvariant();

                [Fact]
                public void Nothing_of_the_library() { var x = 1 + 1; Assert.Equal(2, x); }

                [Fact]
                public void Only_helpers() { new FakeClock().Advance(3); }
            }
            """);
        var corpus = Generate(SampleKind.Code, new CorpusOptions { Count = 30, ChineseShare = 0, Sources = [folder] });
        var mined = corpus.Samples.Where(s => s.Checks[0].Detail == "usage in TankTests.cs").ToList();
        Assert.Equal(4, mined.Count);
        // A method keeps its own header, and with it its result.
        var twice = mined.Single(s => s.Messages[^2].Content.Contains("Fill the tank twice and tell its level", StringComparison.Ordinal));
        Assert.Contains("public static double FillTwice(Tank tank, Volume amount)", twice.Messages[^2].Content, StringComparison.Ordinal);
        Assert.EndsWith("return tank.Level;\n```", twice.Messages[^1].Content, StringComparison.Ordinal);
        var shouted = mined.Single(s => s.Messages[^2].Content.Contains("in capitals", StringComparison.Ordinal));
        Assert.Contains("public static string Shouted(Tank tank)", shouted.Messages[^2].Content, StringComparison.Ordinal);
        Assert.Contains("return tank.Name.ToUpperInvariant();", shouted.Messages[^1].Content, StringComparison.Ordinal);
        var fill = mined.Single(s =>
            s.Messages[^2].Content.Contains("Filling a tank raises its level", StringComparison.OrdinalIgnoreCase));
        Assert.Contains("_tank.Fill(new Volume(5));", fill.Messages[^1].Content);
        Assert.DoesNotContain("Assert", fill.Messages[^1].Content);
        var drain = mined.Single(s => s.Messages[^2].Content.Contains("Draining", StringComparison.Ordinal));
        Assert.Contains("Drain the tank at the given rate and read what is left", drain.Messages[^2].Content);
        Assert.DoesNotContain("clock", drain.Messages[^1].Content);
        Assert.Contains("no such file or folder",
            Assert.Throws<LabException>(() => Generate(SampleKind.Code, new CorpusOptions { Count = 3, Sources = ["no/such"] })).Message);
    }

    [Fact]
    public void A_tenth_is_about_the_framework_and_counted_apart()
    {
        var corpus = new StructuralGenerator(library.Api, library.Judge, new CorpusOptions { Count = 60, General = new GeneralSamples() })
            .Generate(library.Chunks, null, TestContext.Current.CancellationToken);
        Assert.Equal(60, corpus.Samples.Count);
        var general = corpus.Samples.Where(s => s.Provenance!.Source == "general").ToList();
        Assert.Equal(6, general.Count);
        Assert.All(general, s => Assert.True(s.Accepted && s.Evidence.Symbols.Count == 0));
        Assert.All(corpus.Accounts, a => Assert.True(a.Closes));
        Assert.Contains(corpus.Accounts, a => a is { Label: "General", Accepted: 6 });
    }

    [Fact]
    public void Passages_stand_before_the_request_as_arms_with_documents_show_them_and_within_the_limit()
    {
        // A search by common words; some passages are larger than the budget.
        static HashSet<string> Words(string text) => [.. text.Split([.. " \n().`,"], StringSplitOptions.RemoveEmptyEntries)];
        var words = library.Chunks.Select(c => (Chunk: c, Words: Words(c.Text))).ToList();
        IReadOnlyList<Chunk> Search(string query) =>
            [.. words.OrderByDescending(w => w.Words.Intersect(Words(query)).Count()).Take(Passages.Candidates).Select(w => w.Chunk)];
        GeneratedCorpus Generate(double share, Passages? passages) => new StructuralGenerator(library.Api, library.Judge, new CorpusOptions
        {
            Count = 60,
            MaxTokens = 224,
            MaxReadingTokens = 480,
            RetrievedShare = share,
            Passages = passages,
            ChineseShare = 0,
            Mix = new Dictionary<SampleKind, double> { [SampleKind.Qa] = 0.5, [SampleKind.Code] = 0.5 }
        }).Generate(library.Chunks, null, TestContext.Current.CancellationToken);
        var corpus = Generate(1, new Passages(Search, 300));
        static bool Reads(Sample s) => s.Checks.Any(c => c is { Name: "reads", Passed: true });
        var shown = corpus.Samples.Where(Reads).ToList();
        Assert.True(shown.Count > 50, $"{shown.Count}");
        int Tokens(string text) => (text.Length + 3) / 4;
        Assert.All(corpus.Samples, s => Assert.InRange(s.Messages.Sum(m => 4 + Tokens(m.Content)), 0, Reads(s) ? 480 : 224));
        Assert.Contains(shown, s => s.Messages.Sum(m => 4 + Tokens(m.Content)) > 224);
        // A passage as it is shown: without the marks of callouts.
        var texts = library.Chunks.ToDictionary(c => c.Id,
            c => new Passages(_ => [c], int.MaxValue).Before([Message.User("")], "")[0].Content.Trim());
        foreach (var sample in shown)
        {
            // Whole passages, then the request as it is without them.
            var left = sample.Messages[^2].Content;
            var used = 0;
            while (library.Chunks.FirstOrDefault(c => left.StartsWith(texts[c.Id] + "\n\n", StringComparison.Ordinal)) is { } passage)
            {
                left = left[(texts[passage.Id].Length + 2)..];
                used += Tokens(passage.Text);
            }
            Assert.InRange(used, 1, 300);
            Assert.DoesNotContain(library.Chunks, c => left.Contains(texts[c.Id], StringComparison.Ordinal));
        }
        // Samples of pages: the page's own passage is there in most of them, and missing from some.
        var own = shown.Where(s => s.Evidence.Chunks.Count > 0)
            .Select(s => s.Messages[^2].Content.Contains(texts[s.Evidence.Chunks[0]],
                StringComparison.Ordinal))
            .ToList();
        Assert.Contains(true, own);
        Assert.Contains(false, own);
        // Judged again, they hold.
        var limits = new ValidationOptions { MaxTokens = 224, MaxReadingTokens = 480 };
        var validator = new SampleValidator(library.Api, library.Batched, limits);
        Assert.All(validator.Judge([.. shown.Select(s => SampleDrafts.Of(s, library.Judge.LibraryNamespaces))]),
            j => Assert.True(j.Failed is null, $"{j.Failed}"));
        Assert.DoesNotContain(Generate(0, new Passages(Search)).Samples, Reads);
        Assert.DoesNotContain(Generate(1, null).Samples, Reads);
    }

    [Fact]
    public void A_held_out_combination_of_members_stays_out_of_structural_code()
    {
        var options = new CorpusOptions
        {
            Count = 120,
            Seed = 4,
            ChineseShare = 0,
            Mix = new Dictionary<SampleKind, double> { [SampleKind.Code] = 1 }
        };
        GeneratedCorpus Run(CorpusOptions o) =>
            new StructuralGenerator(library.Api, library.Judge, o).Generate([], null, TestContext.Current.CancellationToken);
        static HashSet<string> Members(Sample s) =>
            [.. s.Evidence.Symbols.Where(id => !id.StartsWith("T:", StringComparison.Ordinal))];
        // A sample that also makes the object, or uses an operator, is another combination.
        var combination = Run(options).Samples.Select(Members).First(m => m.Count >= 2
            && !m.Any(id => id.Contains("#ctor", StringComparison.Ordinal) || id.Contains(".op_", StringComparison.Ordinal)));
        var held = Run(options with
        {
            HeldOut = new Decontamination([new HeldOut("task", ["an unrelated wording of that task"], ["return 1;"], combination)])
        });
        Assert.DoesNotContain(held.Samples, s => combination.SetEquals(Members(s)));
        Assert.Contains(held.Rejected,
            s => s.Checks.Any(c =>
                c is { Name: "not held out", Passed: false, Detail: { } d } && d.EndsWith("members as task", StringComparison.Ordinal)));
    }

    [GeneratedRegex(@"```csharp\n(.*?)\n(.*)\n```\nCS\d+", RegexOptions.Singleline)]
    private static partial Regex Shown();
    [GeneratedRegex(@"using ([\w.]+);")]
    private static partial Regex Directive();
}
