using System.Text;

namespace DocTuneLab.Evaluation.Execution;

/// <summary>Reads a stream to its end and keeps only its start, so that an answer that prints for ever neither blocks nor
/// fills memory.</summary>
internal sealed class ChildOutput
{
    private readonly StringBuilder kept = new();
    private readonly TaskCompletionSource<bool> sign = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task reading;

    /// <summary>Reads on.</summary>
    /// <param name="reader">The stream.</param>
    /// <param name="limit">Characters that are kept.</param>
    /// <param name="awaited">A sign that the child writes first; it is not kept.</param>
    public ChildOutput(StreamReader reader, int limit, char? awaited = null) => reading = Task.Run(async () =>
    {
        var buffer = new char[8192];
        try
        {
            int read;
            while ((read = await reader.ReadAsync(buffer)) > 0)
            {
                var skip = 0;
                if (awaited is not null && !sign.Task.IsCompleted)
                {
                    skip = buffer[0] == awaited ? 1 : 0;
                    sign.TrySetResult(skip == 1);
                }
                lock (kept) kept.Append(buffer, skip, Math.Min(read - skip, Math.Max(0, limit - kept.Length)));
            }
        }
        finally
        {
            sign.TrySetResult(false);
        }
    });

    /// <summary>What was kept.</summary>
    public string Text { get { lock (kept) return kept.ToString(); } }

    /// <summary>Waits for the sign; false where the stream begins with something else, ends, or says nothing in time.</summary>
    public bool Saw(TimeSpan time) => sign.Task.Wait(time) && sign.Task.Result;

    /// <summary>Reads what is left.</summary>
    public void Finish()
    {
        // A grandchild may hold the pipe open; what was read until then is enough.
        try { reading.Wait(TimeSpan.FromSeconds(1)); }
        catch (AggregateException) { /* the pipe broke when the process was killed */ }
    }
}
