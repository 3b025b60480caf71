using Microsoft.Playwright;

namespace DocTuneLab.Cli.Tests.FrontEnds;

/// <summary>The system's Chromium, driven by Playwright, with every name but this machine's unresolvable.</summary>
public sealed class Browser : IAsyncDisposable
{
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Browser(IPlaywright playwright, IBrowser browser, IPage page)
    {
        (this._playwright, this._browser, Page) = (playwright, browser, page);
        page.PageError += (_, error) => Errors.Add(error);
    }

    public static string? Executable { get; } = new[] { "chromium", "chromium-browser", "google-chrome" }
        .SelectMany(name =>
            (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);

    public IPage Page { get; }

    /// <summary>Errors that scripts of the page did not catch.</summary>
    public List<string> Errors { get; } = [];

    public static async Task<Browser> StartAsync()
    {
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Executable,
            Args = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        });
        var page = await browser.NewPageAsync(new BrowserNewPageOptions
        {
            ViewportSize = new ViewportSize { Width = 1200, Height = 1400 }
        });
        page.SetDefaultTimeout(90_000);
        return new Browser(playwright, browser, page);
    }

    /// <summary>How many plotted lines and bars on the page have an extent: what a person would see as charts.</summary>
    public Task<int> DrawnAsync() =>
        Page.EvaluateAsync<int>("() => [...document.querySelectorAll('.js-plotly-plot .js-line, .js-plotly-plot .point path')].filter(e => "
            + "{ const b = e.getBoundingClientRect(); return b.width > 5 || b.height > 5 }).length");

    /// <summary>Nothing is wider than the window, and everything that can be pressed or filled has a name for those who do not see it.
    /// </summary>
    public async Task FitsAndNamesAllAsync()
    {
        Assert.True(await Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= window.innerWidth"));
        Assert.Equal(0, await Page.EvaluateAsync<int>("() => [...document.querySelectorAll('button, input, select, textarea')].filter(e => "
            + "!(e.getAttribute('aria-label') || e.textContent || e.labels?.length)).length"));
    }

    /// <summary>A picture of the page, kept beside the tests.</summary>
    public Task ShootAsync(string name) =>
        Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(FrontEndNotebook.Screenshots, name) });

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
