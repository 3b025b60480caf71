using System.Text.Json;
using DocTuneLab.Conversations;
using DocTuneLab.Corpus;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Evaluation.Suites.Import;

namespace DocTuneLab.Evaluation.Tests;

public sealed class SuiteFormatTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("doctune-format-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Write(params object[] lines)
    {
        var path = Path.Combine(_folder, Guid.NewGuid().ToString("n") + ".jsonl");
        File.WriteAllLines(path, lines.Select(l => l as string ?? JsonSerializer.Serialize(l)));
        return path;
    }

    /// <summary>The schema and the reader are two statements of one format: what one demands or forbids, so does the other.</summary>
    [Theory]
    [InlineData("code",
        """{"id":"a","instruction":"i","signature":"s","context":"","usings":[],"goldSymbols":[],"reference":"r","stub":"s","tests":["t"]"""
            + ""","documents":["d"],"split":"test"}""")]
    [InlineData("docqa", """{"id":"a","question":"q","answers":["x"],"documents":["d"],"split":"dev"}""")]
    [InlineData("open", """{"id":"a","question":"q","reference":"r","rubric":["f"],"documents":["d"],"split":"test"}""")]
    [InlineData("completion", """{"id":"a","prefix":"p","middle":"m","suffix":"","usings":[],"documents":["d"],"split":"test"}""")]
    [InlineData("retention", """{"id":"a","kind":"csharp","text":"t","source":"s"}""")]
    public void The_schema_says_what_the_reader_demands(string kind, string line)
    {
        var definition = JsonDocument.Parse(SuiteSchema.Text).RootElement.GetProperty("$defs").GetProperty(kind);
        var full = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(line)!;
        Assert.Equal(full.Keys.Order(), definition.GetProperty("properties").EnumerateObject().Select(p => p.Name).Order());
        Assert.Equal(1, Suite.Load(Write(line)).Count);
        var required = definition.GetProperty("required").EnumerateArray().Select(r => r.GetString()!).ToHashSet();
        foreach (var field in full.Keys)
        {
            var without = JsonSerializer.Serialize(full.Where(f => f.Key != field).ToDictionary());
            if (required.Contains(field)) Assert.Throws<LabException>(() => Suite.Load(Write(without)));
            else Assert.Equal(1, Suite.Load(Write(without)).Count);
        }
        Assert.Contains("extra: unknown field", Assert.Throws<LabException>(() => Suite.Load(Write(line[..^1] + ",\"extra\":1}"))).Message);
    }

    [Fact]
    public void Training_data_that_comes_near_a_task_is_a_problem()
    {
        var task = TinyLibrary.Task("held");
        Sample Sample(string prompt, string code) =>
            new("sample", SampleKind.Code, [Message.User(prompt), Message.Assistant($"```csharp\n{code}\n```")], new Evidence([], []), [],
                Split.Train);
        SuiteReport Check(params Sample[] training) =>
            SuiteCheck.Run(TinyLibrary.Evaluator(), new Suite([task], []), TinyLibrary.Api,
                new ExecutionOptions { AllowUntrustedCode = true, AllowWithoutIsolation = true, WallTime = TimeSpan.FromSeconds(60) },
                training);
        Assert.Empty(Check(Sample("Something else entirely about a vat.", "return new Vat(1).Salinity();")).Problems);
        Assert.Contains("code equals the reference of held",
            Check(Sample("Anything.", task.Reference.Replace("\n", "  \n"))).Problems.Single().Problem);
        Assert.Contains("held", Check(Sample(task.Instruction, "return 1;")).Problems.Single().Problem);
        Assert.Contains(Check().Notes, n => n.Contains("not looked for", StringComparison.Ordinal));
    }

    private const string MultiplePrompt = "using System;\nusing System.Collections.Generic;\nusing System.Linq;\nclass Problem {\n"
        + "    // Return the numbers of a list that are even.\n    // >>> EvenOnes([1, 2])\n    // [2]\n    public static List<long> "
        + "EvenOnes(List<long> numbers) {\n";

    private const string MultipleTests = "    }\n    public static void Main(string[] args) {\n    Debug.Assert(EvenOnes((new "
        + "List<long>(new long[]{(long)1L, (long)2L, (long)4L}))).Equals((new List<long>(new long[]{(long)2L, (long)4L}))));\n"
        + "    Debug.Assert(EvenOnes((new List<long>())).Equals((new List<long>())));\n    }\n\n}\n";

    [Fact]
    public void MultiPLE_tasks_run_and_their_lists_compare_by_content()
    {
        var (tasks, skipped) = BenchmarkImport.Read(Write(
            new
            {
                name = "HumanEval_x_even",
                language = "cs",
                prompt = MultiplePrompt,
                tests = MultipleTests,
                stop_tokens = new[] { "\n    }\n" }
            },
            new { name = "HumanEval_y", language = "py", prompt = "def f():", tests = "assert f()" }));
        Assert.Equal(("HumanEval_y", "language is py"), Assert.Single(skipped));
        var task = Assert.Single(tasks);
        Assert.Equal("public static List<long> EvenOnes(List<long> numbers)", task.Signature);
        Assert.StartsWith("Return the numbers of a list that are even.", task.Instruction);
        Assert.Equal([ExecutionStatus.Pass, ExecutionStatus.WrongAnswer, ExecutionStatus.Exception],
            Score(task, "return numbers.Where(n => n % 2 == 0).ToList();", "return numbers;", task.Stub));
        var path = Path.Combine(_folder, "imported", "code.jsonl");
        BenchmarkImport.Write(tasks, path);
        Assert.Equal("HumanEval_x_even", Assert.Single(Suite.Load(path).Code).Id);
    }

    [Fact]
    public void HumanEval_style_tasks_bring_their_solution()
    {
        var (tasks, skipped) = BenchmarkImport.Read(Write(
            new
            {
                task_id = "CSharp/1",
                entry_point = "Twice",
                prompt = "/// <summary>Twice the number.</summary>\npublic static int Twice(int n)\n{\n",
                canonical_solution = "    var m = n;\n    return m * 2;\n}\n",
                test = "Debug.Assert(Twice(4) == 8);\nif (Twice(0) != 0) throw new Exception(\"zero\");\n"
            },
            new
            {
                task_id = "CSharp/2",
                entry_point = "Nothing",
                prompt = "public static int Something()\n{\n",
                canonical_solution = "return 1; }\n",
                test = "Debug.Assert(true);"
            }));
        Assert.Equal("there is no method Nothing", Assert.Single(skipped).Why);
        var task = Assert.Single(tasks);
        Assert.Equal("Twice the number.", task.Instruction);
        Assert.Equal([ExecutionStatus.Pass, ExecutionStatus.WrongAnswer], Score(task, task.Reference, "return n * n - 1;"));
    }

    [Fact]
    public void A_file_of_neither_format_is_told_so() =>
        Assert.Contains("found question", Assert.Throws<LabException>(() => BenchmarkImport.Read(Write(new { question = "?" }))).Message);

    private static IEnumerable<ExecutionStatus> Score(CodeTask task,
        params string[] bodies) => TinyLibrary.Evaluator().Score("m", new Suite([task], []),
        [.. bodies.Select((b, i) => new StoredAnswer(task.Id, TaskKind.Code, i, $"```csharp\n{b}\n```"))], [],
        new EvaluationOptions
        {
            BootstrapDraws = 100,
            Execution = new() { AllowUntrustedCode = true, AllowWithoutIsolation = true, WallTime = TimeSpan.FromSeconds(60) }
        }).Code
            .Select(c => c.Status!.Value);
}
