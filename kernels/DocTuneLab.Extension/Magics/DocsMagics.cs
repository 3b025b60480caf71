using System.CommandLine;
using DocTuneLab.Documents;
using DocTuneLab.Notebooks;

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
        var directory = new Argument<string>("DIR") { Description = "Folder of Markdown pages." };
        var assembly = new Option<string[]>("--assembly") { Description = "The library's assemblies; XML docs are found beside them.", Required = true, AllowMultipleArgumentsPerToken = true };
        var command = new Command("#!docs", "Parses documentation and assemblies into chunks and symbols.") { directory, assembly };
        command.SetCellAction((p, cell) =>
        {
            var changes = lab.ParseDocs(p.GetValue(directory)!, p.GetValue(assembly)!);
            cell.Display($"{lab.Documents!.Documents.Count} pages ({changes.Added} new, {changes.Changed} changed, {changes.Unchanged} unchanged), {lab.Chunks.Count} chunks, {lab.Api!.Symbols.Count} public symbols, {lab.Documents.BrokenLinks.Count} broken links");
            cell.Display(lab.Documents.Documents.Select(d => new { d.Path, d.Title, d.Language, Split = d.Split.ToString(), Chunks = lab.Chunks.Count(c => c.DocumentPath == d.Path), CodeBlocks = d.CodeBlocks.Count }).ToArray());
        });
        return command;
    }
}
