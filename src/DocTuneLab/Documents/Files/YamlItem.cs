using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace DocTuneLab.Documents.Files;

/// <summary>
/// A node of a YAML file that others wrote: a scalar, a list or a map, with its line. Built from parser events with a
/// bound on depth; an alias shares its node, so neither deep nesting nor a bomb of aliases costs anything.
/// </summary>
internal sealed record YamlItem(int Line, string? Scalar, IReadOnlyList<YamlItem> Items, IReadOnlyList<(string Key, YamlItem Value)> Fields)
{
    private const int MaxDepth = 100;

    /// <summary>The value of a field, or null.</summary>
    public YamlItem? this[string key]
    {
        get
        {
            foreach (var (name, value) in Fields)
                if (name == key) return value;
            return null;
        }
    }

    /// <summary>The first document of a file; null where it is empty.</summary>
    /// <exception cref="YamlException">Not YAML, or nested more than 100 levels deep.</exception>
    public static YamlItem? Parse(string text)
    {
        var parser = new Parser(new StringReader(text));
        try
        {
            parser.Consume<StreamStart>();
            return parser.TryConsume<DocumentStart>(out _) ? Read(parser, new(StringComparer.Ordinal), 0) : null;
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            // The scanner leaves some malformed scalars to its own assertions.
            var at = parser.Current?.End ?? Mark.Empty;
            throw new YamlException(at, at, "a value is malformed", e);
        }
    }

    private static YamlItem Read(Parser parser, Dictionary<string, YamlItem> anchors, int depth)
    {
        var start = parser.Current ?? throw new YamlException("unexpected end");
        var line = (int)start.Start.Line;
        if (depth > MaxDepth) throw new YamlException(start.Start, start.End, $"nested more than {MaxDepth} levels deep");
        YamlItem item;
        if (parser.TryConsume<AnchorAlias>(out var alias))
            return anchors.GetValueOrDefault(alias.Value.Value)
                ?? throw new YamlException(alias.Start, alias.End, $"the alias '{alias.Value}' has no anchor before it");
        if (parser.TryConsume<Scalar>(out var scalar)) item = new(line, scalar.Value, [], []);
        else if (parser.TryConsume<SequenceStart>(out _))
        {
            var items = new List<YamlItem>();
            while (!parser.TryConsume<SequenceEnd>(out _)) items.Add(Read(parser, anchors, depth + 1));
            item = new(line, null, items, []);
        }
        else if (parser.TryConsume<MappingStart>(out _))
        {
            var fields = new List<(string, YamlItem)>();
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                var key = Read(parser, anchors, depth + 1);
                fields.Add((key.Scalar ?? "", Read(parser, anchors, depth + 1)));
            }
            item = new(line, null, [], fields);
        }
        else throw new YamlException(start.Start, start.End, "a value was expected");
        if (start is NodeEvent { Anchor.IsEmpty: false } node) anchors[node.Anchor.Value] = item;
        return item;
    }
}
