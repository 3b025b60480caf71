using Microsoft.Win32.SafeHandles;

namespace DocTuneLab.Training.Checkpoints;

/// <summary>
/// Brings parts of files into the system's page cache on a thread of its own, in the order in which they will be asked for, while
/// those before are quantised. It stays a bounded distance ahead, so that what it brought is still there when its turn comes.
/// </summary>
internal sealed class ReadAhead : IDisposable
{
    private const long Distance = 256L << 20;
    private const int Piece = 4 << 20;
    private readonly Thread _thread;
    private readonly AutoResetEvent _moved = new(false);
    private long _used;
    private volatile bool _stopped;

    /// <param name="parts">File, first byte and length of each part, in order.</param>
    public ReadAhead(IReadOnlyList<(string Path, long Begin, long Length)> parts)
    {
        _thread = new Thread(() => Run(parts)) { IsBackground = true, Name = "read-ahead" };
        _thread.Start();
    }

    /// <summary>So many bytes were taken.</summary>
    public void Used(long bytes)
    {
        Interlocked.Add(ref _used, bytes);
        _moved.Set();
    }

    private void Run(IReadOnlyList<(string Path, long Begin, long Length)> parts)
    {
        var files = new Dictionary<string, SafeFileHandle>(StringComparer.Ordinal);
        var buffer = new byte[Piece];
        var read = 0L;
        try
        {
            foreach (var (path, begin, length) in parts)
            {
                if (!files.TryGetValue(path, out var file)) files[path] = file = File.OpenHandle(path, options: FileOptions.SequentialScan);
                for (var at = 0L; at < length; at += Piece)
                {
                    while (!_stopped && read - Interlocked.Read(ref _used) > Distance) _moved.WaitOne();
                    if (_stopped) return;
                    var size = (int)Math.Min(Piece, length - at);
                    // What was taken already need not be brought.
                    if (Interlocked.Read(ref _used) < read + size) RandomAccess.Read(file, buffer.AsSpan(0, size), begin + at);
                    read += size;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Whoever takes the tensor meets the same, and says so.
        }
        finally
        {
            foreach (var file in files.Values) file.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopped = true;
        _moved.Set();
        _thread.Join();
        _moved.Dispose();
    }
}
