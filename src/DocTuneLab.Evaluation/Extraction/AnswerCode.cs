using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace DocTuneLab.Evaluation.Extraction;

/// <summary>What an answer's code is, by its syntax.</summary>
internal enum AnswerShape
{
    /// <summary>One expression: what the method returns.</summary>
    Expression,
    /// <summary>Statements, perhaps with types and functions beside them: the method's body.</summary>
    Statements,
    /// <summary>Declarations, perhaps with statements that show their use.</summary>
    Declarations,
    /// <summary>No C# in any reading.</summary>
    Broken,
}

/// <summary>
/// Code of an answer, taken apart. Directives and what they leave out are blanked, as are using directives that are in force anyway; no
/// character moves, so that positions and lines are those of the code as given.
/// </summary>
internal sealed class AnswerCode
{
    // What code is placed in to be read as members of a class.
    private const string Before = "class C {";

    // They need not come first, because they go their own way.
    private const string StatementsBehindTypes = "CS8803";

    private readonly int _shift;

    private AnswerCode(
        string text, AnswerShape shape, TextSpan span, IReadOnlyList<MemberDeclarationSyntax> items, SyntaxNode root, int shift) =>
        (Text, Shape, Span, Items, Root, _shift) = (text, shape, span, items, root, shift);

    /// <summary>The code, with blanks for what is left out.</summary>
    public string Text { get; private init; }

    /// <summary>What it is.</summary>
    public AnswerShape Shape { get; }

    /// <summary>Where the expression, the statements or the whole stand.</summary>
    public TextSpan Span { get; }

    /// <summary>The declarations and statements, in order; empty for an expression and for what is broken.</summary>
    public IReadOnlyList<MemberDeclarationSyntax> Items { get; }

    /// <summary>The tree that <see cref="Items"/> are of.</summary>
    public SyntaxNode Root { get; }

    /// <summary>Using directives at the beginning.</summary>
    public IReadOnlyList<UsingDirectiveSyntax> Usings { get; private init; } = [];

    /// <summary>Attributes of assembly and module, and names for references.</summary>
    public IReadOnlyList<SyntaxNode> Globals { get; private init; } = [];

    /// <summary>Position in <see cref="Text"/> of a position in the tree of <see cref="Items"/>.</summary>
    public int At(int position) => Math.Min(position - _shift, Text.Length);

    /// <summary>One-based line of a position in the tree of <see cref="Items"/>.</summary>
    public int LineOf(SyntaxNode node) => 1 + Text.AsSpan(0, Math.Clamp(At(node.SpanStart), 0, Text.Length)).Count('\n');

    /// <summary>Whether the text is C# in some reading, and more than a bare word or number.</summary>
    public static bool IsCode(string text) => Read(text) switch
    {
        { Shape: AnswerShape.Broken } => false,
        { Shape: AnswerShape.Expression, Root: IdentifierNameSyntax or LiteralExpressionSyntax } => false,
        { Shape: AnswerShape.Expression } => true,
        var code => code.Items.Count > 0,
    };

    /// <summary>Reads code; <paramref name="parameters"/> are the asked method's, for an answer that is a lambda.</summary>
    public static AnswerCode Read(string code, IReadOnlyList<string>? parameters = null)
    {
        var text = WithoutDirectives(code);
        var unit = Parse(text);
        var end = new[] { unit.Externs.FullSpan.End, unit.Usings.FullSpan.End, unit.AttributeLists.FullSpan.End }.Max();
        var rest = Blank(text, new(0, end));
        var read = Shapes(rest, parameters);
        // The prompt, or an earlier line, had opened braces that the answer only closes.
        for (var (open, cut) = (0, rest); read is null && open < 3 && cut.AsSpan().TrimEnd().EndsWith('}'); open++)
        {
            cut = Blank(cut, new(cut.AsSpan().TrimEnd().Length - 1, 1));
            read = Shapes(cut, null);
        }
        read ??= new(rest, AnswerShape.Broken, Extent(rest), [.. Parse(rest).Members], unit, 0);
        return new(read.Text, read.Shape, read.Span, read.Items, read.Root, read._shift)
        {
            Usings = [.. unit.Usings],
            Globals = [.. unit.Externs, .. unit.AttributeLists],
        };
    }

    /// <summary>The same code with blanks for some of it.</summary>
    public AnswerCode Without(IEnumerable<TextSpan> spans) =>
        new(spans.Aggregate(Text, Blank), Shape, Span, Items, Root, _shift) { Usings = Usings, Globals = Globals };

    /// <summary>Whether a tree has a syntax error; warnings are none.</summary>
    public static bool HasErrors(SyntaxNode node) => HasErrors(node, null);

    private static bool HasErrors(SyntaxNode node, string? but) =>
        node.ContainsDiagnostics && node.GetDiagnostics().Any(d => d.Severity == DiagnosticSeverity.Error && d.Id != but);

    /// <summary>Whether a modifier says who sees a member.</summary>
    public static bool IsAccess(SyntaxToken modifier) => modifier.Kind()
        is SyntaxKind.PublicKeyword or SyntaxKind.InternalKeyword or SyntaxKind.ProtectedKeyword or SyntaxKind.PrivateKeyword;

    /// <summary>An answer as a script: what stands in no class is a method too, not a local function.</summary>
    internal static CompilationUnitSyntax Script(string code) =>
        CSharpSyntaxTree.ParseText(code, CodeExtractor.ParseOptions.WithKind(SourceCodeKind.Script)).GetCompilationUnitRoot();

