using DocTuneLab.Corpus;
using DocTuneLab.Storage;

namespace DocTuneLab.Extension.Tests;

/// <summary>A cell adds a kind of sample that the lab does not ship.</summary>
public sealed class OwnKindTests
{
    private const string Kind = """
        using DocTuneLab.Conversations;
        using DocTuneLab.Corpus;
        using DocTuneLab.Corpus.Kinds;
        using DocTuneLab.Prompts;

        class Dictation : SampleKindDefinition
        {
            public override SampleKind Kind => new("dictation");
            public override AnswerForm Answer => AnswerForm.MethodBody;
            public override double? StructuralShare => 0.5;
            public override Draft Draft(DraftingContext context) => context.NextMethod() is { } method
                ? method.Sample(Kind, Turns(method.Meaning, method.Signature, method.Body), method.Meaning, "dictation")
                : null;
            static Message[] Turns(string said, string signature, string body) =>
                [Message.User($"{said}\n{signature}"), Message.Assistant(AnswerFormat.Code(body))];
        }

        lab.Hooks.Kinds.Add(new Dictation());
        """;

    [Fact]
    public async Task It_is_generated_checked_and_found_again()
    {
        using var lab = new LabFolder();
        var path = Path.Combine(lab.Path, "lab");
        string[] begin =
        [
            $"#!lab --path {path}", Kind, "#!docs data/private-library/docs --assembly data/private-library/bin/Fenmark.dll",
            "#!suite data/private-library/tasks"
        ];
        var (shown, error) = await lab.RunAsync([.. begin, "#!corpus generate --count 60 --general-share 0", "#!corpus check"]);
        Assert.Null(error);
        Assert.Contains("60 samples hold, 0 do not", shown);
        var kind = new SampleKind("dictation");
        using (var storage = Lab.Open(path))
        {
            var own = storage.Samples.List(kind: kind);
            Assert.InRange(own.Count, 10, 30);
            Assert.All(own, s => Assert.Contains(s.Checks, c => c is { Name: "compiles", Passed: true }));
            // What an edit spoils is seen, since the answer is known to be code.
            storage.Samples.Save([own[0] with { Messages = [own[0].Messages[0], new("assistant", "```csharp\nreturn nothing;\n```")] }]);
        }
        (shown, error) = await lab.RunAsync([.. begin, "#!corpus check"]);
        Assert.Null(error);
        Assert.Contains("59 samples hold, 1 do not", shown);

        // Another session that has not defined it can still read them.
        (shown, error) = await lab.RunAsync($"#!lab --path {path}", "#!corpus browse --kind dictation");
        Assert.Null(error);
        Assert.Contains("Dictation", shown);
    }

    [Fact]
    public async Task A_hosted_model_can_be_asked_for_it_by_name()
    {
        using var lab = new LabFolder();
        string[] begin =
        [
            $"#!lab --path {lab.Path}/lab", Kind.Replace("StructuralShare", "HostedShare", StringComparison.Ordinal),
            "#!docs data/private-library/docs --assembly data/private-library/bin/Fenmark.dll", "#!suite data/private-library/tasks"
        ];
        const string Asking = "#!corpus generate --count 5 --endpoint http://127.0.0.1:9/v1 --endpoint-model m --dry-run --kinds ";
        Assert.Null((await lab.RunAsync([.. begin, Asking + "dictation"])).Error);
        var error = (await lab.RunAsync([.. begin, Asking + "dictaphone"])).Error;
        Assert.Contains("kinds is 'dictaphone'; expected ", error);
        Assert.Contains("or dictation", error);
    }
}
