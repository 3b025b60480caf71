using DocTuneLab.Evaluation.Extraction;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Execution;

/// <summary>
/// The hidden statements of a task as a program that is compiled together with a solution. For an answer, what a check expects is taken out
/// of its call: <c>Check.Equal(3, Solution.F(1))</c> becomes <c>Check.Value(site, Solution.F(1))</c>, so that neither the expected value
/// nor the verdict is ever in the answer's process. Only where the expected value cannot be told without the answer (its expression calls
/// <c>Solution</c>, uses what it may have touched, or changes something) both stay.
/// </summary>
/// <param name="space">Namespace of the checks and of the tests: drawn, so that no answer declares or names it.</param>
/// <param name="expectations">Keep what is expected: for the reference.</param>
internal sealed class HiddenTests(string space, bool expectations) : CSharpSyntaxRewriter
{
    private HashSet<string> _ofAnswer = [];
    private readonly HashSet<int> _kept = [];
    private int _sites;

    /// <summary>Sites whose expected value cannot be taken out.</summary>
    public IReadOnlySet<int> Kept => _kept;

    /// <summary>The program as source text.</summary>
    public string Compose(ExecutionJob job)
    {
        var usings = CSharpJudge.ImplicitUsings.Concat(job.Usings).Distinct(StringComparer.Ordinal).Select(u => $"using {u};");
        // Usings inside the namespace go before what the answer declares outside it: its own Task or TimeSpan is not the tests'.
        var aliases = OwnTypes(job).Append("Solution").Distinct(StringComparer.Ordinal).Select(t => $"using {t} = global::{t};");
        _ofAnswer = TouchedNames.Of(job.Tests);
        var steps = Statements(job.Tests, Rewrite).Select((statement, i) => $"global::{space}.Check.At({i + 1});\n{statement}");
        return $$"""
            namespace {{space}}
            {
            {{string.Join('\n', usings)}}
            {{string.Join('\n', aliases)}}
            public static class Tests
            {
            public static async global::System.Threading.Tasks.Task Run()
            {
            await global::System.Threading.Tasks.Task.CompletedTask;
            {{string.Join('\n', steps)}}
            }
            }
            }
            """;
    }

    /// <summary>All tests as statements of one block.</summary>
    public static string Together(IReadOnlyList<string> tests) => string.Join('\n', Statements(tests, test => test));

    // Tests may build on each other's locals; where two declare the same name, each gets a scope of its own.
    private static IEnumerable<string> Statements(IReadOnlyList<string> tests, Func<string, string> rewrite)
    {
        var names = tests.SelectMany(InScope).ToList();
        var scoped = names.Count != names.Distinct(StringComparer.Ordinal).Count();
        foreach (var test in tests)
        {
            var statement = rewrite(test.TrimEnd().EndsWith(';') || test.TrimEnd().EndsWith('}') ? test : test + ";");
            yield return scoped ? $"{{\n{statement}\n}}" : statement;
        }
    }

    public override SyntaxNode? VisitInvocationExpression(InvocationExpressionSyntax node)
    {
        if (node.Expression is not MemberAccessExpressionSyntax { Expression: IdentifierNameSyntax { Identifier.Text: "Check" } } called)
            return base.VisitInvocationExpression(node);
        var site = _sites++; // before those inside it, so that numbers do not depend on what is taken out
        (node, var name) = Straight(node, called.Name);
        var strip = Strip(node, name.Identifier.Text);
        if (strip is null && name.Identifier.Text is ("Equal" or "NotEqual")) _kept.Add(site);
        if (!expectations && strip is not null)
            return strip(site, a => (ExpressionSyntax)Visit(a.Expression)!).WithTriviaFrom(node);
        var arguments = (ArgumentListSyntax)Visit(node.ArgumentList)!;
        return SyntaxFactory.InvocationExpression(Checker(name),
            arguments.WithArguments(arguments.Arguments.Insert(0, Number(site)))).WithTriviaFrom(node);
    }

