using DocTuneLab.Conversations;
using DocTuneLab.Evaluation.Suites;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Extraction;

/// <summary>What the extraction rule took from an answer.</summary>
/// <param name="Code">The code, or null where there is none.</param>
/// <param name="Reason">Where it came from, or why there is none.</param>
public sealed record Extraction(string? Code, string Reason);

/// <summary>
/// The one rule that takes code from an answer. Version 2:
/// <list type="number">
/// <item>Reasoning is cut off (<c>&lt;think&gt;</c> and its kind; what never ended is no answer). What stands in <c>&lt;answer&gt;</c> tags
/// is the answer, if there is code in it. Characters without width are dropped.</item>
/// <item>Fences may be of backticks or tildes, indented, in a list or a quotation, in one line, not closed, or opened by the prompt. Of
/// those that are C#, say nothing, or show changes (whose result is taken), the one is taken that holds what was asked: first a method of
/// the asked name with a body; then what may be its body; then any, but one that calls the method, or that only declares other things,
/// last. Of equals the first that is marked as C#, then the first. Fences that declare what that one names and lacks are added to it.
/// Without such fences it is the first one.</item>
/// <item>Without a fence, the whole answer, if it is C# in some reading and more than a bare word; else the longest run of paragraphs
/// that is.</item>
/// </list>
/// Nothing else is repaired. Code of more than 8,192 characters, or that nests
/// brackets deeper than 200, is refused: a model that repeats itself would otherwise overflow the compiler's stack.
/// </summary>
public static class CodeExtractor
{
    /// <summary>Version of the rule; results of different versions do not compare.</summary>
    public const int Version = 2;

    private const int LongestCode = 8_192;

    private const int DeepestNesting = 200;

    // Answers have a handful of paragraphs; pairs of more are not worth the parser's time.
    private const int MostParagraphs = 12;

    internal static readonly CSharpParseOptions ParseOptions = new(LanguageVersion.Latest, DocumentationMode.None);

    /// <summary>Takes the code from <paramref name="answer"/>, whatever was asked: the first fence of C#.</summary>
    public static Extraction Extract(string answer) => Extract(answer, (AskedMethod?)null);

    /// <summary>Takes the code that was asked for from <paramref name="answer"/>.</summary>
    /// <exception cref="LabException">The task's signature is none.</exception>
    public static Extraction Extract(string answer, CodeTask task) => Extract(answer, AskedMethod.Of(task.Signature));

    /// <summary>
    /// The text for a gap: the first fence of the answer where it has one, else the answer, without line breaks at its ends.
    /// </summary>
    public static string Gap(string answer)
    {
        answer = Reasoning.Cut(Reasoning.Clean(answer));
        return (Fence.Read(answer) is [var fence, ..] ? fence.Code : answer).Trim('\n');
    }

    private static Extraction Extract(string answer, AskedMethod? asked)
    {
        var clean = Reasoning.Clean(answer);
        var text = Reasoning.Cut(clean);
        if (string.IsNullOrWhiteSpace(text))
            return new(null, string.IsNullOrWhiteSpace(clean) ? "the answer is empty" : "the answer ends in its reasoning");
        return Reasoning.Tagged(text) is { } tagged && From(tagged, asked) is { Code: not null } found ? found : From(text, asked);
    }

    private static Extraction From(string text, AskedMethod? asked)
    {
        var fences = Fence.Read(text);
        if (Fence.Continued(text) is { } continued && TooMuch(continued.Code) is null && AnswerCode.IsCode(continued.Code))
            fences = [new("", continued.Code), .. Fence.Read(continued.After)];
        if (fences.Count > 0) return Choose(fences, asked);
        if (TooMuch(text) is { } reason) return new(null, reason);
        if (AnswerCode.IsCode(text)) return new(text.Trim('\n').TrimEnd(), "whole answer");
        return Paragraphs(text) is { } part ? new(part, "paragraphs") : new(null, "no fence, and the answer is not C#");
    }

