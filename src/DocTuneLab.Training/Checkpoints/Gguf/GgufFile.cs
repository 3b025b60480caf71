using System.IO.MemoryMappedFiles;
using System.Text;

namespace DocTuneLab.Training.Checkpoints.Gguf;

/// <summary>A tensor of a GGUF file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Dimensions, outermost first (the file has them innermost first).</param>
/// <param name="Type">Its element type.</param>
/// <param name="Offset">First byte from the start of the data section.</param>
internal sealed record GgufTensor(string Name, long[] Shape, GgufType Type, long Offset)
{
    /// <summary>Numbers in it.</summary>
    public long Count { get; } = Shape.Aggregate(1L, (a, b) => a * b);

    /// <summary>Bytes that it takes.</summary>
    public long Bytes => GgufTypes.Bytes(Type, Count);
}

/// <summary>
/// A memory-mapped GGUF file (format: versions 2 and 3 of ggml's <c>gguf.md</c>). The header is checked before anything is read: counts,
/// bounds, alignment and overlaps, and no memory is taken by the word of a number in it.
/// </summary>
internal sealed unsafe class GgufFile : IDisposable
{
    internal const uint Magic = 0x46554747;
    internal const int Version = 3;
    internal const int DefaultAlignment = 32;
    private const int MaxDepth = 4;
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly byte* _pointer;
    private readonly long _length, _data;
    private long _at;

