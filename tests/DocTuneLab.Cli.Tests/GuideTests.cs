using System.CommandLine;
using System.Text.Json.Nodes;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Library;
using DocTuneLab.Library.Guidance;

namespace DocTuneLab.Cli.Tests;

/// <summary>Guided decoding as people ask for it: one prompt or a file of them, and as arms of an evaluation.</summary>
public sealed class GuideTests : IDisposable
{
    private const string Header = "public static WaterHead Higher(WaterHead a, WaterHead b)";

    private static readonly string s_library = Path.Combine(Doctune.Root, "data/private-library/bin/Fenmark.dll");
    private static readonly string s_model = Path.Combine(Doctune.Root, "data/models/nano");

    private readonly Doctune _doctune = new();

    public void Dispose() => _doctune.Dispose();

    [Fact]
    public void A_file_of_prompts_is_answered_with_all_turns()
    {
        var file = _doctune.Write("prompts.jsonl", $$"""
            {"prompt": "Return the higher of two water heads.", "signature": "{{Header}}"}
            {"prompt": "Hello"}
            """);
        var result = _doctune.Run("generate", "--base", s_model, "--prompts", file, "--guide", "--assembly", s_library, "--max-tokens",
            "16", "--json");
        Assert.True(result.Code == 0, result.Error);
        var answers = JsonNode.Parse(result.Out)!.AsArray();
        Assert.Equal(["Return the higher of two water heads.", "Hello"], answers.Select(a => (string)a!["prompt"]!));
        Assert.All(answers, a =>
        {
            // Six times as many as an answer may have, and those of what is written once guidance has given up.
            Assert.InRange((int)a!["decodedTokens"]!, 1, 7 * 16);
            Assert.NotNull(a["gaveUpBecause"]);
        });
        Assert.All(answers.SelectMany(a => a!["turns"]!.AsArray()), t => Assert.NotEqual("", (string)t!["reason"]!));

        var one = _doctune.Run("generate", "--base", s_model, "--prompt", "Return the higher of two water heads.", "--signature", Header,
            "--guide", "--assembly", s_library, "--max-tokens", "16");
        Assert.Equal((string)answers[0]!["text"]!, one.Out.TrimEnd('\n'));
        Assert.Matches("^guide     (never turned|turned .*); [0-9]+ tokens decoded", one.Error);
    }

    [Fact]
    public void A_gap_is_filled_so_that_the_whole_compiles()
    {
        const string Before = "public static WaterHead Higher(WaterHead a, WaterHead b)\n{\n    return ", After = ";\n}\n";
        var result = _doctune.Run("generate", "--base", s_model, "--prompt", Before, "--suffix", After, "--guide", "--assembly", s_library,
            "--max-tokens", "16", "--json");
        Assert.True(result.Code == 0, result.Error);
        var answer = JsonNode.Parse(result.Out)![0]!;
        Assert.Equal("", (string)answer["gaveUpBecause"]!);
        var judge = PrivateLibrary.Load([s_library]).Judge;
        var verdict = judge.Judge(Before + (string)answer["text"]! + After, CodeForm.Members, judge.LibraryNamespaces);
        Assert.True(verdict.Compiles, (string)answer["text"]!);
    }

    [Theory]
    [InlineData("--guide needs --assembly DLL", "--guide")]
    [InlineData("--guide-layers says how code is guided: it needs --guide", "--guide-layers", "names")]
    [InlineData("--signature says how code is guided: it needs --guide", "--signature", Header)]
    [InlineData("--raw does not go with it", "--guide", "--assembly", "a.dll", "--raw")]
    [InlineData("--signature and --context do not go with it", "--guide", "--assembly", "a.dll", "--suffix", "}", "--signature", Header)]
    [InlineData("'spelling'; expected", "--guide", "--guide-layers", "spelling")]
    [InlineData("prompts.jsonl:1: expected a JSON object with prompt", "--guide", "--assembly", "a.dll", "--prompts", "prompts.jsonl")]
    public void What_is_missing_or_idle_is_said_before_a_model_is_loaded(string says, params string[] given)
    {
        _doctune.Write("prompts.jsonl", "{\"ask\": 1}\n");
        var result = _doctune.Run(["generate", "--base", "no/model", "--prompt", "x", .. given]);
        Assert.NotEqual(0, result.Code);
        Assert.Contains(says, result.Error);
    }

    [Fact]
    public void A_header_that_does_not_compile_is_said()
    {
        var result = _doctune.Run("generate", "--base", "no/model", "--prompt", "x", "--guide", "--assembly", s_library, "--signature",
            "public static Nothing Of(");
        Assert.Equal(1, result.Code);
        Assert.Contains("--guide: prompt 1: what stands around the code does not compile", result.Error);
    }

    [Theory]
    [InlineData("base,base+compiler,tuned,tuned+compiler", "--guide")]
    [InlineData("base,base+compiler,base+docs,base+docs+compiler", "--arms", "base,base+docs", "--guide")]
    [InlineData("tuned,tuned+compiler,hosted", "--arms", "tuned,tuned+compiler,hosted", "--guide")]
    [InlineData("tuned,tuned+compiler,tuned+names", "--arms", "tuned,tuned+names", "--guide")]
    [InlineData("tuned,tuned+names", "--arms", "tuned,tuned+names", "--guide-tokens", "2")]
    [InlineData("base+compiler", "--arms", "base+compiler", "--guide-layers", "names,members", "--guide-tokens", "2")]
    public void Guidance_adds_arms_and_its_settings_reach_the_plan(string arms, params string[] given)
    {
        var plan = Plan(given);
        Assert.Equal(arms, string.Join(',', plan.Arms));
        if (given.Contains("--guide-layers"))
            Assert.Equal((GuideLayers.Names | GuideLayers.Members, 2), (plan.Guidance.Rules.Layers, plan.Guidance.Budget.Tokens));
        else
            Assert.Equal(GuideLayers.All, plan.Guidance.Rules.Layers);
        Assert.Equal(CodeGuide.Version, plan.Guidance.Rules.Version);
    }

    [Fact]
    public void Settings_of_a_guide_without_a_guided_arm_are_refused() =>
        Assert.Contains("no arm is guided", Assert.Throws<LabException>(() => Plan("--guide-layers", "names")).Message);

    private static EvaluationPlan Plan(params string[] given)
    {
        var arguments = new EvaluationArguments();
        var command = new Command("evaluate");
        arguments.AddTo(command);
        var parsed = command.Parse(given);
        Assert.Empty(parsed.Errors);
        return arguments.Of(parsed, hasBase: true, hasAdapter: true);
    }
}
