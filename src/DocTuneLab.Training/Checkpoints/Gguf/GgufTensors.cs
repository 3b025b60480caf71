using DocTuneLab.Training.Simd;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Checkpoints.Gguf;

/// <summary>
/// The tensors of a model in GGUF by the names and in the order of rows that a checkpoint has them. In files of <c>llama</c> the rows of
/// queries and keys stand so that neighbours turn together; a checkpoint has the halves of a head.
/// </summary>
internal sealed unsafe class GgufTensors : ITensorFile
{
    private const long CopiedPart = 4 << 20;
    private readonly GgufModel _model;
    private readonly Dictionary<string, (GgufFile File, GgufTensor Tensor)> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<GgufFile, Tensor> _mapped = [];
    private readonly int _heads, _keyHeads;

    /// <param name="model">The files; whoever opened them closes them.</param>
    /// <param name="heads">Query heads whose rows change places; 0 where rows are as in the checkpoint.</param>
    /// <param name="keyHeads">The same of keys.</param>
    public GgufTensors(GgufModel model, int heads, int keyHeads)
    {
        (_model, _heads, _keyHeads) = (model, heads, keyHeads);
        foreach (var name in model.Names)
            if (name != GgufNames.RotaryDivisors) _tensors[GgufNames.ToCheckpoint(name) ?? name] = model.Find(name)!.Value;
        Entries = _tensors.ToDictionary(t => t.Key,
            t => new TensorEntry(StoredType(t.Value.Tensor.Type), t.Value.Tensor.Shape, t.Value.Tensor.Offset,
                t.Value.Tensor.Offset + t.Value.Tensor.Bytes), StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public string Path => _model.Path;

    /// <inheritdoc/>
    public IReadOnlyList<string> Paths => _model.Paths;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, TensorEntry> Entries { get; }

    /// <inheritdoc/>
    public (string Path, long Begin, long Length) Place(string name) => _tensors[name].File.Place(_tensors[name].Tensor);

    /// <inheritdoc/>
    public string OwnName(string name) => _tensors.TryGetValue(name, out var found) ? found.Tensor.Name : GgufNames.Of(name);

    /// <inheritdoc/>
    public Tensor Read(string name, long[]? expectedShape = null)
    {
        var (file, tensor) = Find(name, expectedShape);
        var type = StoredType(tensor.Type);
        var result = empty(tensor.Shape, dtype: type);
        var (source, target) = ((nint)file.Address(tensor), (nint)result.Address());
        var rows = Rows(name, tensor);
        // Of a vector whose numbers change places each is a row.
        var columns = tensor.Shape.Length == 1 && HeadsOf(name) > 0 ? 1 : tensor.Shape[^1];
        if (columns % GgufTypes.Block(tensor.Type).Elements != 0)
            throw new LabException($"{file.Path}: tensor '{tensor.Name}' is of {tensor.Type}; expected numbers that stand by themselves");
        var (rowBytes, rowSize) = (GgufTypes.Bytes(tensor.Type, columns), columns * result.element_size());
        var decodes = GgufTypes.Block(tensor.Type).Elements > 1 || tensor.Type == GgufType.F64;
        InParts(tensor.Count / columns, rowSize, row =>
        {
            byte* from = (byte*)source + rows(row) * rowBytes, to = (byte*)target + row * rowSize;
            if (decodes) GgufTypes.Decode(tensor.Type, from, (float*)to, columns);
            else Buffer.MemoryCopy(from, to, rowSize, rowSize);
        });
        MappedPages.Release((byte*)source, tensor.Bytes);
        return result;
    }

    /// <inheritdoc/>
    public bool IsInBlocks(string name) =>
        _tensors.TryGetValue(name, out var found) && GgufTypes.Block(found.Tensor.Type).Elements > 1;

    /// <inheritdoc/>
    public BlockMatrix? ReadBlocks(string name, long[] expectedShape)
    {
        if (!IsInBlocks(name)) return null;
        var (file, tensor) = Find(name, expectedShape);
        var rowBytes = GgufTypes.Bytes(tensor.Type, tensor.Shape[^1]);
        if (HeadsOf(name) == 0)
        {
            using var part = Mapped(file).narrow(0, file.Place(tensor).Begin, tensor.Bytes);
            return new GgufBlocks(tensor.Type, tensor.Shape, part.view(-1, rowBytes));
        }
        var blocks = empty(tensor.Count / tensor.Shape[^1], rowBytes, dtype: ScalarType.Byte);
        var (source, target, rows) = ((nint)file.Address(tensor), (nint)blocks.Address(), Rows(name, tensor));
        InParts(blocks.shape[0], rowBytes,
            row => Buffer.MemoryCopy((byte*)source + rows(row) * rowBytes, (byte*)target + row * rowBytes, rowBytes, rowBytes));
        MappedPages.Release((byte*)source, tensor.Bytes);
        return new GgufBlocks(tensor.Type, tensor.Shape, blocks);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var bytes in _mapped.Values) bytes.Dispose();
    }

    // Blocks that stand as they are used are not copied: new memory costs more than all else of loading. What was taken of the tensor
    // keeps the file mapped.
    private Tensor Mapped(GgufFile file) => _mapped.TryGetValue(file, out var bytes) ? bytes
        : _mapped[file] = from_file(file.Path, shared: false, size: file.Length, dtype: ScalarType.Byte).DetachFromDisposeScope();

    private static ScalarType StoredType(GgufType type) =>
        type switch { GgufType.F16 => ScalarType.Float16, GgufType.BF16 => ScalarType.BFloat16, _ => ScalarType.Float32 };

    // On all threads: new memory and the file's pages cost more than the copying.
    private static void InParts(long rows, long rowBytes, Action<long> copy)
    {
        var part = Math.Max(1, CopiedPart / Math.Max(1, rowBytes));
        Cores.For((int)((rows + part - 1) / part), p =>
        {
            for (var row = p * part; row < Math.Min(rows, (p + 1) * part); row++) copy(row);
        }, rows * rowBytes);
    }

    private (GgufFile File, GgufTensor Tensor) Find(string name, long[]? expectedShape)
    {
        if (!_tensors.TryGetValue(name, out var found)) throw new LabException($"{Path}: tensor '{OwnName(name)}' is missing");
        if (expectedShape is not null && !expectedShape.SequenceEqual(found.Tensor.Shape))
            throw new LabException($"{found.File.Path}: tensor '{found.Tensor.Name}' has shape [{string.Join(", ", found.Tensor.Shape)}], "
                + $"expected [{string.Join(", ", expectedShape)}] from the file's own fields");
        return found;
    }

    private int HeadsOf(string name) => name.Contains(".q_proj.", StringComparison.Ordinal) ? _heads
        : name.Contains(".k_proj.", StringComparison.Ordinal) ? _keyHeads : 0;

    // In which row of the file a row of the checkpoint stands.
    private Func<long, long> Rows(string name, GgufTensor tensor)
    {
        if (HeadsOf(name) is not (> 0 and var heads)) return row => row;
        var size = tensor.Shape[0] / heads;
        return row => Turned(row, size);
    }

    private static long Turned(long row, long size)
    {
        var (head, within) = (row / size, row % size);
        return head * size + within % (size / 2) * 2 + within / (size / 2);
    }
}
