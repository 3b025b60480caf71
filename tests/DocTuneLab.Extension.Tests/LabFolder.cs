using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Hosting;

[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace DocTuneLab.Extension.Tests;

/// <summary>A lab in a temporary folder, with the project's root as working directory as on the command line.</summary>
internal sealed class LabFolder : IDisposable
{
    public LabFolder()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(System.IO.Path.Combine(root!.FullName, "DocTuneLab.sln"))) root = root.Parent;
        Root = root.FullName;
        Environment.CurrentDirectory = Root;
        Path = Directory.CreateTempSubdirectory("lab-").FullName;
    }

    public string Root { get; }

    public string Path { get; }

    /// <summary>What displays were updated to, in all cells run so far.</summary>
    public List<string> Updates { get; } = [];

    /// <summary>Runs cells one after another in one session and returns what the last one showed, or its error.</summary>
    public async Task<(string Shown, string? Error)> RunAsync(params string[] cells)
    {
        using var session = new NotebookSession(
            new SessionOptions { Extensions = [new LabExtension()], StopGrace = TimeSpan.FromSeconds(5) });
        var (shown, error) = ("", (string?)null);
        for (var i = 0; i < cells.Length && error is null; i++)
        {
            var texts = new List<string>();
            var result = await session.RunAsync(new CellRequest(cells[i], $"cell {i + 1}"), output =>
            {
                lock (texts)
                {
                    if (output is UpdateOutput u) Updates.Add(u.Data.ToString());
                    texts.Add(
                        output switch
                        {
                            StreamOutput s => s.Text,
                            DisplayOutput d => d.Data.ToString(),
                            ResultOutput r => r.Data.ToString(),
                            _ => ""
                        }
                            ?? "");
                }
            }, TestContext.Current.CancellationToken);
            (shown, error) = (string.Join('\n', texts), result.Error?.Message);
        }
        return (shown, error);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
