using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace DocTuneLab.Training.Checkpoints;

/// <summary>Where models are downloaded from and kept.
/// Defaults are those of huggingface_hub, so that the cache is shared with it.</summary>
public sealed record ModelHubOptions
{
    /// <summary>Address of the hub. Default <c>HF_ENDPOINT</c>, or https://huggingface.co.</summary>
    public Uri Endpoint { get; init; } = new(Variable("HF_ENDPOINT") ?? "https://huggingface.co");

    /// <summary>Access token, sent to the hub's own host only. Default <c>HF_TOKEN</c>, or the file that a login left.</summary>
    public string? Token { get; init; } = Variable("HF_TOKEN")
        ?? (File.Exists(Path.Combine(Home, "token")) ? File.ReadAllText(Path.Combine(Home, "token")).Trim() : null);

    /// <summary>Cache folder. Default <c>HF_HUB_CACHE</c>, or <c>hub</c> in <c>HF_HOME</c>, or ~/.cache/huggingface/hub.</summary>
    public string Cache { get; init; } = Variable("HF_HUB_CACHE") ?? Path.Combine(Home, "hub");

    /// <summary>Whether nothing is asked of the hub. Default: <c>HF_HUB_OFFLINE</c> is 1.</summary>
    public bool Offline { get; init; } = Variable("HF_HUB_OFFLINE") is "1" or "true" or "TRUE" or "yes" or "on";

    private static string Home =>
        Variable("HF_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "huggingface");

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}

/// <summary>How far a download is.</summary>
/// <param name="File">File being read.</param>
/// <param name="Done">Its bytes so far.</param>
/// <param name="Total">Its size.</param>
public sealed record ModelDownload(string File, long Done, long Total);

/// <summary>
/// Models of a Hugging Face-compatible hub, in the cache layout of huggingface_hub: <c>blobs</c> named by their check sums,
/// <c>snapshots</c> of a commit that link to them, <c>refs</c> from names to commits. Interrupted downloads go on where they
/// stopped; what arrives is held against its check sum before it gets its name.
/// </summary>
public sealed partial class ModelHub : IDisposable
{
    private readonly ModelHubOptions _options;
    private readonly HttpClient _http;

