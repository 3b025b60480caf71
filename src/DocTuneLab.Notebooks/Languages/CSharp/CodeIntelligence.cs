using System.CommandLine;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Hosting;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Completion;
using Microsoft.CodeAnalysis.Host.Mef;
using Microsoft.CodeAnalysis.QuickInfo;
using Microsoft.CodeAnalysis.Text;

namespace DocTuneLab.Notebooks.Languages.CSharp;

/// <summary>A way to go on typing.</summary>
/// <param name="Text">What replaces the text between the list's start and end.</param>
/// <param name="Kind">What it is: <c>Method</c>, <c>Class</c>, <c>Keyword</c>, <c>Magic</c>, …</param>
public sealed record CompletionEntry(string Text, string Kind);

/// <summary>Completions for a position. Positions count UTF-16 units.</summary>
public sealed record CellCompletions(int Start, int End, IReadOnlyList<CompletionEntry> Entries);

/// <summary>What the compiler says about a stretch of a cell. Positions count UTF-16 units.</summary>
public sealed record CellDiagnostic(string Id, string Message, bool IsError, int Start, int End);

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
    private Document? current;
    private SourceText? text;
    private string before = "";
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

    public async Task<CellSignatures?> SignaturesAsync(string cell, int position, CancellationToken cancellation)
    {
        var (current, offset) = Place(cell);
        return await current.GetSemanticModelAsync(cancellation) is { } model ? SignatureFinder.Find(model, offset + Math.Clamp(position, 0, cell.Length), cancellation) : null;
    }

    public async Task<IReadOnlyList<CellDiagnostic>> DiagnosticsAsync(string cell, CancellationToken cancellation)
    {
        var (current, offset) = Place(cell);
        if (await current.GetSemanticModelAsync(cancellation) is not { } model)
            return [];
        // Only of the cell: the declarations before it have no bodies.
        return [.. model.GetDiagnostics(TextSpan.FromBounds(offset, offset + cell.Length), cancellation)
            // A value at the end needs no semicolon in a cell.
            .Where(found => found.Severity >= DiagnosticSeverity.Warning && found.Location.SourceSpan.Start >= offset && found.Id is not "CS1002" || found.Id is "CS1002" && found.Location.SourceSpan.Start < offset + cell.TrimEnd().Length && found.Location.SourceSpan.Start >= offset)
            .Select(found => new CellDiagnostic(found.Id, found.GetMessage(), found.Severity == DiagnosticSeverity.Error, found.Location.SourceSpan.Start - offset, found.Location.SourceSpan.End - offset))
            .OrderBy(found => found.Start)];
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
        var references = session.CSharp.References;
        if (workspace is null || document is null || referenceCount != references.Count)
            Create(references);
        // Magic lines of the cell become blank ones of the same length, so that positions stay.
        var typed = string.Join('\n', cell.Split('\n').Select(line => CellSplitter.IsMagic(line) ? new string(' ', line.Length) : line));
        var declarations = session.CSharp.Declarations;
        // A change of the end lets the parser take over what stands before it.
        text = declarations == before && text is not null
            ? text.WithChanges(new TextChange(TextSpan.FromBounds(before.Length, text.Length), typed))
            : SourceText.From(declarations + typed);
        before = declarations;
        current = current!.WithText(text);
        return (current, before.Length);
    }

    private void Create(IReadOnlyList<MetadataReference> references)
    {
        referenceCount = references.Count;
        workspace?.Dispose();
        workspace = new AdhocWorkspace(MefHostServices.DefaultHost);
        var compilation = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, usings: session.CSharp.Imports, nullableContextOptions: NullableContextOptions.Enable, allowUnsafe: true);
        var project = ProjectInfo.Create(ProjectId.CreateNewId(), VersionStamp.Create(), "cells", "cells", LanguageNames.CSharp,
            compilationOptions: compilation, parseOptions: CSharpSession.ParseOptions, metadataReferences: references, isSubmission: false);
        workspace.AddProject(project);
        document = DocumentId.CreateNewId(project.Id);
        current = workspace.AddDocument(DocumentInfo.Create(document, "cells.csx", sourceCodeKind: SourceCodeKind.Script, loader: TextLoader.From(TextAndVersion.Create(SourceText.From(""), VersionStamp.Create()))));
        text = null;
    }
}
