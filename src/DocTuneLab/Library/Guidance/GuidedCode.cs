using System.Collections.Concurrent;
using System.Collections.Immutable;
using DocTuneLab.Conversations;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Library.Guidance;

/// <summary>Code that a guide has followed so far. It does not change: from one state several ways can be tried.</summary>
public sealed class GuidedCode
{
    // A model that repeats itself writes digits for ever; the largest double has 309.
    private const int LongestNumber = 400;

    private const string TooDeep = "the code is nested too deeply to compile", BodyAsked = "the body is asked for";

    /// <summary>Letters of code beyond which tokens and brackets alone are looked at, and at its end whether it compiles: what is asked of
    /// a place takes the longer, the more stands before it.</summary>
    internal const int LongestCode = 8_000;

    /// <summary>Letters of one statement beyond which, up to its end, it is the same.</summary>
    internal const int LongestStatement = 2_000;

    private readonly CodeGuide _guide;
    private readonly State _state;
    private readonly ConcurrentDictionary<string, NamePlace> _places = new(StringComparer.Ordinal);

    internal GuidedCode(CodeGuide guide) : this(guide, "", new(0, [], null, null, false, 0, 0))
    {
    }

    private GuidedCode(CodeGuide guide, string text, State state) => (_guide, Text, _state) = (guide, text, state);

    /// <summary>The code.</summary>
    public string Text { get; }

    /// <summary>Where the statement begins that is being written.</summary>
    public int StatementAt => _state.StatementAt;

    /// <summary>The code with a piece behind it, or why it may not follow.</summary>
    /// <param name="piece">Some text, such as that of a token of a model.</param>
    public GuideStep Follow(string piece)
    {
        ArgumentNullException.ThrowIfNull(piece);
        try
        {
            var length = Text.Length + piece.Length;
            var layers = length > LongestCode || length - StatementAt > LongestStatement ? GuideLayers.None : _guide.Layers;
            var step = Follow(piece, layers);
            // What looked like a local function may be a member beside the method, which only what follows it tells.
            return step.Next is null && _guide.Members is { } members && GuidedToken.MayDeclareMember(Text + piece)
                && members.Begin().Follow(Text + piece, layers) is { Next: not null } member ? Unasked(member) : step;
        }
        catch (InsufficientExecutionStackException)
        {
            return Refuse(TooDeep);
        }
    }

    private static T IfNotTooDeep<T>(Func<T> look, T otherwise)
    {
        try
        {
            return look();
        }
        catch (InsufficientExecutionStackException)
        {
            return otherwise;
        }
    }

    /// <summary>The code with a piece behind it of which tokens and brackets alone are looked at.</summary>
    /// <param name="piece">Code that is given, not written.</param>
    internal GuideStep Take(string piece) => Follow(piece, GuideLayers.None);

