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
    /// <summary>HTTP 401, or a 403 that is about the key.</summary>
    Unauthorized,
    /// <summary>Another HTTP 4xx: the request itself is wrong.</summary>
    BadRequest,
    /// <summary>The prompt is longer than the model's context.</summary>
    TooLong,
    /// <summary>The account has no quota or credit left.</summary>
    OutOfQuota,
    /// <summary>A batch ended before this request was looked at; it was not paid for.</summary>
    Expired,
    /// <summary>The answer does not fit the schema that was asked for, also when asked again.</summary>
    WrongSchema,
    /// <summary>Not asked: the cost ceiling, a deadline or an early stop came first. A later run asks.</summary>
    NotAsked,
}

/// <summary>How kinds of failure are met.</summary>
public static class FailureKinds
{
    /// <summary>Whether asking again may help.</summary>
    public static bool IsTransient(this FailureKind kind) => kind is FailureKind.RateLimited or FailureKind.ServerError
        or FailureKind.ConnectionLost or FailureKind.EndedEarly
        or FailureKind.TimedOut or FailureKind.Malformed or FailureKind.RepeatedChunks or FailureKind.Expired;

    /// <summary>Whether it is about this one request, so that others may well be answered.</summary>
    public static bool IsOfRequest(this FailureKind kind) => kind is FailureKind.Filtered or FailureKind.TooLong or FailureKind.BadRequest
        or FailureKind.TooLarge or FailureKind.TruncatedAtMaxTokens;

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
        FailureKind.TooLong => "prompt too long",
        FailureKind.OutOfQuota => "out of quota",
        FailureKind.Expired => "expired in a batch",
        FailureKind.WrongSchema => "wrong schema",
        FailureKind.NotAsked => "not asked",
        _ => "answered",
    };
}
