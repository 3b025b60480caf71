using DocTuneLab.Conversations;
using DocTuneLab.Library.Guidance;

namespace DocTuneLab.Evaluation.Results;

/// <summary>By which rules the answers of an arm were guided; under others they would be other answers.</summary>
/// <param name="Version">Version of the guide's rules (<see cref="CodeGuide.Version"/>).</param>
/// <param name="Layers">What it looked at.</param>
/// <param name="Budget">How much it might cost.</param>
public sealed record GuideRules(int Version, GuideLayers Layers, GuideBudget Budget)
{
    /// <summary>For people.</summary>
    public override string ToString() =>
        FormattableString.Invariant($"rules {Version}; looks at {Layers.ToString().ToLowerInvariant()}; at most {Budget.Tokens} times ")
        + FormattableString.Invariant($"the tokens of an answer, {Budget.Returns} returns, {Budget.Candidates} tokens a place, ")
        + FormattableString.Invariant($"{Budget.Time.TotalSeconds} s")
        + (Budget.Beams > 1 ? FormattableString.Invariant($", {Budget.Beams} beams") : "");
}
