using System.Text;

namespace DocTuneLab.Training.Checkpoints.Gguf;

/// <summary>Writes GGUF files: fields and tensors are named first, then the tensors' bytes are streamed in that order.</summary>
internal sealed class GgufWriter : IDisposable
{
    private readonly MemoryStream _fields = new();
    private readonly List<(string Name, long[] Shape, GgufType Type, Action<Stream> Write)> _tensors = [];
    private ulong _count;

    /// <summary>Adds a field: a string, boolean, uint, int, ulong, float, or an array of one of string, int and float.</summary>
    public void Set(string name, object value)
    {
        _count++;
        var writer = new BinaryWriter(_fields, Encoding.UTF8, leaveOpen: true);
        String(writer, name);
        switch (value)
        {
            case IReadOnlyList<string> texts: Array(8, texts, t => String(writer, t)); break;
            case IReadOnlyList<int> numbers: Array(5, numbers, writer.Write); break;
            case IReadOnlyList<float> reals: Array(6, reals, writer.Write); break;
            case uint u: writer.Write(4u); writer.Write(u); break;
            case int i: writer.Write(5u); writer.Write(i); break;
            case float f: writer.Write(6u); writer.Write(f); break;
            case bool b: writer.Write(7u); writer.Write(b); break;
            case string s: writer.Write(8u); String(writer, s); break;
            case ulong l: writer.Write(10u); writer.Write(l); break;
            default: throw new ArgumentException($"no GGUF type for {value.GetType()}", nameof(value));
        }

        void Array<T>(uint type, IReadOnlyList<T> items, Action<T> write)
        {
            writer.Write(9u);
            writer.Write(type);
            writer.Write((ulong)items.Count);
            foreach (var item in items) write(item);
        }
    }

    /// <summary>Adds a tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">Dimensions, outermost first.</param>
    /// <param name="type">Element type.</param>
    /// <param name="write">Writes exactly its bytes, when its turn comes.</param>
    public void Add(string name, long[] shape, GgufType type, Action<Stream> write) => _tensors.Add((name, shape, type, write));

    /// <summary>Writes the file beside its place, synced and renamed into it.</summary>
    public void Save(string path, Action<int, int>? progress = null)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!);
        var temporary = path + ".partial";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20))
            {
                var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
                writer.Write(GgufFile.Magic);
                writer.Write(GgufFile.Version);
                writer.Write((ulong)_tensors.Count);
                writer.Write(_count);
                writer.Flush();
                _fields.WriteTo(stream);
                var offset = 0L;
                foreach (var (name, shape, type, _) in _tensors)
                {
                    String(writer, name);
                    writer.Write((uint)shape.Length);
                    foreach (var d in shape.Reverse()) writer.Write(d);
                    writer.Write((uint)type);
                    writer.Write(offset);
                    offset = Aligned(offset + Bytes(shape, type));
                }
                writer.Flush();
                Pad(stream);
                for (var i = 0; i < _tensors.Count; i++)
                {
                    var (name, shape, type, write) = _tensors[i];
                    var begin = stream.Position;
                    write(stream);
                    if (stream.Position - begin != Bytes(shape, type))
                        throw new InvalidOperationException(
                            $"tensor '{name}' wrote {stream.Position - begin} bytes, not {Bytes(shape, type)}");
                    Pad(stream);
                    progress?.Invoke(i + 1, _tensors.Count);
                }
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    public void Dispose() => _fields.Dispose();

    private static long Bytes(long[] shape, GgufType type) =>
        shape.SkipLast(1).Aggregate(GgufTypes.Bytes(type, shape[^1]), (a, b) => a * b);

    private static long Aligned(long offset) =>
        (offset + GgufFile.DefaultAlignment - 1) / GgufFile.DefaultAlignment * GgufFile.DefaultAlignment;

    private static void Pad(Stream stream) => stream.Write(new byte[Aligned(stream.Position) - stream.Position]);

    private static void String(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }
}
