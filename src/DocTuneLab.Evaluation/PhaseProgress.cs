namespace DocTuneLab.Evaluation;

/// <summary>
/// Finished items of one phase as progress of the whole; on the caller's thread, since <see cref="Progress{T}"/> would reorder.
/// </summary>
internal sealed class PhaseProgress(Action<int> report) : IProgress<int>
{
    public void Report(int value) => report(value);

    /// <summary>A counter for one phase; null where nobody listens.</summary>
    public static IProgress<int>? Of(IProgress<EvaluationProgress>? progress, EvaluationPhase phase, int total, int offset = 0) =>
        progress is null ? null : new PhaseProgress(done => progress.Report(new(phase, offset + done, total)));
}