    private GuideStep Follow(string piece, GuideLayers layers)
    {
        var text = Text + piece;
        if (InterpolationDepth.IsTooDeep(text)) return Refuse("strings stand in strings too deeply to compile");
        var hasSyntax = layers.HasFlag(GuideLayers.Syntax);
        var (tail, open, pending, place, isOperand, statementAt, links) = _state;
        var from = tail;
        var verdict = GuideVerdict.Fits;
        var reason = "";
        var isOpen = false;
        foreach (var token in SyntaxFactory.ParseTokens(text[from..], options: CSharpJudge.ParseOptions))
        {
            var (start, end) = (from + token.SpanStart, from + token.Span.End);
            if (token.IsKind(SyntaxKind.EndOfFileToken))
            {
                // What is left is a token that may grow, blanks, or a comment that may go on.
                if (!isOpen)
                    tail = GuidedToken.OpenTrivia(token, text) is { } comment ? from + comment
                        : Math.Max(tail, Math.Min(start, text.Length));
                break;
            }
            if (from == 0 && tail == 0 && _guide.Members is { } members && end < text.Length && GuidedToken.DeclaresMember(token))
                return Text.Length == 0 && !_guide.Scope.NeedsType ? Unasked(members.Begin().Follow(text, layers))
                    : members.Begin().Follow(text, layers);
            if (from == 0 && start == 0 && _guide.Scope.Method is not null
                && (_guide.Scope.NeedsType ? !GuidedToken.BeginsMember(token) : GuidedToken.DeclaresMember(token)))
                (verdict, reason) = (GuideVerdict.Unlikely, _guide.Scope.NeedsType
                    ? "what is returned needs a type that implements it" : BodyAsked);
            var isNumber = token.IsKind(SyntaxKind.NumericLiteralToken);
            if (isNumber && end == text.Length - 1 && text[end] == '.')
            {
                tail = start;
                break;
            }
            var isLast = end == text.Length && GuidedToken.CanGrow(token);
            isOpen = isLast;
            if (isLast) tail = start;
            else
            {
                tail = end;
                links = CodeWrapper.IsLink(token.Kind()) ? links + 1 : 0;
                if (links > CodeWrapper.MaxLinks) return Refuse($"{CodeWrapper.MaxLinks} names or signs follow each other");
                if (_guide.Layers.HasFlag(GuideLayers.Syntax) && GuidedToken.Fault(token) is { } fault) return Refuse(fault);
            }
            if (layers.HasFlag(GuideLayers.Types) && GuidedToken.Literal(token) is var literal and not SpecialType.None)
            {
                var here = place is { } known && known.At == start ? known.Place : PlaceAt(text, start);
                place = (start, here);
                if (here.Judge(literal) == GuideVerdict.Possible)
                    (verdict, reason) = (GuideVerdict.Possible, $"{token.Text} is not what is expected");
            }
            if (!isLast && open.IsEmpty && _guide.Frame.HoldsMembers && GuidedToken.BeginsStatement(token)
                && !(GuidedToken.BeginsExpression(token) && !string.IsNullOrWhiteSpace(text[statementAt..start])))
                return Refuse($"'{token.Text}' stands in no method");
            if (!isLast && hasSyntax && _guide.Scope.Method is not null && GuidedToken.StandsInNoBody(token))
                return Refuse($"'{token.Text}' stands in no method");
            if (isNumber && token.Text.Length > LongestNumber) return Refuse($"'{token.Text}' is no number that anything holds");
            if (isNumber && isOperand && hasSyntax) return Refuse($"'{token.Text}' follows no operator");
            var follows = isOperand;
            if (!isLast)
                isOperand = isNumber || (token.IsKind(SyntaxKind.IdentifierToken)
                    && SyntaxFacts.GetContextualKeywordKind(token.Text) == SyntaxKind.None);
            if (pending is not null && !_guide.Frame.HoldsTypes && place is { } named && !GuidedToken.MayFollowNew(token, isLast)
                && NameCheck.IsUndeclared(_guide, text[..end], named.At))
            {
                // A local function to come, as a delegate, or a type parameter of one.
                if (!(token.IsKind(SyntaxKind.SemicolonToken) && named.Place.ExpectsNew)
                    && !NameCheck.MayBeTypeParameter(text[statementAt..start], token))
                    return Refuse($"'{pending}' is not declared");
                (verdict, reason) = (GuideVerdict.Unlikely, $"'{pending}' is not declared");
            }
            if (_guide.Frame.HoldsMembers && layers.HasFlag(GuideLayers.Names)
                && MemberHeaders.Asked(_guide, text[..end], isLast) is { } asked)
                (verdict, reason) = (GuideVerdict.Unlikely, $"what is asked for is {asked}");
            if (layers == GuideLayers.None) (pending, place) = (null, null);
            else if (token.IsKind(SyntaxKind.IdentifierToken) || (isLast && SyntaxFacts.IsReservedKeyword(token.Kind())))
            {
                if (isLast && isOperand && hasSyntax && !GuidedToken.GoesOn(token.Text)
                    && NameCheck.IsStray(_guide, text[..end], start, _state.StatementAt, open))
                    return Refuse($"'{token.Text}' follows no operator");
                var here = place is { } known && known.At == start ? known.Place : PlaceAt(text, start);
                place = (start, here);
                var said = here.Judge(token.Text, !isLast);
                // Where what is before it is not whole, the place may look like another: what goes on behind a value is of none.
                if (said == GuideVerdict.Refused && follows && GuidedToken.GoesOn(token.Text)) said = GuideVerdict.Fits;
                if (said == GuideVerdict.Refused) return Refuse(here.Reason(token.Text, !isLast));
                if (said is GuideVerdict.Possible or GuideVerdict.Unlikely) (verdict, reason) = (said, here.Reason(token.Text, !isLast));
                if (!isLast)
                {
                    if (hasSyntax && NameCheck.IsStray(_guide, text[..end], start, _state.StatementAt, open))
                        return Refuse($"'{token.Text}' follows no operator");
                    pending = said is GuideVerdict.Possible or GuideVerdict.Unlikely && !here.IsKnown(token.Text) ? token.ValueText : null;
                }
                continue;
            }
            if (isLast) continue;
            if (follows && !token.IsKind(SyntaxKind.InKeyword) && open.Any(c => c == '(')
                && hasSyntax && NameCheck.LacksIn(_guide, text[..start], statementAt))
                return Refuse($"'in' is expected, not '{token.Text}'");
            // Of a lambda's parameter or a local function to come.
            if (pending is not null && token.Kind() is (SyntaxKind.CommaToken or SyntaxKind.CloseParenToken))
                (verdict, reason) = (GuideVerdict.Possible, $"'{pending}' is not declared");
            pending = null;
            if (layers.HasFlag(GuideLayers.Arguments) && !open.IsEmpty && open.Peek() == '('
                && token.Kind() is (SyntaxKind.CommaToken or SyntaxKind.CloseParenToken)
                && ArgumentCheck.Fault(_guide, text[..start], token.IsKind(SyntaxKind.CloseParenToken), out var mayGoOn) is { } misfit)
                return mayGoOn ? Refuse(misfit) : new(GuideVerdict.Broken, misfit, null);
            if (layers.HasFlag(GuideLayers.Types) && !_guide.Frame.HoldsTypes && token.IsKind(SyntaxKind.CloseParenToken)
                && ConditionCheck.Fault(_guide, text[..start]) is { } unfit)
                return Refuse(unfit);
            if (token.IsKind(SyntaxKind.OpenParenToken) && follows && layers.HasFlag(GuideLayers.Members)
                && ArgumentCheck.Uncallable(_guide, text[..start]) is { } uncallable)
                return Refuse(uncallable);
            switch (token.Kind())
            {
                case SyntaxKind.OpenBraceToken or SyntaxKind.OpenParenToken or SyntaxKind.OpenBracketToken:
                    open = open.Push(token.Text[0]);
                    if (open.Count() > CodeWrapper.MaxDepth) return Refuse($"{CodeWrapper.MaxDepth} brackets are open");
                    break;
                case SyntaxKind.CloseBraceToken or SyntaxKind.CloseParenToken or SyntaxKind.CloseBracketToken:
                    var isAsked = _guide.Layers.HasFlag(GuideLayers.Syntax);
                    if (isAsked && open.IsEmpty) return Refuse($"'{token.Text}' closes what was not opened");
                    if (isAsked && open.Peek() != GuidedToken.Opening(token.Text[0]))
                        return Refuse($"'{token.Text}' does not close '{open.Peek()}'");
                    if (!open.IsEmpty) open = open.Pop();
                    break;
            }
            if (token.Kind() is (SyntaxKind.SemicolonToken or SyntaxKind.CloseBraceToken) && open.All(c => c == '{'))
            {
                if (layers.HasFlag(GuideLayers.Statements)
                    && StatementCheck.Fault(_guide, text[..end], out var isShort, out var isCertain) is { } wrong)
                {
                    if (isCertain) return new(isShort ? GuideVerdict.Refused : GuideVerdict.Broken, wrong, null);
                    (verdict, reason) = (GuideVerdict.Unlikely, wrong);
                }
                if (layers.HasFlag(GuideLayers.Statements) && _guide.Frame.HoldsMembers
                    && token.IsKind(SyntaxKind.CloseBraceToken) && StatementCheck.Unfinished(_guide, text[..end]) is { } lacks)
                    return Refuse(lacks);
                statementAt = end;
            }
        }
        return new(verdict, reason, new(_guide, text, new(tail, open, pending, place, isOperand, statementAt, links)));
    }

