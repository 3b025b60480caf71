using System.CommandLine;
using System.Data;
using System.Net;
using DocTuneLab.Notebooks.Cells;
using Markdig;
using Microsoft.Data.Sqlite;

namespace DocTuneLab.Notebooks.Languages;

/// <summary>The languages and magics that every session has.</summary>
internal static class BuiltInMagics
{
    /// <summary>Names of the languages, as <c>.dib</c> files write them.</summary>
    public static readonly IReadOnlyList<string> LanguageNames = ["csharp", "markdown", "sql", "html", "mermaid", "javascript"];

    /// <summary>Markdown as the notebooks know it: CommonMark with tables, task lists and the rest of Markdig's extensions.</summary>
    public static readonly MarkdownPipeline Markdown = new MarkdownPipelineBuilder().UseAdvancedExtensions().Build();

    public static void AddTo(NotebookSession session)
    {
        Language(session, new Command("#!csharp", "C# code.") { Aliases = { "#!c#" } }, _ => { });
        Language(session, new Command("#!markdown", "Markdown, shown formatted.") { Aliases = { "#!md" } }, context =>
            Show(context, "text/markdown", context.Body, Markdig.Markdown.ToHtml(context.Body, Markdown)));
        Language(session, new Command("#!html", "HTML, shown as it is."), context => Show(context, "text/plain", context.Body, context.Body));
        Language(session, new Command("#!javascript", "JavaScript, run by the front end.") { Aliases = { "#!js" } }, context =>
            Show(context, "text/plain", context.Body, $"<script type=\"text/javascript\">\n{context.Body}\n</script>"));
        // Front ends that know Mermaid draw the class; others show the source of the diagram.
        Language(session, new Command("#!mermaid", "A Mermaid diagram."), context =>
            Show(context, "text/vnd.mermaid", context.Body, $"<pre class=\"mermaid\">{WebUtility.HtmlEncode(context.Body.Trim())}</pre>"));
        session.AddMagic(Sql(session), MagicKind.Language);
        session.AddMagic(Connect(session), MagicKind.Line);
        session.AddMagic(Set(session), MagicKind.Line);
        session.AddMagic(ListVariables(session), MagicKind.Line);
        session.AddMagic(ListMagics(session), MagicKind.Line);
    }

    private static void Language(NotebookSession session, Command command, Action<CellContext> run)
    {
        command.SetCellAction((_, context) => run(context));
        session.AddMagic(command, MagicKind.Language);
    }

    private static void Show(CellContext context, string mimeType, string source, string html) =>
        context.DisplayMime(new Dictionary<string, object> { ["text/html"] = html, [mimeType] = source });

    private static Command Sql(NotebookSession session)
    {
        var connection = new Option<string?>("--connection", "-c") { Description = "Name of the connection. Default: the first one." };
        var name = new Option<string?>("--name", "-n") { Description = "C# variable (a DataTable) to keep the result in." };
        var command = new Command("#!sql", "SQL on a connected database; the result is shown as a table.") { connection, name };
        command.SetCellAction(async (parsed, context) =>
        {
            if (string.IsNullOrWhiteSpace(context.Body))
                return;
            var (table, changed) = await session.Sql.QueryAsync(parsed.GetValue(connection), context.Body, context.CancellationToken);
            if (table is not null)
                context.Display(table);
            else
                context.Out.WriteLine($"{Math.Max(0, changed)} rows changed");
            if (parsed.GetValue(name) is { } variable)
                context.SetValue(variable, table ?? new DataTable());
        });
        return command;
    }

    private static Command Connect(NotebookSession session)
    {
        var name = new Option<string>("--name", "-n") { Description = "Name to use with '#!sql --connection'.", DefaultValueFactory = _ => "default" };
        var file = new Argument<string>("file") { Description = "SQLite database file, or :memory:." };
        var command = new Command("#!connect", "Opens a SQLite database for #!sql.") { name, file };
        command.SetCellAction((parsed, _) =>
        {
            var path = parsed.GetRequiredValue(file);
            var label = parsed.GetRequiredValue(name);
            var text = path == ":memory:"
                ? new SqliteConnectionStringBuilder { DataSource = $"notebook-{Guid.NewGuid():N}", Mode = SqliteOpenMode.Memory, Cache = SqliteCacheMode.Shared }.ToString()
                : new SqliteConnectionStringBuilder { DataSource = Path.GetFullPath(path) }.ToString();
            // A memory database lives as long as one connection to it: the session keeps this one.
            var first = new SqliteConnection(text);
            first.Open();
            session.Items[$"sqlite:{label}"] = first;
            session.AddSqlConnection(label, () => new SqliteConnection(text));
        });
        return command;
    }

    private static Command Set(NotebookSession session)
    {
        var name = new Option<string>("--name", "-n") { Description = "Name of the C# variable.", Required = true };
        var value = new Option<string>("--value", "-v") { Description = "Text, or @csharp:NAME for the value of another variable.", Required = true };
        var command = new Command("#!set", "Declares a C# variable.") { name, value };
        command.SetCellAction((parsed, context) =>
        {
            var text = parsed.GetRequiredValue(value);
            var target = parsed.GetRequiredValue(name);
            if (!text.StartsWith('@'))
            {
                context.SetValue(target, text);
                return;
            }
            var source = text[1..].Split(':') is ["csharp", var variable] ? variable : text[1..];
            if (!context.TryGetValue(source, out var found))
                throw new NotebookException($"There is no C# variable '{source}'.");
            session.SetValue(target, found, found?.GetType() ?? typeof(object));
        });
        return command;
    }

    private static Command ListVariables(NotebookSession session)
    {
        var command = new Command("#!whos", "Lists the C# variables.");
        command.SetCellAction((_, context) => context.Display(session.CSharp.Variables()
            .Select(variable => new { variable.Name, Type = Formatting.TableFormatter.TypeName(variable.Type), variable.Value })));
        return command;
    }

    private static Command ListMagics(NotebookSession session)
    {
        var command = new Command("#!lsmagic", "Lists the magics.");
        command.SetCellAction((_, context) =>
        {
            foreach (var magic in session.Magics.DistinctBy(magic => magic.Name).OrderBy(magic => magic.Name, StringComparer.Ordinal))
                context.Out.WriteLine($"{magic.Name,-14} {magic.Description}");
        });
        return command;
    }
}
