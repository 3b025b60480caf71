using System.Globalization;
using DocTuneLab.Settings;

namespace DocTuneLab.Endpoints.Accounting;

/// <summary>How requests are tried, and when it is enough.</summary>
public sealed record EngineOptions
{
    /// <summary>Names, ranges and words of these settings.</summary>
    public static SettingTable<EngineOptions> Settings => SettingTable<EngineOptions>.Instance;

    /// <summary>Calls for one request at most, refusals with 429 not counted; default 6.</summary>
    [Setting("Calls for one request at most, those that came too fast (429) not counted.", Min = 1)]
    public int MaxAttempts { get; init; } = 6;

    /// <summary>Refusals with 429 for one request at most; default 30.</summary>
    [Setting("Times that one request may come too fast (429).", Min = 0)]
    public int MaxRefusals { get; init; } = 30;

    /// <summary>Limit of one call; default 2 minutes.</summary>
    [Setting("Seconds after which one call is given up.", Above = 0, Unit = TimeUnit.Seconds)]
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Limit of all calls together; nothing is asked after it. Default none.</summary>
    [Setting("Stops after this many minutes and keeps what was done.", Option = "max-minutes", Field = "max_minutes", Above = 0)]
    public TimeSpan? TotalTimeout { get; init; }

    /// <summary>Mean wait before the second call; doubles each time, with full jitter. Default 0.5 s.</summary>
    [Setting("Mean seconds before the second call; they double each time.", Min = 0, Unit = TimeUnit.Seconds)]
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>Longest wait between calls that the server did not ask for; default 30 s.</summary>
    [Setting("Seconds between calls at most, where the server asks for no more.", Min = 0, Unit = TimeUnit.Seconds)]
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest wait that a server may ask for; where every server of a model asks for more, the run ends and a later one goes on.
    /// Default 10 minutes.</summary>
    [Setting("Longest wait that a server may ask for. Where it asks for more, the run ends and says so, and a later one goes on.",
        Min = 0, Placeholder = "MINUTES")]
    public TimeSpan LongestServerWait { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a circuit breaker stays open at first; doubles with every failed probe. Default 2 s.</summary>
    [Setting("Seconds that an endpoint is left alone after failures in a row; they double with every failed try.", Min = 0,
        Unit = TimeUnit.Seconds)]
    public TimeSpan BreakerDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Nothing is asked that could bring the cost above this; needs prices. Default none.</summary>
    [Setting("Nothing is asked that could bring the cost above this; needs prices.", Placeholder = "COST", Min = 0)]
    public double? CostCeiling { get; init; }

    /// <summary>Share of failed requests above which the run stops; default 0.5.</summary>
    [Setting("Share of failed requests above which nothing more is asked.", Placeholder = "SHARE", Above = 0, Max = 1)]
    public double EarlyStopShare { get; init; } = 0.5;

    /// <summary>Finished requests before the share is looked at; default 20.</summary>
    [Setting("Finished requests before the share of failed ones is looked at.", Min = 1)]
    public int EarlyStopAfter { get; init; } = 20;

    /// <summary>After this long without an answer the request is sent a second time and the first answer counts. It may cost twice.
    /// Default never.</summary>
    [Setting("Seconds without an answer after which a request is sent a second time, and the first answer counts; it may cost twice.",
        Above = 0, Unit = TimeUnit.Seconds)]
    public TimeSpan? HedgeAfter { get; init; }

    /// <summary>Bytes of a response at most; default 4 MB.</summary>
    [Setting("Bytes of an answer at most.", Placeholder = "BYTES", Min = 1024)]
    public int MaxAnswerBytes { get; init; } = 4 << 20;

    /// <summary>Seed of the jitter.</summary>
    public int Seed { get; init; }

    /// <exception cref="LabException">An option is out of range.</exception>
    internal EngineOptions Validated()
    {
        Settings.Validate(this);
        return this;
    }
}

/// <summary>What happens at this moment, for people to look at; it comes often, and only the last of a title counts.</summary>
/// <param name="Title">Whose it is, such as an endpoint.</param>
/// <param name="Text">The answer as far as it has come, or how a batch stands; without keys.</param>
public sealed record LiveText(string Title, string Text);

/// <summary>How the requests of a run stand. <see cref="Requested"/> = <see cref="Answered"/> + <see cref="Reused"/> + all of
/// <see cref="Failed"/> + <see cref="NotAsked"/> + <see cref="Pending"/>.</summary>
public sealed record EngineStatus
{
    /// <summary>Requests handed in.</summary>
    public required long Requested { get; init; }

    /// <summary>Answered now.</summary>
    public required long Answered { get; init; }

    /// <summary>Answered by an earlier run.</summary>
    public required long Reused { get; init; }

    /// <summary>Without a usable answer, by reason.</summary>
    public required IReadOnlyDictionary<string, long> Failed { get; init; }

    /// <summary>Answers cut off at the limit of tokens: used by those who take them, failed for all others.</summary>
    public long CutOff { get; init; }

    /// <summary>What servers said last about each kind of failure, without keys.</summary>
    public IReadOnlyDictionary<string, string> Said { get; init; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Held back by ceiling, deadline, early stop or interruption; a later run asks them.</summary>
    public required long NotAsked { get; init; }

    /// <summary>Waiting or in flight.</summary>
    public required long Pending { get; init; }

    /// <summary>Tokens sent now.</summary>
    public required long PromptTokens { get; init; }

    /// <summary>Tokens received now.</summary>
    public required long CompletionTokens { get; init; }

    /// <summary>Spent now.</summary>
    public required double Cost { get; init; }

    /// <summary>Answers a second since the start.</summary>
    public required double RequestsPerSecond { get; init; }

    /// <summary>Why nothing more is asked; null while it goes on.</summary>
    public required string? StoppedBecause { get; init; }

    /// <summary>Each endpoint.</summary>
    public required IReadOnlyList<EndpointStatus> Endpoints { get; init; }

    /// <summary>What is to be said of failures, cut answers and waits, as the end of a sentence; empty where there are none.</summary>
    public string Trouble =>
        string.Concat(Said.Where(s => Failed.ContainsKey(s.Key) && s.Value != s.Key).Select(s => $"; {s.Key}: “{s.Value}”"))
        + (CutOff > 0 ? $"; {CutOff} answers cut off at the limit of tokens" : "")
        + string.Concat(Endpoints.Where(e => e.PausedUntil is not null)
            .Select(e => string.Create(CultureInfo.InvariantCulture, $"; {e.Name} is left alone until {e.PausedUntil:HH:mm:ss} UTC")));

    /// <summary>Every request is accounted for.</summary>
    public bool Closes => Requested == Answered + Reused + Failed.Values.Sum() + NotAsked + Pending;
}
