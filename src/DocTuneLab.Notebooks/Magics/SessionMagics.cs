using System.CommandLine;
using System.Diagnostics;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Formatting;

namespace DocTuneLab.Notebooks.Magics;

/// <summary>The magics about the session itself.</summary>
internal static class SessionMagics
{
    /// <param name="session">The session.</param>
    /// <param name="import">Runs the code cells of a notebook as part of a cell.</param>
    /// <param name="load">Loads the extensions of an assembly and returns their names.</param>
    public static void AddTo(SessionState session, Func<string, HostCellContext, Task> import, Func<string, IReadOnlyList<string>> load)
    {
        session.Magics.Add(Import(import));
        session.Magics.Add(LoadExtension(session, load));
        session.Magics.Add(ListVariables(session));
        session.Magics.Add(ListMagics(session));
        session.Magics.Add(Time());
    }

    private static Command Import(Func<string, HostCellContext, Task> import)
    {
        var file = new Argument<string>("file")
        {
            Description = "Notebook (.ipynb, .dib) or script (.csx) to run here; relative to this notebook.",
        };
        var command = new Command("#!import", "Runs the code cells of another notebook in this session.") { file };
        command.SetCellAction((parsed, context) => import(parsed.GetRequiredValue(file), (HostCellContext)context));
        return command;
    }

    private static Command LoadExtension(SessionState session, Func<string, IReadOnlyList<string>> load)
    {
        var file = new Argument<string>("assembly")
        {
            Description = "Assembly with an extension; relative to this notebook. A package brings its own with #r \"nuget: Name\".",
        };
        var command = new Command("#!extension", "Loads an extension from an assembly.") { file };
        command.SetCellAction((parsed, context) =>
        {
            var path = session.Resolve(parsed.GetRequiredValue(file));
            if (!File.Exists(path))
                throw new NotebookException($"{path}: there is no such assembly.");
            var names = load(path);
            if (names.Count == 0)
            {
                throw new NotebookException($"{path}: no extension in it. Expected a public class with a parameterless constructor "
                    + $"that implements {nameof(INotebookExtension)}.");
            }
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

    private static Command ListVariables(SessionState session)
    {
        var command = new Command("#!whos", "Lists the C# variables.") { Aliases = { "#!who" } };
        command.SetCellAction((_, context) =>
        {
            // As long as C# is the only language with variables there is no need to name it.
            var others = session.Magics.Languages
                .Where(language => language != session.Main && language.Variables is { Count: > 0 }).ToList();
            if (others.Count == 0)
            {
                context.Display(session.Main.Variables!.Select(variable =>
                    new { variable.Name, Type = ClrNames.Of(variable.Type), variable.Value }));
                return;
            }
            context.Display(others.Prepend(session.Main).SelectMany(language => language.Variables!, (language, variable) =>
                new { variable.Name, Language = language.Name, Type = ClrNames.Of(variable.Type), variable.Value }));
        });
        return command;
    }

    private static Command ListMagics(SessionState session)
    {
        var command = new Command("#!lsmagic", "Lists the magics.");
        command.SetCellAction((_, context) =>
        {
            var shown = session.Magics.Commands.Where(magic => !magic.Hidden).DistinctBy(magic => magic.Name);
            foreach (var magic in shown.OrderBy(magic => magic.Name, StringComparer.Ordinal))
                context.Out.WriteLine($"{magic.Name,-14} {magic.Description}");
        });
        return command;
    }
}
