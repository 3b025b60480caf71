using static TorchSharp.torch;

namespace DocTuneLab.Training.Checkpoints;

/// <summary>A file whose checkpoint was saved without the output layer, as GPT-2's was: its names lack what the whole model's begin
/// with.</summary>
internal sealed class PrefixedTensors : ITensorFile
{
    private readonly ITensorFile _file;
    private readonly Dictionary<string, string> _names;

    /// <param name="file">The file, which is closed with this.</param>
    /// <param name="prefix">Before each name, such as <c>transformer.</c></param>
    /// <param name="head">What the output layer's names begin with; they stay.</param>
    public PrefixedTensors(ITensorFile file, string prefix, string head)
    {
        _file = file;
        _names = file.Entries.Keys.ToDictionary(n => n.StartsWith(head + ".", StringComparison.Ordinal) ? n : prefix + n,
            StringComparer.Ordinal);
        Entries = _names.ToDictionary(n => n.Key, n => file.Entries[n.Value], StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public string Path => _file.Path;

    /// <inheritdoc/>
    public IReadOnlyList<string> Paths => _file.Paths;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, TensorEntry> Entries { get; }

    /// <inheritdoc/>
    public (string Path, long Begin, long Length) Place(string name) => _file.Place(_names[name]);

    /// <inheritdoc/>
    public string OwnName(string name) => _names.TryGetValue(name, out var own) ? own : name;

    /// <inheritdoc/>
    public Tensor Read(string name, long[]? expectedShape = null) => _file.Read(OwnName(name), expectedShape);

    /// <inheritdoc/>
    public bool IsInBlocks(string name) => _file.IsInBlocks(OwnName(name));

    /// <inheritdoc/>
    public BlockMatrix? ReadBlocks(string name, long[] expectedShape) => _file.ReadBlocks(OwnName(name), expectedShape);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
