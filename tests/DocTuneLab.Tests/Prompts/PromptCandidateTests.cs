using DocTuneLab.Prompts;
using DocTuneLab.Prompts.Tuning;

namespace DocTuneLab.Tests.Prompts;

public sealed class PromptCandidateTests
{
    private static readonly PromptTemplate s_task = PromptLibrary.Default["code-task.complete"];
    private static readonly IReadOnlyDictionary<string, string> s_inputs = AnswerFormat.CodeInputs("Open \"it\": now",
        "public static void Open(Valve v)");

    [Fact]
    public void A_derived_template_is_a_file_that_reads_back_and_names_its_parent()
    {
        var shot = new FewShot(AnswerFormat.CodeInputs("Close: it\n# all", "public static void Close(Valve v)"),
            "```csharp\nv.Close();\n```");
        var derived = s_task.Derive("own", "7", "{{ instruction }}\n{{ signature }}!", [shot]);
        var read = PromptTemplate.Parse(derived.Source, "own.liquid");
        Assert.Equal(("own", "7", s_task.Kind), (read.Name, read.Version, read.Kind));
        Assert.Equal(shot.Answer, Assert.Single(read.Examples).Answer);
        Assert.Equal("Close: it\n# all", read.Examples[0].Inputs["instruction"]);
        Assert.Equal("Open \"it\": now\npublic static void Open(Valve v)!", read.Render(s_inputs));
        Assert.Contains($"{s_task.Name}@{s_task.Version} {s_task.Hash}", read.Source);
        Assert.Equal(derived.Hash, read.Hash);
    }

    [Fact]
    public void Schema_system_turn_and_sampling_survive_derivation()
    {
        var template = PromptLibrary.Default["generate.code-solution"];
        var derived = template.Derive("x");
        Assert.Equal((template.Schema, template.SystemTurn, template.Sampling, template.Body),
            (derived.Schema, derived.SystemTurn, derived.Sampling, derived.Body));
        Assert.Equal(template.Examples.Select(e => e.Answer), derived.Examples.Select(e => e.Answer));
    }

    [Fact]
    public void Diversity_is_measured_on_what_was_answered()
    {
        static PromptMeasures Of(params string[] answers) =>
            PromptMeasures.Of(
                [.. answers.Select(a => new PromptOutcome { Answer = a, Accepted = true, Asked = ["M:A", "M:B"], Used = ["M:A"] })]);
        var (same, different) = (Of("a b c d", "a b c d"), Of("a b c d", "e f g h"));
        // Three pairs of words in each: six in all, of which three or six differ.
        Assert.Equal((0.5, 1.0), (same.Distinct2!.Value, same.SelfSimilarity!.Value));
        Assert.Equal((1.0, 0.0), (different.Distinct2!.Value, different.SelfSimilarity!.Value));
        Assert.Equal((1.0, 0.5), (same.Acceptance!.Value, same.Coverage!.Value));
        Assert.Null(same.Compiles);
        Assert.True(different.Score(new ObjectiveWeights()) > same.Score(new ObjectiveWeights()));
    }
}