    /// <summary>Whether the code may end here: null, or the compiler's word against it.</summary>
    public string? Objection() => !_state.Open.IsEmpty
        ? $"'{_state.Open.Peek()}' is not closed"
        : IfNotTooDeep(() => StatementCheck.Objection(_guide, Text), TooDeep);

    /// <summary>Why code that compiles is seldom what was asked: a parameter of the method that it never reads, or nothing is done with
    /// any; null where nothing speaks against it.</summary>
    public string? Shortfall() => _guide.Layers.HasFlag(GuideLayers.Names) ? ParameterUse.Shortfall(_guide, Text) : null;

    /// <summary>Declarations of the variables that the innermost statement at the end of the code uses: where they stand.</summary>
    public IReadOnlyList<(int Start, int End)> Grounds()
    {
        var root = _guide.Tree(Text).GetRoot();
        var offset = _guide.Scope.Opening.Length;
        var last = root.FindToken(Math.Max(offset, offset + Text.TrimEnd().Length - 1));
        if (last.Parent?.FirstAncestorOrSelf<StatementSyntax>(s => s is not BlockSyntax) is not { } statement) return [];
        var used = statement.DescendantTokens().Where(t => t.IsKind(SyntaxKind.IdentifierToken) && t.Parent is IdentifierNameSyntax)
            .Select(t => t.ValueText).ToHashSet(StringComparer.Ordinal);
        return [.. root.DescendantNodes().Where(n => n.SpanStart >= offset && n != statement).Select(n => n switch
        {
            LocalDeclarationStatementSyntax local when local.Declaration.Variables.Any(v => used.Contains(v.Identifier.ValueText))
                => (local.SpanStart - offset, local.Span.End - offset),
            ForEachStatementSyntax each when used.Contains(each.Identifier.ValueText)
                => (each.SpanStart - offset, each.CloseParenToken.Span.End - offset),
            _ => (0, 0),
        }).Where(g => g.Item2 > 0 && g.Item2 <= Text.Length)];
    }

