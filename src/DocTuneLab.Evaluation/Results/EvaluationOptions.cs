using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Statistics;

namespace DocTuneLab.Evaluation.Results;

/// <summary>Settings of an evaluation; written into its result.</summary>
public sealed record EvaluationOptions
{
    /// <summary>Name of the arm: <c>base</c>, <c>base+docs</c>, <c>tuned</c>, <c>tuned+docs</c>. Default <c>base</c>.</summary>
    public string Arm { get; init; } = "base";

    /// <summary>Upper bound of new tokens for code. Default 256.</summary>
    public int MaxCodeTokens { get; init; } = 256;

    /// <summary>Upper bound of new tokens for a closed question. Default 48.</summary>
    public int MaxQaTokens { get; init; } = 48;

    /// <summary>Upper bound of new tokens for an open question. Default 160.</summary>
    public int MaxOpenTokens { get; init; } = 160;

    /// <summary>Upper bound of new tokens for a gap. Default 48.</summary>
    public int MaxCompletionTokens { get; init; } = 48;

    /// <summary>Ask what measures retention: an arm that only adds documents cannot have forgotten. Default true.</summary>
    public bool MeasureRetention { get; init; } = true;

    /// <summary>Sampled answers per programming task beside the greedy one. Default 0; 10 gives pass@5 a small error.</summary>
    public int SampledAnswers { get; init; }

    /// <summary>Temperature of sampled answers. Default 0.8.</summary>
    public double Temperature { get; init; } = 0.8;

    /// <summary>Nucleus of sampled answers. Default 0.95.</summary>
    public double TopP { get; init; } = 0.95;

    /// <summary>Seed of sampling and of the statistics. Default 0.</summary>
    public int Seed { get; init; }

    /// <summary>Draws of the bootstrap. Default 10,000.</summary>
    public int BootstrapDraws { get; init; } = Bootstrap.DefaultDraws;

    /// <summary>Score the reference answers too (bits per byte). Default true.</summary>
    public bool ScoreReferences { get; init; } = true;

    /// <summary>Whether and how answers are run. Default: not run.</summary>
    public ExecutionOptions Execution { get; init; } = new();

    /// <summary>Checks the values.</summary>
    /// <exception cref="LabException">A value is out of range.</exception>
    public void Validate()
    {
        if (MaxCodeTokens < 1) throw new LabException($"MaxCodeTokens: {MaxCodeTokens}: expected 1 or more.");
        if (MaxOpenTokens < 1) throw new LabException($"MaxOpenTokens: {MaxOpenTokens}: expected 1 or more.");
        if (MaxCompletionTokens < 1) throw new LabException($"MaxCompletionTokens: {MaxCompletionTokens}: expected 1 or more.");
        if (MaxQaTokens < 1) throw new LabException($"MaxQaTokens: {MaxQaTokens}: expected 1 or more.");
        if (SampledAnswers is < 0 or > 1000) throw new LabException($"SampledAnswers: {SampledAnswers}: expected 0 to 1000.");
        if (SampledAnswers > 0 && Temperature <= 0)
            throw new LabException($"Temperature: {Temperature}: expected more than 0 for sampled answers.");
        if (BootstrapDraws < 100) throw new LabException($"BootstrapDraws: {BootstrapDraws}: expected 100 or more.");
        Execution.Validate();
    }
}