    /// <summary>A hub.</summary>
    /// <param name="options">Defaults if null.</param>
    public ModelHub(ModelHubOptions? options = null)
    {
        _options = options ?? new ModelHubOptions();
        // Redirects are followed by hand: the token must not go to the host that they lead to.
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(20) })
        {
            Timeout = Timeout.InfiniteTimeSpan
        };
    }

    /// <summary>Told the folder once all is there but the weights; it refuses a model by throwing, before they are downloaded.
    /// Default: nothing is refused.</summary>
    public Action<string>? Check { get; init; }

    /// <summary>A model's folder or GGUF file: <paramref name="model"/> itself where it is one, else <c>owner/name</c> or
    /// <c>owner/name/file.gguf</c>, each with <c>@revision</c> or without, from the cache or the hub.</summary>
    /// <param name="model">Which.</param>
    /// <param name="progress">Told of bytes as they come.</param>
    /// <param name="check">See <see cref="Check"/>.</param>
    /// <param name="cancel">Stops; what was read stays for the next time.</param>
    /// <exception cref="LabException">It is neither, or cannot be had.</exception>
    public static string Resolve(string model, IProgress<ModelDownload>? progress = null, Action<string>? check = null,
        CancellationToken cancel = default)
    {
        if (Directory.Exists(model) || File.Exists(model) || !IsOnHub(model)) return model;
        using var hub = new ModelHub { Check = check };
        return hub.DownloadAsync(model, progress, cancel).GetAwaiter().GetResult();
    }

    /// <summary>Whether a model's name can be one on a hub. That of a GGUF file there has the repository's two parts before it.</summary>
    public static bool IsOnHub(string model) => RepositoryName().Match(model) is { Success: true } name
        && (name.Groups[2].Success || !name.Groups[1].Value.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase));

    /// <summary>Brings a model into the cache; what is there already is not read again.</summary>
    /// <param name="model"><c>owner/name</c> or <c>owner/name/file.gguf</c>, each with <c>@revision</c> or without.</param>
    /// <param name="progress">Told of bytes as they come.</param>
    /// <param name="cancel">Stops; what was read stays for the next time.</param>
    /// <returns>The snapshot's folder, or the GGUF file in it; the first where it is in shards.</returns>
    /// <exception cref="LabException">There is no such model, access is refused, the hub does not answer and nothing is cached, or a file
    /// is damaged.</exception>
    public async Task<string> DownloadAsync(string model, IProgress<ModelDownload>? progress = null, CancellationToken cancel = default)
    {
        if (RepositoryName().Match(model) is not { Success: true } name)
            throw new LabException(
                $"'{model}' is no name of a model; expected owner/name or owner/name/file.gguf, with @revision or without");
        var (repository, revision) = (name.Groups[1].Value, name.Groups[3] is { Success: true } given ? given.Value : "main");
        var wanted = name.Groups[2] is { Success: true } one ? one.Value : null;
        var folder = Path.Combine(_options.Cache, "models--" + repository.Replace("/", "--", StringComparison.Ordinal));
        var reference = Path.Combine(folder, "refs", revision);
        if (_options.Offline)
            return Cached(folder, revision, wanted)
                ?? throw new LabException($"{repository}: not in the cache {_options.Cache}, and HF_HUB_OFFLINE forbids asking the hub; "
                    + "unset it, or name a folder");
        string commit;
        string[] files;
        try
        {
            (commit, files) = await DescribeAsync(repository, revision, wanted, cancel).ConfigureAwait(false);
        }
        catch (HttpRequestException e) when (e.StatusCode is null && Cached(folder, revision, wanted) is { } cached)
        {
            return cached;
        }
        catch (HttpRequestException e)
        {
            throw Refused(repository, revision, e);
        }
        var snapshot = Path.Combine(folder, "snapshots", commit);
        Directory.CreateDirectory(snapshot);
        Directory.CreateDirectory(Path.Combine(folder, "blobs"));
        try
        {
            foreach (var file in files.Where(f => !IsWeights(f)))
                await FetchAsync(repository, commit, file, folder, snapshot, progress, cancel).ConfigureAwait(false);
            if (wanted is null) Check?.Invoke(snapshot);
            foreach (var file in files.Where(IsWeights))
                await FetchAsync(repository, commit, file, folder, snapshot, progress, cancel).ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            throw new LabException($"{repository}: the download broke off ({e.Message}); run it again, it goes on where it stopped", e);
        }
        Directory.CreateDirectory(Path.GetDirectoryName(reference)!);
        await File.WriteAllTextAsync(reference, commit, cancel).ConfigureAwait(false);
        return wanted is null ? snapshot : Path.Combine(snapshot, wanted);
    }

    private static string? Cached(string folder, string revision, string? wanted)
    {
        var reference = Path.Combine(folder, "refs", revision);
        var snapshot = Path.Combine(folder, "snapshots", File.Exists(reference) ? File.ReadAllText(reference).Trim() : revision);
        if (wanted is not null) return File.Exists(Path.Combine(snapshot, wanted)) ? Path.Combine(snapshot, wanted) : null;
        return File.Exists(Path.Combine(snapshot, "config.json")) || File.Exists(Path.Combine(snapshot, "adapter_config.json"))
            ? snapshot
            : null;
    }

    private async Task<(string Commit, string[] Files)> DescribeAsync(string repository, string revision, string? wanted,
        CancellationToken cancel)
    {
        using var response = await SendAsync(HttpMethod.Get, At($"api/models/{repository}/revision/{Uri.EscapeDataString(revision)}"), 0,
            cancel).ConfigureAwait(false);
        response.EnsureSuccessStatusCode();
        try
        {
            var json = JsonNode.Parse(await response.Content.ReadAsStringAsync(cancel).ConfigureAwait(false))!;
            var commit = (string)json["sha"]!;
            var all = json["siblings"]!.AsArray().Select(s => (string)s!["rfilename"]!).Order(StringComparer.Ordinal).ToArray();
            var names = all.Where(f => wanted is null ? IsPart(f) : IsShardOf(f, wanted)).ToArray();
            if (!Hexadecimal().IsMatch(commit)) throw new LabException($"{repository}: the hub names the commit '{commit}', which is none");
            if (wanted is not null && !names.Contains(wanted))
                throw new LabException($"{repository}: there is no '{wanted}' in it{Files(all)}");
            if (wanted is null && !names.Contains("config.json") && !names.Contains("adapter_config.json"))
                throw new LabException($"{repository}: there is no config.json in it; it is no model that can be loaded here{Files(all)}");
            return (commit, names);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException)
        {
            throw new LabException($"{_options.Endpoint}: the answer about {repository} is not a hub's: {e.Message}", e);
        }
    }

    private static string Files(string[] all)
    {
        var files = all.Where(f => f.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) && f == Path.GetFileName(f)).ToArray();
        return files.Length == 0 ? ""
            : $"; it has GGUF files, of which one can be named as owner/name/file.gguf: {string.Join(", ", files.Take(12))}";
    }

    private static bool IsWeights(string file) => Path.GetExtension(file) is ".safetensors" or ".gguf";

    // The same name but for the number of the shard.
    private static bool IsShardOf(string file, string wanted) => file == wanted
        || Shard().Match(wanted) is { Success: true } one && Shard().Match(file) is { Success: true } other
            && one.Groups[1].Value == other.Groups[1].Value && one.Groups[2].Value == other.Groups[2].Value;

    // A mirror may lie below a path.
    private Uri At(string path) => new($"{_options.Endpoint.AbsoluteUri.TrimEnd('/')}/{path}");

    // Top-level files that a model is loaded from; a name with a separator would leave the folder.
    private static bool IsPart(string file) =>
        file == Path.GetFileName(file) && file is not ("." or "..") && !file.StartsWith("consolidated", StringComparison.Ordinal)
            && Path.GetExtension(file) is ".safetensors" or ".json" or ".jinja" or ".txt" or ".model";

    private async Task FetchAsync(string repository, string commit, string file, string folder, string snapshot,
        IProgress<ModelDownload>? progress, CancellationToken cancel)
    {
        var link = Path.Combine(snapshot, file);
        if (File.Exists(link)) return;
        var address = At($"{repository}/resolve/{commit}/{Uri.EscapeDataString(file)}");
        string sum;
        long size;
        using (var head = await SendAsync(HttpMethod.Head, address, 0, cancel, follow: false).ConfigureAwait(false))
        {
            if ((int)head.StatusCode >= 400) head.EnsureSuccessStatusCode();
            // A large file's address is a redirect: the linked values are those of the file itself.
            sum = (Header(head, "X-Linked-Etag") ?? Header(head, "ETag") ?? "").Replace("W/", "", StringComparison.Ordinal).Trim('"');
            size = long.TryParse(Header(head, "X-Linked-Size"), out var linked) ? linked : head.Content.Headers.ContentLength ?? 0;
        }
        if (!Hexadecimal().IsMatch(sum)) throw new LabException($"{address}: the hub gives no check sum for it (ETag '{sum}')");
        var blob = Path.Combine(folder, "blobs", sum);
        if (!File.Exists(blob)) await ReadAsync(address, file, blob, sum, size, progress, cancel).ConfigureAwait(false);
        try
        {
            File.CreateSymbolicLink(link, Path.Combine("..", "..", "blobs", sum));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException && !File.Exists(link))
        {
            File.Copy(blob, link);
        }
    }

    private async Task ReadAsync(Uri address, string file, string blob, string sum, long size, IProgress<ModelDownload>? progress,
        CancellationToken cancel)
    {
        var partial = blob + ".incomplete";
        FileStream target;
        try
        {
            target = new FileStream(partial, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new LabException($"{partial}: another process is reading it, or it cannot be written ({e.Message})", e);
        }
        await using (target)
        {
            if (target.Length > size) target.SetLength(0);
            if (target.Length < size)
            {
                using var response = await SendAsync(HttpMethod.Get, address, target.Length, cancel).ConfigureAwait(false);
                response.EnsureSuccessStatusCode();
                // A server that does not know ranges begins anew.
                if (response.StatusCode != HttpStatusCode.PartialContent) target.SetLength(0);
                target.Seek(0, SeekOrigin.End);
                await using var source = await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
                var buffer = new byte[1 << 20];
                for (int read; (read = await ReadSomeAsync(source, buffer, cancel).ConfigureAwait(false)) > 0;)
                {
                    await target.WriteAsync(buffer.AsMemory(0, read), cancel).ConfigureAwait(false);
                    progress?.Report(new ModelDownload(file, target.Length, size));
                }
                if (target.Length < size) throw new HttpRequestException($"{file}: {target.Length} of {size} bytes came");
            }
            target.Flush(flushToDisk: true);
            target.Seek(0, SeekOrigin.Begin);
            var actual = await SumAsync(target, sum.Length, cancel).ConfigureAwait(false);
            if (actual != sum)
            {
                target.SetLength(0);
                throw new LabException(
                    $"{address}: what came has the check sum {actual}, expected {sum}; it was thrown away, download it again");
            }
        }
        File.Move(partial, blob, overwrite: true);
    }

    private static async Task<int> ReadSomeAsync(Stream source, byte[] buffer, CancellationToken cancel)
    {
        try
        {
            return await source.ReadAsync(buffer, cancel).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new HttpRequestException(e.Message, e);
        }
    }

    // Large files are named by SHA-256, small ones by git's name of their content.
    private static async Task<string> SumAsync(FileStream file, int digits, CancellationToken cancel)
    {
        if (digits == 64) return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancel).ConfigureAwait(false));
        var content = new byte[file.Length];
        await file.ReadExactlyAsync(content, cancel).ConfigureAwait(false);
