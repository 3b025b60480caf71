using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Endpoints.Retrying;

namespace DocTuneLab.Endpoints.Transport;

/// <summary>What went over the wire in one attempt: kept beside the client, so that the raw answer survives whatever a
/// client makes of it.</summary>
internal sealed class ChatExchange(ChatRequest request, int maxBytes)
{
    private static readonly AsyncLocal<ChatExchange?> s_ambient = new();
    private readonly ArrayBufferWriter<byte> _body = new();

    /// <summary>The attempt that this logical thread makes; null outside of one.</summary>
    public static ChatExchange? Current { get => s_ambient.Value; set => s_ambient.Value = value; }

    /// <summary>What is asked. The server is told its key: one that keeps answers by key never charges twice.</summary>
    public ChatRequest Request => request;

    /// <summary>HTTP status; 0 while no answer has begun.</summary>
    public int Status { get; set; }

    /// <summary>How long the server asks to wait; null where it does not say.</summary>
    public TimeSpan? RetryAfter { get; set; }

    /// <summary>Whether the client has kept the answer, or noted the failure, in the lab itself.</summary>
    public bool IsInLab { get; set; }

    /// <summary>Why the client has no answer, where it knows; null where that follows from status and body.</summary>
    public FailureKind? Failure { get; set; }

    /// <summary>What has come so far.</summary>
    public string Body
    {
        get
        {
            lock (_body) return Encoding.UTF8.GetString(_body.WrittenSpan);
        }
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        lock (_body)
        {
            if (_body.WrittenCount + bytes.Length > maxBytes) throw new AnswerTooLargeException(maxBytes);
            _body.Write(bytes);
        }
    }
}

/// <summary>An answer beyond what any sample may hold.</summary>
internal sealed class AnswerTooLargeException(
    int maxBytes) : IOException($"the answer has more than {maxBytes.ToString("N0", CultureInfo.InvariantCulture)} bytes");

/// <summary>Sends what <see cref="RequestBody"/> says, and copies status, headers and body of each answer into the
/// <see cref="ChatExchange"/> of the attempt.</summary>
internal sealed class ExchangeHandler(HttpMessageHandler inner, EndpointOptions endpoint, TimeProvider time) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (ChatExchange.Current is not { } exchange) return await base.SendAsync(request, cancellationToken);
        request.Headers.TryAddWithoutValidation("Idempotency-Key", exchange.Request.Key);
        if (request.Content is { } asked) request.Content = await ShapedAsync(asked, exchange.Request, cancellationToken);
        var response = await base.SendAsync(request, cancellationToken);
        exchange.Status = (int)response.StatusCode;
        exchange.RetryAfter = Wait(response.Headers);
        var content = new StreamContent(new TeeStream(await response.Content.ReadAsStreamAsync(cancellationToken), exchange));
        foreach (var header in response.Content.Headers) content.Headers.TryAddWithoutValidation(header.Key, header.Value);
        response.Content = content;
        return response;
    }

    // A client's own words for a request are replaced, so that a batch says the same; only whether it streams is the client's.
    private async Task<HttpContent> ShapedAsync(HttpContent content, ChatRequest asked, CancellationToken cancel)
    {
        if (JsonNode.Parse(await content.ReadAsStringAsync(cancel)) is not JsonObject said) return content;
        var body = said;
        if (endpoint.Kind == EndpointKind.Ollama)
        {
            if (!RequestBody.Shape(said, endpoint)) return content;
        }
        else
        {
            body = RequestBody.Of(asked, endpoint);
            foreach (var name in (string[])["stream", "stream_options"])
                if (said.Remove(name, out var value)) body[name] = value;
        }
        return new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
    }

    private TimeSpan? Wait(HttpResponseHeaders headers)
    {
        if (headers.RetryAfter is { } after) return after.Delta ?? (after.Date is { } date ? Positive(date - time.GetUtcNow()) : null);
        // What some servers send beside or instead of it.
        return headers.TryGetValues("retry-after-ms", out var values)
            && double.TryParse(values.FirstOrDefault(), CultureInfo.InvariantCulture, out var ms)
            ? Positive(TimeSpan.FromMilliseconds(ms))
            : null;
    }

    private static TimeSpan Positive(TimeSpan wait) => wait > TimeSpan.Zero ? wait : TimeSpan.Zero;

    private sealed class TeeStream(Stream source, ChatExchange exchange) : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Seen(source.Read(buffer, offset, count), buffer.AsSpan(offset));

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await source.ReadAsync(buffer, cancellationToken);
            return Seen(read, buffer.Span);
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        private int Seen(int read, ReadOnlySpan<byte> bytes)
        {
            if (read > 0) exchange.Append(bytes[..read]);
            return read;
        }

        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) source.Dispose();
            base.Dispose(disposing);
        }
    }
}
