using System.Text.Json;
using DocTuneLab.Corpus;
using DocTuneLab.Documents;
using DocTuneLab.Evaluation;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;
using DocTuneLab.Prompts;
using DocTuneLab.Storage;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Generation;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Sft;

namespace DocTuneLab.Extension;

/// <summary>The lab in a notebook: one experiment from documents to evaluation, each stage kept in the lab's folder.</summary>
public sealed class LabSession : IDisposable
{
    private Lab? _lab;

    /// <summary>Seed of everything random. Default 1.</summary>
    public int Seed { get; set; } = 1;

    /// <summary>Folder of the databases and runs. Default artifacts/lab.</summary>
    public string Path { get; private set; } = System.IO.Path.Combine("artifacts", "lab");

    /// <summary>The databases, opened when first used.</summary>
    public Lab Storage => _lab ??= Lab.Open(Path);

    /// <summary>What <see cref="ParseDocs"/> found.</summary>
    public DocumentSet? Documents { get; private set; }

    /// <summary>Chunks of all documents.</summary>
    public IReadOnlyList<Chunk> Chunks { get; private set; } = [];

    /// <summary>The private library's public members.</summary>
    public ApiModel? Api { get; private set; }

    /// <summary>The compiler as judge.</summary>
    public CSharpJudge? Judge { get; private set; }

    /// <summary>The base model.</summary>
    public BaseModel? Model { get; private set; }

    /// <summary>Held-out tasks.</summary>
    public Suite? Suite { get; private set; }

    /// <summary>Wording of code tasks, chosen by <see cref="TunePrompts"/>.</summary>
    public PromptTemplate CodeTemplate { get; private set; } = PromptLibrary.Default["code-task.complete"];

    /// <summary>Wording of questions, chosen by <see cref="TunePrompts"/>.</summary>
    public PromptTemplate QaTemplate { get; private set; } = PromptLibrary.Default["doc-qa.plain"];

    /// <summary>What <see cref="GenerateCorpus"/> made.</summary>
    public GeneratedCorpus? Corpus { get; private set; }

    /// <summary>What <see cref="Train"/> made.</summary>
    public LoraAdapter? Adapter { get; private set; }

    /// <summary>How training went.</summary>
    public TrainingResult? Training { get; private set; }

    /// <summary>Settings of the training run.</summary>
    public (LoraConfig Lora, SftOptions Options)? TrainingSettings { get; private set; }

    /// <summary>Base against tuned.</summary>
    public Comparison? Comparison { get; private set; }

    /// <summary>Both arms.</summary>
    public (EvaluationResult Base, EvaluationResult Tuned)? Results { get; private set; }

    private string LibraryName => Judge!.References.LibraryAssemblies.First();

    /// <summary>Starts an experiment in a folder.</summary>
    public void Open(string path, int seed)
    {
        _lab?.Dispose();
        (_lab, Path, Seed) = (Lab.Open(path), path, seed);
    }

    /// <summary>Reads documentation and assemblies, cuts chunks and links them to symbols.</summary>
    /// <exception cref="LabException">A folder or assembly is missing.</exception>
    public DocumentChanges ParseDocs(string directory, IReadOnlyList<string> assemblies)
    {
        var documents = DocumentSet.Load(directory);
        var references = ReferenceSet.Load([.. assemblies]);
        Api = ApiModel.Load(references);
        Judge = new CSharpJudge(references);
        Documents = documents;
        var linker = new SymbolLinker(Api);
        // Without a base model there is no tokenizer yet; four characters a token is close enough for a budget.
        var chunker = Model is { } model ? new Chunker(model.Tokenizer, 384, linker) : new Chunker(text => (text.Length + 3) / 4, 384, linker);
        var changes = Storage.SaveDocuments(documents.Documents, chunker.Chunk, $"chunker:384:{Model?.Tokenizer.VocabularySize}:{Api.Hash}");
        Storage.SaveSymbols(Api);
        Chunks = Storage.Chunks();
        return changes;
    }

    /// <summary>Loads the base model in NF4.</summary>
    public BaseModel LoadBase(string directory)
    {
        if (Model?.Directory == directory) return Model;
        var model = BaseModel.Load(directory);
        Adapter?.Dispose();
        Model?.Dispose();
        (Model, Adapter, Training, TrainingSettings) = (model, null, null, null);
        return model;
    }

    /// <summary>Loads an adapter that was trained before.</summary>
    /// <exception cref="LabException">A file is missing, or the adapter does not fit the base model.</exception>
    public LoraAdapter LoadAdapter(string directory)
    {
        Need(Model, "#!base");
        var adapter = LoraAdapter.Load(Model!, directory);
        Adapter?.Dispose();
        (Adapter, Training, TrainingSettings) = (adapter, null, null);
        return adapter;
    }

    /// <summary>Loads held-out tasks.</summary>
    public Suite LoadSuite(string directory) => Suite = Suite.Load(directory);

