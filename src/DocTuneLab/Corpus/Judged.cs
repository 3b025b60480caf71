using DocTuneLab.Library;

namespace DocTuneLab.Corpus;

/// <summary>A draft with a verdict per check.</summary>
/// <param name="Draft">The draft.</param>
/// <param name="Checks">All checks that apply, in order; those after the first failure of the compiler are left out.</param>
/// <param name="Compiled">The compiler's verdict on its code, or null.</param>
public sealed record Judged(Draft Draft, IReadOnlyList<Check> Checks, Verdict? Compiled)
{
    /// <summary>The first check that failed; null where all passed.</summary>
    public Check? Failed => Checks.FirstOrDefault(c => !c.Passed);
}
