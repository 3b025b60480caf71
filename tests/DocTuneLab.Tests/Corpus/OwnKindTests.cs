using DocTuneLab.Conversations;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Formats;
using DocTuneLab.Corpus.Hosted;
using DocTuneLab.Corpus.Kinds;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Documents.Model;
using DocTuneLab.Endpoints;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Library;
using DocTuneLab.Prompts;
using DocTuneLab.Storage;
using DocTuneLab.Tests.Prompts.Loopback;

namespace DocTuneLab.Tests.Corpus;

/// <summary>A program adds a kind of sample that the lab does not ship.</summary>
public sealed class OwnKindTests(PrivateLibrary library) : IClassFixture<PrivateLibrary>
{
    private static readonly IReadOnlyList<SampleKindDefinition> s_kinds = [.. SampleKinds.BuiltIn, new DictationKind()];
    private static readonly SampleKind s_dictation = new("dictation");

    [Fact]
    public void It_is_drafted_beside_the_others_and_judged_by_what_its_answers_hold()
    {
        var options = new CorpusOptions { Count = 60, Seed = 4, ChineseShare = 0, Kinds = s_kinds };
        Assert.Equal(0.5, options.Mix[s_dictation]);
        var corpus = new StructuralGenerator(library.Api.Symbols, library.Batched, options)
            .Generate(library.Chunks, null, TestContext.Current.CancellationToken);
        var own = corpus.Samples.Where(s => s.Kind == s_dictation).ToList();
        Assert.Equal(20, own.Count);
        Assert.All(own, s => Assert.Contains(s.Checks, c => c is { Name: "compiles", Passed: true }));
        Assert.Equal(60, corpus.Samples.Count);
        // Its code is put together again from its turns, and counts as use of the members.
        Assert.All(own, s => Assert.NotNull(SampleDrafts.Of(s, library.Judge.LibraryNamespaces, s_kinds).Code));
        var ledger = new CoverageLedger(library.Api.Symbols, [], [], s_kinds);
        own.ForEach(ledger.Add);
        Assert.True(ledger.UsedShare > 0);
    }

    [Fact]
    public async Task A_hosted_model_is_asked_for_it()
    {
        await using var server = await LoopbackServer.StartAsync();
        server.Answer = library.Answers.Answer;
        using var engine = new RequestEngine(
            [new EndpointOptions { Name = "loop", BaseUrl = server.Url, Model = "m", KeyVariable = "DOCTUNE_TEST_NO_KEY" }],
            new MemoryJournal());
        var options = new GenerationOptions { Count = 12, Seed = 3, ChineseShare = 0, RetrievedShare = 0, Kinds = s_kinds };
        var result = await new CorpusGenerator(engine, library.Api, library.Batched, options)
            .RunAsync(library.Chunks, null, TestContext.Current.CancellationToken);
        var own = result.Samples.Where(s => s.Kind == s_dictation).ToList();
        Assert.True(own.Count >= 3, result.Status.ToString());
        Assert.All(own, s => Assert.Equal(["generate.explain@1"], s.Provenance!.Templates));
        Assert.Contains(result.Samples, s => s.Kind == SampleKind.Code);
    }

    [Fact]
    public void Its_samples_keep_their_kind_in_labs_and_files()
    {
        IReadOnlyList<Message> turns = [Message.User("Opens it."), Message.Assistant("```csharp\nx.Open();\n```")];
        var sample = new Sample(Sample.IdOf(s_dictation, turns), s_dictation, turns, new Evidence([], []), [], Split.Train);
        var folder = Directory.CreateTempSubdirectory("doctune-kind-").FullName;
        using var lab = Lab.Open(folder);
        lab.Samples.Save([sample]);
        Assert.Equal(s_dictation, Assert.Single(lab.Samples.List(kind: s_dictation)).Kind);
        var path = Path.Combine(folder, "own.jsonl");
        CorpusFile.Write(path, [sample]);
        Assert.Contains("\"kind\":\"dictation\"", File.ReadAllText(path), StringComparison.Ordinal);
        Assert.Equal((sample.Id, s_dictation), (CorpusFormats.Read(path)[0].Id, CorpusFormats.Read(path)[0].Kind));
        Assert.Equal((sample.Id, s_dictation), (CorpusFormats.Read(path)[0].Id, CorpusFormats.Read(path)[0].Kind));
    }

    [Fact]
    public void What_is_not_defined_or_defined_twice_is_named()
    {
        var mix = new Dictionary<SampleKind, double> { [s_dictation] = 1 };
        var undefined = Assert.Throws<LabException>(() => new GenerationPlan(library.Api, new GenerationOptions { Mix = mix })).Message;
        Assert.Contains("names dictation", undefined, StringComparison.Ordinal);
        var twice = Assert.Throws<LabException>(() => new StructuralGenerator(library.Api.Symbols, library.Batched,
            new CorpusOptions { Kinds = [.. s_kinds, new DictationKind()] })).Message;
        Assert.Contains("defines dictation twice", twice, StringComparison.Ordinal);
        Assert.Throws<LabException>(() => new SampleKind("two words"));
    }

    [Fact]
    public void Kinds_are_listed_in_one_order_and_the_new_ones_last()
    {
        SampleKind[] kinds = [s_dictation, SampleKind.Migration, SampleKind.Code, new("Chat"), SampleKind.Qa];
        Assert.Equal(["Qa", "Code", "Migration", "Chat", "Dictation"], kinds.Order().Select(k => k.ToString()));
    }

    /// <summary>What a method does, in words, and the method: an explanation turned round.</summary>
    private sealed class DictationKind : SampleKindDefinition
    {
        public override SampleKind Kind => s_dictation;

        public override AnswerForm Answer => AnswerForm.MethodBody;

        public override double? StructuralShare => 0.5;

        public override double? HostedShare => 0.5;

        public override IReadOnlyList<string> Templates => ["generate.explain"];

        public override Draft? Draft(DraftingContext context) => context.NextMethod() is { } method
            ? method.Sample(Kind, Turns(method.Meaning, method.Signature, method.Body), method.Meaning, "dictation")
            : null;

        public override async Task<Draft> WriteAsync(WritingContext context)
        {
            var method = context.NextMethod();
            var said = (string)(await context.AskAsync("generate.explain", ("code", method.Method)))["explanation"]!;
            return context.Draft(Kind, [.. Turns(said, method.Signature, method.Body).SkipLast(1)], AnswerFormat.Code(method.Body),
                said) with
            {
                Code = new CodeToJudge(method.Method, CodeForm.Members, method.Usings),
                Body = method.Body,
                EvidenceText = ""
            };
        }

        private static Message[] Turns(string said, string signature, string body) =>
            [Message.User($"{said}\n{signature}"), Message.Assistant(AnswerFormat.Code(body))];
    }
}
