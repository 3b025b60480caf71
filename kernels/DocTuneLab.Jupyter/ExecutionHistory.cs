using System.IO.Enumeration;
using System.Text.Json.Nodes;

namespace DocTuneLab.Jupyter;

/// <summary>What ran in this session, for <c>history_request</c>. Outputs and earlier sessions are not kept.</summary>
internal sealed class ExecutionHistory
{
    private readonly Lock _gate = new();
    private readonly List<(int Number, string Code)> _entries = [];

    public void Add(int number, string code)
    {
        lock (_gate)
            _entries.Add((number, code));
    }

    /// <summary>The entries that a request asks for, as the protocol has them: session, number, code.</summary>
    public JsonArray Find(JsonObject request)
    {
        List<(int Number, string Code)> all;
        lock (_gate)
            all = [.. _entries];
        IEnumerable<(int Number, string Code)> wanted = all;
        switch (request["hist_access_type"]?.ToString())
        {
            case "range":
                // 0 is this session; earlier ones count down from it.
                wanted = request.Number("session", 0) != 0
                    ? []
                    : all.Where(entry => entry.Number >= request.Number("start", 1) && entry.Number < request.Number("stop", int.MaxValue));
                break;
            case "search":
                wanted = all.Where(entry =>
                    FileSystemName.MatchesSimpleExpression(request["pattern"]?.ToString() ?? "*", entry.Code, ignoreCase: false));
                break;
        }
        if (request.Flag("unique", false))
            wanted = wanted.Reverse().DistinctBy(entry => entry.Code).Reverse();
        if (request["hist_access_type"]?.ToString() != "range")
            wanted = wanted.TakeLast(request.Number("n", int.MaxValue));
        // With "output" each entry is a pair.
        var pairs = request.Flag("output", false);
        return [.. wanted.Select(entry => (JsonNode)new JsonArray(0, entry.Number, pairs ? new JsonArray(entry.Code, null) : entry.Code))];
    }
}
