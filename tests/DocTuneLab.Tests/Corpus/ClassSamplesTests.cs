using System.Text.RegularExpressions;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Library;
using DocTuneLab.Prompts;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Tests.Corpus;

/// <summary>Samples that give an interface and ask for the method that makes an object of it, with the class.</summary>
public sealed partial class ClassSamplesTests(CorpusFixture fixture) : IClassFixture<CorpusFixture>
{
    private GeneratedCorpus Generate(int count, IProgramRunner? runner = null, string template = "code-task.terse") =>
        new StructuralGenerator(fixture.Symbols, fixture.Batched, new CorpusOptions
        {
            Count = count,
            Seed = 11,
            Runner = runner,
            CodeTemplate = PromptLibrary.Default[template],
            Mix = new Dictionary<SampleKind, double> { [SampleKind.Code] = 1 },
        }).Generate([], null, TestContext.Current.CancellationToken);

    private static bool IsClass(Sample sample) => sample.Checks[0].Detail!.StartsWith("class", StringComparison.Ordinal);

    [Fact]
    public void They_are_a_small_share_in_several_shapes()
    {
        var corpus = Generate(900);
        var classes = corpus.Samples.Where(IsClass).ToList();
        Assert.InRange(classes.Count, 20, 60);
        Assert.Equal(["class", "class-memory", "class-wrapper"],
            classes.Select(s => s.Checks[0].Detail).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void They_compile_and_the_class_is_what_the_interface_asks_for()
    {
        foreach (var sample in Generate(900).Samples.Where(IsClass))
        {
            var (user, answer) = (sample.Messages[^2].Content, AnswerFormat.BodyOf(sample.Messages[^1].Content)!);
            var given = Interface().Match(user).Value;
            var verdict = fixture.One(new CodeToJudge($"{given}\n{answer}", CodeForm.Members, ["Waterworks"]));
            Assert.True(verdict.Compiles, $"{given}\n{answer}\n{string.Join('\n', verdict.Errors)}");
            // The request is laid out as a task is: what is asked, what is given, the header.
            Assert.Equal(PromptLibrary.Default["code-task.terse"].Messages(AnswerFormat.CodeInputs(user.Split('\n')[0],
                user.Split('\n')[^1], given))[^1].Content, user);
            Assert.StartsWith(user.Split('\n')[^1] + " => new ", answer, StringComparison.Ordinal);
            var asked = CSharpSyntaxTree.ParseText(given).GetCompilationUnitRoot().Members.OfType<InterfaceDeclarationSyntax>().Single();
            var declared = answer[answer.IndexOf("sealed class", StringComparison.Ordinal)..];
            var made = CSharpSyntaxTree.ParseText(declared).GetCompilationUnitRoot()
                .Members.OfType<ClassDeclarationSyntax>().Single();
            Assert.InRange(asked.Members.Count, 2, 4);
            Assert.Equal(asked.Identifier.Text, made.BaseList!.Types.Single().ToString());
            Assert.Equal("I" + made.Identifier.Text, asked.Identifier.Text);
            Assert.Empty(asked.Members.Select(Name).Except(made.Members.Select(Name)));
            // What nobody asked for is not there.
            Assert.All(made.Members, m => Assert.True(m.Modifiers.ToString().Contains("private", StringComparison.Ordinal)
                || asked.Members.Select(Name).Contains(Name(m)), $"{m}"));
        }
    }

    [Fact]
    public void They_can_be_judged_again_as_samples_of_a_file()
    {
        foreach (var template in (string[])["code-task.terse", "code-task.complete", "code-task.comment"])
        {
            var sample = Generate(300, null, template).Samples.First(IsClass);
            var code = SampleDrafts.Of(sample, ["Waterworks"]).Code!;
            var verdict = fixture.One(code);
            Assert.True(verdict.Compiles, $"{code.Code}\n{string.Join('\n', verdict.Errors)}");
        }
    }

    [Fact]
    public void What_is_run_uses_the_object_and_looks_at_all_that_it_counts()
    {
        var runner = new Listening();
        var programs = Generate(600, runner).Samples.Count(IsClass);
        Assert.True(programs > 10, $"{programs}");
        var tried = runner.Seen.Where(p => p.Method.Contains("sealed class", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(tried);
        foreach (var program in tried)
        {
            var verdict = fixture.One(new CodeToJudge(program.Method, CodeForm.Members, ["Waterworks"]));
            Assert.True(verdict.Compiles, $"{program.Method}\n{string.Join('\n', verdict.Errors)}");
            Assert.Matches(@"\bit__\.\w+\(.*\);\n", program.Method);
            Assert.Matches(@"return .*\bit__\..* \? true : null;", program.Method);
        }
    }

    private static string? Name(MemberDeclarationSyntax member) => member switch
    {
        PropertyDeclarationSyntax p => $"{p.Type} {p.Identifier.Text}",
        MethodDeclarationSyntax m => $"{m.ReturnType} {m.Identifier.Text}{m.ParameterList}",
        _ => null,
    };

    private sealed class Listening : IProgramRunner
    {
        public List<SampleProgram> Seen { get; } = [];

        public string? Refusal => null;

        public IReadOnlyList<ProgramOutcome> Run(IReadOnlyList<SampleProgram> programs, CancellationToken cancel)
        {
            Seen.AddRange(programs);
            return [.. programs.Select(_ => ProgramOutcome.Value)];
        }
    }

    [GeneratedRegex(@"^public interface .*?^\}", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Interface();
}
