using System.Text.RegularExpressions;
using DocTuneLab.Corpus.Code;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Library;
using DocTuneLab.Library.Composition;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>
/// Compositions of two or three members that a search over types finds and no sample shows. Their results are what the library does,
/// not what somebody meant, so they come last.
/// </summary>
internal sealed partial class SearchDrafts : IDraftSource
{
    private const int Most = 1800;
    // Each begins with another kind of character.
    private static readonly string[] s_texts = ["\"42\"", "\"north 7\"", "\"-7.5\"", "\"a,b\"", "\"Fair_1\"", "\"(x = 1)\"", "\"+8\"",
        "\"\\r\\nend\"", "\" Tab\"", "\"\""];
    private static readonly CompositionBounds s_bounds = new() { Breadth = 12, Results = 600 };

    /// <inheritdoc/>
    public string Name => "search";

    /// <inheritdoc/>
    public IEnumerable<Usage> Find(DraftMaterial material, Action<string> refused, CancellationToken cancel)
    {
        var (search, examples) = (new CompositionSearch(material.Api), new TypeExamples(material.Api.Symbols));
        var filled = new FilledObjects(material.Api);
        var shown = material.Training.SelectMany(s => SampleCode.Of(s.Messages)).Select(c => CodeShape.Of(c)?.Text).OfType<string>()
            .ToHashSet(StringComparer.Ordinal);
        var types = material.Api.Types.Where(t => !t.Id.Contains('`')).ToLookup(t => t.Name, StringComparer.Ordinal);
        // Texts that only a constructor sets are often empty: they order nothing.
        var unset = material.Api.Symbols.Where(s => s.Kind == ApiKind.Property && s.ReturnType.TrimEnd('?') == "string"
            && !s.Signature.Contains("set;", StringComparison.Ordinal) && !s.Signature.Contains("init;", StringComparison.Ordinal))
            .Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        var enums = types.Where(g => g.All(t => t.Kind == ApiKind.Enum)).Select(g => g.Key).ToHashSet(StringComparer.Ordinal);
        // What a record says of itself is the compiler's.
        var told = types.Where(g => g.All(t => t.Kind is ApiKind.Class or ApiKind.Struct && material.Api.MembersOf(t.Id)
            .Any(m => m.Name == nameof(ToString) && m.Parameters.Count == 0))).Select(g => g.Key).ToHashSet(StringComparer.Ordinal);
        List<(Composition Made, IReadOnlyList<GivenValue> Given, IReadOnlyList<IReadOnlyList<string>> Values, int Rank)> found = [];
        foreach (var given in CompositionDrafts.Givens(material.Api))
        {
            cancel.ThrowIfCancellationRequested();
            var values = examples.For([.. given.Select(g => (g.Type, g.Name))]);
            if (values.Count == 0) continue;
            values = Read(values, given);
            // What is asked of an object that is there says more than its text, and than what is asked of one made on the way.
            var rank = given.All(g => PlainData.IsType(g.Type)) ? 2 : 0;
            foreach (var made in search.FindAll(given, s_bounds, shown).Where(c => UsesEachOnce(c.Code, given)
                && !c.Members.Any(m => Common().IsMatch(m) || IsGivenNone(material.Api.Find(m), c.Code))
                && !OrderedForNothing().IsMatch(c.Code) && !OfNothing().IsMatch(c.Code)
                && !Key().Matches(c.Code).Any(k => unset.Contains(k.Groups[1].Value))))
            {
                if (PlainData.IsType(made.Type) || enums.Contains(made.Type)) found.Add((made, given, values, rank));
                else if (told.Contains(made.Type))
                    found.Add((made with { Code = $"{Operand(made.Code)}.ToString()", Type = "string" }, given, values, rank + 1));
            }
        }
        var order = found.ToArray();
        new Random(material.Seed).Shuffle(order);
        Dictionary<string, int> used = new(StringComparer.Ordinal);
        var ranked = order.GroupBy(c => c.Rank).OrderBy(g => g.Key).Select(g => g.ToList()).ToList();
        for (var n = 0; n < Most && ranked.Find(l => l.Count > 0) is { } left; n++)
        {
            // Every member about as often as any other.
            var next = left.MinBy(c => c.Made.Members.Sum(m => used.GetValueOrDefault(m)));
            left.Remove(next);
            foreach (var member in next.Made.Members) used[member] = used.GetValueOrDefault(member) + 1;
            var values = filled.In(next.Values, next.Made.Code).Where(v => !v.Any(AreAllOne)).ToList();
            if (values.Count == 0) continue;
            yield return new(Name, $"search: {next.Made.Code}", [], next.Made.Code)
            {
                Type = next.Made.Type,
                Usings = Usings(material.Api, $"{next.Made.Code} {string.Join(' ', next.Given.Select(g => g.Type))}"),
                Parameters = [.. next.Given.Select(g => (g.Type, g.Name))],
                Values = values,
            };
        }
    }

