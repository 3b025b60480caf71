using DocTuneLab.Corpus;
using DocTuneLab.Documents;
using DocTuneLab.Prompts;
using DocTuneLab.Training.Generation;

namespace DocTuneLab.Extension;

// Prompts and samples.
public sealed partial class LabSession
{
    // Read when first used: a kernel that starts does not wait for the template language.
    /// <summary>Wording of code tasks, chosen by <see cref="TunePrompts"/>.</summary>
    public PromptTemplate CodeTemplate { get => field ??= PromptLibrary.Default["code-task.complete"]; private set; }

    /// <summary>Wording of questions, chosen by <see cref="TunePrompts"/>.</summary>
    public PromptTemplate QaTemplate { get => field ??= PromptLibrary.Default["doc-qa.plain"]; private set; }

    /// <summary>What <see cref="GenerateCorpus"/> made.</summary>
    public GeneratedCorpus? Corpus { get; private set; }

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
        var options = new CorpusOptions
        {
            Count = count, Seed = Seed, Tokenizer = Model?.Tokenizer, LibraryName = LibraryName, CodeTemplate = CodeTemplate, QaTemplate = QaTemplate,
            HeldOut = new Decontamination(Suite!.HeldOut()),
        };
        var train = Chunks.Where(c => Documents!.SplitOf(c.DocumentPath) == Split.Train).ToList();
        Corpus = new StructuralGenerator(Api!, Judge!, options).Generate(train, progress, cancel);
        Storage.SaveSamples([.. Corpus.Samples, .. Corpus.Rejected], replaceAll: true);
        return Corpus;
    }
}
