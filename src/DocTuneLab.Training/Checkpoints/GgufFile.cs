using System.IO.MemoryMappedFiles;
using System.Text;

namespace DocTuneLab.Training.Checkpoints;

/// <summary>A tensor of a GGUF file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Dimensions, outermost first (the file has them innermost first).</param>
/// <param name="Type">Number of its element type; <see cref="GgufType"/> names those that can be read.</param>
/// <param name="Offset">First byte from the start of the data section.</param>
internal sealed record GgufTensor(string Name, long[] Shape, uint Type, long Offset);

/// <summary>A memory-mapped GGUF file (format: version 3 of ggml's <c>gguf.md</c>), its header checked before anything is read.</summary>
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
            if (Number<int>() is var version && version is not (2 or Version))
                throw Corrupt($"its version is {version}; supported are 2 and 3");
            var (tensors, fields) = (Number<ulong>(), Number<ulong>());
            // The shortest tensor takes 33 bytes of header, the shortest field 13.
            if (tensors > (ulong)_length / 33 || fields > (ulong)_length / 13)
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
                if (!list.TryAdd(name, new GgufTensor(name, shape, Number<uint>(), Number<long>())))
                    throw Corrupt($"tensor '{name}' stands there twice");
            }
            var alignment = metadata.TryGetValue("general.alignment", out var a)
                ? a is uint u && u is >= 1 and <= 1 << 20 ? u : throw Corrupt($"general.alignment is {a}")
                : DefaultAlignment;
            _data = (_at + alignment - 1) / alignment * alignment;
            foreach (var tensor in list.Values) Check(tensor);
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

    /// <summary>Fields by name: numbers, booleans, strings, and arrays of them as <c>object[]</c>.</summary>
    public IReadOnlyDictionary<string, object> Metadata { get; }

    /// <summary>Tensors by name.</summary>
    public IReadOnlyDictionary<string, GgufTensor> Tensors { get; }

    /// <summary>Maps a file and checks its header.</summary>
    /// <exception cref="LabException">The file is missing, truncated or not a GGUF file; the message says what is wrong.</exception>
    public static GgufFile Open(string path) => File.Exists(path) ? new GgufFile(path) : throw new LabException($"{path}: no such file");

    /// <summary>Values of a tensor, row-major.</summary>
    /// <exception cref="LabException">There is none of that name, or its type is not one that is read here.</exception>
    public float[] Read(string name)
    {
        if (!Tensors.TryGetValue(name, out var tensor)) throw new LabException($"{Path}: tensor '{name}' is missing");
        if (!Enum.IsDefined((GgufType)tensor.Type))
            throw new LabException($"{Path}: tensor '{name}' has element type {tensor.Type}, which is not supported");
        var values = new float[tensor.Shape.Aggregate(1L, (a, b) => a * b)];
        GgufTypes.Decode((GgufType)tensor.Type,
            new ReadOnlySpan<byte>(_pointer + _data + tensor.Offset, (int)GgufTypes.Bytes((GgufType)tensor.Type, values.Length)), values);
        return values;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _view?.SafeMemoryMappedViewHandle.ReleasePointer();
        _view?.Dispose();
        _file?.Dispose();
    }

    private void Check(GgufTensor tensor)
    {
        Int128 elements = 1;
        foreach (var d in tensor.Shape) elements = d < 0 || elements > long.MaxValue ? -1 : elements * d;
        if (elements < 0 || elements > int.MaxValue * 64L)
            throw Corrupt($"tensor '{tensor.Name}' of shape [{string.Join(", ", tensor.Shape)}] is no tensor");
        if (tensor.Offset < 0 || tensor.Offset > _length - _data && elements > 0)
            throw Corrupt($"tensor '{tensor.Name}' begins at byte {tensor.Offset} of {Math.Max(0, _length - _data)}: "
                + "the file is truncated or its header is wrong");
        if (!Enum.IsDefined((GgufType)tensor.Type)) return;
        var (block, bytes) = GgufTypes.Block((GgufType)tensor.Type);
        if (tensor.Shape[^1] % block != 0)
            throw Corrupt($"tensor '{tensor.Name}' has rows of {tensor.Shape[^1]}, which is no multiple of its type's block of {block}");
        if (elements / block * bytes > _length - _data - tensor.Offset)
            throw Corrupt($"tensor '{tensor.Name}' of shape [{string.Join(", ", tensor.Shape)}] does not end within the file: "
                + "it is truncated or its header is wrong");
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
                if (count > (ulong)(_length - _at))
                    throw Corrupt($"the field '{name}' claims {count} elements, but only {_length - _at} bytes follow");
                // An array of what takes no byte cannot be: each element advances, so memory stays within the file's size.
                var items = new List<object>((int)Math.Min(count, 1 << 16));
                for (var i = 0UL; i < count; i++) items.Add(Value(item, name, depth + 1));
                return items.ToArray();
            default: throw Corrupt($"the field '{name}' has the unknown type {type}");
        }
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
