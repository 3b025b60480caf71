using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DocTuneLab.Notebooks.Reporting;
using DocTuneLab.Notebooks.Running;

namespace DocTuneLab.Extension.Tests;

/// <summary>The report as a browser sees it, with every host name unresolvable.</summary>
public sealed class BrowserTests
{
    private static readonly string? s_browser = new[] { "chromium", "chromium-browser", "google-chrome" }
        .SelectMany(name =>
            (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);

    [Fact]
    public async Task Charts_are_drawn_without_a_network()
    {
        Assert.SkipUnless(s_browser is not null, "Chromium is not installed.");
        using var lab = new LabFolder();
        var notebook = Path.Combine(lab.Path, "chart.dib");
        await File.WriteAllTextAsync(notebook, """
            #!csharp

            using DocTuneLab.Notebooks;
            using DocTuneLab.Training.Telemetry;
            var steps = Enumerable.Range(1, 30).Select(i => new TrainingStep
            {
                Step = i, TotalSteps = 30, Loss = 3.0 / i, EvalLoss = i % 10 == 0 ? 2.0 : null, LearningRate = 1e-3, GradNorm = 1,
                TokensPerSecond = 900 + i, Tokens = 100 * i, CpuPercent = 150, MemoryBytes = 1L << 30,
                Elapsed = TimeSpan.FromSeconds(i), Remaining = TimeSpan.Zero,
            }).ToList();
            Charts.Show(CellContext.Current, DashboardChart.Of(steps));
            Plotly.NET.CSharp.Chart.Line<int, int, string>(
                x: new[] { 1, 2, 3 }, y: new[] { 2, 1, 3 }, Name: "made with Plotly.NET", ShowLegend: true)
            """, TestContext.Current.CancellationToken);
        var run = await NotebookRunner.RunAsync(notebook, new RunOptions { Extensions = [new LabExtension()] },
            TestContext.Current.CancellationToken);
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

    [Fact]
    public async Task Decisions_made_in_the_form_are_saved_and_taken_into_the_lab()
    {
        Assert.SkipUnless(s_browser is not null, "Chromium is not installed.");
        using var lab = new LabFolder();
        string[] begin =
        [
            $"#!lab --path {lab.Path}/lab", "#!docs data/private-library/docs --assembly data/private-library/bin/Fenmark.dll",
            "#!suite data/private-library/tasks"
        ];
        var (shown, error) = await lab.RunAsync(
        [
            .. begin, "#!corpus generate --count 24 --replay-share 0", "#!corpus browse --kind code --status accepted --count 4"
        ]);
        Assert.Null(error);
        var form = (string)JsonNode.Parse(shown)!["text/html"]!;
        var page = Path.Combine(lab.Path, "review.html");
        // A reader who searches, accepts the first, rejects the second with a note, edits the answer of the third, and saves; what the
        // browser would save as a file is put into the page.
        await File.WriteAllTextAsync(page, $$"""
            <!doctype html><meta charset="utf-8">{{form}}
            <script>
            function put(id, text) {
              var e = document.createElement('pre');
              e.id = id;
              e.textContent = btoa(unescape(encodeURIComponent(text)));
              document.body.appendChild(e);
            }
            function change(e, value, what) { e.value = value; e.dispatchEvent(new Event(what, { bubbles: true })) }
            var root = document.querySelector('.doctune-samples'), cards = root.querySelectorAll('.card');
            var search = root.querySelector('input[type=search]');
            change(search, cards[2].dataset.id.slice(0, 8), 'input');
            var visible = [].filter.call(cards, function (c) { return c.offsetParent });
            var ids = visible.map(function (c) { return c.dataset.id });
            put('found', root.querySelector('.shown').textContent + ': ' + ids.join(' '));
            change(search, '', 'input');
            root.querySelector('input[type=checkbox][value=Accepted]').click();
            put('hidden', root.querySelector('.shown').textContent);
            root.querySelector('input[type=checkbox][value=Accepted]').click();
            change(cards[0].querySelector('select'), 'accept', 'change');
            change(cards[1].querySelector('select'), 'reject', 'change');
            change(cards[1].querySelector('input[aria-label=note]'), 'says "nothing" — 没有', 'input');
            var answer = cards[2].querySelector('textarea[aria-label=answer]');
            change(answer, answer.value.replace('```csharp\n', '```csharp\n// as asked\n'), 'input');
            put('marked', cards[2].querySelector('select').value);
            URL.createObjectURL = function (blob) { blob.text().then(function (t) { put('saved', t) }); return '#' };
            HTMLAnchorElement.prototype.click = function () { put('file', this.download) };
            root.querySelector('button').click();
            </script>
            """, TestContext.Current.CancellationToken);
        var dom = Dump(page);
        string Put(string id) =>
            Encoding.UTF8.GetString(Convert.FromBase64String(Regex.Match(dom, $"<pre id=\"{id}\">([^<]*)</pre>").Groups[1].Value));
        var ids = Regex.Matches(form, "data-id=\"([0-9a-f]+)\"").Select(m => m.Groups[1].Value).ToList();
        Assert.Matches($"\\A1 of [0-9]+ samples: {ids[2]}\\z", Put("found"));
        Assert.StartsWith("0 of ", Put("hidden"));
        Assert.Equal(("edit", "review.jsonl"), (Put("marked"), Put("file")));

        var file = Path.Combine(lab.Path, Put("file"));
        await File.WriteAllTextAsync(file, Put("saved"), TestContext.Current.CancellationToken);
        Assert.Equal(3, File.ReadAllLines(file).Length);
        (_, error) = await lab.RunAsync([.. begin, $"#!corpus review {file} --take ada"]);
        Assert.Null(error);
        using var storage = Storage.Lab.Open($"{lab.Path}/lab", readOnly: true);
        var reviews = storage.Samples.Reviews();
        Assert.Equal([(ids[0], "accept", ""), (ids[1], "reject", "says \"nothing\" — 没有"), (ids[2], "edit", "")],
            reviews.Select(r => (r.SampleId, r.Decision, r.Note)));
        var all = storage.Samples.List(acceptedOnly: false).ToDictionary(s => s.Id);
        Assert.Equal([true, false, false], ids.Take(3).Select(id => all[id].Accepted));
        var edited = all[reviews[2].ReplacedBy!];
        Assert.True(edited.Accepted, edited.Checks.FirstOrDefault(c => !c.Passed)?.ToString());
        Assert.StartsWith("```csharp\n// as asked\n", edited.Messages[^1].Content);
        Assert.Equal(all[ids[2]].Messages[^2], edited.Messages[^2]);
    }

    private static string Dump(string file)
    {
        var start = new ProcessStartInfo(s_browser!,
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=20000",
                "--dump-dom", new Uri(file).AbsoluteUri
            ])
        { RedirectStandardOutput = true, RedirectStandardError = true };
        using var browser = Process.Start(start)!;
        var errors = browser.StandardError.ReadToEndAsync();
        var page = browser.StandardOutput.ReadToEndAsync();
        if (!browser.WaitForExit(TimeSpan.FromSeconds(60))) browser.Kill(entireProcessTree: true);
        return page.Result;
    }
}
