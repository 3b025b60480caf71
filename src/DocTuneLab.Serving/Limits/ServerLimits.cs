namespace DocTuneLab.Serving.Limits;

/// <summary>What a server allows.</summary>
public sealed record ServerLimits
{
    /// <summary>Bytes of a request. Default 8 MiB.</summary>
    public long Body { get; init; } = 8L << 20;

    /// <summary>Answers that are asked for at once, those that wait included; more are told to try again. Default 256.</summary>
    public int Queue { get; init; } = 256;

    /// <summary>Time for an answer, its waiting included. Default ten minutes.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromMinutes(10);
}
