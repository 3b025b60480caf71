using System.Diagnostics;

namespace DocTuneLab.Cli.Tests.FrontEnds;

/// <summary>A classic Notebook server on a free port, ended with all it started.</summary>
public sealed class JupyterServer : IDisposable
{
    private readonly Process _process;

    public JupyterServer(FrontEndNotebook notebook)
    {
        Url = Doctune.FreeUrl() + "/";
        _process = notebook.Start("/usr/bin/python3", "-m", "notebook", "--no-browser", "--allow-root", "--ip=127.0.0.1",
            $"--port={new Uri(Url).Port}", "--port-retries=0",
            $"--NotebookApp.token={Token}", $"--notebook-dir={notebook.Folder}");
        _ = _process.StandardOutput.ReadToEndAsync();
        Log = _process.StandardError.ReadToEndAsync();
        using var client = new HttpClient();
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < TimeSpan.FromSeconds(60) && !_process.HasExited; Thread.Sleep(200))
        {
            try
            {
                if (client.GetAsync(Url + "api").GetAwaiter().GetResult().IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
            }
        }
        Dispose();
        Assert.Fail($"The notebook server did not start:\n{Log.Result}");
    }

    public string Token { get; } = Guid.NewGuid().ToString("N");

    public string Url { get; }

    private Task<string> Log { get; }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }
}
