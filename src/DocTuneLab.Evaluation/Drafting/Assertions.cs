using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>What an assertion of a test looks at.</summary>
/// <param name="Looked">Values that it looks at.</param>
/// <param name="Others">What else it was given.</param>
/// <param name="Expected">What they are compared with; null where that is not said in one expression.</param>
internal sealed record Assertion(IReadOnlyList<ExpressionSyntax> Looked, IReadOnlyList<ExpressionSyntax> Others,
    ExpressionSyntax? Expected = null);

/// <summary>Reads the assertions of xunit, NUnit, MSTest, and of the fluent libraries that tests use, by their form.</summary>
internal static class Assertions
{
    /// <summary>The assertion that an expression is; null for any other.</summary>
    public static Assertion? Of(ExpressionSyntax expression)
    {
        if (expression is AwaitExpressionSyntax awaited) return Of(awaited.Expression);
        if (expression is ConditionalAccessExpressionSyntax) return null;
        if (expression is not InvocationExpressionSyntax call) return null;
        var arguments = call.ArgumentList.Arguments.Select(a => a.Expression).ToList();
        // Console.WriteLine(x) of a documented example shows x.
        if (call.Expression is MemberAccessExpressionSyntax
            {
                Name.Identifier.Text: "WriteLine",
                Expression: IdentifierNameSyntax { Identifier.Text: "Console" }
            })
            return new(arguments is [var shown] and not [LiteralExpressionSyntax] ? Shown(shown) : [], []);
        if (call.Expression is MemberAccessExpressionSyntax
            {
                Expression: IdentifierNameSyntax
                {
                    Identifier.Text: "Assert"
            or "ClassicAssert" or "CollectionAssert"
                or "StringAssert"
                }
            } asserted)
        {
            var name = asserted.Name.Identifier.Text;
            if (arguments.Count == 0) return null;
            if (name.StartsWith("Throw", StringComparison.Ordinal) || name is "Fail" or "Multiple" or "IsType" or "Same"
                or "NotSame") return new([], []);
            if (name.StartsWith("Is", StringComparison.Ordinal) || name.StartsWith("Not", StringComparison.Ordinal)
                || name is "True" or "False" or "Null" or "Empty" or "Single" or "That" or "Collection" or "All" or "NotEmpty")
                return new(name is "NotEqual" or "NotContains" && arguments.Count > 1 ? [arguments[1]] : [Condition(arguments[0])], []);
            if (arguments.Count < 2) return new([Condition(arguments[0])], []);
            // The expected value comes first as a rule; where it is the second, the first is no constant.
            var (looked, expected) = IsConstant(arguments[1]) && !IsConstant(arguments[0]) ? (0, 1) : (1, 0);
            return new([arguments[looked]], [], arguments[expected]);
        }
        if (Fluent(call) is { } receiver) return new(receiver.Looked ? [receiver.Value] : [], [], Compared(call));
        // A helper of the tests' own.
        if (call.Expression is IdentifierNameSyntax { Identifier.Text: var helper }
            && (helper.StartsWith("Assert", StringComparison.Ordinal) || helper.StartsWith("Verify", StringComparison.Ordinal)))
            return new([.. arguments.Where(a => !IsConstant(a)).Take(1)], [.. arguments.Where(a => a is LiteralExpressionSyntax).Take(1)]);
        return null;
    }

    /// <summary>Whether an expression, or what it awaits, is an assertion.</summary>
    public static bool IsAssertion(ExpressionSyntax expression) => expression is InvocationExpressionSyntax && Of(expression) is not null;

    // result.ShouldBe(3), result.Should().Be(3), result.Should().HaveCount(1).And.…
    private static (ExpressionSyntax Value, bool Looked)? Fluent(InvocationExpressionSyntax call)
    {
        ExpressionSyntax? at = call;
        while (at is not null)
        {
            if (at is InvocationExpressionSyntax
                {
                    Expression: MemberAccessExpressionSyntax
                    {
                        Name.Identifier.Text: var name,
                        Expression: var value
                    }
                })
            {
                if (name == "Should" || name.StartsWith("Should", StringComparison.Ordinal) && name.Length > 6 && char.IsUpper(name[6]))
                    return value is IdentifierNameSyntax { Identifier.Text: "Should" } ? (value, false)
                        : (value, !name.StartsWith("ShouldThrow", StringComparison.Ordinal) && !name
                            .StartsWith("ShouldNotThrow", StringComparison.Ordinal));
                if (value is IdentifierNameSyntax { Identifier.Text: "Should" }) return (value, false);
                at = value;
            }
            else at = at is MemberAccessExpressionSyntax m ? m.Expression : null;
        }
        return null;
    }

    // y of x.Should().Be(y) and x.ShouldBe(y), where no more is said.
    private static ExpressionSyntax? Compared(InvocationExpressionSyntax call) => call is
    {
        ArgumentList.Arguments: [{ Expression: var expected }, ..],
        Expression: MemberAccessExpressionSyntax { Name.Identifier.Text: var name, Expression: var before }
    } && (name.StartsWith("ShouldBe", StringComparison.Ordinal) || name is "Be" or "BeEquivalentTo" or "Equal"
        && before is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.Text: "Should" } })
        ? expected : null;

    private static IReadOnlyList<ExpressionSyntax> Shown(ExpressionSyntax shown) => shown is InterpolatedStringExpressionSyntax text
        ? [.. text.Contents.OfType<InterpolationSyntax>().Select(i => i.Expression)] : [shown];

    // "a == b" looks at a; "!a" at a.
    private static ExpressionSyntax Condition(ExpressionSyntax condition) => condition switch
    {
        PrefixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.LogicalNotExpression } not => Condition(not.Operand),
        ParenthesizedExpressionSyntax p => Condition(p.Expression),
        BinaryExpressionSyntax
        {
            Right: var right, Left: var left, RawKind: (int)SyntaxKind.EqualsExpression
            or (int)SyntaxKind.GreaterThanExpression
            or (int)SyntaxKind.LessThanExpression or (int)SyntaxKind.NotEqualsExpression
        } => IsConstant(left) ? right : left,
        _ => condition,
    };

    private static bool IsConstant(ExpressionSyntax expression) => expression is LiteralExpressionSyntax or TypeOfExpressionSyntax
        or PrefixUnaryExpressionSyntax { Operand: LiteralExpressionSyntax } or DefaultExpressionSyntax
        || expression is ArrayCreationExpressionSyntax or ImplicitArrayCreationExpressionSyntax or CollectionExpressionSyntax
        || (expression is MemberAccessExpressionSyntax { Expression: IdentifierNameSyntax { Identifier.Text: var type } } && char
            .IsUpper(type[0]));
}