    // True(!x) asks for a false x: so that "true" everywhere is no right answer.
    private static (InvocationExpressionSyntax, SimpleNameSyntax) Straight(InvocationExpressionSyntax node, SimpleNameSyntax name)
    {
        if (name.Identifier.Text is not ("True" or "False") || Argument(node.ArgumentList.Arguments, "condition", 0) is not { } condition
            || condition.Expression is not PrefixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.LogicalNotExpression } not)
            return (node, name);
        var turned = node.ReplaceNode(condition.Expression, not.Operand.WithoutLeadingTrivia());
        return (turned, SyntaxFactory.IdentifierName(name.Identifier.Text == "True" ? "False" : "True"));
    }

    private delegate ExpressionSyntax Stripped(int site, Func<ArgumentSyntax, ExpressionSyntax> visit);

    /// <summary>How the call looks without what it expects; null where that must stay.</summary>
    private Stripped? Strip(InvocationExpressionSyntax node, string name)
    {
        var arguments = node.ArgumentList.Arguments;
        switch (name)
        {
            case "Equal" or "NotEqual":
                var (expected, actual) = (Argument(arguments, "expected", 0), Argument(arguments, "actual", 1));
                if (expected is null || actual is null || NeedsAnswer(expected) || Changes(expected.Expression)) return null;
                return (site, visit) => Call("Value", site, visit(actual));
            case "True" or "False":
                return Argument(arguments, "condition", 0) is { } condition
                    ? (site, visit) => Call("Value", site, visit(condition))
                    : null;
            // Where the exception is used further on, its type must be known.
            case "Throws" or "ThrowsAsync" when IsAlone(node) && arguments.Count == 1:
                return (site, visit) => Call(name == "Throws" ? "Thrown" : "ThrownAsync", site, visit(arguments[0]));
            default:
                return null;
        }
    }

    private static bool IsAlone(InvocationExpressionSyntax node) =>
        node.Parent is ExpressionStatementSyntax or AwaitExpressionSyntax { Parent: ExpressionStatementSyntax };

    private static ArgumentSyntax? Argument(SeparatedSyntaxList<ArgumentSyntax> arguments, string name, int position) =>
        arguments.FirstOrDefault(a => a.NameColon?.Name.Identifier.Text == name)
        ?? (arguments.Count > position && arguments[position].NameColon is null ? arguments[position] : null);

    private bool NeedsAnswer(SyntaxNode node) => node.DescendantNodesAndSelf().OfType<IdentifierNameSyntax>()
        .Any(n => n.Identifier.Text == "Solution" || _ofAnswer.Contains(n.Identifier.Text));

    private static bool Changes(ExpressionSyntax expected) => expected.DescendantNodesAndSelf().Any(n =>
        n is AssignmentExpressionSyntax { Parent: not InitializerExpressionSyntax } or AwaitExpressionSyntax
            or DeclarationExpressionSyntax or SingleVariableDesignationSyntax
            or PrefixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.PreIncrementExpression or (int)SyntaxKind.PreDecrementExpression }
            or PostfixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.PostIncrementExpression or (int)SyntaxKind.PostDecrementExpression }
        || n is ArgumentSyntax { RefOrOutKeyword.RawKind: (int)SyntaxKind.OutKeyword or (int)SyntaxKind.RefKeyword });

    private InvocationExpressionSyntax Call(string name, int site, ExpressionSyntax argument) => SyntaxFactory.InvocationExpression(
        Checker(SyntaxFactory.IdentifierName(name)),
        SyntaxFactory.ArgumentList(SyntaxFactory.SeparatedList([Number(site), SyntaxFactory.Argument(argument.WithoutTrivia())])));

    private MemberAccessExpressionSyntax Checker(SimpleNameSyntax name) => SyntaxFactory.MemberAccessExpression(
        SyntaxKind.SimpleMemberAccessExpression, SyntaxFactory.ParseExpression($"global::{space}.Check"), name);

    private static ArgumentSyntax Number(int site) => SyntaxFactory.Argument(
        SyntaxFactory.LiteralExpression(SyntaxKind.NumericLiteralExpression, SyntaxFactory.Literal(site)));

    private string Rewrite(string test) =>
        Visit(SyntaxFactory.ParseCompilationUnit(test, options: CodeExtractor.ParseOptions))!.ToFullString();

    /// <summary>Types of the task's context, which stand beside the solution.</summary>
    private static IEnumerable<string> OwnTypes(ExecutionJob job)
    {
        if (job.Reference.Length == 0) return [];
        var answer = Types(job.Source).ToHashSet(StringComparer.Ordinal);
        return Types(job.Reference).Where(answer.Contains);
    }

    private static IEnumerable<string> Types(string source) =>
        SyntaxFactory.ParseCompilationUnit(source, options: CodeExtractor.ParseOptions).Members.Select(m => m switch
        {
            TypeDeclarationSyntax { TypeParameterList: null } t when !t.Modifiers.Any(SyntaxKind.FileKeyword) => t.Identifier.Text,
            EnumDeclarationSyntax e when !e.Modifiers.Any(SyntaxKind.FileKeyword) => e.Identifier.Text,
            DelegateDeclarationSyntax { TypeParameterList: null } d => d.Identifier.Text,
            _ => null,
        }).OfType<string>();

    // Names that the statements of a test bring into the scope that the next test shares.
    private static IEnumerable<string> InScope(string test)
    {
        var unit = SyntaxFactory.ParseCompilationUnit(test, options: CodeExtractor.ParseOptions);
        foreach (var statement in unit.Members.OfType<GlobalStatementSyntax>().Select(g => g.Statement))
        {
            if (statement is LocalDeclarationStatementSyntax local)
                foreach (var variable in local.Declaration.Variables) yield return variable.Identifier.Text;
            if (statement is LocalFunctionStatementSyntax function) yield return function.Identifier.Text;
            foreach (var designation in statement.DescendantNodes(n => n is not AnonymousFunctionExpressionSyntax and not BlockSyntax)
                .OfType<SingleVariableDesignationSyntax>())
                yield return designation.Identifier.Text;
        }
    }
}