    /// <summary>Texts that bring the code to an end that compiles: what is open is closed, and what types allow is returned.</summary>
    /// <param name="isFull">Whether only ends without a <see cref="Shortfall"/> are wanted; else they go first.</param>
    public IReadOnlyList<string> Endings(bool isFull) => _state.Open.All(c => c == '{')
        ? IfNotTooDeep(() => TypedEndings.Of(_guide, Text, _state.Open.Count(), isFull), []) : [];

    // Of all that is tried behind the code, much begins a name at one place.
    private NamePlace PlaceAt(string text, int start) => start < Text.Length ? Place(text[..start])
        : _places.GetOrAdd(text[Text.Length..start], _ => Place(text[..start]));

    private NamePlace Place(string text) => NamePlace.Of(_guide.Scope, _guide.Tree(text + NamePlace.Placeholder), _guide.Layers);

    private static GuideStep Unasked(GuideStep step) =>
        step.Verdict is GuideVerdict.Fits or GuideVerdict.Possible ? step with { Verdict = GuideVerdict.Unlikely, Reason = BodyAsked }
        : step;

    private static GuideStep Refuse(string reason) => new(GuideVerdict.Refused, reason, null);

    /// <summary>What the next text is read with.</summary>
    /// <param name="Tail">Where lexing begins again: the token that the next text may still lengthen.</param>
    /// <param name="Open">Brackets that are open.</param>
    /// <param name="Pending">A name that nothing declares yet, which only a call or a lambda may follow.</param>
    /// <param name="Place">Where the last name began, and what may stand there.</param>
    /// <param name="IsOperand">Whether the last whole token is a name or a number, which no number can follow.</param>
    /// <param name="StatementAt">Where the statement begins that is being written.</param>
    /// <param name="Links">Tokens of the name or type at the end.</param>
    private sealed record State(
        int Tail, ImmutableStack<char> Open, string? Pending, (int At, NamePlace Place)? Place, bool IsOperand, int StatementAt, int Links);
}