    private static Extraction Choose(List<Fence> fences, AskedMethod? asked)
    {
        var filled = fences.Where(f => !string.IsNullOrWhiteSpace(f.Code)).ToList();
        if (filled.Count == 0) return new(null, "the fence is empty");
        var brief = filled.Where(f => TooMuch(f.Code) is null).ToList();
        var pool = brief.Where(f => f.MayBeCSharp).ToList();
        if (pool.Count == 0)
        {
            // What is too long is refused, not passed over for a fence of another kind.
            var first = filled.Find(f => f.MayBeCSharp) ?? filled[0];
            return TooMuch(first.Code) is { } why ? new(null, why) : Taken(first, first.Code);
        }
        if (asked is null)
        {
            var first = pool.Find(f => f.IsCSharp) ?? pool[0];
            return Taken(first, first.Code);
        }
        var ranked = pool.Select(f => new Candidate(f, asked)).ToList();
        var best = ranked.OrderByDescending(c => c.Rank).ThenByDescending(c => c.Fence.IsCSharp).First();
        var code = WithHelpers(best, ranked);
        return TooMuch(code) is null ? Taken(best.Fence, code) : Taken(best.Fence, best.Fence.Code);

        static Extraction Taken(Fence fence, string code) => new(code, fence.Language.Length > 0 ? $"fence {fence.Language}" : "fence");
    }

