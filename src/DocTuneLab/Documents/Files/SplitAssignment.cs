using DocTuneLab.Documents.Model;
using DocTuneLab.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DocTuneLab.Documents.Files;

/// <summary>Which split each page belongs to: as <c>splits.yaml</c> says, else by a hash of its path, every split having a page.</summary>
internal sealed class SplitAssignment
{
    private const string FileName = "splits.yaml";

    // One page is trained on, of two one is kept for the test.
    private static readonly Split[] s_byNeed = [Split.Train, Split.Test, Split.Dev];
    private readonly Dictionary<string, Split> _pages;

    private SplitAssignment(Dictionary<string, Split> pages) => _pages = pages;

    public Split Of(string path) => _pages.GetValueOrDefault(path, Split.Train);

    public static SplitAssignment Load(string root, IReadOnlyCollection<string> pages)
    {
        var file = Path.Combine(root, FileName);
        if (!File.Exists(file)) return new(ByHash(pages));
        var known = pages.ToHashSet(StringComparer.Ordinal);
        var given = new Dictionary<string, Split>(StringComparer.Ordinal);
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(File.ReadAllText(file)));
            if (stream.Documents.Count == 0) return new(given);
            if (stream.Documents[0].RootNode is not YamlMappingNode map) throw Wrong(stream.Documents[0].RootNode, "not a mapping");
            foreach (var (key, value) in map.Children)
            {
                var name = (key as YamlScalarNode)?.Value;
                var split = name switch
                {
                    "train" => Split.Train,
                    "dev" => Split.Dev,
                    "test" => Split.Test,
                    _ => throw Wrong(key, $"unknown split '{name}'")
                };
                if (value is not YamlSequenceNode list) throw Wrong(value, $"'{name}' is not a list");
                foreach (var item in list)
                {
                    var page = (item as YamlScalarNode)?.Value ?? "";
                    if (!known.Contains(page)) throw Wrong(item, $"no page '{page}'");
                    if (!given.TryAdd(page, split)) throw Wrong(item, $"'{page}' is listed twice");
                }
            }
            return new(given);
        }
        catch (YamlException e)
        {
            throw new LabException(
                $"{FileName}:{e.Start.Line}: not valid YAML ({e.Message}). Expected lists of page paths under 'dev:' and 'test:'.", e);
        }

        static LabException Wrong(YamlNode node, string what) =>
            new($"{FileName}:{node.Start.Line}: {what}. Expected lists of existing page paths (relative, forward slashes) under 'dev:' and "
                + "'test:'; the rest is train.");
    }

    // A hash of the path alone keeps a page in its split when others come; few pages leave one of the splits empty.
    private static Dictionary<string, Split> ByHash(IReadOnlyCollection<string> pages)
    {
        var splits = pages.ToDictionary(p => p, p => Place(p) switch { < 80 => Split.Train, < 90 => Split.Dev, _ => Split.Test },
            StringComparer.Ordinal);
        foreach (var empty in s_byNeed.Where(s => !splits.ContainsValue(s)))
        {
            var (from, its) = splits.GroupBy(p => p.Value, p => p.Key).Select(g => (g.Key, Pages: g.ToList()))
                .OrderByDescending(g => g.Pages.Count).ThenByDescending(g => Array.IndexOf(s_byNeed, g.Key)).FirstOrDefault();
            // The last page of a split goes only to one that is needed more.
            if (its is null || (its.Count == 1 && Array.IndexOf(s_byNeed, from) < Array.IndexOf(s_byNeed, empty))) break;
            // Train stands at the low end of the hashes, dev and test at the high one.
            var byPlace = its.OrderBy(Place).ThenBy(p => p, StringComparer.Ordinal);
            splits[empty == Split.Train ? byPlace.First() : byPlace.Last()] = empty;
        }
        return splits;
    }

    private static uint Place(string path) => Convert.ToUInt32(ContentHash.Of(path)[..8], 16) % 100;
}
