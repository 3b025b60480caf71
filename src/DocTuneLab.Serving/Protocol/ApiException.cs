using Microsoft.AspNetCore.Http;

namespace DocTuneLab.Serving.Protocol;

/// <summary>A request that cannot be answered, as OpenAI's clients expect to be told.</summary>
internal sealed class ApiException : Exception
{
    /// <summary>A refusal.</summary>
    /// <param name="status">HTTP status.</param>
    /// <param name="message">What is wrong, what was expected, what to do.</param>
    /// <param name="param">The field that is wrong; null where it is none.</param>
    /// <param name="code">What programs look for, such as <c>context_length_exceeded</c>; null where there is no such word.</param>
    public ApiException(int status, string message, string? param = null, string? code = null) : base(message) =>
        (Status, Param, Code) = (status, param, code);

    /// <summary>HTTP status.</summary>
    public int Status { get; }

    /// <summary>The field that is wrong.</summary>
    public string? Param { get; }

    /// <summary>What programs look for.</summary>
    public string? Code { get; }

    /// <summary>A field that has a wrong value.</summary>
    public static ApiException Invalid(string param, string message) => new(StatusCodes.Status400BadRequest, message, param);

    /// <summary>A field that is understood and cannot be heeded here.</summary>
    public static ApiException Unsupported(string param, string why) =>
        new(StatusCodes.Status400BadRequest, $"'{param}' is not supported: {why}", param, "unsupported_parameter");

    /// <summary>As it is sent.</summary>
    public ErrorBody Body => new(new(Message, Status switch
    {
        StatusCodes.Status401Unauthorized => "authentication_error",
        StatusCodes.Status403Forbidden => "permission_error",
        StatusCodes.Status429TooManyRequests => "rate_limit_error",
        < 500 => "invalid_request_error",
        _ => "server_error",
    }, Param, Code));
}

/// <summary>An error as it is sent.</summary>
internal sealed record ErrorBody(ErrorDetail Error);

/// <summary>What it says.</summary>
internal sealed record ErrorDetail(string Message, string Type, string? Param, string? Code);
