using System.Globalization;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Corpus.Code;

/// <summary>
/// Shows by running whether what a method gives is the library's work. Nobody wants a method that gives back what was put in, nor one that
/// gives the same whatever was put in, such as the state of any new object.
/// </summary>
internal static class Dependence
{
    private const string First = "First__", Second = "Second__";

    /// <summary>A body that runs the method's own with the values that are given and with others: null where the result is among what went
    /// in or does not change. Null where the method gives nothing or cannot be called twice.</summary>
    /// <param name="scope">The method.</param>
    /// <param name="body">Its body.</param>
    /// <param name="arguments">Lists of example values.</param>
    public static string? Probe(Scope scope, MethodBody body, IReadOnlyList<IReadOnlyList<string>> arguments)
    {
        if (body.ReturnType is "void" or "Task" || scope.Places.Any(p => p.Type.StartsWith("ref ", StringComparison.Ordinal))) return null;
        var parameters = string.Join(", ", scope.Parameters.Select(p => $"{p.Type} {p.Name}"));
        var own = string.Join('\n', body.Lines);
        var isLiteral = scope.Parameters.Count == 0;
        // Without any value that goes in, what comes out is a constant.
        if (isLiteral && !Literals(own).Any()) return "return null;";
        // An object that is given may be in any state; our examples of it need not differ in what is asked.
        var isGiven = scope.Places.Exists(p => p.IsReceiver);
        var (other, changed) = isLiteral ? Changed(own) : (own, arguments.Count > 1 && !isGiven);
        List<string> lines =
        [
            Local(First, own), $"object? first__ = {Call(First, scope.Parameters.Select(p => p.Name))};",
            "if (first__ is null) return null;",
            .. Inputs(scope, body, own).Select(i => $"if (Equals(first__, {i})) return null;"),
        ];
        // Seen once, nothing, no and zero are what any new object says.
        var type = TypeText.Awaited(body.ReturnType) ?? body.ReturnType;
        var once = isGiven ? "first__" : $"Equals(first__, default({type})) ? null : first__";
        if (!changed) return string.Join('\n', [.. lines, $"return {once};"]);
        return string.Join('\n',
        [
            .. lines, Local(Second, other), "object? second__;",
            // What the other values do not allow says nothing of these.
            $"try {{ second__ = {Call(Second, isLiteral ? [] : arguments[1])}; }} catch (Exception) {{ return {once}; }}",
            "return Equals(first__, second__) ? null : first__;",
        ]);

        string Local(string name, string code) =>
            $"static {(body.IsAsync ? "async " : "")}{body.ReturnType} {name}({parameters})\n{{\n{code}\n}}";

        string Call(string name, IEnumerable<string> values) => $"{(body.IsAsync ? "await " : "")}{name}({string.Join(", ", values)})";
    }

    // Yes and no are given by chance as well.
    private static IEnumerable<string> Inputs(Scope scope, MethodBody body, string code)
    {
        var type = TypeText.NotNull(TypeText.Awaited(body.ReturnType) ?? body.ReturnType);
        if (type == "bool") return [];
        var given = scope.Parameters.Where(p => TypeText.NotNull(p.Type) == type).Select(p => p.Name).Concat(scope.Known);
        if (!Roles.IsPlain(type)) return given;
        var isNumber = TypeText.IsNumber(type);
        return given.Concat(Literals(code).Where(l => l.StartsWith('"') != isNumber).Select(l => isNumber ? $"({type}){l}" : l));
    }

    private static IEnumerable<string> Literals(string code) => SyntaxFactory.ParseStatement($"{{{code}\n}}").DescendantNodes()
        .OfType<LiteralExpressionSyntax>()
        .Where(l => l.IsKind(SyntaxKind.NumericLiteralExpression) || l.IsKind(SyntaxKind.StringLiteralExpression))
        .Select(l => l.ToString()).Distinct(StringComparer.Ordinal);

    // The same with larger numbers; the code as it is where there are none.
    private static (string Code, bool HasNumbers) Changed(string code)
    {
        var block = SyntaxFactory.ParseStatement($"{{{code}\n}}");
        var numbers = block.DescendantTokens().Where(t => t.IsKind(SyntaxKind.NumericLiteralToken)).ToList();
        var other = block.ReplaceTokens(numbers, (token, _) => SyntaxFactory.ParseToken(token.Value switch
        {
            int n => (n + 1).ToString(CultureInfo.InvariantCulture),
            double d => (d * 1.25).ToString("0.0####", CultureInfo.InvariantCulture),
            _ => token.Text,
        }).WithTriviaFrom(token));
        return (other.ToString()[1..^1], numbers.Count > 0);
    }
}
