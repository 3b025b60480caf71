using System.Text.Json.Nodes;
using DocTuneLab.Corpus.Hosted;
using DocTuneLab.Endpoints;
using DocTuneLab.Endpoints.Accounting;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Prompts;
using DocTuneLab.Prompts.Tuning;
using DocTuneLab.Settings;
using DocTuneLab.Storage;
using DocTuneLab.Tests.Corpus;
using DocTuneLab.Tests.Prompts.Loopback;

namespace DocTuneLab.Tests.Prompts;

/// <summary>Tuning by what a hosted model writes: over HTTP, judged by the compiler.</summary>
public sealed class EndpointTuningTests(PrivateLibrary library) : IClassFixture<PrivateLibrary>, IAsyncLifetime
{
    private const string Advice = "Check every member's name against the list.";
    private LoopbackServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await LoopbackServer.StartAsync();
        _server.Answer = Careless;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    // Two of three solutions call what does not exist, unless the prompt says to look.
    private string Careless(JsonNode body)
    {
        var turns = body["messages"]!.AsArray().Select(m => (string)m!["content"]!).ToList();
        if (turns[0].StartsWith("You improve prompt templates", StringComparison.Ordinal))
            return new JsonObject
            {
                ["diagnosis"] = "members are invented",
                ["body"] = $"{PromptLibrary.Default["generate.code-solution"].Body}\n{Advice}"
            }
                .ToJsonString();
        var answer = library.Answers.Answer(body);
        var careless = turns[0].StartsWith("You write correct C#", StringComparison.Ordinal)
            && !turns[^1].Contains(Advice, StringComparison.Ordinal)
            && (int)body["seed"]! % 3 != 0;
        return careless
            ? answer.Replace("\"body\":\"return ", "\"body\":\"return default(PwnedGate).Not() ?? ", StringComparison.Ordinal)
            : answer;
    }

    private async Task<(PromptTuningResult Result, EngineStatus Status, PromptReflection Reflection)> TuneAsync(IAnswerJournal journal,
        PromptTuningOptions options)
    {
        var endpoint = new EndpointOptions
        {
            Name = "loop",
            BaseUrl = _server.Url,
            Model = "m",
            MaxConcurrency = 8,
            KeyVariable = "DOCTUNE_TEST_NO_KEY",
            InputPrice = 1,
            OutputPrice = 2
        };
        using var engine = new RequestEngine([endpoint], journal);
        TemplateTrial Trial(int seed) =>
            new(engine, library.Api, library.Batched, library.Chunks, "generate.code-solution",
                new GenerationOptions { Count = 12, Seed = seed, LibraryName = "Fenmark", ChineseShare = 0 });
        var reflection = new PromptReflection(engine, PromptLibrary.Default);
        var result = await new PromptTuner(Trial(1), Trial(2), options with { TrainExamples = 12 }, reflection)
            .TuneAsync([PromptLibrary.Default["generate.code-solution"]], null, TestContext.Current.CancellationToken);
        return (result, engine.Status, reflection);
    }

    [Fact]
    public async Task A_wording_that_a_model_proposes_after_reading_its_failures_wins_and_becomes_a_version_with_its_lineage()
    {
        var folder = Directory.CreateTempSubdirectory("doctune-tune-").FullName;
        using var lab = Lab.Open(folder);
        await using var journal = new LabJournal(lab);
        var (result, status, _) = await TuneAsync(journal,
            new PromptTuningOptions { Demonstrations = 1, DemonstrationSets = 1, Reflections = 1 });
        var (winner, given) = (result.Table[0], result.Table.Single(t => t.How == CandidateOrigin.Given));
        Assert.Contains(Advice, winner.Template.Body);
        Assert.True(winner.Measures.Acceptance > given.Measures.Acceptance && winner.Measures.Compiles > given.Measures.Compiles,
            $"{winner.Measures} {given.Measures}");
        Assert.All(result.Table,
            t => Assert.True(
                t.Measures is { Coverage: not null, Distinct2: > 0, SelfSimilarity: >= 0, Tokens: > 0, Cost: > 0, NllPerToken: null },
                t.Measures.ToString()));
        Assert.All(result.Table, t => Assert.True(t.ScoreLow <= t.Score + 1e-9 && t.Score <= t.ScoreHigh + 1e-9, t.ToString()));
        Assert.Equal([CandidateOrigin.Given, CandidateOrigin.Reflection, CandidateOrigin.Demonstrations],
            result.Table.Select(t => t.How).Order());
        // A demonstration is what was accepted on train: an answer that fits the schema and holds no invented member.
        var shown = result.Table.Single(t => t.How == CandidateOrigin.Demonstrations).Template.Examples[^1];
        Assert.NotNull(JsonAnswer.Read(shown.Answer, result.Winner.Schema, out _));
        Assert.DoesNotContain("Pwned", shown.Answer);
        Assert.Equal(result.Tried, result.Table.Sum(t => t.Examples));
        Assert.True(status.Closes);

        var kept = lab.Templates.Keep(result);
        Assert.Equal(("generate.code-solution", "2"), (kept.Name, kept.Version));
        Assert.Equal(kept.Source, lab.Templates.Find(kept.Name, "2"));
        Assert.Contains(lab.Templates.Lineage(),
            l => l.Name == kept.Name && l.Version == "2" && l.How == SettingNames.Of(winner.How) && l.ParentHash == winner.Parent);
        Assert.Equal("2", lab.Templates.Keep(result).Version);
        Assert.Empty(lab.Maintenance.Verify());

        var before = _server.Requests;
        Assert.Equal(result.Winner.Hash,
            (await TuneAsync(journal,
                new PromptTuningOptions { Demonstrations = 1, DemonstrationSets = 1, Reflections = 1 })).Result.Winner.Hash);
        Assert.Equal(before, _server.Requests);
    }

    [Fact]
    public async Task A_proposal_without_what_the_model_must_see_is_dropped()
    {
        _server.Answer = body => LoopbackServer.UserTurn(body).StartsWith("This Liquid template", StringComparison.Ordinal)
            ? "{\"diagnosis\": \"x\", \"body\": \"Solve this well: {{ instruction }}\"}"
            : Careless(body);
        var (result, _, reflection) = await TuneAsync(new MemoryJournal(), new PromptTuningOptions { Reflections = 1 });
        Assert.Equal(CandidateOrigin.Given, Assert.Single(result.Table).How);
        Assert.Contains("leaves out the input", Assert.Single(reflection.Dropped));
    }

    [Theory]
    [InlineData("no JSON at all")]
    [InlineData("{\"diagnosis\": \"x\", \"body\": \"{{ instruction }} {{ nothing_like_it }}\"}")]
    public async Task A_proposal_that_is_no_template_is_dropped(string proposal)
    {
        _server.Answer = body =>
            LoopbackServer.UserTurn(body).StartsWith("This Liquid template", StringComparison.Ordinal) ? proposal : Careless(body);
        Assert.Single((await TuneAsync(new MemoryJournal(), new PromptTuningOptions { Reflections = 1 })).Result.Table);
    }
}
