using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Completion;
using Microsoft.CodeAnalysis.Host.Mef;
using Microsoft.CodeAnalysis.QuickInfo;
using Microsoft.CodeAnalysis.Text;

namespace DocTuneLab.Notebooks.Languages.CSharp;

/// <summary>
/// Completion and quick info. All cells that ran stand in one document before the one being typed: a workspace project for each
/// submission would cost seconds and gigabytes in a long session.
/// </summary>
internal sealed class CodeIntelligence(CSharpSession session)
{
    private AdhocWorkspace? _workspace;
    private DocumentId? _document;
    private Document? _current;
    private SourceText? _text;
    private string _before = "";
    private int _referenceCount = -1;

    public static CodeCompleteness Completeness(string code)
    {
        var tree = CSharpSyntaxTree.ParseText(code, CSharpSession.ParseOptions);
        if (!SyntaxFactory.IsCompleteSubmission(tree))
            return CodeCompleteness.Incomplete;
        return tree.GetDiagnostics().Any(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)
            ? CodeCompleteness.Invalid
            : CodeCompleteness.Complete;
    }

    public async Task<CellCompletions> CompleteAsync(string cell, int position, CancellationToken cancellation)
    {
        var (current, offset) = Place(cell);
        if (CompletionService.GetService(current) is not { } service
            || await service.GetCompletionsAsync(current, offset + position, cancellationToken: cancellation) is not { } found)
        {
            return CellCompletions.None(position);
        }
        var start = Math.Max(0, found.Span.Start - offset);
        var typed = cell[start..position];
        var entries = found.ItemsList
            // Items such as override stubs replace more than the word being typed; front ends have no way to do that.
            .Where(item => item.FilterText.StartsWith(typed, StringComparison.OrdinalIgnoreCase) && !item.IsComplexTextEdit)
            .Select(item => new CompletionEntry(item.DisplayText, item.Tags.FirstOrDefault() ?? ""))
            .Distinct()
            .OrderBy(entry => entry.Text.StartsWith(typed, StringComparison.Ordinal) ? 0 : 1)
            .ThenBy(entry => entry.Text, StringComparer.OrdinalIgnoreCase);
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
        return await current.GetSemanticModelAsync(cancellation) is { } model
            ? SignatureFinder.Find(model, offset + Math.Clamp(position, 0, cell.Length), cancellation)
            : null;
    }

    public async Task<IReadOnlyList<CellDiagnostic>> DiagnosticsAsync(string cell, CancellationToken cancellation)
    {
        var (current, offset) = Place(cell);
        if (await current.GetSemanticModelAsync(cancellation) is not { } model)
            return [];
        // Only of the cell: the declarations before it have no bodies.
        return [.. model.GetDiagnostics(TextSpan.FromBounds(offset, offset + cell.Length), cancellation)
            // A value at the end needs no semicolon in a cell.
            .Where(found =>
                found.Severity >= DiagnosticSeverity.Warning && found.Location.SourceSpan.Start >= offset && found.Id is not "CS1002"
                    || found.Id is "CS1002"
                        && found.Location.SourceSpan.Start < offset + cell.TrimEnd().Length
                        && found.Location.SourceSpan.Start >= offset)
            .Select(found => new CellDiagnostic(found.Id, found.GetMessage(), found.Severity == DiagnosticSeverity.Error,
                found.Location.SourceSpan.Start - offset, found.Location.SourceSpan.End - offset))
            .OrderBy(found => found.Start)];
    }

    /// <summary>The document with the cell at its end, and where the cell starts in it.</summary>
    private (Document Document, int Offset) Place(string typed)
    {
        var references = session.References;
        if (_workspace is null || _document is null || _referenceCount != references.Count)
            Create(references);
        var declarations = session.Declarations;
        // A change of the end lets the parser take over what stands before it.
        _text = declarations == _before && _text is not null
            ? _text.WithChanges(new TextChange(TextSpan.FromBounds(_before.Length, _text.Length), typed))
            : SourceText.From(declarations + typed);
        _before = declarations;
        _current = _current!.WithText(_text);
        return (_current, _before.Length);
    }

    private void Create(IReadOnlyList<MetadataReference> references)
    {
        _referenceCount = references.Count;
        _workspace?.Dispose();
        _workspace = new AdhocWorkspace(MefHostServices.DefaultHost);
        var compilation = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, usings: session.Imports,
            nullableContextOptions: NullableContextOptions.Enable, allowUnsafe: true);
        var project = ProjectInfo.Create(ProjectId.CreateNewId(), VersionStamp.Create(), "cells", "cells", LanguageNames.CSharp,
            compilationOptions: compilation, parseOptions: CSharpSession.ParseOptions, metadataReferences: references, isSubmission: false);
        _workspace.AddProject(project);
        _document = DocumentId.CreateNewId(project.Id);
        _current = _workspace.AddDocument(DocumentInfo.Create(_document, "cells.csx", sourceCodeKind: SourceCodeKind.Script,
            loader: TextLoader.From(TextAndVersion.Create(SourceText.From(""), VersionStamp.Create()))));
        _text = null;
    }
}