#pragma warning disable CA5350 // Git's names are SHA-1; nothing relies on them against an attacker.
        return Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));
#pragma warning restore CA5350
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, Uri address, long from, CancellationToken cancel,
        bool follow = true)
    {
        for (var redirects = 0; ; redirects++)
        {
            using var request = new HttpRequestMessage(method, address);
            request.Headers.UserAgent.Add(new ProductInfoHeaderValue("doctunelab", "1"));
            if (from > 0) request.Headers.Range = new RangeHeaderValue(from, null);
            if (_options.Token is { } token && address.Host == _options.Endpoint.Host && address.Port == _options.Endpoint.Port)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
            if ((int)response.StatusCode is < 300 or >= 400 || response.Headers.Location is not { } location) return response;
            var next = location.IsAbsoluteUri ? location : new Uri(address, location);
            // A file's headers are its own: only a repository that moved is followed for them.
            if (!follow && next.Host != address.Host || !follow && Header(response, "X-Linked-Etag") is not null || redirects == 5)
                return response;
            response.Dispose();
            address = next;
        }
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    private LabException Refused(string repository, string revision, HttpRequestException e) => new(e.StatusCode switch
    {
        HttpStatusCode.NotFound or HttpStatusCode.Unauthorized when _options.Token is null =>
            $"{repository}: neither a folder here nor an open model on {_options.Endpoint} (revision {revision}); "
                + "check the name, or set HF_TOKEN if it needs a login",
        HttpStatusCode.NotFound => $"{repository}: there is no such model, or no revision {revision}, on {_options.Endpoint}",
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
            $"{repository}: {_options.Endpoint} refuses access; accept the model's terms there, and set HF_TOKEN to a token "
                + "that may read it",
        { } code => $"{repository}: {_options.Endpoint} answers {(int)code}; try again later",
        null =>
            $"{repository}: neither a folder here nor in the cache {_options.Cache}, and {_options.Endpoint} does not answer "
                + $"({e.Message}); name a folder, or set HF_ENDPOINT to a mirror",
    }, e);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    [GeneratedRegex(@"^([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:/([A-Za-z0-9][\w.-]*\.gguf))?(?:@([A-Za-z0-9][\w.-]*))?$",
        RegexOptions.CultureInvariant)]
    private static partial Regex RepositoryName();

    [GeneratedRegex(@"^(.*)-\d{5}-of-(\d{5})\.gguf$", RegexOptions.CultureInvariant)]
    private static partial Regex Shard();

    [GeneratedRegex("^(?:[0-9a-f]{40}|[0-9a-f]{64})$", RegexOptions.CultureInvariant)]
    private static partial Regex Hexadecimal();
}
