using System.IO.Compression;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Experiments;
using DocTuneLab.Experiments.Setup;
using DocTuneLab.Extension.Setup;
using DocTuneLab.Notebooks.Formats;
using DocTuneLab.Notebooks.Running;

namespace DocTuneLab.Extension.Tests;

/// <summary>A library becomes a lab whatever it comes as, and nothing of what is there is overwritten.</summary>
public sealed class NewLabTests : IDisposable
{
    private readonly LabFolder _folder = new();

    private string Library => Path.Combine(_folder.Root, "data/private-library");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_package_is_copied_with_its_documentation()
    {
        var lab = LabMaker.Make(new() { Folder = In("lab"), Package = Package() });
        Assert.Equal(("Acme.Fen", 2), (lab.Library.Name, lab.Counts.Pages));
        Assert.Equal([In("lab/bin/Fenmark.dll")], lab.Library.Assemblies);
        Assert.True(File.Exists(In("lab/bin/Fenmark.xml")));
        Assert.Equal(In("lab/docs"), lab.Library.Docs);
        Assert.Contains("package    Acme.Fen 1.2.3", lab.Found);
        Assert.DoesNotContain(lab.Warnings, w => w.Contains("xml", StringComparison.OrdinalIgnoreCase));
        // What was written says the same, wherever the folder is moved.
        Directory.Move(In("lab"), In("moved"));
        var read = LibraryFolder.Read(In("moved"));
        Assert.Equal([In("moved/bin/Fenmark.dll")], read.Assemblies);
        Assert.Equal((In("moved/docs"), "Acme.Fen"), (read.Docs, read.Name));
        Assert.False(read.HasTasks);
    }

    [Fact]
    public void Pages_that_are_given_go_before_those_of_a_package_and_stay_where_they_are()
    {
        var docs = Path.Combine(Library, "docs");
        var lab = LabMaker.Make(new() { Folder = In("lab"), Package = Package(), Docs = docs });
        Assert.Equal(docs, lab.Library.Docs);
        Assert.False(Directory.Exists(In("lab/docs")));
    }

