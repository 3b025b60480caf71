using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace DocTuneLab.Library.Guidance;

/// <summary>What a token of guided code says by itself.</summary>
internal static class GuidedToken
{
    private static readonly HashSet<SyntaxKind> s_statements =
    [
        SyntaxKind.ReturnKeyword, SyntaxKind.IfKeyword, SyntaxKind.ElseKeyword, SyntaxKind.ForKeyword, SyntaxKind.ForEachKeyword,
        SyntaxKind.WhileKeyword, SyntaxKind.DoKeyword, SyntaxKind.SwitchKeyword, SyntaxKind.CaseKeyword, SyntaxKind.TryKeyword,
        SyntaxKind.CatchKeyword, SyntaxKind.FinallyKeyword, SyntaxKind.ThrowKeyword, SyntaxKind.LockKeyword, SyntaxKind.BreakKeyword,
        SyntaxKind.ContinueKeyword, SyntaxKind.GotoKeyword,
    ];

    // Words that go on behind a value.
    private static readonly SortedNames s_goOn = new(
    [
        "is", "as", "switch", "with", "when", "and", "or", "in", "where", "select", "on", "equals", "by", "into", "orderby", "let", "group",
        "join", "from", "ascending", "descending",
    ]);

    // Code that begins so is no body of a method.
    private static readonly HashSet<SyntaxKind> s_declaring =
    [
        SyntaxKind.PublicKeyword, SyntaxKind.PrivateKeyword, SyntaxKind.InternalKeyword, SyntaxKind.ProtectedKeyword,
        SyntaxKind.ClassKeyword, SyntaxKind.StructKeyword, SyntaxKind.InterfaceKeyword, SyntaxKind.EnumKeyword,
        SyntaxKind.SealedKeyword, SyntaxKind.AbstractKeyword,
    ];

    private static readonly HashSet<SyntaxKind> s_eitherWay =
    [
        SyntaxKind.StaticKeyword, SyntaxKind.UnsafeKeyword, SyntaxKind.ConstKeyword, SyntaxKind.RefKeyword, SyntaxKind.ExternKeyword,
        SyntaxKind.DelegateKeyword,
    ];

    private static readonly HashSet<SyntaxKind> s_ends =
        [SyntaxKind.SemicolonToken, SyntaxKind.CloseBraceToken, SyntaxKind.CloseBracketToken];

    // What may begin an answer where no value can be returned that there is.
    private static readonly SortedNames s_members = new(s_declaring.Select(SyntaxFacts.GetText).Concat(["static", "throw", "readonly"]));

    /// <summary>Whether a statement begins with it, so that it stands in a method.</summary>
    public static bool BeginsStatement(SyntaxToken token) => s_statements.Contains(token.Kind());

    /// <summary>Whether it may stand in an expression, too.</summary>
    public static bool BeginsExpression(SyntaxToken token) => token.Kind() is SyntaxKind.SwitchKeyword or SyntaxKind.ThrowKeyword;

    /// <summary>Whether a word that begins so may go on behind a value.</summary>
    public static bool GoesOn(string text) => s_goOn.HasBeginning(text);

    /// <summary>Type of a literal; of what is none, none.</summary>
    public static SpecialType Literal(SyntaxToken token) => token.Kind() switch
    {
        SyntaxKind.NumericLiteralToken => token.Value switch
        {
            double => SpecialType.System_Double,
            float => SpecialType.System_Single,
            decimal => SpecialType.System_Decimal,
            _ => SpecialType.System_Int32,
        },
        SyntaxKind.CharacterLiteralToken => SpecialType.System_Char,
        _ => token.Text is ['"', ..] or ['$', ..] or ['@', '"' or '$', ..] ? SpecialType.System_String : SpecialType.None,
    };

    /// <summary>Whether code that begins so is no body of a method but the method itself, and perhaps types beside it.</summary>
    public static bool DeclaresMember(SyntaxToken first) => s_declaring.Contains(first.Kind());

