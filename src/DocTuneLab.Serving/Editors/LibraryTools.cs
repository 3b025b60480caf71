using System.ComponentModel;
using System.Text;
using DocTuneLab.Library;
using DocTuneLab.Serving.Knowledge;
using DocTuneLab.Serving.Limits;
using ModelContextProtocol;
using ModelContextProtocol.Server;
using ApiException = DocTuneLab.Serving.Protocol.ApiException;

namespace DocTuneLab.Serving.Editors;

/// <summary>
/// A library's knowledge as tools of the Model Context Protocol: whoever writes code with a model, whichever it is, can look at the
/// pages, at members as they are, and have code checked before it is used.
/// </summary>
/// <param name="knowledge">What is known.</param>
/// <param name="answering">Within whose limits code is checked; null for none.</param>
internal sealed class LibraryTools(LibraryKnowledge knowledge, Answering? answering)
{
    private const int MostPassages = 20, MostMembers = 60, MostAlike = 8, LongestCode = 65_536;

    private readonly CodeCheck _check = new(knowledge.Judge, knowledge.Api);

    /// <summary>Passages of the library's pages.</summary>
    [McpServerTool(Name = "search_docs", Title = "Search the documentation", ReadOnly = true, OpenWorld = false)]
    [Description("Finds passages of the library's documentation by words (BM25). Use it for how something is done; use find_symbol for a "
        + "member whose name is known.")]
    public string SearchDocs(
        [Description("Words to look for, such as what the code should do.")] string query,
        [Description("Passages at most, 1 to 20.")] int limit = 5)
    {
        if (knowledge.Search is not { } search)
            throw new McpException("There are no pages of this library here; find_symbol knows its members.");
        if (string.IsNullOrWhiteSpace(query)) throw new McpException("'query' is empty: expected words to look for.");
        var hits = search(query, Math.Clamp(limit, 1, MostPassages));
        return hits.Count == 0 ? $"Nothing in the documentation of {knowledge.Name} says '{query}'. Other words may be found."
            : string.Join("\n\n---\n\n", hits.Select(h =>
                $"{h.Chunk.DocumentPath}: {string.Join(" > ", h.Chunk.HeadingPath)}\n\n{h.Chunk.Text.Trim()}"));
    }

    /// <summary>A symbol with its documentation.</summary>
    [McpServerTool(Name = "find_symbol", Title = "Find a type or member", ReadOnly = true, OpenWorld = false)]
    [Description("A public type or member of the library as it really is: declaration, documentation, exceptions, examples, and of a type "
        + "its members. For a name that does not exist it says which are nearest.")]
    public string FindSymbol([Description("Name, such as Tank, Tank.Fill or Fill; or a documentation id.")] string name)
    {
        if (string.IsNullOrWhiteSpace(name)) throw new McpException("'name' is empty: expected the name of a type or member.");
        name = name.Trim();
        IReadOnlyList<ApiSymbol> found = knowledge.Api.Find(name) is { } one ? [one]
            : [.. knowledge.Api.Symbols.Where(s => Is(s, name, StringComparison.Ordinal))];
        if (found.Count == 0) found = [.. knowledge.Api.Symbols.Where(s => Is(s, name, StringComparison.OrdinalIgnoreCase))];
        if (found.Count == 0)
        {
            var near = knowledge.Api.FindNearest(name.Split('.')[^1]);
            return $"{knowledge.Name} has no '{name}'." + (near is null ? "" : $" The nearest is {near.DisplayName}: {near.Signature}");
        }
        var text = string.Join("\n\n", found.Take(MostAlike).Select(Told));
        return found.Count > MostAlike ? $"{text}\n\n({found.Count - MostAlike} more of this name: say its type, too)" : text;
    }

    /// <summary>What the compiler says of code.</summary>
    [McpServerTool(Name = "check_code", Title = "Check code against the library", ReadOnly = true, OpenWorld = false)]
    [Description("Compiles C# against the library, without running it, and says what is wrong: members that do not exist with the nearest "
        + "real ones, wrong arguments with the real declaration. Use it on every piece of code that uses this library before it is "
        + "shown. The code may be a file, members, statements or an expression; the library's namespaces are in scope.")]
    public async Task<string> CheckCode([Description("C#.")] string code, CancellationToken cancel = default)
    {
        if (string.IsNullOrWhiteSpace(code)) throw new McpException("'code' is empty: expected C#.");
        if (code.Length > LongestCode) throw new McpException($"'code' has {code.Length} characters; expected {LongestCode} at most.");
        var result = await CheckedAsync(code, cancel);
        var used = result.Used.Select(knowledge.Api.Find).OfType<ApiSymbol>().Select(s => s.DisplayName).Distinct().ToList();
        return used.Count == 0 ? result.ToString() : $"{result}\nUses: {string.Join(", ", used)}.";
    }

    private async Task<CheckedCode> CheckedAsync(string code, CancellationToken cancel)
    {
        try
        {
            return answering is null ? _check.Check(code) : await answering.WithinAsync(() => _check.Check(code), cancel);
        }
        catch (ApiException e)
        {
            throw new McpException(e.Message);
        }
    }

    private static bool Is(ApiSymbol symbol, string name, StringComparison comparison) => symbol.Name.Equals(name, comparison)
        || symbol.DisplayName.Equals(name, comparison) || $"{symbol.Namespace}.{symbol.DisplayName}".Equals(name, comparison);

    private string Told(ApiSymbol symbol)
    {
        var text = new StringBuilder();
        text.Append(symbol.ContainingType is { } type ? $"{symbol.Namespace}.{type}: " : $"{symbol.Namespace}: ").Append(symbol.Signature);
        void Add(string label, string? said)
        {
            if (!string.IsNullOrWhiteSpace(said)) text.Append($"\n{label}{said.Trim()}");
        }
        Add("Obsolete: ", symbol.Obsolete);
        Add("", symbol.Summary);
        foreach (var parameter in symbol.Parameters) Add($"- {parameter.Name}: ", parameter.Documentation);
        Add("Returns: ", symbol.Returns);
        Add("", symbol.Remarks);
        foreach (var exception in symbol.Exceptions) Add($"Throws {exception.Type}: ", exception.Condition);
        foreach (var example in symbol.Examples) Add("", $"```csharp\n{example.Trim()}\n```");
        if (symbol.ContainingType is not null) return text.ToString();
        var members = knowledge.Api.MembersOf(symbol.Id);
        foreach (var member in members.Take(MostMembers))
            text.Append($"\n  {member.Signature}").Append(member.Summary is { } said ? $"  // {said.Split('\n')[0]}" : "");
        if (members.Count > MostMembers) text.Append($"\n  … {members.Count - MostMembers} more");
        return text.ToString();
    }
}
