using System.Diagnostics.CodeAnalysis;

namespace DocTuneLab.Experiments.Stages;

/// <summary>What an earlier step must have made.</summary>
internal static class Earlier
{
    /// <exception cref="LabException">It is missing; the message names the step that makes it.</exception>
    public static T Needs<T>([NotNull] T? made, string step) where T : class =>
        made ?? throw new LabException($"an earlier step is missing: run {step} first");
}
