using System.Net.Http.Json;
using Microsoft.Playwright;

namespace DocTuneLab.Cli.Tests.FrontEnds;

/// <summary>The page of <c>doctune ui</c> in a browser: the whole way by somebody who writes no line of code.</summary>
public sealed class LabPageTests(LabPageTests.Served served) : IClassFixture<LabPageTests.Served>
{
    [Fact]
    public async Task From_a_folder_of_pages_to_an_answer()
    {
        Assert.SkipUnless(Browser.Executable is not null, "needs Chromium");
        await using var browser = await Browser.StartAsync();
        var page = browser.Page;
        await page.GotoAsync(served.Url);
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("fenmark");

        // Folders of the machine are walked through; a file or a folder is taken.
        var browse = page.GetByRole(AriaRole.Button, new() { Name = "Browse" });
        await page.GetByLabel("Library:").FillAsync(Path.Combine(Doctune.Root, "data"));
        await browse.Nth(0).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "private-library/", Exact = true }).ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "bin/", Exact = true }).ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Fenmark.dll" }).ClickAsync();
        await page.GetByLabel("Pages:").FillAsync(Path.Combine(Doctune.Root, "data/private-library"));
        await browse.Nth(1).ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "docs/", Exact = true }).ClickAsync();
        await dialog.GetByText("private-library/docs", new() { Exact = false }).First.WaitForAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Take this folder" }).ClickAsync();
        Assert.EndsWith("private-library/docs", await page.GetByLabel("Pages:").InputValueAsync());

        // A setting out of its range is refused where it was given, and nothing is made.
        await page.GetByLabel("Programming tasks to hold out").FillAsync("1");
        await page.GetByText("All settings").ClickAsync();
        await Set("Corpus", "count", "60");
        await Set("Recipe", "max steps", "0.5");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make the lab" }).ClickAsync();
        await page.Locator("#makeFault").GetByText("max").WaitForAsync();
        await page.GetByLabel("max steps").FillAsync("300");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make the lab" }).ClickAsync();
        await page.GetByText("58 pages, 212 public members and types").First.WaitForAsync();

        // Started, watched, reloaded, stopped while it trains, shortened, gone on.
        await page.GetByRole(AriaRole.Button, new() { Name = "Start", Exact = true }).ClickAsync();
        await page.Locator("#chart polyline").First.WaitForAsync();
        await page.ReloadAsync();
        await page.Locator("#chart polyline").First.WaitForAsync();
        await browser.ShootAsync("lab-training.png");
        await page.GetByRole(AriaRole.Button, new() { Name = "Stop", Exact = true }).ClickAsync();
        await page.GetByText("fenmark: stopped").WaitForAsync();
        await page.GetByText("What it is made with").ClickAsync();
        await page.Locator("#labPlan").GetByText("All settings").ClickAsync();
        await page.Locator("#labPlan").GetByText("Recipe", new() { Exact = true }).ClickAsync();
        await page.Locator("#labPlan").GetByLabel("max steps").FillAsync("6");
        await page.GetByRole(AriaRole.Button, new() { Name = "Keep these settings" }).ClickAsync();
        await page.GetByText("Kept.", new() { Exact = true }).WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await page.GetByText("fenmark: done").WaitForAsync();
        Assert.Equal(5, await page.Locator("#stages li.done").CountAsync());

        // What came of it: samples, answers, the report, a chat.
        await page.GetByText("Samples", new() { Exact = true }).ClickAsync();
        await page.Locator("#samples article").Nth(9).WaitForAsync();
        await page.GetByText("Answers to held-out tasks").ClickAsync();
        await page.Locator("#answers article").First.WaitForAsync();
        await browser.ShootAsync("lab-done.png");
        var report = await page.RunAndWaitForPopupAsync(() =>
            page.GetByRole(AriaRole.Link, new() { Name = "Report", Exact = true }).ClickAsync());
        await report.GetByText("tuned").First.WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Chat with the result" }).ClickAsync();
        var chat = await page.RunAndWaitForPopupAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "Open the chat" }).ClickAsync());
        await chat.GetByLabel("nano-tuned", new() { Exact = true }).WaitForAsync();
        await chat.GetByLabel("Question").FillAsync("What is a lot of water?");
        await chat.GetByRole(AriaRole.Button, new() { Name = "Ask", Exact = true }).ClickAsync();
        await chat.Locator("article.answer").GetByText("tokens decoded").WaitForAsync();
        Assert.Empty(browser.Errors);

        async Task Set(string group, string name, string value)
        {
            await page.Locator("#makePlan").GetByText(group, new() { Exact = true }).ClickAsync();
            await page.Locator("#makePlan").GetByLabel(name).First.FillAsync(value);
        }
    }

    [Fact]
    public async Task A_late_answer_about_one_lab_does_not_stand_in_another_and_each_is_followed_once()
    {
        Assert.SkipUnless(Browser.Executable is not null, "needs Chromium");
        using (var http = new HttpClient { BaseAddress = new(served.Url) })
            foreach (var name in (string[])["first", "second"])
                (await http.PostAsJsonAsync("labs", new { name, docs = Path.Combine(Doctune.Root, "data/private-library/docs/reference") },
                    TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
        await using var browser = await Browser.StartAsync();
        var page = browser.Page;
        var followed = 0;
        page.Request += (_, request) => followed += request.Url.EndsWith("/events", StringComparison.Ordinal) ? 1 : 0;
        var held = new TaskCompletionSource();
        await page.RouteAsync("**/labs/first", async route =>
        {
            await held.Task;
            await route.ContinueAsync();
        });
        await page.GotoAsync(served.Url);
        await page.GetByRole(AriaRole.Button, new() { Name = "first" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "second" }).DblClickAsync();
        await page.GetByText("second: not started").WaitForAsync();
        var answered = page.WaitForResponseAsync(r => r.Url.EndsWith("/labs/first", StringComparison.Ordinal));
        held.SetResult();
        await (await answered).FinishedAsync();
        await page.GetByText("What it is made with").ClickAsync();
        Assert.EndsWith("second", await page.Locator("#where").InnerTextAsync());
        await Assertions.Expect(page.Locator("#about")).ToHaveTextAsync("second: not started");
        Assert.Equal(1, followed);

        // What cannot be opened is told.
        await page.UnrouteAllAsync();
        await page.RouteAsync("**/labs/first", route => route.FulfillAsync(new()
        {
            Status = 500,
            ContentType = "application/json",
            Body = """{"error":{"message":"it is gone"}}""",
        }));
        await page.GetByRole(AriaRole.Button, new() { Name = "first" }).ClickAsync();
        await page.Locator("#fault").GetByText("it is gone").WaitForAsync();
    }

    [Theory]
    [InlineData(400, ColorScheme.Dark)]
    [InlineData(800, ColorScheme.Light)]
    [InlineData(1400, ColorScheme.Light)]
    public async Task It_fits_and_can_be_read(int width, ColorScheme scheme)
    {
        Assert.SkipUnless(Browser.Executable is not null, "needs Chromium");
        await using var browser = await Browser.StartAsync();
        var page = browser.Page;
        await page.SetViewportSizeAsync(width, 1200);
        await page.EmulateMediaAsync(new() { ColorScheme = scheme });
        await page.GotoAsync(served.Url);
        await page.GetByRole(AriaRole.Button, new() { Name = "New lab" }).ClickAsync();
        await page.GetByText("All settings").ClickAsync();
        await page.Locator("#makePlan").GetByText("Adapter", new() { Exact = true }).ClickAsync();
        await browser.FitsAndNamesAllAsync();
        await browser.ShootAsync($"lab-{width}-{scheme}.png".ToLowerInvariant());
        Assert.Empty(browser.Errors);
    }

    /// <summary>A server of labs.</summary>
    public sealed class Served : IAsyncLifetime
    {
        private System.Diagnostics.Process? _server;

        internal Doctune Doctune { get; } = new();

        internal string Url { get; private set; } = "";

        public async ValueTask InitializeAsync()
        {
            if (Browser.Executable is null) return;
            Url = Doctune.FreeUrl();
            _server = Doctune.Start("ui", "labs", "--port", new Uri(Url).Port.ToString(System.Globalization.CultureInfo.InvariantCulture));
            Assert.Contains(Url, await _server.StandardOutput.ReadLineAsync());
        }

        public ValueTask DisposeAsync()
        {
            _server?.Kill();
            _server?.Dispose();
            Doctune.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