    /// <summary>Chooses the wording of tasks and questions by the likelihood of the dev split's reference answers under the base model.</summary>
    public IReadOnlyList<PromptTuningResult> TunePrompts(int examples, CancellationToken cancel = default)
    {
        Need(Api, "#!docs"); Need(Model, "#!base"); Need(Suite, "#!suite");
        var dev = Suite!.Where(Split.Dev);
        if (dev.Code.Count == 0 || dev.Qa.Count == 0) throw new LabException("the suite has no tasks or no questions in split 'dev'; prompt tuning chooses on them");
        var tuner = new PromptTuner(new LocalModel(Model!), new PromptTuningOptions { Seed = Seed });
        var code = tuner.Tune(PromptLibrary.Default.OfKind(PromptLibrary.CodeTask),
            [.. dev.Code.Take(examples).Select(t => new PromptExample(AnswerFormat.CodeInputs(t.Instruction, t.Signature, t.Context, LibraryName), AnswerFormat.Code(t.Reference)))], null, cancel);
        var qa = tuner.Tune(PromptLibrary.Default.OfKind(PromptLibrary.DocQa),
            [.. dev.Qa.Take(examples).Select(q => new PromptExample(AnswerFormat.QaInputs(q.Question, LibraryName), q.Answers[0]))], null, cancel);
        (CodeTemplate, QaTemplate) = (code.Winner, qa.Winner);
        foreach (var winner in (PromptTemplate[])[CodeTemplate, QaTemplate]) Storage.SaveTemplate(winner.Name, winner.Version, winner.Source);
        return [code, qa];
    }

    /// <summary>Writes grounded samples from symbols and train-split pages, each code sample compiled, none near a held-out task.</summary>
    public GeneratedCorpus GenerateCorpus(int count, IProgress<CorpusProgress>? progress = null, CancellationToken cancel = default)
    {
        Need(Api, "#!docs"); Need(Suite, "#!suite");
        var heldOut = Suite!.Code.Select(t => new HeldOut(t.Id, [t.Instruction], [t.Reference], t.GoldSymbols.ToHashSet(StringComparer.Ordinal)))
            .Concat(Suite.Qa.Select(q => new HeldOut(q.Id, [q.Question], [], new HashSet<string>())));
        var options = new CorpusOptions
        {
            Count = count, Seed = Seed, Tokenizer = Model?.Tokenizer, LibraryName = LibraryName, CodeTemplate = CodeTemplate, QaTemplate = QaTemplate,
            HeldOut = new Decontamination([.. heldOut]),
        };
        var train = Chunks.Where(c => Documents!.SplitOf(c.DocumentPath) == Split.Train).ToList();
        Corpus = new StructuralGenerator(Api!, Judge!, options).Generate(train, progress, cancel);
        Storage.SaveSamples([.. Corpus.Samples, .. Corpus.Rejected], replaceAll: true);
        return Corpus;
    }

    /// <summary>Trains a new adapter over the frozen NF4 base.</summary>
    public TrainingResult Train(LoraConfig lora, SftOptions options, Action<TrainingStep>? onStep = null, CancellationToken cancel = default)
    {
        Need(Model, "#!base"); Need(Corpus, "#!corpus");
        var samples = Corpus!.Samples.ToArray();
        new Random(Seed).Shuffle(samples);
        var validation = Math.Min(120, samples.Length / 10);
        var run = Storage.BeginRun("train", JsonSerializer.Serialize(new { lora, options, BaseModel = Model!.Hash, Samples = samples.Length, Corpus = ContentHash.Of([.. samples.Select(s => s.Id)]) }));
        options = options with { OutputDirectory = run.Directory };
        var adapter = LoraAdapter.Create(Model, lora, Seed);
        try
        {
            var pending = new List<Metric>();
            Training = new SftTrainer(Model, adapter, samples[validation..], samples[..validation], options).Run(step =>
            {
                pending.AddRange(
                [
                    new Metric("loss", step.Step, step.Loss), new Metric("learning_rate", step.Step, step.LearningRate), new Metric("grad_norm", step.Step, step.GradNorm),
                    new Metric("tokens_per_second", step.Step, step.TokensPerSecond), new Metric("cpu_percent", step.Step, step.CpuPercent), new Metric("memory_bytes", step.Step, step.MemoryBytes),
                ]);
                if (step.EvalLoss is { } eval) pending.Add(new Metric("eval_loss", step.Step, eval));
                if (pending.Count >= 200) Flush();
                onStep?.Invoke(step);
            }, cancel);
            Flush();
            Storage.FinishRun(run.Id, JsonSerializer.Serialize(Training with { History = [] }));

            void Flush()
            {
                Storage.AppendMetrics(run.Id, pending);
                pending.Clear();
            }
        }
        catch
        {
            adapter.Dispose();
            Storage.FinishRun(run.Id, failed: true);
            throw;
        }
        Adapter?.Dispose();
        (Adapter, TrainingSettings) = (adapter, (lora, options));
        return Training;
    }

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

    /// <inheritdoc/>
    public void Dispose()
    {
        Adapter?.Dispose();
        Model?.Dispose();
        _lab?.Dispose();
    }

    private static void Need(object? stage, string magic)
    {
        if (stage is null) throw new LabException($"an earlier step is missing: run {magic} first");
    }
}
