using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Text.Json;
using DocTuneLab.Training.Simd;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Checkpoints;

/// <summary>Where a tensor lies in a safetensors file.</summary>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Dimensions.</param>
/// <param name="Begin">First byte, from the start of the data section.</param>
/// <param name="End">Byte past the last.</param>
public sealed record TensorEntry(ScalarType Type, long[] Shape, long Begin, long End);

/// <summary>
/// A memory-mapped safetensors file (format: 8-byte little-endian header length, JSON header, tensor bytes).
/// The header is checked before anything is read: sizes, bounds and overlaps.
/// </summary>
public sealed class SafetensorsFile : ITensorFile
{
    private const long MaxHeader = 100_000_000;
    private const long Part = 1 << 30, CopiedPart = 4 << 20;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly long _data;

    private SafetensorsFile(string path, MemoryMappedFile file, MemoryMappedViewAccessor view, long data,
        IReadOnlyDictionary<string, TensorEntry> entries, IReadOnlyDictionary<string, string> metadata)
    {
        (Path, _file, _view, _data, Entries, Metadata) = (path, file, view, data, entries, metadata);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Tensors by name.</summary>
    public IReadOnlyDictionary<string, TensorEntry> Entries { get; }

    /// <summary>The header's <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Maps a file and checks its header.</summary>
    /// <exception cref="LabException">The file is missing, truncated or not a safetensors file; the message says what is wrong.</exception>
    public static SafetensorsFile Open(string path)
    {
        if (!File.Exists(path)) throw new LabException($"{path}: no such file");
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        // Of the stream: a path may be a link, which has a length of its own.
        var length = stream.Length;
        if (length < 8) throw Corrupt(path, $"the file has {length} bytes; even an empty one has 8");
        Span<byte> prefix = stackalloc byte[8];
        stream.ReadExactly(prefix);
        var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (headerLength > MaxHeader || (long)headerLength > length - 8)
            throw Corrupt(path, $"its header claims {headerLength} bytes, but the file has only {length - 8} after the length field");
        var header = new byte[headerLength];
        stream.ReadExactly(header);
        var data = 8 + (long)headerLength;
        var entries = new Dictionary<string, TensorEntry>(StringComparer.Ordinal);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            using var json = JsonDocument.Parse(header);
            foreach (var property in json.RootElement.EnumerateObject())
            {
                if (property.NameEquals("__metadata__"))
                {
                    foreach (var field in property.Value.EnumerateObject()) metadata[field.Name] = field.Value.GetString() ?? "";
                    continue;
                }
                entries.Add(property.Name, Entry(path, property.Name, property.Value, length - data));
            }
        }
        catch (Exception e)
            when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or ArgumentException)
        {
            throw Corrupt(path, $"its header is not a valid safetensors header ({e.Message})");
        }
        var end = 0L;
        foreach (var (name, entry) in entries.OrderBy(e => e.Value.Begin))
        {
            if (entry.Begin < end) throw Corrupt(path, $"tensor '{name}' overlaps the one before it");
            end = entry.End;
        }
        var file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        return new SafetensorsFile(path, file, file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read), data, entries, metadata);
    }

    (string Path, long Begin, long Length) ITensorFile.Place(string name) =>
        (Path, _data + Entries[name].Begin, Entries[name].End - Entries[name].Begin);

    string ITensorFile.OwnName(string name) => name;

    IReadOnlyList<string> ITensorFile.Paths => [Path];

    bool ITensorFile.IsInBlocks(string name) => false;

    BlockMatrix? ITensorFile.ReadBlocks(string name, long[] expectedShape) => null;

    /// <summary>Copies a tensor out of the mapped file.</summary>
    /// <exception cref="LabException">There is no tensor of that name, or its shape is not the expected one.</exception>
    public unsafe Tensor Read(string name, long[]? expectedShape = null)
    {
        if (!Entries.TryGetValue(name, out var entry)) throw new LabException($"{Path}: tensor '{name}' is missing");
        if (expectedShape is not null && !expectedShape.SequenceEqual(entry.Shape))
            throw new LabException($"{Path}: tensor '{name}' has shape [{string.Join(", ", entry.Shape)}], "
                + $"expected [{string.Join(", ", expectedShape)}] from config.json");
        var tensor = empty(entry.Shape, dtype: entry.Type);
        byte* pointer = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
        try
        {
            var (source, target, length) = ((nint)(pointer + _view.PointerOffset + _data + entry.Begin), (nint)tensor.Address(),
                entry.End - entry.Begin);
            // On all threads: new memory and the file's pages cost more than the copying.
            Cores.For((int)((length + CopiedPart - 1) / CopiedPart), i =>
            {
                var (at, count) = (i * CopiedPart, Math.Min(CopiedPart, length - i * CopiedPart));
                Buffer.MemoryCopy((byte*)source + at, (byte*)target + at, count, count);
            }, length);
            MappedPages.Release((byte*)source, length);
        }
        finally
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
        }
        return tensor;
    }

    /// <summary>Writes tensors to a new file, synced and renamed into place, so that a crash leaves the old file or the new one.</summary>
    public static void Write(string path, IEnumerable<KeyValuePair<string, Tensor>> tensors,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        var items = tensors.OrderBy(t => t.Key, StringComparer.Ordinal).ToArray();
        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            foreach (var (key, value) in metadata ?? new Dictionary<string, string> { ["format"] = "pt" }) json.WriteString(key, value);
            json.WriteEndObject();
            var offset = 0L;
            foreach (var (name, tensor) in items)
            {
                var bytes = tensor.numel() * tensor.element_size();
                json.WriteStartObject(name);
                json.WriteString("dtype", Name(tensor.dtype));
                json.WriteStartArray("shape");
                foreach (var d in tensor.shape) json.WriteNumberValue(d);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset + bytes);
                json.WriteEndArray();
                json.WriteEndObject();
                offset += bytes;
            }
            json.WriteEndObject();
        }
        while (header.Length % 8 != 0) header.WriteByte((byte)' ');
        var temporary = path + ".partial";
        try
        {
            using var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write);
            Span<byte> prefix = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(prefix, header.Length);
            stream.Write(prefix);
            header.WriteTo(stream);
            foreach (var (_, tensor) in items)
            {
                using var scope = NewDisposeScope();
                var flat = tensor.detach().cpu().contiguous().flatten();
                for (var at = 0L; at < flat.numel(); at += Part / 8)
                    stream.Write(flat.narrow(0, at, Math.Min(Part / 8, flat.numel() - at)).bytes);
            }
            stream.Flush(flushToDisk: true);
        }
        catch (Exception e) when (e is IOException or ArgumentOutOfRangeException)
        {
            File.Delete(temporary);
            // A limit on file sizes comes as the latter from the runtime.
            throw e as IOException ?? new IOException("File too large : a limit on file sizes is reached", e);
        }
        File.Move(temporary, path, overwrite: true);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }

    private static TensorEntry Entry(string path, string name, JsonElement json, long available)
    {
        var typeName = json.GetProperty("dtype").GetString();
        var type = typeName switch
        {
            "F64" => ScalarType.Float64,
            "F32" => ScalarType.Float32,
            "F16" => ScalarType.Float16,
            "BF16" => ScalarType.BFloat16,
            "I64" => ScalarType.Int64,
            "I32" => ScalarType.Int32,
            "I16" => ScalarType.Int16,
            "I8" => ScalarType.Int8,
            "U8" => ScalarType.Byte,
            "BOOL" => ScalarType.Bool,
            _ => throw new LabException($"{path}: tensor '{name}' is of type {typeName}, which is not read here; expected F64, F32, F16, "
                + "BF16, I64, I32, I16, I8, U8 or BOOL. Convert it first; weights in 8-bit floating point to bfloat16, for instance"),
        };
        var shape = json.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64()).ToArray();
        var offsets = json.GetProperty("data_offsets").EnumerateArray().Select(d => d.GetInt64()).ToArray();
        if (offsets.Length != 2 || offsets[0] < 0 || offsets[1] < offsets[0] || offsets[1] > available)
            throw Corrupt(path,
                $"tensor '{name}' lies at bytes [{string.Join(", ", offsets)}] of {available}: "
                    + "the file is truncated or its header is wrong");
        Int128 elements = 1;
        foreach (var d in shape) elements = d < 0 || elements > long.MaxValue ? -1 : elements * d;
        if (elements < 0 || elements * Size(type) != offsets[1] - offsets[0])
            throw Corrupt(path,
                $"tensor '{name}' of shape [{string.Join(", ", shape)}] and type {typeName} does not fill its "
                    + $"{offsets[1] - offsets[0]} bytes");
        return new TensorEntry(type, shape, offsets[0], offsets[1]);
    }

    private static int Size(ScalarType type) => type switch
    {
        ScalarType.Float64 or ScalarType.Int64 => 8,
        ScalarType.Float32 or ScalarType.Int32 => 4,
        ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Int16 => 2,
        _ => 1,
    };

    private static string Name(ScalarType type) => type switch
    {
        ScalarType.Float64 => "F64",
        ScalarType.Float32 => "F32",
        ScalarType.Float16 => "F16",
        ScalarType.BFloat16 => "BF16",
        ScalarType.Int64 => "I64",
        ScalarType.Int32 => "I32",
        ScalarType.Int16 => "I16",
        ScalarType.Int8 => "I8",
        ScalarType.Byte => "U8",
        ScalarType.Bool => "BOOL",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "no safetensors name for this element type"),
    };

    private static LabException Corrupt(string path, string why) =>
        new($"{path}: not a valid safetensors file: {why}. Copy or download it again.");
}
