using Microsoft.Playwright;

namespace DocTuneLab.Cli.Tests.FrontEnds;

/// <summary>The page of <c>doctune serve</c> in a browser, over the project's own model and library.</summary>
public sealed class ChatPageTests(ChatPageTests.Served served) : IClassFixture<ChatPageTests.Served>
{
    [Fact]
    public async Task A_method_is_asked_for_compared_judged_voted_on_and_edited()
    {
        Assert.SkipUnless(Browser.Executable is not null, "needs Chromium");
        await using var browser = await Browser.StartAsync();
        var page = browser.Page;
        await page.GotoAsync(served.Url);

        // A key that is missing is asked for.
        await page.GetByText("The key is missing or wrong").WaitForAsync();
        await page.GetByLabel("Key").FillAsync("sesame");
        await page.GetByLabel("Key").PressAsync("Tab");
        await page.GetByText("Fenmark: answers are checked by the compiler").WaitForAsync();

        // By keyboard alone, two who answer side by side.
        await page.GetByLabel("nano + compiler").PressAsync("Space");
        await page.GetByLabel("Header of a method to write").FillAsync("public static long Litres(WaterLot lot)");
        await page.GetByLabel("Question").FillAsync("The litres of a lot.");
        // What stands there for a moment only: how far the search is.
        await page.EvaluateAsync("""
            () => new MutationObserver(() => window.searched ||= /searching: \d+ tokens decoded/.test(document.body.innerText))
                .observe(document.body, { subtree: true, childList: true })
            """);
        await page.GetByLabel("Question").PressAsync("Control+Enter");
        var guided = page.Locator("article.answer", new() { HasText = "nano + compiler" });
        await guided.GetByText("✓ compiles").WaitForAsync();
        Assert.True(await page.EvaluateAsync<bool>("window.searched === true"));
        var free = page.Locator("article.answer").First;
        await free.Locator(".verdict").WaitForAsync();
        Assert.Contains("does not compile", await free.Locator(".verdict").InnerTextAsync());
        Assert.Matches(@"\d+ tokens decoded, \d", await guided.Locator(".row").InnerTextAsync());

        // What the model read, and what somebody thinks of the answer.
        await guided.GetByRole(AriaRole.Button, new() { Name = "Show the prompt" }).ClickAsync();
        await guided.Locator(".prompt").GetByText("public static long Litres(WaterLot lot)").WaitForAsync();
        await guided.GetByRole(AriaRole.Button, new() { Name = "This helped" }).ClickAsync();
        await guided.Locator("button[aria-pressed=true]").WaitForAsync();
        var vote = served.Doctune.Read("votes.jsonl");
        Assert.Contains("\"Model\":\"nano+compiler\"", vote);
        Assert.Contains("\"IsGood\":true,\"Compiles\":[true]", vote);
        Assert.Contains("```csharp\\n", vote);

        // Pages in the prompt, and the question anew.
        await page.GetByRole(AriaRole.Button, new() { Name = "Edit and ask again" }).ClickAsync();
        Assert.Equal("The litres of a lot.", await page.GetByLabel("Question").InputValueAsync());
        Assert.Equal(0, await page.Locator(".turn").CountAsync());
        await page.GetByLabel("nano + compiler").PressAsync("Space");
        await page.GetByLabel("nano", new() { Exact = true }).PressAsync("Space");
        await page.GetByLabel("nano + pages").PressAsync("Space");
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask", Exact = true }).ClickAsync();
        var read = page.Locator("article.answer");
        // The pages that it read open by keyboard, below a name for those who do not see them.
        var pages = read.GetByRole(AriaRole.Region, new() { Name = "Pages that nano + pages read" });
        var first = pages.Locator("summary", new() { HasText = "reference/water-lot.md" }).First;
        await first.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await pages.Locator("details[open] pre").WaitForAsync();
        Assert.Contains("WaterLot", await pages.Locator("details[open] pre").InnerTextAsync());
        Assert.Empty(browser.Errors);
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
        await page.SetViewportSizeAsync(width, 900);
        await page.EmulateMediaAsync(new() { ColorScheme = scheme });
        await page.GotoAsync(served.Url);
        await page.GetByLabel("Key").FillAsync("sesame");
        await page.GetByLabel("Key").PressAsync("Tab");
        await page.GetByLabel("nano + compiler").CheckAsync();
        await page.GetByLabel("nano + pages").CheckAsync();
        await page.GetByLabel("Header of a method to write")
            .FillAsync("public static IReadOnlyList<WaterLot> Shares(WaterLot lot, int parts)");
        await page.GetByLabel("Question").FillAsync("Fair shares of a lot.");
        await page.GetByLabel("Question").PressAsync("Control+Enter");
        await page.GetByText("✓ compiles").First.WaitForAsync();
        await page.Locator(".verdict").Nth(1).WaitForAsync();
        await page.Locator(".sources summary").First.ClickAsync();
        await browser.FitsAndNamesAllAsync();
        await browser.ShootAsync($"chat-{width}-{scheme}.png".ToLowerInvariant());
        Assert.Empty(browser.Errors);
    }

    /// <summary>A server that knows the library, and wants a key.</summary>
    public sealed class Served : IAsyncLifetime
    {
        private System.Diagnostics.Process? _server;

        internal Doctune Doctune { get; } = new();

        internal string Url { get; private set; } = "";

        public async ValueTask InitializeAsync()
        {
            if (Browser.Executable is null) return;
            Doctune.Write("library.yaml", $"""
                name: Fenmark
                docs: {Doctune.Root}/data/private-library/docs
                assemblies: [{Doctune.Root}/data/private-library/bin/Fenmark.dll]
                """);
            Url = Doctune.FreeUrl();
            _server = Doctune.Start("serve", "--base", Path.Combine(Doctune.Root, "data/models/nano"), "--urls", Url, "--lab", ".",
                "--api-key", "sesame");
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
