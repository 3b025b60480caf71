using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace DocTuneLab.Training.Telemetry;

/// <summary>
/// An event file as TensorBoard reads it: records of length, masked CRC-32C, data, masked CRC-32C (TFRecord), the data being
/// an <c>Event</c> protocol buffer with a <c>Summary</c> of scalars.
/// </summary>
internal sealed class TensorBoardEvents : IDisposable
{
    private readonly FileStream _file;
    private readonly TimeProvider _time;

    public TensorBoardEvents(string directory, TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        Directory.CreateDirectory(directory);
        var name = string.Create(CultureInfo.InvariantCulture,
            $"events.out.tfevents.{_time.GetUtcNow().ToUnixTimeMilliseconds():D13}.{Environment.ProcessId}.doctunelab");
        _file = new FileStream(Path.Combine(directory, name), FileMode.Create, FileAccess.Write, FileShare.Read, 1 << 16);
        Write(null, message => Text(message, 3, "brain.Event:2"));
    }

    /// <summary>Scalars of one step.</summary>
    public void Add(long step, IEnumerable<(string Tag, double Value)> scalars) => Write(step, message =>
    {
        using var summary = new MemoryStream();
        Span<byte> bytes = stackalloc byte[4];
        foreach (var (tag, value) in scalars)
        {
            using var item = new MemoryStream();
            Text(item, 1, tag);
            item.WriteByte(2 << 3 | 5);
            BinaryPrimitives.WriteSingleLittleEndian(bytes, (float)value);
            item.Write(bytes);
            Bytes(summary, 1, item.ToArray());
        }
        Bytes(message, 5, summary.ToArray());
    });

    public void Flush() => _file.Flush();

    private void Write(long? step, Action<MemoryStream> body)
    {
        using var message = new MemoryStream();
        message.WriteByte(1 << 3 | 1);
        Span<byte> eight = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(eight, _time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0);
        message.Write(eight);
        if (step is { } s)
        {
            message.WriteByte(2 << 3);
            VarInt(message, (ulong)s);
        }
        body(message);
        var data = message.ToArray();
        Span<byte> header = stackalloc byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], MaskedCrc(header[..8]));
        _file.Write(header);
        _file.Write(data);
        Span<byte> footer = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(footer, MaskedCrc(data));
        _file.Write(footer);
    }

    private static void Text(MemoryStream to, int field, string text) => Bytes(to, field, Encoding.UTF8.GetBytes(text));

    private static void Bytes(MemoryStream to, int field, byte[] bytes)
    {
        to.WriteByte((byte)(field << 3 | 2));
        VarInt(to, (ulong)bytes.Length);
        to.Write(bytes);
    }

    private static void VarInt(MemoryStream to, ulong value)
    {
        for (; value >= 0x80; value >>= 7) to.WriteByte((byte)(value | 0x80));
        to.WriteByte((byte)value);
    }

    private static uint MaskedCrc(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var b in data) crc = BitOperations.Crc32C(crc, b);
        crc = ~crc;
        return BitOperations.RotateRight(crc, 15) + 0xA282EAD8;
    }

    public void Dispose() => _file.Dispose();
}