    /// <summary>The chosen code with what other fences declare for it, in their order, using directives first.</summary>
    private static string WithHelpers(Candidate best, List<Candidate> all)
    {
        List<Candidate> taken = [best];
        for (var more = true; more;)
        {
            var declared = taken.SelectMany(c => c.Declares).ToHashSet(StringComparer.Ordinal);
            var lacking = taken.SelectMany(c => c.Names).Except(declared, StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
            var next = all.Find(c => !taken.Contains(c) && c.IsHelper && c.Declares.Any(lacking.Contains));
            more = next is not null;
            if (next is not null) taken.Add(next);
        }
        if (taken.Count == 1) return best.Fence.Code;
        var parts = all.Where(taken.Contains).ToList();
        var usings = parts.SelectMany(c => c.Code.Usings).Select(u => u.ToString()).Distinct(StringComparer.Ordinal);
        var rest = parts.Select(c =>
            c.Fence.Code[Math.Min(c.Fence.Code.Length, c.Code.Usings is [.., var last] ? last.Span.End : 0)..].Trim('\n'));
        return string.Join('\n', usings.Concat(rest));
    }

    /// <summary>The longest run of paragraphs that is C#; a line that ends with a colon introduces what follows it.</summary>
    private static string? Paragraphs(string text)
    {
        var lines = text.Split('\n');
        bool Blank(int i) => i < 0 || i >= lines.Length || string.IsNullOrWhiteSpace(lines[i]);
        var starts = Enumerable.Range(0, lines.Length).Where(i => !Blank(i) && (Blank(i - 1) || lines[i - 1].TrimEnd().EndsWith(':'))
            && Begins(lines[i])).Take(MostParagraphs).ToList();
        var ends = Enumerable.Range(0, lines.Length).Where(i => !Blank(i) && Blank(i + 1) && lines[i].TrimEnd()[^1] is ';' or '}' or '/')
            .Take(MostParagraphs).ToList();
        return starts.SelectMany(s => ends.Where(e => e >= s).Select(e => (Start: s, End: e))).OrderByDescending(r => r.End - r.Start)
            .Select(r => string.Join('\n', lines[r.Start..(r.End + 1)]))
            .FirstOrDefault(code => code.AsSpan().ContainsAny('(', '=', '{') && AnswerCode.IsCode(code));

        // Prose begins a line otherwise; the parser has the last word.
        static bool Begins(string line) => line.TrimEnd()[^1] is ';' or '{' or '}' or ')' or ',' or '(' or '>' or '/'
            || line.TrimStart().Split(' ')[0] is "public" or "internal" or "private" or "static" or "class" or "record" or "struct"
                or "using" or "namespace" or "return" or "var" or "if" or "foreach" or "for" or "while" or "await" or "async" or "=>";
    }

    private static string? TooMuch(string code)
    {
        if (code.Length > LongestCode) return $"more than {LongestCode} characters";
        int depth = 0, angles = 0;
        foreach (var token in SyntaxFactory.ParseTokens(code, options: ParseOptions))
        {
            switch (token.Kind())
            {
                case SyntaxKind.OpenParenToken or SyntaxKind.OpenBraceToken or SyntaxKind.OpenBracketToken: depth++; break;
                case SyntaxKind.CloseParenToken or SyntaxKind.CloseBraceToken or SyntaxKind.CloseBracketToken:
                    depth = Math.Max(0, depth - 1);
                    break;
                // "Less than" is never closed, so a statement's end starts anew.
                case SyntaxKind.LessThanToken: angles++; break;
                case SyntaxKind.GreaterThanToken: angles = Math.Max(0, angles - 1); break;
                case SyntaxKind.SemicolonToken: angles = 0; break;
            }
            if (depth + angles > DeepestNesting) return $"nests brackets deeper than {DeepestNesting}";
        }
        return null;
    }

    /// <summary>A fence and how well it fits what was asked.</summary>
    private sealed class Candidate
    {
        public Candidate(Fence fence, AskedMethod asked)
        {
            Fence = fence;
            Code = AnswerCode.Read(fence.Code, asked.Parameters);
            var isCode = Code.Shape != AnswerShape.Broken;
            var target = Code.Shape == AnswerShape.Expression ? null
                : asked.Find(isCode ? Code.Root : AnswerCode.Parse(fence.Code));
            Names = Code.Root.DescendantNodesAndSelf().OfType<SimpleNameSyntax>().Select(n => n.Identifier.ValueText)
                .ToHashSet(StringComparer.Ordinal);
            Declares = Code.Items.SelectMany(Declared).ToHashSet(StringComparer.Ordinal);
            IsHelper = isCode && target is null && Code.Items.Count > 0
                && Code.Items.All(i => i is not GlobalStatementSyntax { Statement: not LocalFunctionStatementSyntax });
            Rank = target is not null && AskedMethod.IsWritten(target) ? isCode ? 6 : 5
                : target is not null ? 2
                : asked.IsCalledIn(Code.Root) ? 1
                : IsHelper ? 2
                : Code.Root is LiteralExpressionSyntax or IdentifierNameSyntax ? 3
                : isCode && (Code.Shape == AnswerShape.Expression || asked.ReturnsNothing || GivesBack(Code.Root)) ? 4
                : 3;
        }

        public Fence Fence { get; }

        public AnswerCode Code { get; }

        /// <summary>6 the asked method, 5 with errors, 4 what may be its body, 3 anything, 2 declarations, 1 its use.</summary>
        public int Rank { get; }

        /// <summary>Whether it only declares, and not what was asked.</summary>
        public bool IsHelper { get; }

        public HashSet<string> Declares { get; }

        public HashSet<string> Names { get; }

        private static bool GivesBack(SyntaxNode root) =>
            root.DescendantNodes().Any(n =>
                n is ReturnStatementSyntax { Expression: not null } or ThrowStatementSyntax or YieldStatementSyntax);

        private static IEnumerable<string> Declared(MemberDeclarationSyntax item) => item switch
        {
            BaseNamespaceDeclarationSyntax n => n.Members.SelectMany(Declared),
            BaseTypeDeclarationSyntax t => t.DescendantNodes().OfType<MethodDeclarationSyntax>().Where(IsExtension)
                .Select(m => m.Identifier.ValueText).Append(t.Identifier.ValueText),
            DelegateDeclarationSyntax d => [d.Identifier.ValueText],
            MethodDeclarationSyntax m => [m.Identifier.ValueText],
            PropertyDeclarationSyntax p => [p.Identifier.ValueText],
            BaseFieldDeclarationSyntax f => f.Declaration.Variables.Select(v => v.Identifier.ValueText),
            GlobalStatementSyntax { Statement: LocalFunctionStatementSyntax f } => [f.Identifier.ValueText],
            _ => [],
        };

        private static bool IsExtension(MethodDeclarationSyntax method) => method.Parent is ExtensionBlockDeclarationSyntax
            || method.ParameterList.Parameters.Any(p => p.Modifiers.Any(SyntaxKind.ThisKeyword));
    }
}
