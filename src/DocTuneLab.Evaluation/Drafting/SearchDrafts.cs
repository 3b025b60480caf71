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
    private const int Most = 900;
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
        List<(Composition Made, IReadOnlyList<GivenValue> Given, IReadOnlyList<IReadOnlyList<string>> Values)> found = [];
        foreach (var given in CompositionDrafts.Givens(material.Api))
        {
            cancel.ThrowIfCancellationRequested();
            var values = filled.In(examples.For([.. given.Select(g => (g.Type, g.Name))]));
            if (values.Count == 0) continue;
            found.AddRange(search.FindAll(given, s_bounds, shown).Where(c => Plain().IsMatch(c.Type) && UsesAll(c.Code, given)
                && !c.Members.Any(m => Common().IsMatch(m)))
                .Select(c => (c, given, values)));
        }
        var order = found.ToArray();
        new Random(material.Seed).Shuffle(order);
        Dictionary<string, int> used = new(StringComparer.Ordinal);
        var left = order.ToList();
        for (var n = 0; n < Most && left.Count > 0; n++)
        {
            // Every member about as often as any other.
            var next = left.MinBy(c => c.Made.Members.Sum(m => used.GetValueOrDefault(m)));
            left.Remove(next);
            foreach (var member in next.Made.Members) used[member] = used.GetValueOrDefault(member) + 1;
            yield return new(Name, $"search: {next.Made.Code}", [], next.Made.Code)
            {
                Type = next.Made.Type,
                Usings = material.Api.Namespaces,
                Parameters = [.. next.Given.Select(g => (g.Type, g.Name))],
                Values = next.Values,
            };
        }
    }

    private static bool UsesAll(string code, IReadOnlyList<GivenValue> given)
    {
        var names = SyntaxFactory.ParseExpression(code).DescendantNodesAndSelf().OfType<IdentifierNameSyntax>()
            .Select(n => n.Identifier.ValueText).ToHashSet(StringComparer.Ordinal);
        return given.All(g => names.Contains(g.Name));
    }

    // What every type has; comparisons say little, and hash codes are no results.
    [GeneratedRegex(@"\.(?:Equals|CompareTo|GetHashCode|ToString|GetType|op_(?:Equality|Inequality|(?:Greater|Less)Than(?:OrEqual)?))\b")]
    private static partial Regex Common();

    // What can be compared by what it holds.
    [GeneratedRegex(@"^(?:(?:IEnumerable|IReadOnlyList|IReadOnlyCollection|List)<)?(?:string|int|long|double|decimal|bool|char|TimeSpan"
        + @"|DateTime|DateOnly|TimeOnly|DateTimeOffset|Guid)\??(?:>|\[\])?\??$")]
    private static partial Regex Plain();
}