    private GgufFile(string path)
    {
        Path = path;
        // Of the stream: a path may be a link, which has a length of its own.
        using (var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read)) _length = stream.Length;
        if (_length < 24) throw Corrupt($"the file has {_length} bytes; even an empty one has 24");
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _pointer);
        try
        {
            if (Number<uint>() != Magic) throw Corrupt("it does not begin with 'GGUF'");
            var version = Number<int>();
            if (System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(version) is 2 or Version)
                throw new LabException(
                    $"{path}: the file is big-endian, which is not supported; convert the model for a little-endian machine");
            if (version is not (2 or Version)) throw Corrupt($"its version is {version}; supported are 2 and 3");
            var (tensors, fields) = (Number<ulong>(), Number<ulong>());
            // The shortest tensor takes 32 bytes of header, the shortest field 13.
            if (tensors > (ulong)_length / 32 || fields > (ulong)_length / 13)
                throw Corrupt($"its header claims {tensors} tensors and {fields} fields in {_length} bytes");
            var metadata = new Dictionary<string, object>(StringComparer.Ordinal);
            for (var i = 0UL; i < fields; i++)
            {
                var name = String("the name of a field");
                if (!metadata.TryAdd(name, Value(Number<uint>(), name, 0))) throw Corrupt($"the field '{name}' stands there twice");
            }
            Metadata = metadata;
            var list = new Dictionary<string, GgufTensor>(StringComparer.Ordinal);
            for (var i = 0UL; i < tensors; i++)
            {
                var name = String("the name of a tensor");
                var dimensions = Number<uint>();
                if (dimensions is 0 or > 4) throw Corrupt($"tensor '{name}' has {dimensions} dimensions; expected 1 to 4");
                var shape = new long[dimensions];
                for (var d = (int)dimensions - 1; d >= 0; d--) shape[d] = Number<long>();
                var type = Number<uint>();
                if (!GgufTypes.Reads(type))
                    throw new LabException($"{path}: tensor '{name}' has the element type {type}, which is not supported");
                Check(name, shape, (GgufType)type);
                if (!list.TryAdd(name, new GgufTensor(name, shape, (GgufType)type, Number<long>())))
                    throw Corrupt($"tensor '{name}' stands there twice");
            }
            var alignment = metadata.TryGetValue("general.alignment", out var a)
                ? a is uint u && u is >= 1 and <= 1 << 20 ? u : throw Corrupt($"general.alignment is {a}")
                : DefaultAlignment;
            _data = (_at + alignment - 1) / alignment * alignment;
            Place(list.Values, alignment);
            Tensors = list;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Its bytes.</summary>
    public long Length => _length;

    /// <summary>Fields by name: numbers, booleans, strings, and arrays of them; an array of arrays is of <see cref="Array"/>.</summary>
    public IReadOnlyDictionary<string, object> Metadata { get; }

    /// <summary>Tensors by name.</summary>
    public IReadOnlyDictionary<string, GgufTensor> Tensors { get; }

    /// <summary>Maps a file and checks its header.</summary>
    /// <exception cref="LabException">The file is missing, truncated or not a GGUF file; the message says what is wrong.</exception>
    public static GgufFile Open(string path) => File.Exists(path) ? new GgufFile(path) : throw new LabException($"{path}: no such file");

    /// <summary>Where a tensor's bytes begin in memory; valid until the file is closed.</summary>
    public byte* Address(GgufTensor tensor) => _pointer + _data + tensor.Offset;

    /// <summary>The place of a tensor in the file.</summary>
    public (string Path, long Begin, long Length) Place(GgufTensor tensor) => (Path, _data + tensor.Offset, tensor.Bytes);

    /// <summary>Values of a tensor, row-major.</summary>
    /// <exception cref="LabException">There is none of that name.</exception>
    public float[] Read(string name)
    {
        if (!Tensors.TryGetValue(name, out var tensor)) throw new LabException($"{Path}: tensor '{name}' is missing");
        var values = new float[tensor.Count];
        fixed (float* target = values) GgufTypes.Decode(tensor.Type, Address(tensor), target, values.Length);
        return values;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _view?.SafeMemoryMappedViewHandle.ReleasePointer();
        _view?.Dispose();
        _file?.Dispose();
    }

    private void Check(string name, long[] shape, GgufType type)
    {
        Int128 elements = 1;
        foreach (var d in shape) elements = d <= 0 || elements > long.MaxValue ? -1 : elements * d;
        var (block, _) = GgufTypes.Block(type);
        if (elements <= 0 || elements / block > _length)
            throw Corrupt($"tensor '{name}' of shape [{string.Join(", ", shape)}] has no place in {_length} bytes");
        if (shape[^1] % block != 0)
            throw Corrupt($"tensor '{name}' has rows of {shape[^1]}, which is no multiple of the block of {type}, {block}");
    }

    private void Place(IEnumerable<GgufTensor> tensors, uint alignment)
    {
        var (room, end, before) = (_length - _data, 0L, "");
        foreach (var tensor in tensors.OrderBy(t => t.Offset))
        {
            if (tensor.Offset < 0 || tensor.Offset > room || tensor.Bytes > room - tensor.Offset)
                throw Corrupt($"tensor '{tensor.Name}' lies at byte {tensor.Offset} and takes {tensor.Bytes}, but there are "
                    + $"{Math.Max(0, room)}: the file is truncated or its header is wrong");
            if (tensor.Offset % alignment != 0)
                throw Corrupt($"tensor '{tensor.Name}' lies at byte {tensor.Offset}, which is no multiple of the alignment {alignment}");
            if (tensor.Offset < end) throw Corrupt($"tensor '{tensor.Name}' overlaps '{before}'");
            (end, before) = (tensor.Offset + tensor.Bytes, tensor.Name);
        }
    }

    private object Value(uint type, string name, int depth)
    {
        switch (type)
        {
            case 0: return Number<byte>();
            case 1: return Number<sbyte>();
            case 2: return Number<ushort>();
            case 3: return Number<short>();
            case 4: return Number<uint>();
            case 5: return Number<int>();
            case 6: return Number<float>();
            case 7:
                return Number<byte>() switch
                {
                    0 => false,
                    1 => true,
                    var b => throw Corrupt($"the field '{name}' is a boolean of value {b}")
                };
            case 8: return String($"the field '{name}'");
            case 10: return Number<ulong>();
            case 11: return Number<long>();
            case 12: return Number<double>();
            case 9:
                var (item, count) = (Number<uint>(), Number<ulong>());
                if (depth == MaxDepth) throw Corrupt($"the field '{name}' nests arrays too deeply");
                return Items(item, count, name, depth);
            default: throw Corrupt($"the field '{name}' has the unknown type {type}");
        }
    }

    private Array Items(uint type, ulong count, string name, int depth) => type switch
    {
        0 => Numbers<byte>(count, name),
        1 => Numbers<sbyte>(count, name),
        2 => Numbers<ushort>(count, name),
        3 => Numbers<short>(count, name),
        4 => Numbers<uint>(count, name),
        5 => Numbers<int>(count, name),
        6 => Numbers<float>(count, name),
        10 => Numbers<ulong>(count, name),
        11 => Numbers<long>(count, name),
        12 => Numbers<double>(count, name),
        7 => Each(count, 1, name, () => (bool)Value(7, name, depth)),
        8 => Each(count, 8, name, () => String($"the field '{name}'")),
        9 => Each(count, 12, name, () => (Array)Value(9, name, depth + 1)),
        _ => throw Corrupt($"the field '{name}' has elements of the unknown type {type}"),
    };

    private T[] Numbers<T>(ulong count, string name) where T : unmanaged
    {
        Room(count, sizeof(T), name);
        var numbers = new ReadOnlySpan<T>(_pointer + _at, (int)count).ToArray();
        _at += (long)count * sizeof(T);
        return numbers;
    }

    private T[] Each<T>(ulong count, int least, string name, Func<T> next)
    {
        Room(count, least, name);
        var items = new List<T>((int)Math.Min(count, 1 << 16));
        for (var i = 0UL; i < count; i++) items.Add(next());
        return [.. items];
    }

    private void Room(ulong count, int size, string name)
    {
        if (count > (ulong)(_length - _at) / (ulong)size || count > int.MaxValue)
            throw Corrupt($"the field '{name}' claims {count} elements, but only {_length - _at} bytes follow");
    }

    private string String(string what)
    {
        var length = Number<ulong>();
        if (length > (ulong)(_length - _at)) throw Corrupt($"{what} claims {length} bytes, but only {_length - _at} follow");
        try
        {
            var text = s_strict.GetString(_pointer + _at, checked((int)length));
            _at += (long)length;
            return text;
        }
        catch (Exception e) when (e is ArgumentException or OverflowException)
        {
            throw Corrupt($"{what} is not UTF-8");
        }
    }

    private T Number<T>() where T : unmanaged
    {
        if (_length - _at < sizeof(T)) throw Corrupt($"it ends at byte {_length} within its header");
        var value = System.Runtime.CompilerServices.Unsafe.ReadUnaligned<T>(_pointer + _at);
        _at += sizeof(T);
        return value;
    }

    private LabException Corrupt(string why) => new($"{Path}: not a valid GGUF file: {why}. Copy or download it again.");
}
