using DocTuneLab.Conversations;
using Microsoft.CodeAnalysis;

namespace DocTuneLab.Library.Guidance;

/// <summary>
/// Guides the text of a gap in code: what stands before it is in scope, and the gap ends only where the whole compiles with what stands
/// after it. An answer is the gap's text and nothing else. Code before the gap is
/// taken as it is; where it is longer than <see cref="GuidedCode.LongestCode"/>, tokens and brackets alone are looked at, and the end.
/// </summary>
public sealed class GapGuide : IAnswerGuide
{
    private static readonly string[] s_fillings = [NamePlace.Placeholder, "", NamePlace.Placeholder + "();"];
    private readonly CSharpJudge _judge;
    private readonly string _before, _after;
    private readonly IReadOnlyList<string> _usings;
    private readonly CodeForm _form;
    private readonly CodeGuide? _guide;
    private readonly GuidedCode? _begin;

    /// <summary>A guide for one gap.</summary>
    /// <param name="judge">The compiler with the library.</param>
    /// <param name="before">Code before the gap.</param>
    /// <param name="after">Code after the gap.</param>
    /// <param name="usings">Namespaces in scope besides <see cref="CSharpJudge.ImplicitUsings"/>.</param>
    /// <param name="layers">What is looked at. Default all.</param>
    public GapGuide(CSharpJudge judge, string before, string after, IReadOnlyList<string> usings, GuideLayers layers = GuideLayers.All)
    {
        ArgumentNullException.ThrowIfNull(judge);
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        (_judge, _before, _after, _usings) = (judge, before.ReplaceLineEndings("\n"), after.ReplaceLineEndings("\n"), usings);
        // What the whole is shows where something stands in the gap that parses.
        var whole = s_fillings.Select(f => _before + f + _after).FirstOrDefault(Parses) ?? _before + s_fillings[0] + _after;
        _form = CSharpJudge.DetectForm(whole);
        var wrapped = CodeWrapper.Wrap(whole, _form, CSharpJudge.ParseOptions);
        if (wrapped.InsertAt > _before.Length) return;
        var frame = new GuideFrame(wrapped.Text[..(wrapped.InsertAt + wrapped.InsertLength)], usings)
        {
            HoldsTypes = _form is CodeForm.File or CodeForm.Members
        };
        _guide = new CodeGuide(judge, frame, layers);
        if (_guide.Problem is null) _begin = _guide.Begin().Take(_before[wrapped.InsertAt..]).Next;
    }

    private static bool Parses(string code) =>
        GuideScope.Parse(CSharpJudge.Wrap(code, CSharpJudge.DetectForm(code))).GetDiagnostics()
            .All(d => d.Severity != DiagnosticSeverity.Error);

    /// <inheritdoc/>
    public IGuidedAnswer Begin() => new Gap(this, "", _begin);

    private sealed class Gap(GapGuide guide, string text, GuidedCode? code) : IGuidedAnswer
    {
        public int ReturnTo => code is null ? 0 : Math.Max(0, text.Length - (code.Text.Length - code.StatementAt));

        public bool IsFree => false;

        public GuideVerdict Follow(string piece, out IGuidedAnswer? longer, out string reason)
        {
            longer = null;
            var step = code?.Follow(piece) ?? new(GuideVerdict.Fits, "", null);
            reason = step.Reason;
            if (code is not null && step.Next is null) return step.Verdict;
            longer = new Gap(guide, text + piece, step.Next);
            return step.Verdict;
        }

        public string? Objection()
        {
            var verdict = guide._judge.Judge(guide._before + text + guide._after, guide._form, guide._usings);
            return verdict.Compiles ? null : verdict.Errors is [var error, ..] ? error.Message : "the code does not compile";
        }

        // A value, where one stands in the gap.
        public IReadOnlyList<string> Endings(bool isFull) => code is null ? []
            : [.. TypedEndings.Values(guide._guide!, code.Text).Where(v => new Gap(guide, text + v, null).Objection() is null)];

        // Of what stands before the gap nothing can be changed.
        public IReadOnlyList<(int Start, int End)> Grounds() => code is null ? []
            : [.. code.Grounds().Select(g => (g.Start - code.Text.Length + text.Length, g.End - code.Text.Length + text.Length))
                .Where(g => g.Item1 >= 0)];
    }
}
