using DocTuneLab.Notebooks.Cells;

namespace DocTuneLab.Notebooks.Languages.CSharp;

/// <summary>
/// C# as a language of cells: the one that a cell is in when it does not say, and the one that keeps the values of magics.
/// </summary>
/// <param name="baseDirectory">Where <c>#r</c> and <c>#load</c> look for relative paths.</param>
/// <param name="packageLoaded">Called with each assembly of a package that may hold an extension.</param>
internal sealed class CSharpLanguage(string baseDirectory, Action<string> packageLoaded) : ICellLanguage
{
    private readonly NuGetReferences _packages = new();
    private CodeIntelligence? _intelligence;

    public string Name => "csharp";

    public string Description => "C# code.";

    public IReadOnlyList<string> Aliases => ["c#"];

    public CSharpSession Session { get; } = new(baseDirectory);

    public IReadOnlyList<CellVariable> Variables => Session.Variables();

    private CodeIntelligence Intelligence => _intelligence ??= new CodeIntelligence(Session);

    public async Task<CellValue?> RunAsync(CellCode code, CellContext cell)
    {
        try
        {
            var location = $"{code.Label}:line ";
            var text = await _packages.TakeDirectivesAsync(code.Text, Session, location, code.FirstLine, cell.CancellationToken);
            while (_packages.TryTakeExtension(out var assembly))
                packageLoaded(assembly);
            var (hasValue, value) = await Session.RunAsync(text, code.Label, code.FirstLine, cell.CancellationToken);
            return hasValue ? new CellValue(value) : null;
        }
        catch (NotebookException exception)
        {
            // What went wrong around the code has no line in it.
            throw new CellFailure(new ErrorOutput("Error", exception.Message, [$"{code.Label}: {exception.Message}"]));
        }
    }

    public Task<CellCompletions> CompleteAsync(string code, int position, CancellationToken cancellation) =>
        Intelligence.CompleteAsync(code, position, cancellation);

    public Task<string?> InspectAsync(string code, int position, CancellationToken cancellation) =>
        Intelligence.InspectAsync(code, position, cancellation);

    public Task<CellSignatures?> SignaturesAsync(string code, int position, CancellationToken cancellation) =>
        Intelligence.SignaturesAsync(code, position, cancellation);

    public Task<IReadOnlyList<CellDiagnostic>> DiagnosticsAsync(string code, CancellationToken cancellation) =>
        Intelligence.DiagnosticsAsync(code, cancellation);

    public CodeCompleteness Completeness(string code) => CodeIntelligence.Completeness(code);

    public bool TryGetValue(string name, out object? value) => Session.TryGetValue(name, out value);

    public bool TrySetValue(string name, object? value, Type type)
    {
        Session.SetValue(name, value, type);
        return true;
    }
}
