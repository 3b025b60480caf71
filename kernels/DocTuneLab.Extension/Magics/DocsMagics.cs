using System.CommandLine;
using DocTuneLab.Documents.Linking;
using DocTuneLab.Experiments;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Extension.Views;
using DocTuneLab.Notebooks;
using DocTuneLab.Storage;

namespace DocTuneLab.Extension.Magics;

/// <summary>Magics of documentation.</summary>
internal static class DocsMagics
{
    public static void AddTo(IExtensionHost host, LabSession lab)
    {
        host.AddMagic(DocsCommand(lab));
    }

    private static Command DocsCommand(LabSession lab)
    {
        var directory = new Argument<string?>("DIR")
        {
            Description = "Folder of Markdown pages, a DocFX, MkDocs or Docusaurus site, a page, or a .nupkg. "
                + "Without it, those of the library that #!lab was given; the commands show what was parsed last.",
            Arity = ArgumentArity.ZeroOrOne
        };
        var (assembly, reference, source) = (CommonOptions.Assembly(), CommonOptions.Reference(), CommonOptions.Source());
        foreach (var list in (Option[])[assembly, reference, source]) list.AllowMultipleArgumentsPerToken = true;
        // The base model says with which tokenizer.
        var settings = new SettingOptions(ParseOptions.Settings.Where(s => s.Property != nameof(ParseOptions.TokenizerDirectory)));
        var command = new Command("#!docs",
            "Parses documentation and assemblies into chunks and symbols. A package brings its own assemblies.")
        {
            directory, assembly, reference, source
        };
        settings.AddTo(command);
        foreach (var view in new[] { TreeCommand(Parsed), ChunkCommand(Parsed), CoverageCommand(Parsed) }) command.Add(view);
        command.SetCellAction((p, cell) =>
        {
            var report = Parse(p, p.GetValue(directory), cell);
            var changes = report.Changes;
            var documents = lab.Documents!.Set;
            var problems = report.Problems.Where(x => x.Kind != "broken-link").ToArray();
            var twice = DuplicatePage.Find(documents.Documents);
            cell.Display($"{documents.Documents.Count} pages ({changes.Added} new, {changes.Changed} changed, {changes.Unchanged} "
                + $"unchanged), {lab.Documents.Chunks.Count} chunks, {lab.Documents.Library.Api.Symbols.Count} public symbols, "
                + $"{documents.BrokenLinks.Count} broken "
                + $"links{(problems.Length > 0 ? $", {problems.Length} problems" : "")}"
                + $"{(twice.Count > 0 ? $", {twice.Count} near-duplicate pages" : "")}"
                + (lab.Documents.Library.Judge.References.LibraryPaths.Count > 0 ? ""
                    : "; no assembly was given, so no code is compiled and samples come from the pages alone"));
            cell.Display(documents.Documents
                .Select(d => new
                {
                    d.Path,
                    d.Title,
                    d.Language,
                    Split = d.Split.ToString(),
                    Chunks = lab.Documents.Chunks.Count(c => c.DocumentPath == d.Path),
                    CodeBlocks = d.CodeBlocks.Count
                })
                .ToArray());
            if (problems.Length > 0) cell.Display(problems);
            if (twice.Count > 0) cell.Display(twice.ToArray());
        });
        return command;

        ParseReport Parse(ParseResult p, string? folder, CellContext cell) =>
            lab.ParseDocs(settings.Apply(p, ParseOptions.Settings, ParseOptions.Settings.Defaults) with
            {
                Sources = folder is null ? [] : [NotebookPaths.Of(cell, folder)],
                Assemblies = [.. (p.GetValue(assembly) ?? []).Select(a => NotebookPaths.Of(cell, a))],
                References = [.. (p.GetValue(reference) ?? []).Select(r => NotebookPaths.Of(cell, r))],
            }, p.GetValue(source) is { Length: > 0 } given ? [.. given.Select(s => NotebookPaths.Of(cell, s))] : null);

        LabSession Parsed(ParseResult p)
        {
            if (p.GetValue(directory) is { } folder) Parse(p, folder, CellContext.Current);
            return lab;
        }
    }

    private static Command TreeCommand(Func<ParseResult, LabSession> parsed)
    {
        var command = new Command("tree", "The pages and their sections.");
        command.SetCellAction((p, cell) =>
        {
            var documents = Documents(parsed(p));
            Show(cell, DocsHtml.Tree(documents.Set, documents.Chunks),
                string.Join('\n', documents.Set.Documents.Select(d => $"{d.Path}: {d.Title}")));
        });
        return command;
    }

    private static Command ChunkCommand(Func<ParseResult, LabSession> parsed)
    {
        var path = new Argument<string>("PAGE") { Description = "Path of a page." };
        var number = new Argument<int>("N") { Description = "Which of its chunks, from 1.", DefaultValueFactory = _ => 1 };
        var command = new Command("chunk", "A chunk beside its source.") { path, number };
        command.SetCellAction((p, cell) =>
        {
            var documents = Documents(parsed(p));
            var page = documents.Set.Find(p.GetValue(path)!)
                ?? throw new LabException($"no page '{p.GetValue(path)}'; #!docs tree lists them");
            var chunks = documents.Chunks.Where(c => c.DocumentPath == page.Path).ToList();
            var n = p.GetValue(number);
            if (n < 1 || n > chunks.Count)
                throw new LabException($"{page.Path} has {chunks.Count} chunks: expected a number from 1 to {chunks.Count}, not {n}");
            Show(cell, DocsHtml.Beside(page, chunks[n - 1]), chunks[n - 1].Context + chunks[n - 1].Text);
        });
        return command;
    }

    private static Command CoverageCommand(Func<ParseResult, LabSession> parsed)
    {
        var command = new Command("coverage", "Which public members the pages mention, and which none does.");
        command.SetCellAction((p, cell) =>
        {
            var documents = Documents(parsed(p));
            Charts.Show(cell, DocsHtml.Coverage(documents.Library.Api, documents.Chunks));
            Show(cell, DocsHtml.Unmentioned(documents.Library.Api, documents.Chunks), "");
        });
        return command;
    }

    private static DocumentStage Documents(LabSession lab) =>
        lab.Documents ?? throw new LabException("no documents yet: run #!docs DIR --assembly DLL first");

    private static void Show(CellContext cell, string html, string text) =>
        cell.DisplayMime(new Dictionary<string, object> { ["text/html"] = html, ["text/plain"] = text });
}
