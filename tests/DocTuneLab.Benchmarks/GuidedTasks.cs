using DocTuneLab.Conversations;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Experiments;
using DocTuneLab.Library.Guidance;
using DocTuneLab.Prompts;
using DocTuneLab.Training.Inference;

namespace DocTuneLab.Benchmarks;

/// <summary>A tuned model, its tasks and their judge.</summary>
internal sealed class GuidedTasks : IDisposable
{
    private readonly LabSession _lab = new();
    private readonly LocalModel _model;
    private readonly Evaluator _evaluator;
    private readonly Suite _suite;
    private readonly IReadOnlyList<Message>[] _prompts;
    private readonly EvaluationOptions _options = new()
    {
        Execution = new() { AllowUntrustedCode = true, AllowWithoutIsolation = true },
        BootstrapDraws = 100
    };

    public GuidedTasks(string folder, Split split, int every)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root!.FullName, "DocTuneLab.sln"))) root = root.Parent;
        var data = Path.Combine(root.FullName, "data");
        _lab.Open(folder, 1);
        _lab.LoadBase(Path.Combine(data, "models", "nano"));
        var adapter = new DirectoryInfo(Path.Combine(folder, "runs"))
            .EnumerateFiles("adapter_config.json", SearchOption.AllDirectories).MaxBy(f => f.LastWriteTimeUtc)
            ?? throw new LabException($"{folder}: there is no trained adapter under runs/");
        _model = new(_lab.Model!, _lab.LoadAdapter(adapter.DirectoryName!));
        var library = _lab.LoadLibrary([Path.Combine(data, "private-library", "bin", "Fenmark.dll")]);
        _evaluator = new(library.Judge);
        var code = Suite.Load(Path.Combine(data, "private-library", "tasks")).Where(split).Code;
        _suite = new([.. code.Where((_, i) => i % every == 0)], []);
        _prompts = [.. Tasks.Select(t => _lab.Wordings.Code.Messages(AnswerFormat.CodeInputs(t.Instruction, t.Signature, t.Context,
            t.GoldSymbols.Count > 0 ? library.Name : ".NET")))];
    }

    /// <summary>The tasks.</summary>
    public IReadOnlyList<CodeTask> Tasks => _suite.Code;

    /// <summary>Answers under the guide.</summary>
    /// <param name="budget">Multiple of the longest answer.</param>
    /// <param name="around">What stands between the decoder and each guide; null for nothing.</param>
    public List<Written> Guided(double budget, Func<IAnswerGuide, IAnswerGuide>? around = null)
    {
        var guides = Tasks.Select(t => (IAnswerGuide)new AnswerGuide(new CodeGuide(_lab.Library!.Judge,
            GuideFrame.Body(t.Signature, t.Usings, t.Context)))).Select(g => around?.Invoke(g) ?? g).ToList();
        // How fast the machine is must not matter.
        var most = new GuideBudget { Tokens = budget, Time = TimeSpan.FromDays(1) };
        return Judged(_model.Generate(_prompts, guides, new(_options.MaxCodeTokens), most));
    }

    /// <summary>Answers without a guide, by the same code: so tokens are counted alike. The first is the greedy one.</summary>
    public List<Written> Drawn(int number)
    {
        var sampling = new SamplingOptions(_options.MaxCodeTokens, number == 1 ? 0 : _options.Temperature, _options.TopP, number);
        return Judged(_model.Generate(_prompts, [.. Tasks.Select(_ => (IAnswerGuide?)null)], sampling, new()));
    }

    private List<Written> Judged(IReadOnlyList<GuidedText> answers)
    {
        StoredAnswer[] stored = [.. answers.Select((a, i) => new StoredAnswer(Tasks[i].Id, TaskKind.Code, 0, a.Text))];
        var results = _evaluator.Score("model", _suite, stored, [], _options).Code.ToDictionary(r => r.Task, StringComparer.Ordinal);
        return [.. answers.Select((a, i) => new Written(Tasks[i].Id, a, results[Tasks[i].Id]))];
    }

    public void Dispose() => _lab.Dispose();

    /// <summary>An answer with the verdict on it.</summary>
    public sealed record Written(string Task, GuidedText Answer, CodeResult Result);
}
