using DocTuneLab.Conversations;

namespace DocTuneLab.Library.Guidance;

/// <summary>A guide's answer to a piece of text.</summary>
/// <param name="Verdict">Whether it may follow.</param>
/// <param name="Reason">Why not, or why perhaps; empty where it fits.</param>
/// <param name="Next">The code with the piece; null where it is refused.</param>
public readonly record struct GuideStep(GuideVerdict Verdict, string Reason, GuidedCode? Next);
