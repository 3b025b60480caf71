using System.Text.RegularExpressions;
using DocTuneLab.Corpus.Language;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>
/// Arguments of a call as a task's example shows them. An initialiser that names a property which the task asks for would give it away:
/// there the objects are described by what the property is.
/// </summary>
/// <param name="method">The method that is called.</param>
/// <param name="members">Documentation ids of what the task needs.</param>
/// <param name="wording">What properties are, in the words of the task.</param>
internal sealed partial class ExampleArguments(DraftMethod method, IReadOnlyList<string> members, StepWording wording)
{
    private readonly HashSet<string> _asked = members.Select(GivenNames.Name).Where(n => n.Length > 0).ToHashSet(StringComparer.Ordinal);

    /// <summary>The arguments with their names; null where one of them cannot be shown.</summary>
    /// <param name="arguments">C# expressions.</param>
    public string? Of(IReadOnlyList<string> arguments)
    {
        List<string> shown = [];
        foreach (var (parameter, argument) in method.Parameters.Zip(arguments))
        {
            var expression = SyntaxFactory.ParseExpression(argument);
            if (!Names(expression)) shown.Add($"{parameter.Name} = {OneLine(expression)}");
            else if (Described(expression) is { } objects) shown.Add($"{parameter.Name} = {objects}");
            else return null;
        }
        return string.Join(", ", shown);
    }

    // A name of one small word may be a word of a value: what stands as an identifier is a name.
    private bool Names(SyntaxNode node) => node.DescendantTokens().Any(t =>
        t.IsKind(SyntaxKind.IdentifierToken) && _asked.Contains(t.ValueText)
        || t.IsKind(SyntaxKind.StringLiteralToken) && _asked.Any(n => n.Skip(1).Any(char.IsUpper)
            && Regex.IsMatch(t.ValueText, $@"\b{Regex.Escape(n)}\b")));

    // new T[] { new T(…) { A = 1, B = 2 }, … } or one such object.
    private string? Described(ExpressionSyntax expression)
    {
        if (expression is ObjectCreationExpressionSyntax one)
            return Values(one) is { } only
                ? $"{Made(one)} where then {string.Join(" and ", only.Select(v => $"{v.What} is {v.Value}"))}" : null;
        if (expression is not ArrayCreationExpressionSyntax { Initializer.Expressions: var items } || items.Count == 0) return null;
        List<(string Made, IReadOnlyList<(string What, string Value)> Values)> all = [];
        foreach (var item in items)
        {
            if (item is not ObjectCreationExpressionSyntax made || Values(made) is not { } values) return null;
            all.Add((Made(made), values));
        }
        var what = all[0].Values.Select(v => v.What).ToList();
        if (all.Exists(a => !a.Values.Select(v => v.What).SequenceEqual(what, StringComparer.Ordinal))) return null;
        // What objects are made of is there before it is set.
        var begun = !all.Exists(a => IsMadeOfSomething().IsMatch(a.Made)) ? ","
            : $" made by {string.Join(", ", all.Select(a => a.Made).Distinct(StringComparer.Ordinal))}, and then";
        return $"{all.Count} items{begun} each with {And(what)}: "
            + string.Join(", ", all.Select(a => Row([.. a.Values.Select(v => v.Value)])));
    }

    private static string Row(IReadOnlyList<string> values) => values.Count == 1 ? values[0] : $"({string.Join(", ", values)})";

    private static string And(List<string> several) =>
        several.Count < 2 ? several[0] : $"{string.Join(", ", several.SkipLast(1))} and {several[^1]}";

    // Of an object made of another, what is said of that one stands among the values.
    private string Made(ObjectCreationExpressionSyntax made) => OneLine(Bare(made));

    private ObjectCreationExpressionSyntax Bare(ObjectCreationExpressionSyntax made)
    {
        var bare = made.WithInitializer(null).WithoutTrailingTrivia();
        var within = bare.ArgumentList?.Arguments.Select(a => a.Expression).OfType<ObjectCreationExpressionSyntax>().Where(Names) ?? [];
        return bare.ReplaceNodes(within, (old, _) => Bare(old));
    }

    // Null where what is set cannot be told.
    private List<(string What, string Value)>? Values(ObjectCreationExpressionSyntax made)
    {
        var at = method.Declaration.Body!.SpanStart + 1;
        var plain = made.WithInitializer(null);
        var type = method.Model.GetSpeculativeTypeInfo(at, plain, SpeculativeBindingOption.BindAsExpression).Type;
        var parameters = (method.Model.GetSpeculativeSymbolInfo(at, plain, SpeculativeBindingOption.BindAsExpression).Symbol
            as IMethodSymbol)?.Parameters ?? [];
        List<(string, string)> values = [];
        foreach (var set in made.Initializer?.Expressions ?? [])
        {
            if (set is not AssignmentExpressionSyntax { Left: IdentifierNameSyntax name, Right: var value } || Names(value)
                || Property(type, name.Identifier.ValueText) is not { } property) return null;
            // What is said beyond the thing itself would run into the next.
            values.Add((wording.Noun(property).Split(", ")[0], OneLine(value)));
        }
        foreach (var (argument, n) in (made.ArgumentList?.Arguments ?? default).Select((a, n) => (a.Expression, n)))
        {
            if (!Names(argument)) continue;
            if (argument is not ObjectCreationExpressionSyntax inner || n >= parameters.Length || Values(inner) is not { } within)
                return null;
            // What it is made of it has as a property: the task may ask for that one.
            var part = parameters[n].Name is var name && Property(type, char.ToUpperInvariant(name[0]) + name[1..]) is { } property
                ? wording.Noun(property) : $"its {MemberRequests.Words(name)}";
            values.AddRange(within.Select(v => ($"{v.What} of {part.Split(", ")[0]}", v.Value)));
        }
        return wording.Failure is null && values.Count > 0 ? values : null;
    }

    private static IPropertySymbol? Property(ITypeSymbol? type, string name)
    {
        for (; type is not null; type = type.BaseType)
            if (type.GetMembers(name).OfType<IPropertySymbol>().FirstOrDefault() is { } found) return found;
        return null;
    }

    // A text of several lines keeps its line ends as escapes.
    private static string OneLine(ExpressionSyntax code)
    {
        var lines = code.DescendantTokens().Where(t => t.Value is string && t.Text.Contains('\n', StringComparison.Ordinal));
        var escaped = code.ReplaceTokens(lines, (t, _) => SyntaxFactory.Literal(t.ValueText).WithTriviaFrom(t));
        return string.Join(' ', escaped.WithoutTrivia().ToString().Split('\n').Select(l => l.Trim()));
    }

    [GeneratedRegex(@"\([^)]")]
    private static partial Regex IsMadeOfSomething();
}
