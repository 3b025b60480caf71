using System.Threading.Channels;
using DocTuneLab.Corpus.Validation;

namespace DocTuneLab.Corpus.Hosted;

/// <summary>Judges drafts from many workflows together: whatever is waiting goes into one batch, so that compilations are
/// few and large.</summary>
internal sealed class CompileQueue : IAsyncDisposable
{
    private const int Batch = 96;
    private readonly SampleValidator _validator;
    private readonly Channel<(Draft Draft, TaskCompletionSource<Judged> Judged)> _waiting =
        Channel.CreateBounded<(Draft, TaskCompletionSource<Judged>)>(new BoundedChannelOptions(4 * Batch) { SingleReader = true });
    private readonly Task _working;

    public CompileQueue(SampleValidator validator)
    {
        _validator = validator;
        _working = Task.Run(WorkAsync);
    }

    public async Task<Judged> JudgeAsync(Draft draft, CancellationToken cancel)
    {
        var judged = new TaskCompletionSource<Judged>(TaskCreationOptions.RunContinuationsAsynchronously);
        await _waiting.Writer.WriteAsync((draft, judged), cancel);
        return await judged.Task.WaitAsync(cancel);
    }

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _working;
    }

    private async Task WorkAsync()
    {
        var batch = new List<(Draft Draft, TaskCompletionSource<Judged> Judged)>();
        while (await _waiting.Reader.WaitToReadAsync())
        {
            batch.Clear();
            while (batch.Count < Batch && _waiting.Reader.TryRead(out var next)) batch.Add(next);
            try
            {
                var results = _validator.Judge(batch.ConvertAll(b => b.Draft));
                for (var i = 0; i < batch.Count; i++) batch[i].Judged.SetResult(results[i]);
            }
            catch (Exception e)
            {
                foreach (var (_, judged) in batch) judged.TrySetException(e);
            }
        }
    }
}
