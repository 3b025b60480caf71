using System.Diagnostics;
using DocTuneLab.Notebooks.Formats;
using DocTuneLab.Notebooks.Reporting;
using DocTuneLab.Notebooks.Running;

namespace DocTuneLab.Extension.Tests;

/// <summary>The report as a browser sees it, with every host name unresolvable.</summary>
public sealed class BrowserTests
{
    private static readonly string? s_browser = new[] { "chromium", "chromium-browser", "google-chrome" }
        .SelectMany(name => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, name))).FirstOrDefault(File.Exists);

    [Fact]
    public async Task Charts_are_drawn_without_a_network()
    {
        Assert.SkipUnless(s_browser is not null, "Chromium is not installed.");
        using var lab = new LabFolder();
        var notebook = Path.Combine(lab.Path, "chart.dib");
        await File.WriteAllTextAsync(notebook, """
            #!csharp

            using DocTuneLab.Notebooks;
            using DocTuneLab.Training.Sft;
            var steps = Enumerable.Range(1, 30).Select(i => new TrainingStep(i, 30, 3.0 / i, i % 10 == 0 ? 2.0 : null, 1e-3, 1, 900 + i, 100 * i, 150, 1L << 30, null, null, TimeSpan.FromSeconds(i), TimeSpan.Zero)).ToList();
            Charts.Show(CellContext.Current, Charts.Dashboard(steps));
            Plotly.NET.CSharp.Chart.Line<int, int, string>(x: new[] { 1, 2, 3 }, y: new[] { 2, 1, 3 }, Name: "made with Plotly.NET", ShowLegend: true)
            """, TestContext.Current.CancellationToken);
        var run = await NotebookRunner.RunAsync(notebook, new RunOptions { Extensions = [new LabExtension()] }, TestContext.Current.CancellationToken);
        Assert.True(run.Status == RunStatus.Completed, string.Join('\n', run.Error?.Traceback ?? []));
        var report = Path.Combine(lab.Path, "report.html");
        HtmlReport.Write(run.Notebook, report);

        var page = Dump(report);
        Assert.Contains("main-svg", page);
        Assert.Contains("tokens/s", page);
        // One drawn line for each series that has points.
        Assert.True(page.Split("js-line").Length > 4, "The figure has no lines.");
        Assert.Matches("legendtext[^>]*>made with Plotly.NET<", page);
    }

    [Fact]
    public async Task Diagrams_of_cells_and_of_text_are_drawn_without_a_network()
    {
        Assert.SkipUnless(s_browser is not null, "Chromium is not installed.");
        using var lab = new LabFolder();
        var notebook = Path.Combine(lab.Path, "diagram.dib");
        await File.WriteAllTextAsync(notebook, """
            #!markdown

            ```mermaid
            graph LR
            Left-->Right
            ```

            #!mermaid

            sequenceDiagram
            Reader->>Writer: asks

            #!mermaid

            graph TD
            this is not a diagram ]]
            """, TestContext.Current.CancellationToken);
        var run = await NotebookRunner.RunAsync(notebook, new RunOptions(), TestContext.Current.CancellationToken);
        var report = Path.Combine(lab.Path, "report.html");
        HtmlReport.Write(run.Notebook, report);

        var page = Dump(report);
        Assert.Matches("<svg[^>]*flowchart", page);
        Assert.Matches("<svg[^>]*sequence", page);
        // What cannot be drawn says why, under its source.
        Assert.Matches("this is not a diagram(.|\n)*Mermaid: Parse error", page);
    }

    private static string Dump(string file)
    {
        var start = new ProcessStartInfo(s_browser!,
            ["--headless", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=20000", "--dump-dom", new Uri(file).AbsoluteUri])
        { RedirectStandardOutput = true, RedirectStandardError = true };
        using var browser = Process.Start(start)!;
        var errors = browser.StandardError.ReadToEndAsync();
        var page = browser.StandardOutput.ReadToEndAsync();
        if (!browser.WaitForExit(TimeSpan.FromSeconds(60))) browser.Kill(entireProcessTree: true);
        return page.Result;
    }
}
