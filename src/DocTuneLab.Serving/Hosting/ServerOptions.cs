using DocTuneLab.Serving.Knowledge;
using DocTuneLab.Serving.Limits;
using DocTuneLab.Storage;

namespace DocTuneLab.Serving.Hosting;

/// <summary>Where a server listens, and whom it answers.</summary>
public sealed record ServerOptions
{
    /// <summary>Addresses, such as <c>http://127.0.0.1:8080</c>; port 0 takes one that is free.</summary>
    public required IReadOnlyList<string> Urls { get; init; }

    /// <summary>Keys, of which a client must send one; none on this machine alone. Default none.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>Origins of pages in a browser that may ask; <c>*</c> is any. Default none.</summary>
    public IReadOnlyList<string> Origins { get; init; } = [];

    /// <summary>What it allows.</summary>
    public ServerLimits Limits { get; init; } = new();

    /// <summary>The library that is known: for verdicts, passages, guides and the tools at <c>/mcp</c>. Default none.</summary>
    public LibraryKnowledge? Library { get; init; }

    /// <summary>Keeps votes on answers. Default nobody.</summary>
    public Action<AnswerVote>? Votes { get; init; }

    /// <summary>Told what went wrong here, and not at a client. Default nobody.</summary>
    public Action<string> Faults { get; init; } = _ => { };
}
