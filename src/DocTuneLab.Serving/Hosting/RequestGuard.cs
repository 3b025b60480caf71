using System.Net;
using System.Security.Cryptography;
using System.Text;
using DocTuneLab.Serving.Protocol;
using DocTuneLab.Serving.Routes;
using Microsoft.AspNetCore.Http;

namespace DocTuneLab.Serving.Hosting;

/// <summary>Who may ask a server, and how it says what went wrong.</summary>
/// <param name="keys">Keys, of which a client must send one; none on this machine alone.</param>
/// <param name="open">Paths that need no key, and that pages of others may lead to.</param>
/// <param name="body">Bytes of a request.</param>
/// <param name="faults">Told what went wrong here, and not at a client.</param>
internal sealed class RequestGuard(IReadOnlyList<string> keys, IReadOnlyList<string> open, long body, Action<string> faults)
{
    /// <summary>What answers where no path is: those that there are.</summary>
    public string Paths { get; init; } = "";

    /// <summary>Told of every request, once it is answered: its route and status.</summary>
    public Action<string, int> Answered { get; init; } = (_, _) => { };

    /// <summary>What goes wrong is said in the protocol's words, by a status while that can still be sent, else as an event.</summary>
    public async Task GuardAsync(HttpContext http, RequestDelegate next)
    {
        // No page of others shows one of these within itself.
        http.Response.Headers.ContentSecurityPolicy = "frame-ancestors 'none'";
        try
        {
            await next(http);
            if (!http.Response.HasStarted && http.Response.StatusCode is StatusCodes.Status404NotFound
                or StatusCodes.Status405MethodNotAllowed && http.Response.ContentType is null)
                await WriteAsync(http, Missing(http));
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client has gone.
            http.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
        }
        catch (ApiException e)
        {
            await WriteAsync(http, e);
        }
        catch (LabException e)
        {
            await WriteAsync(http, new(StatusCodes.Status400BadRequest, e.Message));
        }
        catch (InvalidOperationException e) when (e.Source?.StartsWith("System.Text.Json", StringComparison.Ordinal) == true)
        {
            await WriteAsync(http, new(StatusCodes.Status400BadRequest, "A text of the body has half a character (a lone surrogate)."));
        }
        catch (BadHttpRequestException e)
        {
            await WriteAsync(http, new(e.StatusCode, e.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? $"The body has more than {body} bytes." : e.Message));
        }
#pragma warning disable CA1031 // Whatever it is, the client is told that there was a fault, and the server goes on.
        catch (Exception e)
#pragma warning restore CA1031
        {
            faults($"{e.GetType().Name}: {e.Message}");
            await WriteAsync(http, e is OperationCanceledException or ObjectDisposedException
                ? new(StatusCodes.Status503ServiceUnavailable, "The server is ending.")
                : new(StatusCodes.Status500InternalServerError, "The server could not answer; its console says why."));
        }
        finally
        {
            Answered((http.GetEndpoint() as Microsoft.AspNetCore.Routing.RouteEndpoint)?.RoutePattern.RawText ?? "other",
                http.Response.StatusCode);
        }
    }

    /// <summary>Lets through who has a key; without keys, who asks this machine by its own name.</summary>
    public async Task AuthoriseAsync(HttpContext http, RequestDelegate next)
    {
        if (keys.Count == 0)
        {
            // A page that calls this machine by a name of its own would otherwise be taken for one of this machine.
            if (!IsHere(http.Request.Host.Host))
                throw new ApiException(StatusCodes.Status403Forbidden, $"This server answers on this machine alone, not as "
                    + $"'{http.Request.Host.Host}'. Give it a key, with --api-key, to ask it by a name.");
        }
        else if (!open.Contains(http.Request.Path.Value) && !HasKey(http.Request.Headers.Authorization.ToString()))
        {
            throw new ApiException(StatusCodes.Status401Unauthorized,
                "The key is missing or wrong: send it as 'Authorization: Bearer KEY'.", code: "invalid_api_key");
        }
        await next(http);
    }

    /// <summary>Refuses what a page of somebody else asks.</summary>
    public async Task OwnPageAsync(HttpContext http, RequestDelegate next)
    {
        // Of what is only read a browser names no origin.
        if (http.Request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site" && !open.Contains(http.Request.Path.Value))
            throw new ApiException(StatusCodes.Status403Forbidden, "A page of another site may not ask this server.");
        if (http.Request.Headers.Origin.ToString() is { Length: > 0 } origin
            && origin != $"{http.Request.Scheme}://{http.Request.Host}")
            throw new ApiException(StatusCodes.Status403Forbidden, $"A page of {origin} may not ask this server.");
        await next(http);
    }

    /// <summary>Whether a host is this machine.</summary>
    public static bool IsHere(string host) => host is "localhost" or ""
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));

    private ApiException Missing(HttpContext http) => http.Response.StatusCode == StatusCodes.Status405MethodNotAllowed
        ? new(StatusCodes.Status405MethodNotAllowed,
            $"{http.Request.Path} takes {http.Response.Headers.Allow}, not {http.Request.Method}.", code: "method_not_allowed")
        : new(StatusCodes.Status404NotFound, $"There is no {http.Request.Path}; there are {Paths}.", code: "unknown_url");

    private static async Task WriteAsync(HttpContext http, ApiException error)
    {
        if (http.Response.HasStarted)
        {
            if (http.Response.ContentType?.StartsWith("text/event-stream", StringComparison.Ordinal) != true) return;
            await new EventStream(http.Response).SendAsync(error.Body, null, http.RequestAborted);
            return;
        }
        http.Response.StatusCode = error.Status;
        if (error.Status == StatusCodes.Status429TooManyRequests) http.Response.Headers.RetryAfter = "1";
        if (error.Status == StatusCodes.Status401Unauthorized) http.Response.Headers.WWWAuthenticate = "Bearer";
        await http.Response.WriteAsJsonAsync(error.Body, ApiJson.Options);
    }

    private bool HasKey(string authorization)
    {
        const string Scheme = "Bearer ";
        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return false;
        var sent = SHA256.HashData(Encoding.UTF8.GetBytes(authorization[Scheme.Length..].Trim()));
        // All are looked at, so that time tells nothing.
        return keys.Aggregate(false,
            (found, key) => found | CryptographicOperations.FixedTimeEquals(sent, SHA256.HashData(Encoding.UTF8.GetBytes(key))));
    }
}
