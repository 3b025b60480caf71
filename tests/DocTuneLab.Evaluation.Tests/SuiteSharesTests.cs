using DocTuneLab.Corpus.Validation;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Extraction;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;
using DocTuneLab.Prompts;
using DocTuneLab.Tokenization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Tests;

/// <summary>What the sample suites ask for, counted by the compiler: not only single calls that whoever knows the member writes.</summary>
public class SuiteSharesTests(SampleLibrary fenmark, ChineseSampleLibrary mingpu)
    : IClassFixture<SampleLibrary>, IClassFixture<ChineseSampleLibrary>
{
    [Theory]
    [InlineData(false, Split.Test, 108, 8)]
    [InlineData(false, Split.Dev, 60, 4)]
    [InlineData(true, Split.Test, 60, 4)]
    [InlineData(true, Split.Dev, 20, 2)]
    public void Tasks_ask_for_compositions_control_flow_and_classes(bool chinese, Split split, int fewest, int classes)
    {
        var library = chinese ? mingpu : fenmark;
        var tasks = Suite.Load(library.Tasks).Code.Where(t => t.Split == split).ToList();
        Assert.True(tasks.Count >= fewest, $"{tasks.Count} tasks");

        var composed = tasks.Count(t => Members(library, t) >= 2);
        Assert.True(composed * 2 >= tasks.Count, $"{composed} of {tasks.Count} need two members or more");
        var longer = tasks.Count(t => Lines(t) is >= 5 and <= 20 && HasControlFlow(t));
        Assert.True(longer * 4 >= tasks.Count, $"{longer} of {tasks.Count} take 5 to 20 lines with control flow");
        Assert.True(tasks.Count(DeclaresType) >= classes, $"{tasks.Count(DeclaresType)} ask for a class");
        var single = new Decontamination(new Suite(tasks, []).HeldOut()).LeavingNoChoice().Count;
        Assert.True(single * 4 <= tasks.Count, $"{single} of {tasks.Count} leave no choice");
        Assert.True(tasks.Average(Lines) >= 3, $"{tasks.Average(Lines):0.0} lines on average");
        // One page must not decide the verdict.
        Assert.All(tasks.GroupBy(t => t.Documents[0]), page => Assert.True(page.Count() * 10 <= tasks.Count * 6, page.Key));
    }

    [Fact]
    public void The_limits_hold_the_longest_task_with_room()
    {
        var tokenizer = HuggingFaceTokenizer.Load(Path.Combine(fenmark.Root, "data", "models", "nano", "tokenizer.json"));
        var template = PromptLibrary.Default["code-task.complete"];
        foreach (var library in new SampleLibrary[] { fenmark, mingpu })
            foreach (var task in Suite.Load(library.Tasks).Code)
            {
                var answer = tokenizer.Count($"```csharp\n{task.Reference}\n```");
                Assert.True(answer + 32 <= new EvaluationOptions().MaxCodeTokens, $"{task.Id}: an answer of {answer} tokens");
                var prompt = template.Messages(AnswerFormat.CodeInputs(task.Instruction, task.Signature, task.Context, "Fenmark"))
                    .Sum(m => tokenizer.Count(m.Content) + 8);
                Assert.True(prompt + answer <= new DocTuneLab.Corpus.Structural.CorpusOptions().MaxTokens,
                    $"{task.Id}: {prompt} and {answer} tokens");
            }
    }

    private static int Members(SampleLibrary library, CodeTask task)
    {
        var unit = SolutionUnit.Compose(task, task.Reference);
        var verdict = library.Judge.Judge(unit.Source, CodeForm.File);
        Assert.True(verdict.Compiles, task.Id);
        return verdict.Uses.Where(u => u.IsLibrary && u.Kind == SymbolUseKind.Resolved && unit.IsAnswerLine(u.Line)
            && u.Id is { } id && id[0] is 'M' or 'P' or 'E').Select(u => u.Id).Distinct().Count();
    }

    private static int Lines(CodeTask task) => task.Reference.Split('\n').Count(l => !string.IsNullOrWhiteSpace(l));

    private static bool HasControlFlow(CodeTask task) => Nodes(task).Any(n => n is IfStatementSyntax or ForStatementSyntax
        or CommonForEachStatementSyntax or WhileStatementSyntax or DoStatementSyntax or SwitchStatementSyntax or SwitchExpressionSyntax
        or TryStatementSyntax);

    private static bool DeclaresType(CodeTask task) => Nodes(task).Any(n => n is TypeDeclarationSyntax);

    private static IEnumerable<SyntaxNode> Nodes(CodeTask task) => CSharpSyntaxTree.ParseText(task.Reference).GetRoot().DescendantNodes();
}
