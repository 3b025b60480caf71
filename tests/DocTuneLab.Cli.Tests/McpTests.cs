using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace DocTuneLab.Cli.Tests;

/// <summary>Tools for an editor's agent, asked by the protocol's own client.</summary>
public sealed class McpTests : IDisposable
{
    private readonly Doctune _doctune = new();

    public void Dispose() => _doctune.Dispose();

    [Fact]
    public async Task An_agent_looks_at_the_library_and_has_code_checked()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var client = await StartAsync("--docs", Data("docs"));
        Assert.Equal("Fenmark (DocTuneLab)", client.ServerInfo!.Title);
        Assert.Contains("Fenmark", client.ServerInstructions);
        Assert.Equal(["check_code", "find_symbol", "search_docs"],
            (await client.ListToolsAsync(cancellationToken: cancel)).Select(t => t.Name).Order());

        var found = await AskAsync(client, "search_docs", ("query", "split a lot into fair shares"));
        Assert.Contains("reference/water-lot.md", found);
        Assert.Contains("Split(int parts)", found);

        var symbol = await AskAsync(client, "find_symbol", ("name", "WaterLot.Split"));
        Assert.Contains("Fenmark.WaterLot: public IReadOnlyList<WaterLot> Split(int parts)", symbol);
        Assert.Contains("Throws ", symbol);
        Assert.Contains("FromLitres(long litres)", await AskAsync(client, "find_symbol", ("name", "waterlot")));
        Assert.Contains("The nearest is WaterLot.Split", await AskAsync(client, "find_symbol", ("name", "WaterLot.Splits")));

        Assert.StartsWith("Compiles.\nUses: ", await AskAsync(client, "check_code", ("code", "WaterLot.FromLitres(10).Split(3)")));
        var wrong = await AskAsync(client, "check_code", ("code", "WaterLot.FromLitre(10)"));
        Assert.StartsWith("Does not compile; invented: WaterLot.FromLitre.\nline 1: WaterLot has no 'FromLitre'. There is: WaterLot: ",
            wrong);

        // What is wrong with a call is said to the agent, which can mend it.
        var empty = await client.CallToolAsync("check_code", new Dictionary<string, object?> { ["code"] = " " }, cancellationToken: cancel);
        Assert.True(empty.IsError);
        Assert.Contains("expected C#", Text(empty));
    }

    [Fact]
    public async Task A_tuned_model_completes_code_and_the_compiler_looks_at_it()
    {
        await using var client = await StartAsync("--base", Path.Combine(Doctune.Root, "data/models/nano"));
        Assert.Contains("complete_code",
            (await client.ListToolsAsync(cancellationToken: TestContext.Current.CancellationToken)).Select(t => t.Name));
        var answer = await AskAsync(client, "complete_code", ("instruction", "The litres of a lot."),
            ("signature", "public static long Litres(WaterLot lot)"));
        Assert.StartsWith("```csharp\n", answer);
        Assert.EndsWith("Compiles.", answer);
        var pages = await client.CallToolAsync("search_docs", new Dictionary<string, object?> { ["query"] = "lot" },
            cancellationToken: TestContext.Current.CancellationToken);
        Assert.Contains("There are no pages", Text(pages));
    }

    [Fact]
    public void Without_a_library_the_verb_says_what_it_needs()
    {
        var run = _doctune.Run("mcp");
        Assert.Equal(2, run.Code);
        Assert.Contains("which library?", run.Error);
    }

    private Task<McpClient> StartAsync(params string[] more) => McpClient.CreateAsync(new StdioClientTransport(new()
    {
        Command = "dotnet",
        Arguments = [Path.Combine(AppContext.BaseDirectory, "doctune.dll"), "mcp", "--assembly", Data("bin/Fenmark.dll"), .. more],
        WorkingDirectory = _doctune.Folder,
    }), cancellationToken: TestContext.Current.CancellationToken);

    private static async Task<string> AskAsync(McpClient client, string tool, params (string Name, object? Value)[] arguments)
    {
        var result = await client.CallToolAsync(tool, arguments.ToDictionary(a => a.Name, a => a.Value),
            cancellationToken: TestContext.Current.CancellationToken);
        Assert.False(result.IsError == true, Text(result));
        return Text(result);
    }

    private static string Text(CallToolResult result) => string.Concat(result.Content.OfType<TextContentBlock>().Select(t => t.Text));

    private static string Data(string path) => Path.Combine(Doctune.Root, "data/private-library", path);
}
