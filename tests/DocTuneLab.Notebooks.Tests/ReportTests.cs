using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DocTuneLab.Notebooks.Formats;
using DocTuneLab.Notebooks.Reporting;
using DocTuneLab.Notebooks.Running;

namespace DocTuneLab.Notebooks.Tests;

public sealed partial class ReportTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("doctune-report").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_report_of_a_run_is_one_file_that_asks_for_nothing()
    {
        File.WriteAllBytes(Path.Combine(_folder, "pic.png"), [1, 2, 3]);
        var html = await RunAsync(
            Markdown("# The title\n\n![local](pic.png) ![far](https://example.org/x.png) [link](https://example.org)"),
            Code("display(\"<b>42</b>\", \"text/html\");", "summary", "hide-input"),
            Markdown("## Part"),
            Code("CellContext.Current.DisplayMime(new Dictionary<string, object> { [\"image/png\"] = new byte[] { 9 } });\n"
                + "Console.WriteLine(\"a < b\");"));
        Assert.Contains("<title>The title</title>", html);
        Assert.Contains("src=\"data:image/png;base64,AQID\"", html);
        Assert.Contains("src=\"data:image/png;base64,CQ==\"", html);
        Assert.Contains("default-src 'none'", html);
        Assert.Empty(Loads().Matches(html));
        Assert.Contains("<pre class=\"stream\">a &lt; b</pre>", html);
        // Title and summary are at the top, and there only.
        Assert.Single(Regex.Matches(html, "<h1"));
        Assert.True(html.IndexOf("<h1", StringComparison.Ordinal) < html.IndexOf("<b>42</b>", StringComparison.Ordinal));
        Assert.True(html.IndexOf("<b>42</b>", StringComparison.Ordinal) < html.IndexOf("<h2", StringComparison.Ordinal));
        Assert.Single(Regex.Matches(html, "<b>42</b>"));
        Assert.Contains("2 of 2 run, 0 failed", html);
        Assert.Contains("<a href=\"#part\">Part</a>", html);
    }

    [Fact]
    public async Task Code_is_folded_and_coloured_unless_hidden()
    {
        var html = await RunAsync(Code("var x = \"s\"; // why\n#!set --name y --value 1"), Code("var secret = 1;", "hide-input"));
        Assert.Contains("<details class=\"code\"><summary>", html);
        Assert.Contains("<span class=\"kw\">var</span> x = <span class=\"st\">&quot;s&quot;</span>; <span class=\"cm\">// why</span>\n"
            + "<span class=\"mg\">#!set", html);
        Assert.DoesNotContain("secret", html);
    }

    [Fact]
    public void A_large_script_is_written_once_and_scripts_keep_their_order()
    {
        var library = $"<script>window.Plotly = {{}}; /*{new string('x', 1_500_000)}*/</script>";
        var html = HtmlReport.Render(new Notebook
        {
            Cells =
            {
                Shown(library + "<div id=\"a\"></div><script>draw('a')</script>"), Shown(library),
                Shown("<div id=\"b\"></div><script>draw('b')</script>")
            }
        });
        Assert.Single(Regex.Matches(html, "window.Plotly"));
        Assert.InRange(html.Length, 1_500_000, 1_600_000);
        Assert.True(html.IndexOf("window.Plotly", StringComparison.Ordinal) < html.IndexOf("draw('a')", StringComparison.Ordinal));
        Assert.True(html.IndexOf("draw('a')", StringComparison.Ordinal) < html.IndexOf("draw('b')", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_failure_is_marked_and_reachable_from_the_top()
    {
        var html = await RunAsync(Code("throw new Exception(\"<boom>\");"), Code("1"));
        Assert.Contains("<a href=\"#failure\">", html);
        Assert.Contains("id=\"failure\"", html);
        Assert.Contains("Exception: &lt;boom&gt;", html);
        Assert.Contains("1 of 2 run, 1 failed", html);
        Assert.Contains("not run", html);
    }

    [Fact]
    public async Task Long_output_is_folded_to_its_end()
    {
        var html = await RunAsync(Code("for (var i = 0; i < 100; i++) Console.WriteLine($\"line {i}\");"));
        Assert.Contains("100 lines of output", html);
        Assert.Contains("<pre class=\"stream\">line 90\n", html);
    }

    [Fact]
    public async Task Colours_of_terminals_are_kept_and_long_values_are_folded()
    {
        var html = await RunAsync(Code("Console.WriteLine(\"\\x1b[1;31mred<\\x1b[0m plain \\x1b[38;2;1;2;3mrgb\\x1b[39m\\x1b[2K\");"),
            Code("string.Join('\\n', Enumerable.Range(0, 100).Select(i => $\"row {i}\"))"));
        Assert.Contains("<span class=\"ansi-bold ansi-red\">red&lt;</span> plain <span style=\"color:rgb(1,2,3);\">rgb</span>", html);
        Assert.DoesNotContain('\u001b', html);
        Assert.Contains("<pre class=\"value\">row 0\nrow 1\n", html);
        Assert.Contains("100 lines of output; the first ten follow", html);
    }

    [Fact]
    public async Task Code_in_text_is_coloured_and_the_contents_follow_the_title()
    {
        var html = await RunAsync(Markdown("# T\n\n```csharp\nvar x = 1 < 2;\n```\n\n```json\n{\"a\": 1}\n```\n\n## Part"));
        Assert.Contains("<span class=\"kw\">var</span> x = <span class=\"nu\">1</span> &lt; ", html);
        Assert.Contains("<code class=\"language-json\">", html);
        Assert.True(html.IndexOf("<h1", StringComparison.Ordinal) < html.IndexOf("<nav", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_cell_that_may_fail_is_no_failure_of_the_run()
    {
        var html = await RunAsync(Code("throw new Exception(\"expected\");", "raises-exception"), Code("\"after\""));
        Assert.Contains("2 of 2 run, 0 failed", html);
        Assert.DoesNotContain("This run failed", html);
        Assert.Contains("expected", html);
        Assert.Contains("after", html);
    }

    private async Task<string> RunAsync(params NotebookCell[] cells)
    {
        var path = Path.Combine(_folder, "in.ipynb");
        new Notebook { Cells = [.. cells] }.Save(path);
        var result = await NotebookRunner.RunAsync(path, new RunOptions());
        var report = Path.Combine(_folder, "out", "report.html");
        HtmlReport.Write(result.Notebook, report);
        return File.ReadAllText(report);
    }

    private static NotebookCell Markdown(string source) => new() { Kind = CellKind.Markdown, Source = source };

    private static NotebookCell Code(string source, params string[] tags) =>
        new() { Source = source, Metadata = new JsonObject { ["tags"] = new JsonArray([.. tags.Select(tag => (JsonNode)tag)]) } };

    private static NotebookCell Shown(string html)
    {
        var cell = Code("1");
        cell.Outputs.Add((JsonNode)new JsonObject
        {
            ["output_type"] = "display_data",
            ["data"] = new JsonObject { ["text/html"] = html },
            ["metadata"] = new JsonObject()
        });
        return cell;
    }

    [GeneratedRegex(@"src=[""']?(https?:)?//|<link\b[^>]*href|url\(\s*[""']?(https?:)?//|@import")]
    private static partial Regex Loads();
}
