using System.Globalization;
using System.Text.RegularExpressions;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>
/// Writes questions that take a member of the library for granted. Half of the members exist, half are invented and look like them; half
/// of the wordings are a corpus's, half are used by none. Each wording asks about one of either kind, so that nothing but the library
/// tells the answer.
/// </summary>
public static class MemberDrafts
{
    // As in corpora: people do not always mark code as code.
    private const double UnmarkedShare = 0.4, DevShare = 0.4;

    /// <summary>Drafts questions about a library.</summary>
    /// <param name="api">The library.</param>
    /// <param name="pages">Its pages, of all splits; none where there are none: then the type's documentation comment stands for a page.
    /// </param>
    /// <param name="count">How many; fewer where the library has fewer members.</param>
    /// <param name="seed">Of every choice.</param>
    /// <exception cref="LabException">The count is below 2, or the library has no members.</exception>
    public static IReadOnlyList<MemberTask> Draw(ApiModel api, IReadOnlyList<Document> pages, int count = 100, int seed = 1)
    {
        ArgumentNullException.ThrowIfNull(api);
        if (count < 2) throw new LabException($"{count} questions about members: expected 2 at least, one of either kind.");
        var random = new Random(seed);
        var source = new MemberNames(api.Symbols);
        var names = source.Draw(count, seed);
        if (names.Count == 0)
            throw new LabException("The library has no public members to ask about. Give the assembly that its users reference.");
        string[][] wordings =
        [
            [.. MemberNames.CorpusWordings(source.IsChinese)], [.. HeldOutWordings.Of(source.IsChinese ? "zh" : "en")],
        ];
        foreach (var list in wordings) random.Shuffle(list);
        var documents = new Dictionary<string, string>(StringComparer.Ordinal);
        var dev = Enumerable.Range(0, names.Count / 2).Select(i => i < Math.Round(names.Count / 2 * DevShare)).ToArray();
        random.Shuffle(dev);
        var tasks = new List<MemberTask>();
        var marked = true;
        for (var i = 0; i < names.Count; i++)
        {
            // Two names a pair: one that exists and one that does not, asked alike.
            var (pair, name) = (i / 2, names[i]);
            var wording = wordings[pair % 2][pair / 2 % wordings[pair % 2].Length];
            if (i % 2 == 0) marked = random.NextDouble() >= UnmarkedShare;
            if (!documents.TryGetValue(name.Type, out var document)) documents[name.Type] = document = PageOf(name.Type, pages);
            tasks.Add(new($"member-{(i + 1).ToString("D3", CultureInfo.InvariantCulture)}",
                (marked ? wording : wording.Replace("`", "", StringComparison.Ordinal)).Replace("{member}", name.Name,
                    StringComparison.Ordinal),
                name.Name, name.Exists, pair % 2 == 0 ? MemberWording.Corpus : MemberWording.Other, [document],
                dev[pair] ? Split.Dev : Split.Test));
        }
        return tasks;
    }

    /// <summary>Writes tasks as a file of a suite, one a line.</summary>
    public static void Write(string path, IReadOnlyList<MemberTask> tasks) => EvaluationJson.WriteLines(path, tasks);

    // The page that speaks of the type most, in headings above all; without pages, its documentation comment.
    private static string PageOf(string type, IReadOnlyList<Document> pages)
    {
        var name = type[(type.LastIndexOf('.') + 1)..].Split('`')[0];
        var word = new Regex($@"(?<!\w){Regex.Escape(name)}(?!\w)");
        var best = pages.Select(p => (p.Path, Mentions: word.Count(p.Text) + (100 * Headings(p.Root).Count(word.IsMatch))
                + (word.IsMatch(p.Title) ? 1000 : 0)))
            .Where(p => p.Mentions > 0)
            .OrderByDescending(p => p.Mentions)
            .ThenBy(p => p.Path, StringComparer.Ordinal)
            .FirstOrDefault();
        return best.Path ?? $"xml:{type}";
    }

    private static IEnumerable<string> Headings(Section section) => section.Children.SelectMany(Headings).Prepend(section.Heading);
}