    /// <summary>Whether it can stand nowhere in the body of a method.</summary>
    public static bool StandsInNoBody(SyntaxToken token) => SyntaxFacts.IsAccessibilityModifier(token.Kind())
        || token.Kind() is SyntaxKind.InterfaceKeyword or SyntaxKind.EnumKeyword or SyntaxKind.SealedKeyword or SyntaxKind.AbstractKeyword;

    /// <summary>Whether code that no body begins with may be members: a word of members stands behind what may begin either, or the name
    /// of a type that is declared, or its attribute.</summary>
    public static bool MayDeclareMember(string code)
    {
        var tokens = SyntaxFactory.ParseTokens(code, options: CSharpJudge.ParseOptions)
            .Where(t => !t.IsKind(SyntaxKind.EndOfFileToken)).ToList();
        if (tokens is [{ RawKind: (int)SyntaxKind.OpenBracketToken }, ..]
            || tokens.TakeWhile(t => t.IsKind(SyntaxKind.ReadOnlyKeyword) || s_eitherWay.Contains(t.Kind()))
                .Any(t => t.IsKind(SyntaxKind.ReadOnlyKeyword)))
            return true;
        if (tokens is [{ Text: "record" or "file" or "partial" }, { RawKind: (int)SyntaxKind.IdentifierToken }, ..]) return true;
        return tokens is [_, .., var before, var last] && (s_eitherWay.Contains(tokens[0].Kind()) || tokens[0].Text == "async")
            && (s_ends.Contains(before.Kind()) || s_eitherWay.Contains(before.Kind())) && s_members.HasBeginning(last.Text);
    }

    /// <summary>Whether a token that may be unfinished begins members, where no value can be returned that there is.</summary>
    public static bool BeginsMember(SyntaxToken first) => s_members.HasBeginning(first.Text);

    /// <summary>Whether it may follow a name that nothing declares: a parameter of a lambda, a local function that comes later, a label,
    /// the name of an argument or of an element.</summary>
    public static bool MayFollowNew(SyntaxToken token, bool mayGrow) => token.Kind() switch
    {
        SyntaxKind.OpenParenToken or SyntaxKind.LessThanToken or SyntaxKind.EqualsGreaterThanToken or SyntaxKind.CommaToken
            or SyntaxKind.CloseParenToken or SyntaxKind.CloseBracketToken or SyntaxKind.CloseBraceToken or SyntaxKind.ColonToken
            or SyntaxKind.ColonColonToken => true,
        SyntaxKind.EqualsToken or SyntaxKind.SlashToken => mayGrow,
        _ => mayGrow && GoesOn(token.Text),
    };

    /// <summary>The bracket that another closes.</summary>
    public static char Opening(char closing) => closing switch { '}' => '{', ')' => '(', _ => '[' };

    /// <summary>Whether text behind it may make another token of it.</summary>
    public static bool CanGrow(SyntaxToken token) => token.Kind() is not (SyntaxKind.OpenBraceToken or SyntaxKind.CloseBraceToken
        or SyntaxKind.OpenParenToken or SyntaxKind.CloseParenToken or SyntaxKind.OpenBracketToken or SyntaxKind.CloseBracketToken
        or SyntaxKind.SemicolonToken or SyntaxKind.CommaToken);

    /// <summary>What is wrong with it; null where nothing is.</summary>
    public static string? Fault(SyntaxToken token) => token.IsKind(SyntaxKind.BadToken) ? $"'{token.Text}' is no token of C#"
        : token.GetDiagnostics().FirstOrDefault(d => d.Severity == DiagnosticSeverity.Error)?.GetMessage();

    /// <summary>A comment or directive at the very end: its place within the lexed text.</summary>
    public static int? OpenTrivia(SyntaxToken end, string text)
    {
        if (text.Length == 0 || end.LeadingTrivia is not [.., var last]) return null;
        return last.Kind() switch
        {
            SyntaxKind.SingleLineCommentTrivia or SyntaxKind.MultiLineCommentTrivia => last.SpanStart,
            _ => last.IsDirective || last.IsKind(SyntaxKind.SkippedTokensTrivia) ? last.SpanStart : null,
        };
    }
}
