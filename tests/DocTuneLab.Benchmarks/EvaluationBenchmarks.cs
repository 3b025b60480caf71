using System.Diagnostics;
using DocTuneLab.Conversations;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Reports;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Experiments;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Library;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Inference;
using TorchSharp;

namespace DocTuneLab.Benchmarks;

/// <summary>
/// <c>dotnet run -c Release --project tests/DocTuneLab.Benchmarks -- evaluation [ADAPTER]</c>: answers compiled and classified a minute,
/// answers run in the sandbox a minute, and the whole evaluation of 120 tasks in two arms with the nano model. With an adapter also whether
/// the verdicts can be trusted: its numbers shuffled must be worse than the adapter itself, and the base model against itself inconclusive.
/// </summary>
internal static class EvaluationBenchmarks
{
    public static int Run(string? adapter)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root!.FullName, "DocTuneLab.sln"))) root = root.Parent;
        var data = Path.Combine(root.FullName, "data", "private-library");
        var library = Path.Combine(data, "bin", "Fenmark.dll");
        var suite = Suite.Load(Path.Combine(data, "tasks"));
        var code = new Suite(suite.Code, []);
        var evaluator = new Evaluator(new CSharpJudge(ReferenceSet.Load(library)));

        // Right answers, answers with an invented member, answers that break off: what models write.
        StoredAnswer Answer(CodeTask t, int i) =>
            new(t.Id, TaskKind.Code, i,
                "```csharp\n"
                    + (i % 3) switch
                    {
                        0 => t.Reference,
                        1 => t.Reference.Replace("return ", "return WaterHead.Invent() ?? ", StringComparison.Ordinal),
                        _ => t.Reference[..(t.Reference.Length / 2)]
                    }
                    + $"\n// {i}\n```");
        StoredAnswer[] answers = [.. Enumerable.Range(0, 12).SelectMany(i => suite.Code.Select(t => Answer(t, i)))];
        var quick = new EvaluationOptions { BootstrapDraws = 100 };
        evaluator.Score("warm", code, [.. answers.Take(60)], [], quick);
        Rate("compiled and classified", answers.Length, () => evaluator.Score("m", code, answers, [], quick), "answers/min", target: 2000);

        var execution = new ExecutionOptions { AllowUntrustedCode = true, AllowWithoutIsolation = true };
        StoredAnswer[] right = [.. suite.Code.Select(t => Answer(t, 0))];
        Rate($"run ({Sandbox.Isolation.Name})", right.Length,
            () => evaluator.Score("m", code, right, [], quick with { Execution = execution }), "runs/min", target: 300);

        var folder = Directory.CreateTempSubdirectory("doctune-benchmark-");
        var lab = new LabSession();
        lab.Open(folder.FullName, 1);
        lab.LoadBase(Path.Combine(root.FullName, "data", "models", "nano"));
        lab.ParseDocs(new() { Sources = [Path.Combine(data, "docs")], Assemblies = [library] });
        lab.LoadSuite(Path.Combine(data, "tasks"));
        if (adapter is not null) lab.LoadAdapter(adapter);
        var plan = new EvaluationPlan
        {
            Split = null,
            Kinds = [TaskKind.Code],
            Options = new EvaluationOptions { Execution = execution },
            Others = new Dictionary<string, ILanguageModel> { ["again"] = new LocalModel(lab.Model!) }
        };
        var clock = Stopwatch.StartNew();
        var report = lab.EvaluationStage.Run(plan with { Arms = ["base", adapter is null ? "again" : "tuned"] });
        Console.WriteLine($"{report.Results[0].Code.Count} tasks x {report.Results.Count} arms on nano, asked, scored and run: "
            + $"{clock.Elapsed.TotalSeconds:0} s (target 180)");
        if (adapter is not null)
        {
            using var broken = LoraAdapter.Load(lab.Model!, adapter);
            Shuffle(broken);
            plan = plan with
            {
                Kinds = [TaskKind.Code, TaskKind.Qa, TaskKind.Completion, TaskKind.Retention],
                Split = Split.Test,
                Others = new Dictionary<string, ILanguageModel>(plan.Others) { ["shuffled"] = new LocalModel(lab.Model!, broken) }
            };
            foreach (var (first, second) in (ReadOnlySpan<(string, string)>)
            [
                ("base", "tuned"), ("tuned", "shuffled"), ("base", "shuffled"), ("base", "again")
            ])
            {
                report = lab.EvaluationStage.Run(plan with { Arms = [first, second] });
                foreach (var line in MarkdownReport.Headlines(report)) Console.WriteLine(line);
                foreach (var row in MarkdownReport.Rows(report.Main!)) Console.WriteLine("| " + string.Join(" | ", row) + " |");
                Console.WriteLine();
            }
        }
        lab.Dispose();
        folder.Delete(recursive: true);
        return 0;
    }

    /// <summary>Every matrix keeps its numbers, in another order.</summary>
    private static void Shuffle(LoraAdapter adapter)
    {
        using var _ = torch.no_grad();
        torch.manual_seed(1);
        foreach (var matrix in adapter.Parameters.Values)
        {
            using var order = torch.randperm(matrix.numel());
            using var shuffled = matrix.flatten()[order].view(matrix.shape);
            matrix.copy_(shuffled);
        }
    }

    private static void Rate(string what, int count, Action work, string unit, int target)
    {
        var clock = Stopwatch.StartNew();
        work();
        Console.WriteLine($"{what}: {count} in {clock.Elapsed.TotalSeconds:0.0} s, {count / clock.Elapsed.TotalMinutes:N0} {unit} (target "
            + $"{target:N0}) on {Environment.ProcessorCount} processors");
    }
}
