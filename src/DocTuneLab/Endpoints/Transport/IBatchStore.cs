using DocTuneLab.Endpoints.Exchange;

namespace DocTuneLab.Endpoints.Transport;

/// <summary>A batch of requests that a server works off in its own time.</summary>
/// <param name="Id">The server's name of it.</param>
/// <param name="Endpoint">Endpoint that has it.</param>
/// <param name="Status">
/// As the server last said; <c>sending</c> and <c>sent</c> are those of a mark, which stands in the store before the server has given a
/// name.
/// </param>
/// <param name="Requests">Requests in it.</param>
public sealed record StoredBatch(string Id, string Endpoint, string Status, int Requests)
{
    /// <summary>Whether nothing more is to be fetched from it.</summary>
    public bool IsOver => Status is "completed" or "failed" or "expired" or "cancelled" or "sent";
}

/// <summary>
/// Where batches under way and what they bring are kept. What a member has kept survives the death of this process, so that a batch is
/// taken up again and not sent twice.
/// </summary>
public interface IBatchStore
{
    /// <summary>Batches, oldest first.</summary>
    /// <param name="endpoint">Only this endpoint's.</param>
    IReadOnlyList<StoredBatch> Batches(string? endpoint = null);

    /// <summary>Notes a batch, or its new status.</summary>
    void SaveBatch(StoredBatch batch);

    /// <summary>The kept answer to a request, or null.</summary>
    /// <param name="key">The request's key.</param>
    KeptAnswer? Find(string key);

    /// <summary>Keeps answers, all or none.</summary>
    void Keep(IReadOnlyList<KeptAnswer> answers);

    /// <summary>Notes failed calls.</summary>
    void Note(IReadOnlyList<FailedCall> calls);
}
