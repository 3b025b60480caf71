using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Training.Tests;

public sealed class ModelHubTests : IDisposable
{
    private readonly TinyModel _tiny = new();
    private readonly string _cache = Directory.CreateTempSubdirectory("hub-cache-").FullName;

    public void Dispose()
    {
        _tiny.Dispose();
        Directory.Delete(_cache, recursive: true);
    }

    [Fact]
    public async Task A_model_comes_into_the_cache_of_huggingface_hub_and_loads()
    {
        using var hub = new LoopbackHub(_tiny.Directory) { Token = "secret" };
        var progress = new List<ModelDownload>();
        var folder = await Download(hub, progress: new Collect(progress));
        Assert.Equal(Path.Combine(_cache, "models--acme--tiny", "snapshots", LoopbackHub.Commit), folder);
        Assert.Equal(LoopbackHub.Commit, File.ReadAllText(Path.Combine(_cache, "models--acme--tiny", "refs", "main")));
        var weights = new FileInfo(Path.Combine(folder, "model.safetensors"));
        Assert.Equal($"../../blobs/{LoopbackHub.Sha256(File.ReadAllBytes(Path.Combine(_tiny.Directory, "model.safetensors")))}",
            weights.LinkTarget);
        Assert.Equal(64, weights.ResolveLinkTarget(true)!.Name.Length);
        Assert.Contains(progress, p => p.File == "model.safetensors" && p.Done == p.Total && p.Total > 0);
        // Neither other formats nor names that lead out of the folder.
        Assert.Equal(["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"],
            Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.True(hub.TokenSeenByHub);
        Assert.False(hub.TokenSeenByStore);
        using var model = BaseModel.Load(folder, new ModelLoadOptions { Device = "cpu" });
        // Again: only what the hub says about it is asked.
        var before = hub.Reads;
        Assert.Equal(folder, await Download(hub));
        Assert.Equal(before, hub.Reads);
    }

    [Fact]
    public async Task A_download_that_broke_off_goes_on_where_it_stopped()
    {
        using var hub = new LoopbackHub(_tiny.Directory) { BreakAfter = 30_000 };
        var message = (await Assert.ThrowsAsync<LabException>(() => Download(hub))).Message;
        Assert.Contains("goes on where it stopped", message);
        var partial = Directory.GetFiles(Path.Combine(_cache, "models--acme--tiny", "blobs"), "*.incomplete").Single();
        var kept = new FileInfo(partial).Length;
        Assert.InRange(kept, 1, 30_000);
        hub.BreakAfter = null;
        var folder = await Download(hub);
        Assert.Equal(kept, hub.LastRange);
        Assert.Equal(File.ReadAllBytes(Path.Combine(_tiny.Directory, "model.safetensors")),
            File.ReadAllBytes(Path.Combine(folder, "model.safetensors")));
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("config.json")]
    public async Task What_comes_damaged_is_thrown_away(string file)
    {
        using var hub = new LoopbackHub(_tiny.Directory) { Damage = file };
        Assert.Contains("check sum", (await Assert.ThrowsAsync<LabException>(() => Download(hub))).Message);
        hub.Damage = null;
        using var model = BaseModel.Load(await Download(hub), new ModelLoadOptions { Device = "cpu" });
    }

    [Fact]
    public async Task Without_the_hub_the_cache_serves_and_refusals_say_what_to_do()
    {
        string folder;
        Uri address;
        using (var hub = new LoopbackHub(_tiny.Directory) { Token = "secret" })
        {
            Assert.Contains("set HF_TOKEN", (await Assert.ThrowsAsync<LabException>(() => Download(hub, token: null))).Message);
            Assert.Contains("accept the model's terms",
                (await Assert.ThrowsAsync<LabException>(() => Download(hub, token: "wrong"))).Message);
            Assert.Contains("no such model", (await Assert.ThrowsAsync<LabException>(() => Download(hub, "acme/other"))).Message);
            Assert.Contains("no name of a model", (await Assert.ThrowsAsync<LabException>(() => Download(hub, "../../etc"))).Message);
            (folder, address) = (await Download(hub), hub.Address);
        }
        foreach (var offline in (bool[])[true, false])
        {
            using var client = new ModelHub(new ModelHubOptions { Endpoint = address, Cache = _cache, Token = null, Offline = offline });
            Assert.Equal(folder, await client.DownloadAsync("acme/tiny", cancel: TestContext.Current.CancellationToken));
            Assert.Contains(offline ? "HF_HUB_OFFLINE" : "does not answer",
                (await Assert.ThrowsAsync<LabException>(() => client.DownloadAsync("acme/never"))).Message);
        }
    }

    [Fact]
    public async Task A_gguf_file_is_downloaded_by_its_name_and_an_unsupported_model_not_at_all()
    {
        DocTuneLab.Training.Export.GgufExporter.Write(_tiny.Directory, Path.Combine(_tiny.Directory, "tiny.Q8_0.gguf"),
            DocTuneLab.Training.Checkpoints.Gguf.GgufType.Q8_0);
        using var hub = new LoopbackHub(_tiny.Directory) { Token = "secret" };
        var file = await Download(hub, "acme/tiny/tiny.Q8_0.gguf");
        Assert.Equal([Path.Combine(_cache, "models--acme--tiny", "snapshots", LoopbackHub.Commit, "tiny.Q8_0.gguf")],
            Directory.GetFiles(Path.GetDirectoryName(file)!));
        using (BaseModel.Load(file, new ModelLoadOptions { Device = "cpu" }))
        {
        }
        Assert.Contains("tiny.Q8_0.gguf", (await Assert.ThrowsAsync<LabException>(() => Download(hub, "acme/tiny/other.gguf"))).Message);
        using var client = new ModelHub(new ModelHubOptions { Endpoint = hub.Address, Cache = _cache, Token = "secret", Offline = false })
        {
            Check = folder => throw new LabException($"{folder}: refused")
        };
        Assert.Contains("refused", (await Assert.ThrowsAsync<LabException>(
            () => client.DownloadAsync("acme/tiny", cancel: TestContext.Current.CancellationToken))).Message);
        Assert.False(File.Exists(Path.Combine(Path.GetDirectoryName(file)!, "model.safetensors")));
        Assert.Equal(("x.gguf", "folder/x.gguf"), (ModelHub.Resolve("x.gguf"), ModelHub.Resolve("folder/x.gguf")));
    }

    [Fact]
    public async Task An_architecture_that_is_not_supported_is_refused_before_its_weights_come()
    {
        var config = Path.Combine(_tiny.Directory, "config.json");
        var good = File.ReadAllText(config);
        File.WriteAllText(config, good.Replace("\"llama\"", "\"mamba\""));
        using var hub = new LoopbackHub(_tiny.Directory) { Token = "secret" };
        var progress = new List<ModelDownload>();
        var message = (await Assert.ThrowsAsync<LabException>(
            () => Download(hub, progress: new Collect(progress), check: ModelFiles.Check))).Message;
        Assert.Matches("model_type 'mamba' is not supported; supported are llama, .*qwen3", message);
        Assert.DoesNotContain(progress, p => p.File.EndsWith(".safetensors", StringComparison.Ordinal));
        File.WriteAllText(config, good);
        using var repaired = new LoopbackHub(_tiny.Directory) { Token = "secret" };
        Directory.Delete(Path.Combine(_cache, "models--acme--tiny"), recursive: true);
        Assert.True(File.Exists(Path.Combine(await Download(repaired, check: ModelFiles.Check), "model.safetensors")));
    }

    private async Task<string> Download(LoopbackHub hub, string model = "acme/tiny", string? token = "secret",
        IProgress<ModelDownload>? progress = null, Action<string>? check = null)
    {
        using var client = new ModelHub(new ModelHubOptions { Endpoint = hub.Address, Cache = _cache, Token = token, Offline = false })
        {
            Check = check
        };
        return await client.DownloadAsync(model, progress, TestContext.Current.CancellationToken);
    }

    private sealed class Collect(List<ModelDownload> into) : IProgress<ModelDownload>
    {
        public void Report(ModelDownload value) => into.Add(value);
    }

    /// <summary>The hub's protocol: a description of a repository, heads with check sums, redirects of large files to a store on
    /// another port.</summary>
    private sealed class LoopbackHub : IDisposable
    {
        public const string Commit = "0123456789abcdef0123456789abcdef01234567";
        private readonly HttpListener _listener = new();
        private readonly string _folder, _hub, _store;

        public LoopbackHub(string folder)
        {
            _folder = folder;
            var ports = Enumerable.Range(0, 2).Select(_ => Free()).ToArray();
            (_hub, _store) = ($"http://127.0.0.1:{ports[0]}/", $"http://127.0.0.1:{ports[1]}/");
            _listener.Prefixes.Add(_hub);
            _listener.Prefixes.Add(_store);
            _listener.Start();
            _ = Task.Run(ServeAsync);
        }

        public Uri Address => new(_hub + "mirror");

        public string? Token { get; init; }

        public int? BreakAfter { get; set; }

        public string? Damage { get; set; }

        public int Reads { get; private set; }

        public long? LastRange { get; private set; }

        public bool TokenSeenByHub { get; private set; }

        public bool TokenSeenByStore { get; private set; }

        public static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

        public void Dispose() => _listener.Close();

        private static int Free()
        {
            using var socket = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
            socket.Start();
            return ((IPEndPoint)socket.LocalEndpoint).Port;
        }

        private async Task ServeAsync()
        {
            while (_listener.IsListening)
            {
                HttpListenerContext context;
                try
                {
                    context = await _listener.GetContextAsync();
                }
                catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }
                try
                {
                    Answer(context);
                }
                catch (Exception e) when (e is HttpListenerException or IOException)
                {
                    context.Response.Abort();
                }
            }
        }

        private void Answer(HttpListenerContext context)
        {
            var (request, response) = (context.Request, context.Response);
            var path = request.Url!.AbsolutePath;
            var authorization = request.Headers["Authorization"];
            if (request.Url.Port == new Uri(_store).Port)
            {
                TokenSeenByStore |= authorization is not null;
                Send(request, response, path[1..]);
                return;
            }
            TokenSeenByHub |= authorization == $"Bearer {Token}";
            if (Token is not null && authorization != $"Bearer {Token}") response.StatusCode = authorization is null ? 401 : 403;
            else if (path == "/mirror/api/models/acme/tiny/revision/main") Json(response);
            else if (path.StartsWith($"/mirror/acme/tiny/resolve/{Commit}/", StringComparison.Ordinal))
                File(request, response, path[(path.LastIndexOf('/') + 1)..]);
            else response.StatusCode = 404;
            response.Close();
        }

        private void Json(HttpListenerResponse response)
        {
            string[] files =
            [
                "../escape.json", "nested/config.json", "pytorch_model.bin", "consolidated.safetensors",
                .. Directory.GetFiles(_folder).Select(f => Path.GetFileName(f)!)
            ];
            response.OutputStream.Write(
                JsonSerializer.SerializeToUtf8Bytes(new { sha = Commit, siblings = files.Select(f => new { rfilename = f }) }));
        }

        [SuppressMessage("Security", "CA5350", Justification = "Hubs tag a small file with its Git blob id, which is a SHA-1.")]
        private void File(HttpListenerRequest request, HttpListenerResponse response, string name)
        {
            var content = System.IO.File.ReadAllBytes(Path.Combine(_folder, name));
            if (name.EndsWith(".safetensors", StringComparison.Ordinal))
            {
                (response.Headers["X-Linked-Etag"], response.Headers["X-Linked-Size"]) = ($"\"{Sha256(content)}\"", $"{content.Length}");
                (response.StatusCode, response.RedirectLocation) = (302, _store + name);
                return;
            }
            response.Headers["ETag"] =
                $"\"{Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]))}\"";
            if (request.HttpMethod == "HEAD") response.ContentLength64 = content.Length;
            else Send(request, response, name);
        }

        private void Send(HttpListenerRequest request, HttpListenerResponse response, string name)
        {
            Reads++;
            var content = System.IO.File.ReadAllBytes(Path.Combine(_folder, name));
            if (Damage == name) content[^2] ^= 1;
            var from = 0;
            if (request.Headers["Range"] is { } range)
            {
                from = int.Parse(range["bytes=".Length..^1]);
                (LastRange, response.StatusCode) = (from, 206);
            }
            response.ContentLength64 = content.Length - from;
            if (BreakAfter is { } limit && name.EndsWith(".safetensors", StringComparison.Ordinal))
            {
                response.OutputStream.Write(content, from, Math.Min(limit, content.Length - from));
                response.OutputStream.Flush();
                Thread.Sleep(100);
                response.Abort();
                return;
            }
            response.OutputStream.Write(content, from, content.Length - from);
            response.Close();
        }
    }
}
