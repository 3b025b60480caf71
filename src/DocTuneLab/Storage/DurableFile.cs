namespace DocTuneLab.Storage;

/// <summary>
/// A file as LiteDB wants its streams, which waits forever when a write fails (its background writer dies and nobody hears of it).
/// Here a failed write is remembered instead of thrown, and from then on nothing more changes on the disk: what is there is a
/// state that LiteDB recovers from, and <see cref="ThrowIfFailed"/> tells the caller.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="readOnly">Whether it stays as it is.</param>
/// <param name="log">
/// For a data file, the file that its changes are written to first. LiteDB would have that one on the disk after each document; it has
/// to be there before the data file changes, and not sooner.
/// </param>
internal sealed class DurableFile(string path, bool readOnly, DurableFile? log = null) : Stream
{
    private readonly FileStream _file = readOnly
        ? new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1)
        : new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, 1);

    private volatile Exception? _failure;
    private volatile bool _unsynced;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => !readOnly;

    public override long Length => _file.Length;

    public override long Position
    {
        get => _file.Position;
        set => _file.Position = value;
    }

    /// <summary>Whether a write failed.</summary>
    public bool HasFailed => _failure is not null;

    /// <exception cref="IOException">A write failed since the file was opened.</exception>
    public void ThrowIfFailed()
    {
        if (_failure is { } failure) throw new IOException(failure.Message, failure.HResult);
    }

    public override int Read(byte[] buffer, int offset, int count) => _file.Read(buffer, offset, count);

    public override long Seek(long offset, SeekOrigin origin) => _file.Seek(offset, origin);

    public override void Write(byte[] buffer, int offset, int count) => Change(() => _file.Write(buffer, offset, count));

    // A reader never changes the file, not even to cut off a page that the writer is just appending.
    public override void SetLength(long value) => Change(() => _file.SetLength(value));

    public override void Flush()
    {
        if (log is not null) Sync();
    }

    /// <summary>What was written is on the disk afterwards.</summary>
    public void Sync()
    {
        if (!_unsynced) return;
        Change(() => _file.Flush(flushToDisk: true));
        _unsynced = false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _file.Dispose();
        base.Dispose(disposing);
    }

    private void Change(Action change)
    {
        if (readOnly || _failure is not null) return;
        log?.Sync();
        try
        {
            _unsynced = true;
            change();
        }
        catch (ArgumentOutOfRangeException e)
        {
            // So .NET tells of a file that may not grow to a length.
            _failure = new IOException(e.Message, StorageFault.FileTooLarge);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _failure = e;
        }
    }
}
