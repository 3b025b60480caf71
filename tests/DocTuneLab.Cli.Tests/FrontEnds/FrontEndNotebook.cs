using DocTuneLab.Notebooks.Formats;

namespace DocTuneLab.Cli.Tests.FrontEnds;

/// <summary>The project's notebooks beside its data, shortened, in a folder of their own with the kernel installed.</summary>
public sealed class FrontEndNotebook : IDisposable
{
    private readonly Doctune _doctune = new();

    public FrontEndNotebook()
    {
        Directory.CreateSymbolicLink(Path.Combine(Folder, "data"), Path.Combine(Root, "data"));
        var installed = _doctune.Run("kernel", "install", "--no-compile", "--prefix", Path.Combine(Folder, "env"));
        Assert.True(installed.Code == 0, installed.Error);
    }

    public static string Root { get; } = FindRoot();

    /// <summary>Kept after the run, so that a person can look.</summary>
    public static string Screenshots { get; } = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "screenshots")).FullName;

    public string Folder => _doctune.Folder;

    public Dictionary<string, string> Environment => new() { ["JUPYTER_PATH"] = Path.Combine(Folder, "env", "share", "jupyter") };

    public void Dispose() => _doctune.Dispose();

    /// <summary>Starts a program with what Jupyter needs to find the kernel.</summary>
    public System.Diagnostics.Process Start(string program, params string[] arguments)
    {
        var start = new System.Diagnostics.ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        foreach (var (name, value) in Environment)
            start.Environment[name] = value;
        return System.Diagnostics.Process.Start(start)!;
    }

    /// <summary>The lab's first part (base model, documents, SQL, search), then figures, a diagram and live output:
    /// seconds, not minutes.</summary>
    public string Part()
    {
        var notebook = Notebook.Load(Path.Combine(Root, "notebooks", "lab.ipynb"));
        var search = notebook.Cells.FindIndex(cell => cell.Source.Contains("Storage.Search", StringComparison.Ordinal));
        notebook.Cells.RemoveRange(search + 1, notebook.Cells.Count - search - 1);
        notebook.Cells.Add(new NotebookCell
        {
            Id = "chart",
            Source = "var figure = System.Text.Json.Nodes.JsonNode.Parse(\"\"\"{\"data\":[{\"type\":\"scatter\",\"mode\":\"lines\","
                + "\"x\":[1,2,3],\"y\":[3,1,2]}],\"layout\":{\"title\":{\"text\":\"A chart\"},\"height\":300}}\"\"\")!.AsObject();\n"
                + "Charts.Show(CellContext.Current, figure);\nCharts.Show(CellContext.Current, figure);",
        });
        notebook.Cells.Add(new NotebookCell { Id = "diagram", Source = "#!mermaid\ngraph LR\nNotebook-->Kernel-->Diagram" });
        notebook.Cells.Add(
            new NotebookCell { Id = "table", Source = "new[] { new { Name = \"Ada\", Home = new { City = \"London\" } } }" });
        notebook.Cells.Add(new NotebookCell
        {
            Id = "live",
            Source = "var live = display(0);\nfor (var i = 1; i <= 20; i++) { live.Update($\"{i} of 20\"); await Task.Delay(20); }"
        });
        return Save(notebook, "part.ipynb");
    }

    public static bool CanImport(string modules)
    {
        if (!File.Exists("/usr/bin/python3"))
            return false;
        using var python = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("/usr/bin/python3", ["-c", $"import {modules}"]) { RedirectStandardError = true })!;
        python.WaitForExit();
        return python.ExitCode == 0;
    }

    private string Save(Notebook notebook, string name)
    {
        var path = Path.Combine(Folder, name);
        notebook.Save(path);
        return path;
    }

    private static string FindRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "DocTuneLab.sln"))) return at.FullName;
        throw new DirectoryNotFoundException($"DocTuneLab.sln was not found above {AppContext.BaseDirectory}.");
    }
}
