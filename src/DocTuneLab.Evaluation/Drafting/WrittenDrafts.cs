using System.Text.RegularExpressions;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Extraction;
using DocTuneLab.Library;
using DocTuneLab.Prompts;
using Microsoft.CodeAnalysis.CSharp;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>
/// Unit tests that a model writes for held-out pages, and for types that no page speaks of. They are read as tests that people wrote are;
/// what the model asserts counts for nothing, because the value is observed when the task is tried.
/// </summary>
internal sealed class WrittenDrafts : IDraftSource
{
    private const int MostPassages = 40, LongestPassage = 6000, MostSignatures = 40, TestsEach = 6;

    /// <inheritdoc/>
    public string Name => SuiteDrafting.Written;

    /// <inheritdoc/>
    public IEnumerable<Usage> Find(DraftMaterial material, Action<string> refused, CancellationToken cancel)
    {
        if (material.Writer is not { } writer) return [];
        var template = PromptLibrary.Default["draft.tests"];
        var passages = Passages(material).Take(MostPassages).ToList();
        var answers = writer.Generate([.. passages.Select(p => template.Messages(new Dictionary<string, string>
        {
            ["library"] = string.Join(", ", material.Judge.References.LibraryAssemblies.Order(StringComparer.Ordinal)),
            ["evidence"] = p.Text,
            ["signatures"] = p.Signatures,
            ["count"] = $"{TestsEach}",
        }))], template.Sampling with { Seed = material.Seed }, cancel: cancel);
        List<(string Path, string Text)> files = [];
        foreach (var (passage, answer) in passages.Zip(answers))
        {
            if (Classes(answer) is { } code) files.Add((passage.Place, Whole(code, material.Api, files.Count)));
            else refused("the answer holds no class of tests");
        }
        return files.Count == 0 ? []
            : UnitTestDrafts.Read(BoundSources.Of(files, material.Judge.References), Name, refused, cancel)
                .Select(u => u with { Page = u.Place[..u.Place.LastIndexOf(':')] });
    }

    // Held-out pages, then the comments of types in an order by chance: with few pages the tasks are about all of the library.
    private static IEnumerable<(string Place, string Text, string Signatures)> Passages(DraftMaterial material)
    {
        foreach (var page in material.Pages.Where(p => p.Split != Split.Train).OrderBy(p => p.Path, StringComparer.Ordinal))
        {
            var words = Regex.Matches(page.Text, @"\w+").Select(m => m.Value).ToHashSet(StringComparer.Ordinal);
            var named = material.Api.Symbols.Where(s => words.Contains(s.Name.Split('`', '<')[0])).ToList();
            if (named.Count > 0) yield return (page.Path, Cut(page.Text), Signatures(named));
        }
        var types = material.Api.Symbols.Where(s => s.ContainingType is not null && s.Obsolete is null)
            .GroupBy(s => material.Api.TypeOf(s)).Where(g => g.Key is not null && g.Count() > 1).ToArray();
        new Random(material.Seed).Shuffle(types);
        // What comments say most of comes first; without any, declarations must do.
        foreach (var type in types.OrderByDescending(t => t.Count(m => m.Summary is not null)))
            yield return ($"xml:{type.Key!.Id}", Cut($"{type.Key.DisplayName}: {type.Key.Summary}\n{type.Key.Remarks}\n"
                + string.Join('\n', type.Select(m => $"{m.DisplayName}: {m.Summary}"))), Signatures([type.Key, .. type]));
    }

    private static string Signatures(IReadOnlyList<ApiSymbol> symbols) => string.Join('\n', symbols.Take(MostSignatures)
        .Select(s => s.ContainingType is null ? $"{s.Signature} (namespace {s.Namespace})" : $"{s.ContainingType}: {s.Signature}"));

    private static string Cut(string text) => text.Length <= LongestPassage ? text : text[..LongestPassage];

    private static string? Classes(string answer) =>
        CodeExtractor.Extract(answer).Code is { } code && code.Contains("class ", StringComparison.Ordinal) ? code : null;

    // Each in a namespace of its own, since all call their class alike; who forgot the usings meant the library.
    private static string Whole(string code, ApiModel api, int number)
    {
        var unit = SyntaxFactory.ParseCompilationUnit(code);
        var usings = unit.Usings.Select(u => u.ToString().Trim()).ToList();
        if (!usings.Exists(u => api.Namespaces.Contains(u.Replace("using ", "", StringComparison.Ordinal).TrimEnd(';'))))
            usings.AddRange(api.Namespaces.Select(n => $"using {n};"));
        return $"{string.Join('\n', usings)}\nnamespace Written{number}\n{{\n"
            + $"{string.Concat(unit.Members.Select(m => m.ToFullString()))}\n}}\n";
    }
}
