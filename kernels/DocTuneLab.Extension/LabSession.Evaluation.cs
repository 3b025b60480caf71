using System.Text.Json;
using DocTuneLab.Documents;
using DocTuneLab.Evaluation;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Prompts;
using DocTuneLab.Storage;
using DocTuneLab.Training.Generation;

namespace DocTuneLab.Extension;

// Held-out tasks and the comparison of models.
public sealed partial class LabSession
{
    /// <summary>Held-out tasks.</summary>
    public Suite? Suite { get; private set; }

    /// <summary>Base against tuned.</summary>
    public Comparison? Comparison { get; private set; }

    /// <summary>Both arms.</summary>
    public (EvaluationResult Base, EvaluationResult Tuned)? Results { get; private set; }

    /// <summary>Loads held-out tasks.</summary>
    public Suite LoadSuite(string directory) => Suite = Suite.Load(directory);

    /// <summary>Asks base and tuned model every task of a split, greedily, and compares.</summary>
    public Comparison Evaluate(Split? split, bool allowUntrustedCode, IProgress<EvaluationProgress>? progress = null, CancellationToken cancel = default)
    {
        Need(Api, "#!docs"); Need(Adapter, "#!train or #!adapter"); Need(Suite, "#!suite");
        var tasks = split is { } s ? Suite!.Where(s) : Suite!;
        var prompts = new PromptRenderer(
            t => CodeTemplate.Messages(AnswerFormat.CodeInputs(t.Instruction, t.Signature, t.Context, LibraryName)),
            q => QaTemplate.Messages(AnswerFormat.QaInputs(q.Question, LibraryName)));
        var options = new EvaluationOptions { Arm = "base", Seed = Seed, MaxCodeTokens = 128, MaxQaTokens = 32, Execution = new ExecutionOptions { AllowUntrustedCode = allowUntrustedCode } };
        var evaluator = new Evaluator(Judge!);
        var run = Storage.BeginRun("evaluate", JsonSerializer.Serialize(new { options.Seed, Suite = tasks.Hash, Model = Model!.Hash, Code = CodeTemplate.Name, Qa = QaTemplate.Name }));
        try
        {
            var first = evaluator.Run(new LocalModel(Model), tasks, prompts, options, progress, cancel);
            var second = evaluator.Run(new LocalModel(Model, Adapter), tasks, prompts, options with { Arm = "tuned" }, progress, cancel);
            Results = (first, second);
            Comparison = Comparison.Of(first, second);
            foreach (var result in (EvaluationResult[])[first, second])
            {
                var arm = result == first ? "base" : "tuned";
                File.WriteAllText(System.IO.Path.Combine(run.Directory, arm + ".json"), result.ToJson());
                var answers = result.Answers.GroupBy(a => a.Task, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.First().Text, StringComparer.Ordinal);
                Storage.SaveEvaluations(run.Id, [.. result.Metrics.SelectMany(m => m.Observations.Where(o => o.Denominator > 0)
                    .Select(o => new EvaluationRow(tasks.Hash, arm, o.Task, m.Name, o.Numerator / o.Denominator, answers.GetValueOrDefault(o.Task))))]);
            }
            Storage.FinishRun(run.Id, Comparison.ToJson());
            return Comparison;
        }
        catch
        {
            Storage.FinishRun(run.Id, failed: true);
            throw;
        }
    }
}
