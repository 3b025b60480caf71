using System.Text.Json.Nodes;
using DocTuneLab.Notebooks.Formats;
using Microsoft.Playwright;

namespace DocTuneLab.Cli.Tests.FrontEnds;

/// <summary>The front ends that people use, with the project's own notebooks.</summary>
public sealed class FrontEndTests : IDisposable
{
    // Debian's; nbconvert's pages ask for it by its address on the web.
    private const string RequireJs = "/usr/lib/python3/dist-packages/notebook/static/components/requirejs/require.js";

    private readonly FrontEndNotebook _notebook = new();

    public void Dispose() => _notebook.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nbconvert_runs_a_notebook_and_its_page_shows_the_charts(bool withRequireJs)
    {
        Assert.SkipUnless(FrontEndNotebook.CanImport("nbconvert, nbclient"), "needs python3 with nbconvert and nbclient");
        Assert.SkipUnless(Browser.Executable is not null, "needs Chromium");
        Assert.SkipUnless(!withRequireJs || File.Exists(RequireJs), "needs the classic notebook's require.js");
        var path = _notebook.Part();
        var result = Doctune.Wait(_notebook.Start("/usr/bin/python3", "-m", "nbconvert", "--to", "html", "--execute",
            "--ExecutePreprocessor.kernel_name=doctune", "--ExecutePreprocessor.timeout=300", path));
        Assert.True(result.Code == 0, result.Error);

        await using var browser = await Browser.StartAsync();
        await browser.Page.RouteAsync("**/require*.js",
            route => withRequireJs ? route.FulfillAsync(new RouteFulfillOptions { Path = RequireJs }) : route.AbortAsync());
        await browser.Page.GotoAsync(new Uri(Path.ChangeExtension(path, ".html")).AbsoluteUri,
            new PageGotoOptions { WaitUntil = WaitUntilState.DOMContentLoaded });
        await browser.Page.WaitForSelectorAsync(".js-plotly-plot .main-svg");
        await browser.Page.WaitForTimeoutAsync(1000);
        Assert.Equal(withRequireJs, await browser.Page.EvaluateAsync<bool>("() => typeof window.require === 'function'"));
        Assert.InRange(await browser.DrawnAsync(), 2, 1000);
        Assert.DoesNotContain(browser.Errors,
            error => error.Contains("Plotly", StringComparison.Ordinal) || error.Contains("mermaid", StringComparison.Ordinal));
        await browser.Page.EvaluateAsync("() => document.querySelector('.js-plotly-plot').scrollIntoView()");
        await browser.ShootAsync(withRequireJs ? "nbconvert-require.png" : "nbconvert.png");
    }

    [Fact]
    public async Task Classic_Notebook_runs_a_notebook_in_Chromium_and_saves_it()
    {
        Assert.SkipUnless(FrontEndNotebook.CanImport("notebook.notebookapp"), "needs the classic Jupyter Notebook");
        Assert.SkipUnless(Browser.Executable is not null, "needs Chromium");
        var path = _notebook.Part();
        using var server = new JupyterServer(_notebook);
        await using var browser = await Browser.StartAsync();
        await browser.Page.GotoAsync($"{server.Url}notebooks/part.ipynb?token={server.Token}");
        await browser.Page.WaitForFunctionAsync(
            "() => window.Jupyter?.notebook?.kernel?.is_connected?.() && Jupyter.notebook.kernel.info_reply.implementation === 'doctune'");
        await browser.Page.EvaluateAsync("() => Jupyter.notebook.execute_all_cells()");
        await browser.Page.WaitForFunctionAsync(
            "() => Jupyter.notebook.get_cells().filter(c => c.cell_type === 'code').every(c => typeof c.input_prompt_number === 'number')");
        await browser.Page.WaitForSelectorAsync(".mermaid-diagram svg");
        await browser.Page.WaitForTimeoutAsync(1000);
        Assert.Equal(2,
            await browser.Page.EvaluateAsync<int>("() => document.querySelectorAll('.js-plotly-plot .main-svg:first-child').length"));
        Assert.InRange(await browser.DrawnAsync(), 2, 100);
        Assert.Empty(await browser.Page.QuerySelectorAllAsync(".output_error"));
        Assert.Equal("20 of 20", (await browser.Page.Locator(".output_subarea pre").Last.InnerTextAsync()).Trim());
        await browser.Page.EvaluateAsync("() => document.querySelector('.js-plotly-plot').scrollIntoView()");
        await browser.ShootAsync("classic-notebook.png");

        await browser.Page.EvaluateAsync("() => Jupyter.notebook.save_notebook()");
        var saved = Notebook.Load(path);
        Assert.Equal("C# (DocTuneLab)", saved.Metadata["kernelspec"]!["display_name"]!.ToString());
        Assert.Equal(saved.Cells.Where(cell => cell.Kind == CellKind.Code).Select((_, index) => (int?)(index + 1)),
            saved.Cells.Where(cell => cell.Kind == CellKind.Code).Select(cell => cell.ExecutionCount));
        Assert.Contains(saved.Cells.SelectMany(cell => cell.Outputs), output => output?["data"]?["text/vnd.mermaid"] is not null);
    }

    [Fact]
    public void JupyterLabs_client_runs_completes_and_interrupts()
    {
        var scripts = Path.Combine(FrontEndNotebook.Root, "tests", "DocTuneLab.Cli.Tests", "FrontEnds");
        Assert.SkipUnless(Directory.Exists(Path.Combine(scripts, "node_modules", "@jupyterlab", "services")),
            $"needs 'npm ci' in {Path.GetRelativePath(FrontEndNotebook.Root, scripts)}");
        Assert.SkipUnless(FrontEndNotebook.CanImport("notebook.notebookapp"), "needs a Jupyter server");
        var path = _notebook.Part();
        using var server = new JupyterServer(_notebook);
        var run = Doctune.Wait(_notebook.Start("node", Path.Combine(scripts, "services.mjs"), server.Url, server.Token, path));
        Assert.True(run.Code == 0, run.Error + run.Out);
        var answer = JsonNode.Parse(run.Out.Trim().Split('\n')[^1])!;
        Assert.Equal("C#", answer["language"]!.ToString());
        Assert.All(answer["cells"]!.AsArray(), cell => Assert.Equal("ok", cell!["status"]!.ToString()));
        Assert.Contains("application/vnd.plotly.v1+json",
            answer["cells"]!.ToJsonString().Replace("\\u002B", "+", StringComparison.Ordinal));
        Assert.Contains("update_display_data", answer["cells"]!.AsArray()[^1]!.ToJsonString());
        Assert.Contains("WriteLine", answer["completions"]!.AsArray().Select(match => match!.ToString()));
        Assert.Equal(("incomplete", "error", "ok"),
            (answer["complete"]!.ToString(), answer["interrupted"]!.ToString(), answer["alive"]!.ToString()));
    }
}
