using DocTuneLab.Corpus;
using DocTuneLab.Experiments;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Storage;

namespace DocTuneLab.Extension.Tests;

/// <summary>Templates of one's own: samples are written in them, and an evaluation finds them again.</summary>
public sealed class WordingTests
{
    private static readonly string[] s_begin =
    [
        "#!docs data/private-library/docs --assembly data/private-library/bin/Fenmark.dll", "#!suite data/private-library/tasks"
    ];

    [Fact]
    public async Task A_corpus_is_written_in_the_wordings_of_a_folder_and_an_evaluation_asks_in_them()
    {
        using var lab = new LabFolder();
        var folder = Directory.CreateDirectory(Path.Combine(lab.Path, "wordings")).FullName;
        Write(folder, "doc-qa.mine", "2", "doc-qa", "[question]", "Tell me: {{ question }}");
        Write(folder, "code-task.mine", "1", "code-task", "[instruction, signature, context?]",
            "Write it.\n{{ instruction }}\n{{ signature }}");
        var path = Path.Combine(lab.Path, "lab");
        var (_, error) = await lab.RunAsync([$"#!lab --path {path}", .. s_begin, $"#!corpus generate --count 40 --general-share 0 "
            + $"--retrieved-share 0 --template {folder}"]);
        Assert.Null(error);
        using (var storage = Lab.Open(path))
        {
            Assert.All(storage.Samples.List(kind: SampleKind.Qa), s => Assert.StartsWith("Tell me: ", s.Messages[^2].Content));
            Assert.All(storage.Samples.List(kind: SampleKind.Code), s => Assert.StartsWith("Write it.\n", s.Messages[^2].Content));
            storage.Runs.Finish(storage.Runs.Begin("evaluate",
                """{"Code": "code-task.mine", "CodeVersion": "1", "Qa": "doc-qa.mine", "QaVersion": "2"}""").Id);
        }
        using var session = new LabSession();
        session.Open(path, 1);
        session.Wordings.Restore(session.Storage);
        Assert.Equal(("code-task.mine", "doc-qa.mine"), (session.Wordings.Code.Name, session.Wordings.Qa.Name));
        session.Wordings.Use(session.Storage, new WordingOptions { Templates = ["doc-qa.short", "generate.code-solution"] });
        Assert.Equal("doc-qa.short", session.Wordings.Qa.Name);
        session.Wordings.Use(session.Storage, new WordingOptions { Templates = ["doc-qa.mine"] });
        Assert.Equal("2", session.Wordings.Qa.Version);
    }

    [Theory]
    [InlineData("none.liquid", "none.liquid: no such prompt template")]
    [InlineData("doc-qa.plian", "template is 'doc-qa.plian'; expected a .liquid file, a folder of them, or a name")]
    [InlineData("empty", "empty: no prompt template in it")]
    [InlineData("explain.liquid",
        "there is no other wording for 'explain.mine' of the kind 'explain'; expected the kind code-task or doc-qa")]
    [InlineData("needy.liquid", "the template needs the input 'weather', which is not given here; expected question, library")]
    [InlineData("again.liquid", "the lab holds another text of doc-qa.mine in version 1; give this one another 'version'")]
    public async Task A_template_that_cannot_be_used_is_named_with_the_reason(string given, string expected)
    {
        using var lab = new LabFolder();
        Directory.CreateDirectory(Path.Combine(lab.Path, "empty"));
        Write(lab.Path, "explain.mine", "1", "explain", "[code]", "{{ code }}", "explain");
        Write(lab.Path, "doc-qa.needy", "1", "doc-qa", "[question, weather]", "{{ question }}", "needy");
        Write(lab.Path, "doc-qa.mine", "1", "doc-qa", "[question]", "Again: {{ question }}", "again");
        var path = Path.Combine(lab.Path, "lab");
        using (var storage = Lab.Open(path)) storage.Templates.Save("doc-qa.mine", "1", "another");
        var file = given.Contains("qa", StringComparison.Ordinal) ? given : Path.Combine(lab.Path, given);
        var (_, error) = await lab.RunAsync([$"#!lab --path {path}", .. s_begin, $"#!corpus generate --count 5 --template {file}"]);
        Assert.Contains(expected, error);
    }

    private static void Write(string folder, string name, string version, string kind, string inputs, string body, string? file = null) =>
        File.WriteAllText(Path.Combine(folder, (file ?? name) + ".liquid"),
            $"---\nname: {name}\nversion: {version}\nkind: {kind}\ninputs: {inputs}\n---\n{body}\n");
}