    // Of namespaces that have a type of the same name the first alone.
    private static IReadOnlyList<string> Usings(ApiModel api, string code)
    {
        var named = Word().Matches(code).Select(m => m.Value).ToHashSet(StringComparer.Ordinal);
        var other = api.Types.Where(t => named.Contains(t.Name)).GroupBy(t => t.Name, StringComparer.Ordinal)
            .SelectMany(g => g.Select(t => t.Namespace).Distinct().Order(StringComparer.Ordinal).Skip(1)).ToHashSet(StringComparer.Ordinal);
        return [.. api.Namespaces.Where(n => !other.Contains(n))];
    }

    // "One of the specified" of none.
    private static bool IsGivenNone(ApiSymbol? member, string code) => member is { Parameters: [.., { Modifier: "params" }] }
        && SyntaxFactory.ParseExpression(code).DescendantNodesAndSelf().OfType<InvocationExpressionSyntax>().Any(c =>
            c.Expression is MemberAccessExpressionSyntax { Name.Identifier.ValueText: var name } && name == member.Name
            && c.ArgumentList.Arguments.Count < member.Parameters.Count);

    // Several of one and the same.
    private static bool AreAllOne(string value) =>
        SyntaxFactory.ParseExpression(value) is ArrayCreationExpressionSyntax { Initializer.Expressions: { Count: > 1 } items }
            && items.Select(i => i.ToString()).Distinct(StringComparer.Ordinal).Count() == 1;

    private static string Operand(string code) =>
        SyntaxFactory.ParseExpression(code) is BinaryExpressionSyntax or PrefixUnaryExpressionSyntax ? $"({code})" : code;

    private static bool UsesEachOnce(string code, IReadOnlyList<GivenValue> given)
    {
        var names = SyntaxFactory.ParseExpression(code).DescendantNodesAndSelf().OfType<IdentifierNameSyntax>()
            .Where(n => n.Parent is not MemberAccessExpressionSyntax access || access.Expression == n)
            .Select(n => n.Identifier.ValueText).ToList();
        return given.All(g => names.Count(n => n == g.Name) == 1);
    }

    // A text may be anything: what is read from it is not in every word.
    private static IReadOnlyList<IReadOnlyList<string>> Read(
        IReadOnlyList<IReadOnlyList<string>> values, IReadOnlyList<GivenValue> given)
    {
        if (given is not [{ Type: "string" or "IEnumerable<char>" }]) return values;
        var texts = s_texts.Select(t => (IReadOnlyList<string>)[t]).ToList();
        return [.. texts.Take(3), .. values, .. texts.Skip(3)];
    }

    // An order that the next call does not keep, or that another order follows.
    [GeneratedRegex(@"\.OrderBy\(x => [^()]*(?:\([^()]*\))?[^()]*\)\.(?:OrderBy|Sum|Count|Any|All|Max|Min|MaxBy|MinBy)\(")]
    private static partial Regex OrderedForNothing();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();

    [GeneratedRegex(@"\.(?:OrderBy|OrderByDescending|MaxBy|MinBy)\(x => x\.(\w+)\)")]
    private static partial Regex Key();

    // What an object has that was made of nothing, given to another: a constant that nobody would look for there.
    [GeneratedRegex(@"[(,] ?new \w+\(\)\.\w+\b(?!\()")]
    private static partial Regex OfNothing();

    // What every type has; comparisons say little, and hash codes are no results.
    [GeneratedRegex(@"\.(?:Equals|CompareTo|GetHashCode|ToString|GetType|op_(?:Equality|Inequality|(?:Greater|Less)Than(?:OrEqual)?))\b")]
    private static partial Regex Common();
}