    [Fact]
    public void What_is_missing_is_told()
    {
        var dll = In("Fenmark.dll");
        File.Copy(Path.Combine(Library, "bin/Fenmark.dll"), dll);
        var lab = LabMaker.Make(new() { Folder = In("lab"), Assemblies = [dll] });
        Assert.Contains(lab.Warnings, w => w.StartsWith("Fenmark.dll: no Fenmark.xml beside it", StringComparison.Ordinal));
        Assert.Contains(lab.Warnings, w => w.StartsWith("no pages", StringComparison.Ordinal));
        var pages = LabMaker.Make(new() { Folder = In("pages"), Docs = Path.Combine(Library, "docs") });
        Assert.Contains(pages.Warnings, w => w.StartsWith("no assembly", StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_is_overwritten_and_nothing_is_left_behind_by_what_fails()
    {
        var dll = Path.Combine(Library, "bin/Fenmark.dll");
        LabMaker.Make(new() { Folder = In("lab"), Assemblies = [dll] });
        var written = File.ReadAllText(In("lab/library.yaml"));
        Assert.Contains("is a lab already", Fault(new() { Folder = In("lab"), Package = Package() }));
        Assert.Equal(written, File.ReadAllText(In("lab/library.yaml")));
        Assert.Contains("nothing to make a lab of", Fault(new() { Folder = In("none") }));
        Assert.Contains("no.dll: assembly not found", Fault(new() { Folder = In("none"), Assemblies = [In("no.dll")] }));
        Assert.Contains("neither a model folder nor a name on a hub",
            Fault(new() { Folder = In("none"), Assemblies = [dll], Base = "no/such/model" }));
        Assert.False(Directory.Exists(In("none")));
        File.WriteAllText(In("model.gguf"), "");
        Assert.Equal(In("model.gguf"), LabMaker.Make(new() { Folder = In("gguf"), Assemblies = [dll], Base = In("model.gguf") }).Base);
        // A page of the user's stays beside what a package brings.
        Directory.CreateDirectory(In("mine/docs"));
        File.WriteAllText(In("mine/docs/own.md"), "# Own");
        var lab = LabMaker.Make(new() { Folder = In("mine"), Package = Package() });
        Assert.Equal(1, lab.Counts.Pages);
        Assert.Equal("# Own", File.ReadAllText(In("mine/docs/own.md")));
    }

    [Fact]
    public void A_folder_with_what_a_library_has_needs_no_option()
    {
        Directory.CreateDirectory(In("lab/bin"));
        Directory.CreateDirectory(In("lab/docs"));
        foreach (var name in (string[])["Fenmark.dll", "Fenmark.xml"])
            File.Copy(Path.Combine(Library, "bin", name), In("lab/bin/" + name));
        File.WriteAllText(In("lab/docs/a.md"), "# A\n\nSee `FenGauge`.");
        var lab = LabMaker.Make(new() { Folder = In("lab") });
        Assert.Equal([In("lab/bin/Fenmark.dll")], lab.Library.Assemblies);
        Assert.Equal(In("lab/docs"), lab.Library.Docs);
    }

    [Theory]
    [InlineData("dokcs: docs", ":1: there is no field 'dokcs'; did you mean 'docs'?")]
    [InlineData("name: A\ndocs: nowhere", ":2: docs: there is no 'nowhere'. Correct the path.")]
    [InlineData("assemblies:\n  - a.dll", "assemblies: there is no 'a.dll'. Build the library")]
    [InlineData("assemblies: {a: b}", ":1: 'assemblies' is not a list. Expected a list of paths.")]
    [InlineData("docs: [a", ": not valid YAML")]
    [InlineData("- a", ":1: not a mapping of fields")]
    [InlineData("name: A", "no library here")]
    public void A_wrong_file_names_the_line(string yaml, string message)
    {
        File.WriteAllText(In("library.yaml"), yaml);
        Assert.Contains(message, Assert.Throws<LabException>(() => LibraryFolder.Read(_folder.Path)).Message);
    }

    [Fact]
    public void The_notebook_has_a_value_for_all_that_its_cells_read()
    {
        var lab = LabMaker.Make(new() { Folder = In("lab"), Package = Package() });
        var notebook = Notebook.Load(LabNotebook.Write(lab));
        var declared = ParameterCell.Declared(notebook.Cells.Single(c => c.HasTag(ParameterCell.Tag)).Source);
        var read = notebook.Cells.SelectMany(c => c.Source.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries))
            .Where(w => w.StartsWith("@csharp:", StringComparison.Ordinal)).Select(w => w["@csharp:".Length..]).Distinct();
        Assert.Equal(read.Order(), declared.Keys.Order());
        Assert.StartsWith("# Acme.Fen", notebook.Cells[0].Source);
        Assert.DoesNotContain(notebook.Cells, c => c.Source.Contains("Fenmark", StringComparison.Ordinal));
        Assert.Contains("is there already", Assert.Throws<LabException>(() => LabNotebook.Write(lab)).Message);
    }

    [Fact]
    public async Task A_library_without_tasks_gets_drafts_once()
    {
        LabMaker.Make(new() { Folder = In("lab"), Package = Package(pages: 4) });
        string[] cells = [$"#!lab --path {In("lab")}", "#!docs", "#!suite --draft 2"];
        var (shown, error) = await _folder.RunAsync(cells);
        Assert.Null(error);
        Assert.Contains("questions in", shown);
        var tasks = Path.Combine(In("lab"), "tasks");
        var suite = Suite.Load(tasks);
        Assert.NotEmpty(suite.Qa);
        Assert.NotEmpty(suite.Open);
        Assert.NotEmpty(suite.Members);
        if (Sandbox.Refusal(new() { AllowUntrustedCode = true }) is null) Assert.Equal(2, suite.Code.Count);
        else Assert.Contains("no programming tasks were drafted", shown);

        // What is there stays; drafts that were stopped go on.
        var before = File.GetLastWriteTimeUtc(Path.Combine(tasks, Suite.QaFile));
        (shown, error) = await _folder.RunAsync(cells);
        Assert.Null(error);
        Assert.DoesNotContain("questions in", shown);
        Assert.Equal(before, File.GetLastWriteTimeUtc(Path.Combine(tasks, Suite.QaFile)));
        File.Delete(Path.Combine(tasks, Suite.QaFile));
        (shown, error) = await _folder.RunAsync(cells);
        Assert.Null(error);
        Assert.Equal(suite.Qa.Select(q => q.Question), Suite.Load(tasks).Qa.Select(q => q.Question));
    }

    [Fact]
    public async Task A_lab_without_tasks_runs_to_its_report_and_says_that_nothing_is_held_out()
    {
        var lab = LabMaker.Make(new() { Folder = In("lab"), Package = Package(pages: 4) });
        var run = await NotebookRunner.RunAsync(LabNotebook.Write(lab), new RunOptions
        {
            Parameters = new Dictionary<string, string> { ["heldOut"] = "0", ["samples"] = "80", ["maxSteps"] = "2" },
            Extensions = [new LabExtension()],
        }, TestContext.Current.CancellationToken);
        Assert.True(run.Status == RunStatus.Completed, run.Error?.Message);
        var report = run.Notebook.Cells[^1].Outputs.ToJsonString();
        Assert.Contains("Nothing is held out", report);
        Assert.Contains("accepted samples", report);

        // The lab is opened again: all stages are there, without another word.
        using (var again = new LabSession())
        {
            again.Open(In("lab"), 1);
            Assert.Equal(4, again.Documents!.Set.Documents.Count);
            Assert.Equal("Acme.Fen", again.Library!.Name);
            Assert.NotEmpty(again.Documents.Chunks);
            Assert.True(again.Documents.Set.Documents.Select(d => d.Split).Distinct().Count() == Enum.GetValues<Split>().Length);
            Assert.Equal(80, again.Corpus!.Samples.Count);
            Assert.Equal(2, again.Training!.Steps);
            Assert.Null(again.Report);
            Assert.NotNull(again.CorpusStage.Warning);
        }
        var (shown, error) = await _folder.RunAsync($"#!lab --path {In("lab")}", "#!report");
        Assert.Null(error);
        Assert.Contains("2 steps", shown);
    }

    [Fact]
    public async Task What_a_lab_was_read_from_is_known_when_it_is_opened_again()
    {
        var (_, error) = await _folder.RunAsync($"#!lab --path {In("lab")} --library data/private-library", "#!docs", "#!suite",
            "#!corpus generate --count 40");
        Assert.Null(error);
        using var again = new LabSession();
        again.Open(In("lab"), 1);
        Assert.Equal(58, again.Documents!.Set.Documents.Count);
        Assert.Equal(Documents.DocumentSet.Load(Path.Combine(Library, "docs")).BrokenLinks, again.Documents.Set.BrokenLinks);
        Assert.NotEmpty(again.Suite!.Code);
        Assert.Null(again.CorpusStage.Warning);
        Assert.Equal((40, 0), (again.CorpusStage.Check().Kept, again.CorpusStage.Check().Failed.Count));
    }

    private string In(string name) => Path.Combine(_folder.Path, name);

    private static string Fault(NewLab asked) => Assert.Throws<LabException>(() => LabMaker.Make(asked)).Message;

    private string Package(int pages = 2)
    {
        var file = In("acme.fen.1.2.3.nupkg");
        if (File.Exists(file)) return file;
        using var zip = ZipFile.Open(file, ZipArchiveMode.Create);
        foreach (var name in (string[])["Fenmark.dll", "Fenmark.xml"])
            zip.CreateEntryFromFile(Path.Combine(Library, "bin", name), "lib/net8.0/" + name);
        Text("Acme.Fen.nuspec", "<package><metadata><id>Acme.Fen</id><version>1.2.3</version></metadata></package>");
        Text("README.md", "# Fen\n\nReads gates.");
        foreach (var page in Directory.GetFiles(Path.Combine(Library, "docs/howto"), "*.md").Order(StringComparer.Ordinal).Take(pages - 1))
            Text("docs/" + Path.GetFileName(page), File.ReadAllText(page));
        return file;

        void Text(string name, string text)
        {
            using var writer = new StreamWriter(zip.CreateEntry(name).Open());
            writer.Write(text);
        }
    }
}
