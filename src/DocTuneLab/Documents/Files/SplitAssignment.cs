using DocTuneLab.Documents.Model;
using DocTuneLab.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DocTuneLab.Documents.Files;

/// <summary>Which split each page belongs to: as <c>splits.yaml</c> says, else by a hash of its path.</summary>
internal sealed class SplitAssignment
{
    private const string FileName = "splits.yaml";
    private readonly Dictionary<string, Split>? _given;

    private SplitAssignment(Dictionary<string, Split>? given) => _given = given;

    public Split Of(string path) => _given is null ? ByHash(path) : _given.GetValueOrDefault(path, Split.Train);

    public static SplitAssignment Load(string root, IReadOnlyCollection<string> pages)
    {
        var file = Path.Combine(root, FileName);
        if (!File.Exists(file)) return new(null);
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

    private static Split ByHash(string path) =>
        (Convert.ToUInt32(ContentHash.Of(path)[..8], 16) % 100) switch { < 80 => Split.Train, < 90 => Split.Dev, _ => Split.Test };
}
