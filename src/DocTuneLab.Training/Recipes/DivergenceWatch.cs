using DocTuneLab.Training.Telemetry;

namespace DocTuneLab.Training.Recipes;

/// <summary>Gradients that explode are clipped; this finds what clipping does not cure:
/// a loss that stays above a limit, or rises far above that of the start.</summary>
/// <param name="options">Settings.</param>
/// <param name="lastGood">Says from which checkpoint to resume.</param>
internal sealed class DivergenceWatch(SftOptions options, Func<string> lastGood)
{
    /// <summary>Losses at the start, and at the end, whose means are compared.</summary>
    public const int WatchedLosses = 20;

    private readonly Queue<double> _recent = new();
    private int _overLimit;

    /// <summary>Looks at the loss of a step.</summary>
    /// <param name="step">The step.</param>
    /// <param name="firstLosses">Sum of the losses of the first <see cref="WatchedLosses"/> steps.</param>
    /// <exception cref="LabException">Training diverges.</exception>
    public void Check(TrainingStep step, double firstLosses)
    {
        _overLimit = step.Loss > options.LossLimit ? _overLimit + 1 : 0;
        _recent.Enqueue(step.Loss);
        if (_recent.Count > WatchedLosses) _recent.Dequeue();
        var start = firstLosses / WatchedLosses;
        var diverges = options.LossLimit is null && step.Step >= 2 * WatchedLosses && _recent.Count == WatchedLosses
            && _recent.Average() > 1.5 * start + 0.5;
        if (_overLimit < 3 && !diverges) return;
        var found = diverges
            ? $"the mean loss of the last {WatchedLosses} steps is {_recent.Average():F2}, at the start it was {start:F2}"
            : $"the loss was above {options.LossLimit} three times in a row, last {step.Loss:F2}";
        throw new LabException($"training diverges at step {step.Step}: {found}; lower the learning rate (now {options.LearningRate}), "
            + $"raise the warm-up, or clip at a lower norm (now {options.MaxGradNorm}). {lastGood()}");
    }
}
