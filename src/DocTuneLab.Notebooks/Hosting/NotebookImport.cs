using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Formats;

namespace DocTuneLab.Notebooks.Hosting;

/// <summary>Runs the code cells of other notebooks as part of the running cell.</summary>
internal sealed class NotebookImport(SessionState session, CellRunner runner)
{
    private const int Deepest = 16;

    private readonly Stack<string> _importing = new();

    /// <exception cref="NotebookException">The file cannot be read, or the notebooks import each other.</exception>
    public async Task RunAsync(string file, HostCellContext context)
    {
        var path = session.Resolve(file);
        if (_importing.Count == Deepest || _importing.Contains(path))
        {
            var chain = string.Join(" > ", _importing.Reverse().Append(path).Select(Path.GetFileName));
            throw new NotebookException($"{path}: the notebooks import each other: {chain}.");
        }
        var notebook = Notebook.Load(path);
        _importing.Push(path);
        try
        {
            var number = 0;
            foreach (var cell in notebook.Cells.Where(cell => cell.Kind == CellKind.Code && cell.Source.Trim().Length > 0))
                await runner.RunAsync(new CellRequest(cell.Source, $"{Path.GetFileName(path)} cell {++number}", cell.Language), context);
        }
        finally
        {
            _importing.Pop();
        }
    }
}
