using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Statistics;
using DocTuneLab.Settings;

namespace DocTuneLab.Evaluation.Results;

/// <summary>Settings of an evaluation; written into its result.</summary>
public sealed record EvaluationOptions
{
    /// <summary>Names, ranges and words of these settings.</summary>
    public static SettingTable<EvaluationOptions> Settings => SettingTable<EvaluationOptions>.Instance;

    /// <summary>Name of the arm: <c>base</c>, <c>base+docs</c>, <c>tuned</c>, <c>tuned+docs</c>. Default <c>base</c>.</summary>
    public string Arm { get; init; } = "base";

    /// <summary>Upper bound of new tokens for code. Default 320: the longest reference of the sample suites takes 271 with the tokenizer of
    /// the nano model.</summary>
    [Setting("New tokens of an answer with code, at most.", Option = "code-tokens", Min = 1)]
    public int MaxCodeTokens { get; init; } = 320;

    /// <summary>Upper bound of new tokens for a closed question. Default 32.</summary>
    [Setting("New tokens of an answer to a closed question, at most.", Option = "qa-tokens", Min = 1)]
    public int MaxQaTokens { get; init; } = 32;

    /// <summary>Upper bound of new tokens for an open question. Default 160.</summary>
    [Setting("New tokens of an answer to an open question, at most.", Option = "open-tokens", Min = 1)]
    public int MaxOpenTokens { get; init; } = 160;

    /// <summary>Upper bound of new tokens for a gap. Default 48.</summary>
    [Setting("New tokens of what fills a gap, at most.", Option = "completion-tokens", Min = 1)]
    public int MaxCompletionTokens { get; init; } = 48;

    /// <summary>Ask what measures retention: an arm that only adds documents cannot have forgotten. Default true.</summary>
    public bool MeasureRetention { get; init; } = true;

    /// <summary>Sampled answers per programming task beside the greedy one. Default 0; 10 gives pass@5 a small error.</summary>
    [Setting("Sampled answers for each programming task beside the greedy one; 10 gives pass@5.", Option = "samples", Min = 0, Max = 1000)]
    public int SampledAnswers { get; init; }

    /// <summary>Temperature of sampled answers. Default 0.8.</summary>
    [Setting("Temperature of sampled answers.", Option = "sample-temperature", Field = "sample_temperature", Placeholder = "T", Min = 0)]
    public double Temperature { get; init; } = 0.8;

    /// <summary>Nucleus of sampled answers. Default 0.95.</summary>
    [Setting("Nucleus of sampled answers.", Option = "sample-top-p", Field = "sample_top_p", Placeholder = "P", Above = 0, Max = 1)]
    public double TopP { get; init; } = 0.95;

    /// <summary>Seed of sampling and of the statistics. Default 1.</summary>
    [Setting("Seed of everything random.")]
    public int Seed { get; init; } = 1;

    /// <summary>Draws of the bootstrap. Default 10,000.</summary>
    [Setting("Draws of the bootstrap that intervals come from.", Min = 100)]
    public int BootstrapDraws { get; init; } = Bootstrap.DefaultDraws;

    /// <summary>Score the reference answers too (bits per byte). Default true.</summary>
    public bool ScoreReferences { get; init; } = true;

    /// <summary>By which rules answers with code are guided. Default null: they are not.</summary>
    public GuideRules? Guide { get; init; }

    /// <summary>Whether and how answers are run. Default: not run.</summary>
    public ExecutionOptions Execution { get; init; } = new();

    /// <summary>Checks the values.</summary>
    /// <exception cref="LabException">A value is out of range.</exception>
    public void Validate()
    {
        Settings.Validate(this);
        if (SampledAnswers > 0 && Temperature <= 0)
            throw new LabException($"sample_temperature is {Temperature}; expected more than 0 for sampled answers");
        Execution.Validate();
    }
}
