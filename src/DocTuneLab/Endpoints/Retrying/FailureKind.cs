namespace DocTuneLab.Endpoints.Retrying;

/// <summary>Why a request has no usable answer.</summary>
public enum FailureKind
{
    /// <summary>None: it has one.</summary>
    None,
    /// <summary>HTTP 429.</summary>
    RateLimited,
    /// <summary>HTTP 5xx.</summary>
    ServerError,
    /// <summary>The connection could not be made, or broke.</summary>
    ConnectionLost,
    /// <summary>The answer ended before it was finished.</summary>
    EndedEarly,
    /// <summary>No answer within the deadline of a request.</summary>
    TimedOut,
    /// <summary>The response is not what the protocol says.</summary>
    Malformed,
    /// <summary>The stream repeated pieces.</summary>
    RepeatedChunks,
    /// <summary>More bytes than an answer may have.</summary>
    TooLarge,
    /// <summary>Cut off at the limit of new tokens.</summary>
    TruncatedAtMaxTokens,
    /// <summary>The server's filter refused.</summary>
    Filtered,
    /// <summary>HTTP 401 or 403.</summary>
    Unauthorized,
    /// <summary>Another HTTP 4xx: the request itself is wrong, such as too long.</summary>
    BadRequest,
    /// <summary>Not asked: the cost ceiling, a deadline or an early stop came first. A later run asks.</summary>
    NotAsked,
}

/// <summary>How kinds of failure are met.</summary>
public static class FailureKinds
{
    /// <summary>Whether asking again may help.</summary>
    public static bool IsTransient(this FailureKind kind) => kind is FailureKind.RateLimited or FailureKind.ServerError
        or FailureKind.ConnectionLost or FailureKind.EndedEarly
        or FailureKind.TimedOut or FailureKind.Malformed or FailureKind.RepeatedChunks;

    /// <summary>Whether it says that the endpoint itself is unwell.</summary>
    public static bool IsOutage(this FailureKind kind) =>
        kind is FailureKind.ServerError or FailureKind.ConnectionLost or FailureKind.TimedOut;

    /// <summary>The name in tables and messages.</summary>
    public static string Name(this FailureKind kind) => kind switch
    {
        FailureKind.RateLimited => "rate limited",
        FailureKind.ServerError => "server error",
        FailureKind.ConnectionLost => "connection lost",
        FailureKind.EndedEarly => "answer ended early",
        FailureKind.TimedOut => "timed out",
        FailureKind.Malformed => "malformed response",
        FailureKind.RepeatedChunks => "repeated chunks",
        FailureKind.TooLarge => "answer too large",
        FailureKind.TruncatedAtMaxTokens => "truncated at max tokens",
        FailureKind.Filtered => "filtered by the server",
        FailureKind.Unauthorized => "unauthorized",
        FailureKind.BadRequest => "bad request",
        FailureKind.NotAsked => "not asked",
        _ => "answered",
    };
}
