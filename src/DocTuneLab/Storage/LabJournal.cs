using System.Threading.Channels;
using DocTuneLab.Endpoints;
using DocTuneLab.Endpoints.Exchange;

namespace DocTuneLab.Storage;

/// <summary>
/// The lab as the journal of a <see cref="RequestEngine"/>. What arrives while a transaction is being written goes together into the
/// next one, so that hundreds of answers a second cost a few writes.
/// </summary>
public sealed class LabJournal : IAnswerJournal, IAsyncDisposable
{
    private const int LargestGroup = 256;
    private readonly LabAnswers _answers;
    private readonly Channel<(KeptAnswer? Answer, FailedCall? Call, bool Discards, TaskCompletionSource Kept)> _incoming =
        Channel.CreateBounded<(KeptAnswer?, FailedCall?, bool, TaskCompletionSource)>(
            new BoundedChannelOptions(4096) { SingleReader = true });
    private readonly Task _writing;

    /// <summary>A journal in an open lab; the lab outlives it.</summary>
    public LabJournal(Lab lab)
    {
        _answers = lab.Answers;
        _writing = Task.Run(WriteAsync);
    }

    /// <inheritdoc/>
    public string? Find(string key) => _answers.Find(key)?.Raw;

    /// <inheritdoc/>
    public async ValueTask KeepAsync(KeptAnswer answer)
    {
        var kept = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await _incoming.Writer.WriteAsync((answer, null, false, kept));
        await kept.Task;
    }

    /// <inheritdoc/>
    public void Note(FailedCall failed) => Enqueue(failed, false);

    /// <inheritdoc/>
    public void Discard(FailedCall failed) => Enqueue(failed, true);

    private void Enqueue(FailedCall failed, bool discards)
    {
        var entry = ((KeptAnswer?)null, failed, discards, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        if (!_incoming.Writer.TryWrite(entry)) _ = _incoming.Writer.WriteAsync(entry).AsTask();
    }

    /// <summary>Writes what is left.</summary>
    public async ValueTask DisposeAsync()
    {
        _incoming.Writer.TryComplete();
        await _writing;
    }

    private async Task WriteAsync()
    {
        var group = new List<(KeptAnswer? Answer, FailedCall? Call, bool Discards, TaskCompletionSource Kept)>();
        while (await _incoming.Reader.WaitToReadAsync())
        {
            group.Clear();
            while (group.Count < LargestGroup && _incoming.Reader.TryRead(out var next)) group.Add(next);
            try
            {
                var answers = group.Select(g => g.Answer).OfType<KeptAnswer>().ToList();
                var calls = group.Where(g => !g.Discards).Select(g => g.Call).OfType<FailedCall>().ToList();
                var discarded = group.Where(g => g.Discards).Select(g => g.Call!).ToList();
                if (answers.Count > 0) _answers.Keep(answers);
                if (calls.Count > 0) _answers.Note(calls);
                if (discarded.Count > 0) _answers.Discard(discarded);
                foreach (var (_, _, _, kept) in group) kept.SetResult();
            }
            catch (Exception e)
            {
                // Whoever asked must not use an answer that is not kept.
                foreach (var (_, _, _, kept) in group) kept.TrySetException(e);
            }
        }
    }
}
