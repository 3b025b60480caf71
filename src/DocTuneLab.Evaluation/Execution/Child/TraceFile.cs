// Compiled into the child program, not into this assembly: the record of a run, as the parent reads it.
#nullable enable
using System;
using System.IO;

namespace DocTuneLab.Sandbox;

/// <summary>Kinds of records; the parent has the same list.</summary>
internal enum RecordKind : byte { Begin, Step, Check, Fault, OutOfMemory, TooLarge, End, Late }

/// <summary>Kinds of checks; the parent has the same list.</summary>
internal enum CheckKind : byte { Value, Equal, NotEqual, Condition, Thrown, Throws }

/// <summary>The values of a run take more room than a record may have.</summary>
public sealed class TraceFullException : Exception;

/// <summary>Appends records, each with its length before it and at once, so that what was checked before a crash is known.</summary>
internal sealed class TraceFile : IDisposable
{
    private readonly FileStream _file;
    private readonly long _limit;
    private readonly object _gate = new();
    private long _written;

    /// <summary>Opens a file that is there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limit">Bytes of one run at most.</param>
    public TraceFile(string path, long limit)
    {
        _limit = limit;
        _file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
    }

    public void Begin(int run)
    {
        _written = 0;
        Write(RecordKind.Begin, w => w.Int(run));
    }

    public void At(int step) => Write(RecordKind.Step, w => w.Int(step));

    public void Check(int site, CheckKind kind, Action<TreeWriter> values) => Write(RecordKind.Check, w =>
    {
        w.Int(site);
        w.Byte((byte)kind);
        values(w);
    });

    public void Fault(string message) => Write(RecordKind.Fault, w => w.Text(message));

    public void End() => Write(RecordKind.End, _ => { });

    /// <summary>A record without values, for which there may be no memory left.</summary>
    public void Plain(RecordKind kind)
    {
        Span<byte> record = [1, 0, 0, 0, (byte)kind];
        _file.Write(record);
    }

    public void Dispose() => _file.Dispose();

    private void Write(RecordKind kind, Action<TreeWriter> content)
    {
        lock (_gate)
        {
            using var bytes = new MemoryStream();
            var writer = new TreeWriter(bytes, _limit - _written);
            writer.Int(0);
            writer.Byte((byte)kind);
            content(writer);
            var record = bytes.GetBuffer().AsSpan(0, (int)bytes.Length);
            BitConverter.TryWriteBytes(record, record.Length - sizeof(int));
            _file.Write(record);
            _written += record.Length;
        }
    }
}