    internal static CompilationUnitSyntax Parse(string code) =>
        SyntaxFactory.ParseCompilationUnit(code, options: CodeExtractor.ParseOptions);

    private static AnswerCode? Shapes(string rest, IReadOnlyList<string>? parameters)
    {
        if (AsExpression(rest, parameters) is { } expression) return expression;
        var unit = Parse(rest);
        var isUnit = !HasErrors(unit, StatementsBehindTypes) && (unit.Members.Count > 0 || string.IsNullOrWhiteSpace(rest));
        // Functions with an access modifier are members, and a constant beside them is one too.
        if (!isUnit || unit.Members.Any(m =>
            m is GlobalStatementSyntax { Statement: LocalFunctionStatementSyntax f } && f.Modifiers.Any(IsAccess)))
        {
            var inClass = Parse(Before + rest + "\n}");
            if (!HasErrors(inClass) && inClass.Members is [ClassDeclarationSyntax { Members.Count: > 0 } c]
                && c.CloseBraceToken.SpanStart == Before.Length + rest.Length + 1)
                return new(rest, AnswerShape.Declarations, Extent(rest), [.. c.Members], inClass, Before.Length);
        }
        if (isUnit)
            return new(rest, unit.Members.All(m => m is GlobalStatementSyntax) ? AnswerShape.Statements : AnswerShape.Declarations,
                Extent(rest), [.. unit.Members], unit, 0);
        // Some statements are none at the top of a file.
        var block = SyntaxFactory.ParseStatement("{" + rest + "\n}", options: CodeExtractor.ParseOptions);
        return !HasErrors(block) && block is BlockSyntax { Statements.Count: > 0 } b && b.CloseBraceToken.SpanStart == rest.Length + 2
            ? new(rest, AnswerShape.Statements, Extent(rest), [.. b.Statements.Select(SyntaxFactory.GlobalStatement)], b, 1)
            : WithoutAccess(rest) is { } open ? Shapes(open, null) : null;
    }

    /// <summary>
    /// Code without the modifiers that say who sees what is declared at its top, which stand in the way of statements beside it; null where
    /// it has none.
    /// </summary>
    private static string? WithoutAccess(string rest)
    {
        var (depth, open) = (0, rest);
        foreach (var token in SyntaxFactory.ParseTokens(rest, options: CodeExtractor.ParseOptions))
        {
            if (token.IsKind(SyntaxKind.OpenBraceToken)) depth++;
            else if (token.IsKind(SyntaxKind.CloseBraceToken)) depth--;
            else if (depth == 0 && IsAccess(token)) open = Blank(open, token.Span);
        }
        return open == rest ? null : open;
    }

    private static AnswerCode? AsExpression(string rest, IReadOnlyList<string>? parameters)
    {
        var span = Extent(rest);
        if (span.IsEmpty) return null;
        var given = rest[span.Start..span.End];
        if (given.StartsWith("=>", StringComparison.Ordinal))
        {
            span = TextSpan.FromBounds(span.Start + 2, given.EndsWith(';') ? span.End - 1 : span.End);
            if (span.IsEmpty) return null;
        }
        var expression = SyntaxFactory.ParseExpression(
            rest[span.Start..span.End], options: CodeExtractor.ParseOptions, consumeFullText: true);
        if (expression.IsMissing || HasErrors(expression)) return null;
        // A lambda of the method's own parameters says what the method does.
        if (expression is LambdaExpressionSyntax lambda && parameters is not null && Names(lambda).SequenceEqual(parameters))
        {
            var body = new TextSpan(span.Start + lambda.Body.SpanStart, lambda.Body.Span.Length);
            var text = Blank(Blank(rest, TextSpan.FromBounds(0, body.Start)), TextSpan.FromBounds(body.End, rest.Length));
            if (lambda.Body is BlockSyntax) return Shapes(text, null);
            return new(text, AnswerShape.Expression, body, [], lambda.Body, -span.Start);
        }
        return new(rest, AnswerShape.Expression, span, [], expression, -span.Start);
    }

    private static IEnumerable<string> Names(LambdaExpressionSyntax lambda) => lambda switch
    {
        SimpleLambdaExpressionSyntax simple => [simple.Parameter.Identifier.ValueText],
        ParenthesizedLambdaExpressionSyntax several => several.ParameterList.Parameters.Select(p => p.Identifier.ValueText),
        _ => [],
    };

    /// <summary>
    /// Regions, pragmas and the like would be torn apart with the code around them; conditions are decided here, as without symbols, and
    /// references are those of the evaluation. What is left speaks to the compiler: <c>#error</c>.
    /// </summary>
    private static string WithoutDirectives(string code)
    {
        if (!code.Contains('#', StringComparison.Ordinal)) return code;
        var spans = Parse(code).DescendantTrivia(descendIntoTrivia: true)
            .Where(t => t.IsKind(SyntaxKind.DisabledTextTrivia) || (t.IsDirective && !t.IsKind(SyntaxKind.ErrorDirectiveTrivia)))
            .Select(t => t.FullSpan);
        return spans.Aggregate(code, Blank);
    }

    private static TextSpan Extent(string text)
    {
        var start = text.Length - text.AsSpan().TrimStart().Length;
        return start == text.Length ? new(0, 0) : TextSpan.FromBounds(start, text.AsSpan().TrimEnd().Length);
    }

    private static string Blank(string text, TextSpan span) =>
        span.IsEmpty ? text : string.Create(text.Length, (text, span), static (chars, from) =>
        {
            from.text.CopyTo(chars);
            foreach (ref var c in chars.Slice(from.span.Start, from.span.Length))
                if (c != '\n') c = ' ';
        });
}
