using System.CommandLine;
using DocTuneLab.Notebooks.Cells;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Completion;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Host.Mef;
using Microsoft.CodeAnalysis.QuickInfo;
using Microsoft.CodeAnalysis.Text;

namespace DocTuneLab.Notebooks.CSharp;

/// <summary>A way to go on typing.</summary>
/// <param name="Text">What replaces the text between the list's start and end.</param>
/// <param name="Kind">What it is: <c>Method</c>, <c>Class</c>, <c>Keyword</c>, <c>Magic</c>, …</param>
public sealed record CompletionEntry(string Text, string Kind);

/// <summary>Completions for a position. Positions count UTF-16 units.</summary>
public sealed record CellCompletions(int Start, int End, IReadOnlyList<CompletionEntry> Entries);

/// <summary>Whether code can be run as it is.</summary>
public enum CodeCompleteness
{
    /// <summary>It can.</summary>
    Complete,
    /// <summary>More lines are needed.</summary>
    Incomplete,
    /// <summary>No more lines can make it right.</summary>
    Invalid,
}

/// <summary>
/// Completion and quick info. All cells that ran stand in one document before the one being typed: a workspace project for each
/// submission would cost seconds and gigabytes in a long session.
/// </summary>
internal sealed class CodeIntelligence(NotebookSession session)
{
    private AdhocWorkspace? workspace;
    private DocumentId? document;
    private int referenceCount = -1;

    public static CodeCompleteness Completeness(string cell)
    {
        var lastMagic = cell.ReplaceLineEndings("\n").Split('\n').ToList().FindLastIndex(CellSplitter.IsMagic);
        var code = string.Join('\n', cell.ReplaceLineEndings("\n").Split('\n').Skip(lastMagic + 1));
        var tree = CSharpSyntaxTree.ParseText(code, CSharpSession.ParseOptions);
        if (!SyntaxFactory.IsCompleteSubmission(tree))
            return CodeCompleteness.Incomplete;
        return tree.GetDiagnostics().Any(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error) ? CodeCompleteness.Invalid : CodeCompleteness.Complete;
    }

    public async Task<CellCompletions> CompleteAsync(string cell, int position, CancellationToken cancellation)
    {
        var lineStart = position == 0 ? 0 : cell.LastIndexOf('\n', position - 1) + 1;
        var line = cell[lineStart..position];
        if (line.StartsWith('#') && (line.Length == 1 || line.StartsWith(CellSplitter.Prefix, StringComparison.Ordinal)))
            return CompleteMagic(line, lineStart, position);
        var (current, offset) = Place(cell);
        if (CompletionService.GetService(current) is not { } service
            || await service.GetCompletionsAsync(current, offset + position, cancellationToken: cancellation) is not { } found)
        {
            return new CellCompletions(position, position, []);
        }
        var start = Math.Max(0, found.Span.Start - offset);
        var typed = cell[start..position];
        var entries = found.ItemsList
            // Items such as override stubs replace more than the word being typed; front ends have no way to do that.
            .Where(item => item.FilterText.StartsWith(typed, StringComparison.OrdinalIgnoreCase) && !item.IsComplexTextEdit)
            .Select(item => new CompletionEntry(item.DisplayText, item.Tags.FirstOrDefault() ?? ""))
            .Distinct()
            .OrderBy(entry => entry.Text.StartsWith(typed, StringComparison.Ordinal) ? 0 : 1).ThenBy(entry => entry.Text, StringComparer.OrdinalIgnoreCase);
        return new CellCompletions(start, Math.Max(position, found.Span.End - offset), [.. entries]);
    }

    public async Task<string?> InspectAsync(string cell, int position, CancellationToken cancellation)
    {
        var (current, offset) = Place(cell);
        if (QuickInfoService.GetService(current) is not { } service
            || await service.GetQuickInfoAsync(current, offset + Math.Clamp(position, 0, cell.Length), cancellation) is not { } info)
        {
            return null;
        }
        return string.Join("\n\n", info.Sections.Select(section => section.Text).Where(text => text.Length > 0));
    }

    private CellCompletions CompleteMagic(string line, int lineStart, int position)
    {
        var wordStart = line.LastIndexOf(' ') + 1;
        var typed = line[wordStart..];
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (wordStart == 0)
        {
            var names = session.MagicNames.Order(StringComparer.Ordinal).Where(name => name.StartsWith(typed, StringComparison.Ordinal));
            return new CellCompletions(lineStart, position, [.. names.Select(name => new CompletionEntry(name, "Magic"))]);
        }
        if (!session.TryGetMagic(words[0], out var magic))
            return new CellCompletions(position, position, []);
        var rest = line[words[0].Length..].TrimStart();
        var items = magic.Command.Parse(rest, new ParserConfiguration { ResponseFileTokenReplacer = null }).GetCompletions(rest.Length);
        var entries = items.Select(item => item.InsertText ?? item.Label).Where(text => text.StartsWith(typed, StringComparison.OrdinalIgnoreCase)).Distinct();
        return new CellCompletions(lineStart + wordStart, position, [.. entries.Select(text => new CompletionEntry(text, text.StartsWith('-') ? "Option" : "Value"))]);
    }

    /// <summary>The document with the cell at its end, and where the cell starts in it.</summary>
    private (Document Document, int Offset) Place(string cell)
    {
        var options = session.CSharp.Options;
        if (workspace is null || document is null || referenceCount != options.MetadataReferences.Length)
            Create();
        // Magic lines of the cell become blank ones of the same length, so that positions stay.
        var lines = cell.Split('\n').Select(line => CellSplitter.IsMagic(line) ? new string(' ', line.Length) : line);
        var before = string.Concat(session.CSharp.History.Select(code => code + "\n;\n"));
        return (workspace!.CurrentSolution.GetDocument(document!)!.WithText(SourceText.From(before + string.Join('\n', lines))), before.Length);
    }

    private void Create()
    {
        var options = session.CSharp.Options;
        referenceCount = options.MetadataReferences.Length;
        workspace?.Dispose();
        workspace = new AdhocWorkspace(MefHostServices.DefaultHost);
        var compilation = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, usings: options.Imports, nullableContextOptions: NullableContextOptions.Enable, allowUnsafe: true);
        var project = ProjectInfo.Create(ProjectId.CreateNewId(), VersionStamp.Create(), "cells", "cells", LanguageNames.CSharp,
            compilationOptions: compilation, parseOptions: CSharpSession.ParseOptions, metadataReferences: options.MetadataReferences, isSubmission: false);
        workspace.AddProject(project);
        document = DocumentId.CreateNewId(project.Id);
        workspace.AddDocument(DocumentInfo.Create(document, "cells.csx", sourceCodeKind: SourceCodeKind.Script, loader: TextLoader.From(TextAndVersion.Create(SourceText.From(""), VersionStamp.Create()))));
    }
}
