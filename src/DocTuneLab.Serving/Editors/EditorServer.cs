using System.Reflection;
using DocTuneLab.Serving.Knowledge;
using DocTuneLab.Serving.Limits;
using DocTuneLab.Serving.Models;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace DocTuneLab.Serving.Editors;

/// <summary>A library's knowledge, and the tuned model where there is one, for an editor's agent (Model Context Protocol).</summary>
public static class EditorServer
{
    /// <summary>Serves over the standard input and output until the input ends or it is cancelled.</summary>
    /// <param name="knowledge">What is known of the library.</param>
    /// <param name="models">What completes code; null for no model.</param>
    /// <param name="cancel">Ends it.</param>
    public static async Task RunAsync(LibraryKnowledge knowledge, ServedModels? models, CancellationToken cancel)
    {
        var options = new McpServerOptions();
        Describe(options, knowledge, models is null ? null : Answering.Alone(models));
        await using var transport = new StdioServerTransport(options);
        await using var server = McpServer.Create(transport, options);
        await server.RunAsync(cancel);
    }

    /// <summary>Says what the server is, and puts its tools in.</summary>
    internal static void Describe(McpServerOptions options, LibraryKnowledge knowledge, Answering? answering)
    {
        options.ServerInfo = new Implementation
        {
            Name = "doctune",
            Title = $"{knowledge.Name} (DocTuneLab)",
            Version = typeof(EditorServer).Assembly.GetName().Version?.ToString(3) ?? "0",
        };
        options.ServerInstructions = $"The private .NET library {knowledge.Name}, which no public model has seen: do not write its names "
            + "from memory. Look for how things are done with search_docs, look at members with find_symbol, and check every piece of code "
            + "with check_code before it is shown.";
        options.ToolCollection =
            [.. Tools(new LibraryTools(knowledge, answering)), .. answering is null ? [] : Tools(new CompletionTool(knowledge, answering))];
    }

    private static IEnumerable<McpServerTool> Tools(object target) => target.GetType()
        .GetMethods(BindingFlags.Instance | BindingFlags.Public)
        .Where(m => m.GetCustomAttribute<McpServerToolAttribute>() is not null).Select(m => McpServerTool.Create(m, target));
}
