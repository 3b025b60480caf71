using DocTuneLab.Conversations;
using DocTuneLab.Corpus.Hosted;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Endpoints.Accounting;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Endpoints.Transport;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Prompts.Tuning;
using DocTuneLab.Settings;
using DocTuneLab.Storage;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Recipes;

namespace DocTuneLab.Experiments.Reference;

/// <summary>Settings that belong together.</summary>
/// <param name="Title">Heading.</param>
/// <param name="Where">Where they are given, as a sentence of Markdown.</param>
/// <param name="Table">The settings.</param>
public sealed record SettingGroup(string Title, string Where, SettingTable Table);

/// <summary>All settings of the lab: each is declared once, on the property of its options record.</summary>
public static class LabSettings
{
    /// <summary>The groups, in the order of the lab's stages.</summary>
    public static IReadOnlyList<SettingGroup> Groups { get; } =
    [
        new("Documents", "`#!docs` and `doctune parse`. In a cell the base model's tokenizer counts, where one is loaded.",
            ParseOptions.Settings),
        new("Base model",
            "`#!base DIR`, `doctune generate`, `score`, `serve`, `train`, `evaluate` and `prompts tune`, and a training file.",
            ModelLoadOptions.Settings),
        new("Prompt tuning", "`#!prompt tune` and `doctune prompts tune`.", PromptTuningOptions.Settings),
        new("Wordings", "`#!corpus generate`, `#!corpus regenerate`, `#!evaluate`, `doctune corpus generate` and `doctune evaluate`.",
            WordingOptions.Settings),
        new("Corpus", "`#!corpus generate` and `doctune corpus generate`, without a hosted model.", CorpusOptions.Settings),
        new("Corpus by a hosted model", "The same, with `--endpoint` or `--endpoints`.", GenerationOptions.Settings),
        new("Endpoints",
            "A file for `--endpoints`: a YAML list. Of one endpoint, what has an option can be given so.",
            EndpointOptions.Settings),
        new("Requests to endpoints", "Wherever an endpoint can be given.", EngineOptions.Settings),
        new("Batches", "`#!corpus generate` and `doctune corpus generate`, with an endpoint.", BatchOptions.Settings),
        new("Training run", "`doctune train` and its YAML file; `#!train` takes the share for validation.", TrainingConfig.Settings),
        new("Adapter", "`#!train`, `doctune train` and its YAML file.", LoraConfig.Settings),
        new("Recipe",
            "`#!train`, `doctune train` and its YAML file. In a cell seed, folder and resumption are the lab's, as every "
                + "stage's seed is.",
            SftOptions.Settings),
        new("Evaluation", "`#!evaluate` and `doctune evaluate`.", EvaluationPlan.Settings),
        new("Answers", "The same.", EvaluationOptions.Settings),
        new("Running answers", "The same.", ExecutionOptions.Settings),
        new("Guided decoding", "The same, and `doctune generate`.", GuideSettings.Settings),
        new("Sampling", "`doctune generate`.", SamplingOptions.Settings),
    ];
}
