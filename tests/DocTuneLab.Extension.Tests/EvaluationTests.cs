using DocTuneLab.Conversations;
using DocTuneLab.Corpus;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Tests.Prompts.Loopback;

namespace DocTuneLab.Extension.Tests;

/// <summary>Models behind an endpoint as arms of an evaluation, and as its judge.</summary>
public sealed class EvaluationTests
{
    [Fact]
    public async Task Hosted_models_are_compared_and_judged_and_asked_nothing_twice()
    {
        using var lab = new LabFolder();
        await using var server = await LoopbackServer.StartAsync();
        server.Answer = body =>
            (string?)body["model"] == "wise" ? "1: yes\n2: yes\n3: yes\n4: yes\nVerdict: A" : "```csharp\nnew Fenmark.Vat()\n```";
        server.FaultOf = (n, _) => n % 11 == 5 ? Fault.Unavailable : Fault.None;
        var file = Path.Combine(lab.Path, "endpoints.yaml");
        File.WriteAllText(file,
            string.Concat(((string[])["first", "second", "wise"])
                .Select(m => $"- name: {m}\n  baseUrl: {server.Url}\n  model: {m}\n  inputPrice: 1\n  outputPrice: 2\n")));
        string[] cells =
        [
            $"#!lab --path {lab.Path}/lab", "#!docs data/private-library/docs --assembly data/private-library/bin/Fenmark.dll",
            "#!suite data/private-library/tasks",
            $"#!evaluate --split dev --endpoints {file} --judged-by wise --tasks code,qa", "#!report",
        ];
        var (shown, error) = await lab.RunAsync(cells);
        Assert.Null(error);
        // The judge is no arm; open questions are asked because there is one.
        Assert.Contains("second against first", shown);
        Assert.DoesNotContain("wise against", shown);
        Assert.Contains("Hosted model first", shown);
        Assert.Contains("every judgement in both orders", shown);
        Assert.Contains("Open questions", shown);
        Assert.Contains("No training data was given, so seen and unseen tasks could not be told apart.", shown);
        var asked = server.Requests;
        // The lab's accepted samples are the training data.
        Message[] turns = [Message.User("Which fault code does GateKey.Next report at number 999?"), Message.Assistant("key-spent")];
        using (var written = Storage.Lab.Open(Path.Combine(lab.Path, "lab")))
            written.Samples.Save([new Sample(Sample.IdOf(SampleKind.Qa, turns), SampleKind.Qa, turns, new([], []), [], Split.Train)]);
        (shown, error) = await lab.RunAsync(cells);
        Assert.Null(error);
        Assert.Contains("second against first, on tasks that no training sample shows, is ", shown);
        Assert.Contains(" tasks are seen: their solution, or question, stands in the 1 training sample ", shown);
        Assert.Contains("unseen (69 tasks)", shown);
        Assert.Equal(asked, server.Requests);
        using var storage = Storage.Lab.Open(Path.Combine(lab.Path, "lab"));
        Assert.Equal(["done", "done"], storage.Runs.List("evaluate").Select(r => r.Status));
        // Beside a new report stands what it does not hold: the same arm once, another of its name under a name of its own.
        var stored = new StoredResults(storage).Load("last");
        var alone = EvaluationReport.Of([stored[0]]);
        Assert.Equal(["second", "first"], StoredResults.Beside(alone, stored, 0.02).Results.Select(r => r.Arm));
        var other = stored[0] with { Answers = [.. stored[0].Answers.Select(a => a with { Text = "another" })] };
        Assert.Equal(["first (earlier)", "first"], StoredResults.Beside(alone, [other], 0.02).Results.Select(r => r.Arm));
    }

    [Fact]
    public async Task A_server_that_gives_up_ends_the_evaluation_with_its_words_and_keeps_what_it_answered()
    {
        using var lab = new LabFolder();
        await using var server = await LoopbackServer.StartAsync();
        server.FaultOf = (n, _) => n < 10 ? Fault.None : Fault.Refused;
        var cell = $"#!evaluate --split dev --endpoint {server.Url} --endpoint-model m --tasks qa --concurrency 1 --max-minutes 0.05";
        string[] cells =
        [
            $"#!lab --path {lab.Path}", "#!docs data/private-library/docs --assembly data/private-library/bin/Fenmark.dll",
            "#!suite data/private-library/tasks", cell
        ];
        var (_, error) = await lab.RunAsync(cells);
        // One more is ready to ask than may be asked at a time.
        Assert.Matches("hosted: prompt 1[12] of ", error);
        Assert.Contains("answers that were given are kept", error);
        using var storage = Storage.Lab.Open(lab.Path);
        Assert.Equal("failed", storage.Runs.List("evaluate").Single().Status);
    }

    [Theory]
    [InlineData("--judged-by boss", "there is no endpoint 'boss'")]
    [InlineData("--endpoint http://127.0.0.1:1/v1", "--endpoint needs --endpoint-model")]
    [InlineData("--endpoint there --endpoint-model m", "--endpoint is 'there'; expected an http or https address")]
    [InlineData("--tasks cod", "--tasks is 'cod'; expected code, qa, open, completion, members, general or retention")]
    public async Task What_does_not_fit_is_named(string options, string expected)
    {
        using var lab = new LabFolder();
        Assert.Contains(expected,
            (await lab.RunAsync($"#!lab --path {lab.Path}", "#!suite data/private-library/tasks", $"#!evaluate {options}")).Error);
    }
}
