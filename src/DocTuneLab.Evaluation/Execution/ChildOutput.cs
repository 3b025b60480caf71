using System.Text;

namespace DocTuneLab.Evaluation.Execution;

/// <summary>Reads a stream to its end and keeps only its start, so that an answer that prints for ever neither blocks nor
/// fills memory.</summary>
internal sealed class ChildOutput
{
    private readonly StringBuilder _kept = new();
    private readonly TaskCompletionSource<bool> _sign = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;

    /// <summary>Reads on.</summary>
    /// <param name="reader">The stream.</param>
    /// <param name="limit">Characters that are kept.</param>
    /// <param name="awaited">A sign that the child writes first; it is not kept.</param>
    public ChildOutput(StreamReader reader, int limit, char? awaited = null) => _reading = Task.Run(async () =>
    {
        var buffer = new char[8192];
        try
        {
            int read;
            while ((read = await reader.ReadAsync(buffer)) > 0)
            {
                var skip = 0;
                if (awaited is not null && !_sign.Task.IsCompleted)
                {
                    skip = buffer[0] == awaited ? 1 : 0;
                    _sign.TrySetResult(skip == 1);
                }
                lock (_kept) _kept.Append(buffer, skip, Math.Min(read - skip, Math.Max(0, limit - _kept.Length)));
            }
        }
        finally
        {
            _sign.TrySetResult(false);
        }
    });

    /// <summary>What was kept.</summary>
    public string Text { get { lock (_kept) return _kept.ToString(); } }

    /// <summary>Waits for the sign; false where the stream begins with something else, ends, or says nothing in time.</summary>
    public bool Saw(TimeSpan time) => _sign.Task.Wait(time) && _sign.Task.Result;

    /// <summary>Reads what is left.</summary>
    public void Finish()
    {
        // A grandchild may hold the pipe open; what was read until then is enough.
        try { _reading.Wait(TimeSpan.FromSeconds(1)); }
        catch (AggregateException) { /* the pipe broke when the process was killed */ }
    }
}
