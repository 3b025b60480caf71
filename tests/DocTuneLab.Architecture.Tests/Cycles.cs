namespace DocTuneLab.Architecture.Tests;

/// <summary>Finds where a directed graph goes round.</summary>
internal static class Cycles
{
    /// <summary>
    /// One shortest cycle for every strongly connected component of more than one node: its nodes in order, the first one not repeated
    /// at the end. Empty if the graph can be put in an order. Edges from a node to itself do not count.
    /// </summary>
    public static IReadOnlyList<IReadOnlyList<string>> Shortest(IEnumerable<(string From, string To)> edges)
    {
        var next = edges.Where(e => e.From != e.To).Distinct().ToLookup(e => e.From, e => e.To);
        var nodes = next.Select(g => g.Key).Order(StringComparer.Ordinal).ToList();
        var reached = nodes.ToDictionary(n => n, n => Reach(n, next));
        var cycles = new List<IReadOnlyList<string>>();
        var done = new HashSet<string>();
        foreach (var node in nodes.Where(n => reached[n].ContainsKey(n)))
        {
            if (done.Contains(node)) continue;
            var component = nodes.Where(n => n == node || (reached[node].ContainsKey(n) && reached[n].ContainsKey(node))).ToList();
            done.UnionWith(component);
            cycles.Add(component.Select(n => Path(n, reached[n])).MinBy(p => p.Count)!);
        }
        return cycles;
    }

    // Breadth first: every node that can be reached by an edge or more, with the node before it on a shortest path.
    private static Dictionary<string, string> Reach(string start, ILookup<string, string> next)
    {
        var before = new Dictionary<string, string>();
        var open = new Queue<string>([start]);
        while (open.TryDequeue(out var at))
            foreach (var to in next[at].Order(StringComparer.Ordinal))
                if (before.TryAdd(to, at) && to != start) open.Enqueue(to);
        return before;
    }

    private static List<string> Path(string node, Dictionary<string, string> before)
    {
        var path = new List<string>();
        for (var at = before[node]; at != node; at = before[at]) path.Insert(0, at);
        path.Insert(0, node);
        return path;
    }
}
