using DocTuneLab.Conversations;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace DocTuneLab.Library.Guidance;

/// <summary>Guides the code in an answer; prose around it is free. Code stands in the first fence of C#.</summary>
/// <param name="code">Guide of the code.</param>
public sealed class AnswerGuide(CodeGuide code) : IAnswerGuide
{
    private const string Fence = "```", NoCode = "no code is written", NotClosed = "the code is not closed by a fence";

    /// <inheritdoc/>
    public IGuidedAnswer Begin() => new Before(code, "");

    // Comments alone are none, though a method that returns nothing compiles with them.
    private static bool HasCode(string text) => SyntaxFactory.ParseTokens(text).Any(t => !t.IsKind(SyntaxKind.EndOfFileToken));

    /// <summary>Prose before the fence. A header or context that does not compile leaves all of the answer free.</summary>
    private sealed class Before(CodeGuide guide, string text) : IGuidedAnswer
    {
        public int ReturnTo => text.Length;

        public bool IsFree => true;

        public GuideVerdict Follow(string piece, out IGuidedAnswer? longer, out string reason)
        {
            var all = text + piece;
            longer = new Before(guide, all);
            reason = "";
            if (guide.Problem is not null) return GuideVerdict.Fits;
            var fence = all.StartsWith(Fence, StringComparison.Ordinal) ? 0 : all.IndexOf("\n" + Fence, StringComparison.Ordinal);
            if (fence < 0) return GuideVerdict.Fits;
            var line = all.IndexOf('\n', fence + 1);
            if (line < 0) return GuideVerdict.Fits;
            var language = all[fence..line].Trim().TrimStart('`').ToLowerInvariant();
            if (language is not ("" or "csharp" or "cs" or "c#"))
            {
                longer = new After(all.Length);
                return GuideVerdict.Fits;
            }
            return (guide.Frame.HoldsTypes ? (IGuidedAnswer)new Within(guide.Begin(), line + 1, "") : new Directives(guide, line + 1, ""))
                .Follow(all[(line + 1)..], out longer, out reason);
        }

        // Where a method is asked for, prose alone is no answer.
        public string? Objection() => guide.Problem is null && !guide.Frame.HoldsTypes ? NoCode : null;
    }

    /// <summary>Code that is nothing but using directives so far, or the beginning of what may be one.</summary>
    private sealed class Directives(CodeGuide guide, int at, string text) : IGuidedAnswer
    {
        private readonly int _end = UsingDirectives.Of(text, out var end).Count > 0 ? end : 0;

        public int ReturnTo => at + _end;

        public bool IsFree => false;

        public GuideVerdict Follow(string piece, out IGuidedAnswer? longer, out string reason)
        {
            var all = text + piece;
            var used = UsingDirectives.Of(all, out var end);
            var rest = all[end..];
            (longer, reason) = (null, "");
            if (end > _end && used.Select(guide.Scope.Fault).FirstOrDefault(f => f is not null) is { } fault)
            {
                reason = fault;
                return GuideVerdict.Refused;
            }
            var mayBegin = UsingDirectives.MayBegin(rest, out var space);
            if (string.IsNullOrWhiteSpace(rest) || (mayBegin && (space is null || guide.Scope.HasNamespace(space))))
            {
                longer = new Directives(guide, at, all);
                return GuideVerdict.Fits;
            }
            var said = new Within(guide.Using(used).Begin(), at + end, "").Follow(rest, out longer, out reason);
            // A namespace that is not there may be the type of a variable.
            if (mayBegin && longer is not null) longer = new Directives(guide, at, all);
            return said;
        }

        public string? Objection() => NotClosed;

        // On a line of its own.
        public IReadOnlyList<string> Endings(bool isFull) => !string.IsNullOrWhiteSpace(text[_end..]) ? []
            : [.. new Within(guide.Using(UsingDirectives.Of(text, out _)).Begin(), at + text.Length, "").Endings(isFull)
                .Select(e => text.Length > 0 && text[^1] != '\n' ? "\n" + e : e)];
    }

    /// <summary>Code. What may be the closing fence waits until it is certain.</summary>
    private sealed class Within(GuidedCode code, int at, string waiting) : IGuidedAnswer
    {
        public int ReturnTo => at + code.StatementAt;

        public bool IsFree => false;

        public GuideVerdict Follow(string piece, out IGuidedAnswer? longer, out string reason)
        {
            longer = null;
            var text = waiting + piece;
            var fence = Closing(text);
            var step = code.Follow(fence >= 0 ? text[..fence] : text);
            reason = step.Reason;
            if (step.Next is null) return step.Verdict;
            if (fence < 0)
            {
                longer = new Within(step.Next, at, "");
                return step.Verdict;
            }
            if ((HasCode(step.Next.Text) ? step.Next.Objection() : NoCode) is { } fault)
            {
                reason = fault;
                return GuideVerdict.Broken;
            }
            longer = text.Length - fence >= Fence.Length
                ? new After(at + step.Next.Text.Length + text.Length - fence, step.Next.Shortfall())
                : new Within(step.Next, at, text[fence..]);
            return step.Verdict;
        }

        public string? Objection() => NotClosed;

        public IReadOnlyList<(int Start, int End)> Grounds() => [.. code.Grounds().Select(g => (at + g.Start, at + g.End))];

        public IReadOnlyList<string> Endings(bool isFull) => waiting.Length > 0 ? []
            : [.. code.Endings(isFull).Where(e => HasCode(code.Text + e))
                .Select(e => e + ((code.Text + e)[^1] != '\n' ? "\n" : "") + Fence)];

        // Backticks at the beginning of a line, all of the rest or three of them.
        private int Closing(string text)
        {
            for (var i = text.IndexOf('`'); i >= 0; i = text.IndexOf('`', i + 1))
            {
                var before = i > 0 ? text[i - 1] : code.Text.Length > 0 ? code.Text[^1] : '\n';
                var from = text.AsSpan(i);
                if (before == '\n' && (from.TrimStart('`').Length == 0 || from.StartsWith(Fence))) return i;
            }
            return -1;
        }
    }

    /// <summary>Whatever follows the code.</summary>
    private sealed class After(int length, string? shortfall = null) : IGuidedAnswer
    {
        public int ReturnTo => length;

        public bool IsFree => true;

        public GuideVerdict Follow(string piece, out IGuidedAnswer? longer, out string reason)
        {
            (longer, reason) = (new After(length + piece.Length, shortfall), "");
            return GuideVerdict.Fits;
        }

        public string? Objection() => null;

        public string? Shortfall() => shortfall;
    }
}
