using DocTuneLab.Library.Guidance;

namespace DocTuneLab.Tests.Library;

/// <summary>What a guide says of code that comes in pieces.</summary>
internal static class GuideSteps
{
    /// <summary>What is said of the last piece, after the pieces before it fitted.</summary>
    public static GuideStep Last(CodeGuide guide, params IReadOnlyList<string> pieces)
    {
        var code = guide.Begin();
        foreach (var piece in pieces.SkipLast(1))
        {
            var step = code.Follow(piece);
            Assert.True(step.Next is not null, $"'{piece}': {step.Reason}");
            code = step.Next;
        }
        return code.Follow(pieces[^1]);
    }
}
