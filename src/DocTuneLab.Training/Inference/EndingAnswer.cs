using DocTuneLab.Conversations;

namespace DocTuneLab.Training.Inference;

/// <summary>An answer that ends with one of several texts, whichever the model likes best.</summary>
/// <param name="endings">The texts; those that what is written begins.</param>
/// <param name="before">Characters of the answer before them.</param>
/// <param name="written">What is written of them.</param>
internal sealed class EndingAnswer(IReadOnlyList<string> endings, int before, string written = "") : IGuidedAnswer
{
    public int ReturnTo => before;

    // No other way is sought from here on.
    public bool IsFree => true;

    public GuideVerdict Follow(string piece, out IGuidedAnswer? longer, out string reason)
    {
        var text = written + piece;
        var left = endings.Where(e => e.StartsWith(text, StringComparison.Ordinal)).ToList();
        (longer, reason) = left.Count > 0 ? (new EndingAnswer(left, before, text), "") : (null, "no end that types allow begins so");
        return left.Count > 0 ? GuideVerdict.Fits : GuideVerdict.Refused;
    }

    public string? Objection() => endings.Contains(written, StringComparer.Ordinal) ? null : "the answer is not at its end";
}
