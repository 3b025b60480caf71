using System.CommandLine;
using System.Diagnostics;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Formatting;
using DocTuneLab.Notebooks.Hosting;
using DocTuneLab.Notebooks.Languages;
using DocTuneLab.Notebooks.Languages.Mermaid;
using DocTuneLab.Notebooks.Languages.Sql;
using Markdig;

namespace DocTuneLab.Notebooks.Magics;

/// <summary>The languages and magics that every session has.</summary>
internal static class BuiltInMagics
{
    /// <summary>Names of the languages, as <c>.dib</c> files write them.</summary>
    public static readonly IReadOnlyList<string> LanguageNames = ["csharp", "markdown", "sql", "html", "mermaid", "javascript", "value", .. Foreign.Names];

    /// <summary>Markdown as the notebooks know it: CommonMark with tables, task lists and the rest of Markdig's extensions.</summary>
    public static readonly MarkdownPipeline Markdown = new MarkdownPipelineBuilder().UseAdvancedExtensions().Build();

    public static void AddTo(NotebookSession session)
    {
        Language(session, new Command("#!csharp", "C# code.") { Aliases = { "#!c#" } }, _ => { });
        Language(session, new Command("#!markdown", "Markdown, shown formatted.") { Aliases = { "#!md" } }, context =>
            Show(context, "text/markdown", context.Body, Markdig.Markdown.ToHtml(context.Body, Markdown)));
        Language(session, new Command("#!html", "HTML, shown as it is."), context => Show(context, "text/plain", context.Body, context.Body));
        Language(session, new Command("#!javascript", "JavaScript, run by the front end.") { Aliases = { "#!js" } }, context =>
            Show(context, "text/plain", context.Body, $"<script type=\"text/javascript\">\n(async () => {{\n{ValueMagics.AsJavaScript(session)}{context.Body}\n}})();\n</script>"));
        Language(session, new Command("#!mermaid", "A Mermaid diagram."), context => MermaidDiagram.Show(context, context.Body));
        session.AddMagic(SqlMagics.Sql(session), MagicKind.Language);
        session.AddMagic(SqlMagics.Connect(session), MagicKind.Line);
        ValueMagics.AddTo(session);
        Foreign.AddTo(session);
        session.AddMagic(Import(session), MagicKind.Line);
        session.AddMagic(LoadExtension(session), MagicKind.Line);
        session.AddMagic(ListVariables(session), MagicKind.Line);
        session.AddMagic(ListMagics(session), MagicKind.Line);
        session.AddMagic(Time(), MagicKind.Line);
    }

    private static void Language(NotebookSession session, Command command, Action<CellContext> run)
    {
        command.SetCellAction((_, context) => run(context));
        session.AddMagic(command, MagicKind.Language);
    }

    private static void Show(CellContext context, string mimeType, string source, string html) =>
        context.DisplayMime(new Dictionary<string, object> { ["text/html"] = html, [mimeType] = source });

    private static Command Import(NotebookSession session)
    {
        var file = new Argument<string>("file") { Description = "Notebook (.ipynb, .dib) or script (.csx) to run here; relative to this notebook." };
        var command = new Command("#!import", "Runs the code cells of another notebook in this session.") { file };
        command.SetCellAction((parsed, context) => session.ImportAsync(parsed.GetRequiredValue(file), context));
        return command;
    }

    private static Command LoadExtension(NotebookSession session)
    {
        var file = new Argument<string>("assembly") { Description = "Assembly with an extension; relative to this notebook. A package brings its own with #r \"nuget: Name\"." };
        var command = new Command("#!extension", "Loads an extension from an assembly.") { file };
        command.SetCellAction((parsed, context) =>
        {
            var path = session.Resolve(parsed.GetRequiredValue(file));
            if (!File.Exists(path))
                throw new NotebookException($"{path}: there is no such assembly.");
            var names = session.LoadExtensions(path);
            if (names.Count == 0)
                throw new NotebookException($"{path}: no extension in it. Expected a public class with a parameterless constructor that implements {nameof(INotebookExtension)}.");
            context.Out.WriteLine($"Loaded {string.Join(", ", names)}");
        });
        return command;
    }

    private static Command Time()
    {
        var command = new Command("#!time", "Says how long the rest of the cell took.");
        command.SetCellAction((_, context) =>
        {
            var clock = Stopwatch.StartNew();
            (context as HostCellContext)?.AtEnd(() => context.Out.WriteLine($"Wall time: {clock.Elapsed.TotalMilliseconds:0.0} ms"));
        });
        return command;
    }

    private static Command ListVariables(NotebookSession session)
    {
        var command = new Command("#!whos", "Lists the C# variables.") { Aliases = { "#!who" } };
        command.SetCellAction((_, context) => context.Display(session.CSharp.Variables()
            .Select(variable => new { variable.Name, Type = ClrNames.Of(variable.Type), variable.Value })));
        return command;
    }

    private static Command ListMagics(NotebookSession session)
    {
        var command = new Command("#!lsmagic", "Lists the magics.");
        command.SetCellAction((_, context) =>
        {
            foreach (var magic in session.Magics.Where(magic => !magic.Hidden).DistinctBy(magic => magic.Name).OrderBy(magic => magic.Name, StringComparer.Ordinal))
                context.Out.WriteLine($"{magic.Name,-14} {magic.Description}");
        });
        return command;
    }
}
