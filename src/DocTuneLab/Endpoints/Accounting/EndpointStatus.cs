namespace DocTuneLab.Endpoints.Accounting;

/// <summary>An endpoint as it is now.</summary>
/// <param name="Name">Its name.</param>
/// <param name="InFlight">Requests in flight.</param>
/// <param name="Limit">Requests in flight that it is trusted with.</param>
/// <param name="Answers">Answers so far.</param>
/// <param name="Refusals">429 so far.</param>
/// <param name="Outages">Server errors, lost connections and timeouts so far.</param>
/// <param name="PausedUntil">Nothing is sent before; null where it is not paused.</param>
public sealed record EndpointStatus(
    string Name, int InFlight, int Limit, long Answers, long Refusals, long Outages, DateTimeOffset? PausedUntil);
