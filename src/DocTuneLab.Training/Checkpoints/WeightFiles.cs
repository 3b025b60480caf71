using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Text;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Checkpoints;

/// <summary>
/// The weights of a model: <c>model.safetensors</c> of a folder, or shards listed in <c>model.safetensors.index.json</c>, or those of a
/// GGUF file, by the names that a checkpoint has.
/// </summary>
public sealed class WeightFiles : IDisposable
{
    private readonly ITensorFile[] _files;
    private readonly Dictionary<string, ITensorFile> _owners;
    private ReadAhead? _ahead;

    private WeightFiles(ITensorFile[] files, Dictionary<string, ITensorFile> owners) => (_files, _owners) = (files, owners);

    /// <summary>Names of all tensors.</summary>
    public IReadOnlyCollection<string> Names => _owners.Keys;

    /// <summary>Bytes of all tensors.</summary>
    public long Bytes => _files.Sum(f => f.Entries.Values.Sum(e => e.End - e.Begin));

    /// <summary>Maps the weights of a folder and checks their headers.</summary>
    /// <exception cref="LabException">There are none, a shard is missing or corrupt, or the index names what is not there.</exception>
    public static WeightFiles Open(string directory)
    {
        var index = Path.Combine(directory, "model.safetensors.index.json");
        var single = Path.Combine(directory, "model.safetensors");
        if (!File.Exists(index) && !File.Exists(single))
        {
            var other = Directory.EnumerateFiles(directory)
                .Select(Path.GetFileName)
                .FirstOrDefault(f => f!.EndsWith(".bin", StringComparison.Ordinal) || f.EndsWith(".gguf", StringComparison.Ordinal));
            throw new LabException($"{single}: no such file, and no model.safetensors.index.json beside it; "
                + $"a model folder has its weights as safetensors{(other is null ? "" : $" ({other} is of another format; convert it)")}");
        }
        var expected = File.Exists(single) ? null : Index(index);
        var files = new List<ITensorFile>();
        try
        {
            foreach (var name in expected?.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray()
                ?? ["model.safetensors"])
                files.Add(SafetensorsFile.Open(Path.Combine(directory, name)));
            var owners = new Dictionary<string, ITensorFile>(StringComparer.Ordinal);
            foreach (var file in files)
                foreach (var tensor in file.Entries.Keys)
                    if (!owners.TryAdd(tensor, file))
                        throw new LabException($"{file.Path}: tensor '{tensor}' is also in {owners[tensor].Path}");
            foreach (var (tensor, shard) in expected ?? [])
                if (!owners.TryGetValue(tensor, out var owner) || Path.GetFileName(owner.Path) != shard)
                    throw new LabException($"{index}: tensor '{tensor}' should be in {shard}, but is not");
            return new WeightFiles([.. files], owners);
        }
        catch
        {
            foreach (var file in files) file.Dispose();
            throw;
        }
    }

    /// <summary>The weights that one file has.</summary>
    internal static WeightFiles Of(ITensorFile file) =>
        new([file], file.Entries.Keys.ToDictionary(name => name, _ => file, StringComparer.Ordinal));

    /// <summary>The same files by the names of the whole model, where they were saved without its output layer.</summary>
    /// <param name="embedding">Name of the embedding in the whole model, such as <c>transformer.wte.weight</c>.</param>
    /// <param name="head">Module of the output layer.</param>
    internal WeightFiles ByNamesOf(string embedding, string head)
    {
        var prefix = embedding[..(embedding.IndexOf('.', StringComparison.Ordinal) + 1)];
        if (Contains(embedding) || !Contains(embedding[prefix.Length..])) return this;
        ITensorFile[] files = [.. _files.Select(f => new PrefixedTensors(f, prefix, head))];
        return new(files, files.SelectMany(f => f.Entries.Keys.Select(n => (Name: n, File: f)))
            .ToDictionary(p => p.Name, p => p.File, StringComparer.Ordinal));
    }

    /// <summary>Whether there is such a tensor.</summary>
    public bool Contains(string name) => _owners.ContainsKey(name);

    /// <summary>Where a tensor lies, or null.</summary>
    public TensorEntry? Find(string name) => _owners.TryGetValue(name, out var file) ? file.Entries[name] : null;

    /// <summary>The file that a tensor is in; the first one where it is in none.</summary>
    public string PathOf(string name) => (_owners.TryGetValue(name, out var file) ? file : _files[0]).Path;

    /// <summary>Name that a tensor has, or would have, in its file.</summary>
    internal string OwnName(string name) => (_owners.TryGetValue(name, out var file) ? file : _files[0]).OwnName(name);

    /// <summary>Whether a tensor is stored in blocks.</summary>
    internal bool IsInBlocks(string name) => _owners.TryGetValue(name, out var file) && file.IsInBlocks(name);

    /// <summary>A tensor that is stored in blocks, as it is; null for another.</summary>
    /// <exception cref="LabException">Its shape is not the expected one.</exception>
    internal BlockMatrix? ReadBlocks(string name, long[] shape)
    {
        if (!_owners.TryGetValue(name, out var file) || file.ReadBlocks(name, shape) is not { } blocks) return null;
        _ahead?.Used(blocks.Blocks.numel());
        return blocks;
    }

    /// <summary>Says in which order tensors will be read, so that the disk works ahead.</summary>
    public void Announce(IEnumerable<string> names)
    {
        _ahead?.Dispose();
        _ahead = new ReadAhead([.. names.Where(_owners.ContainsKey).Select(n => _owners[n].Place(n))]);
    }

    /// <summary>Copies a tensor out of its file.</summary>
    /// <exception cref="LabException">There is no tensor of that name, or its shape is not the expected one.</exception>
    public Tensor Read(string name, long[]? expectedShape = null)
    {
        var tensor = (_owners.TryGetValue(name, out var file) ? file : _files[0]).Read(name, expectedShape);
        _ahead?.Used(_owners.TryGetValue(name, out var owner) ? owner.Place(name).Length : 0);
        return tensor;
    }

    /// <summary>Content hash of all files; reads them once.</summary>
    public string Hash()
    {
        var paths = _files.SelectMany(f => f.Paths).ToArray();
        if (paths.Length == 1) return ContentHash.OfFile(paths[0]);
        var parts = string.Concat(paths.Select(f => $"{Path.GetFileName(f)}:{ContentHash.OfFile(f)}\n"));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(parts)));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ahead?.Dispose();
        foreach (var file in _files) file.Dispose();
    }

    private static Dictionary<string, string> Index(string path)
    {
        try
        {
            var map = JsonNode.Parse(File.ReadAllBytes(path))?["weight_map"]?.AsObject()
                ?? throw new LabException($"{path}: the field 'weight_map' is missing");
            var result = map.ToDictionary(p => p.Key, p => (string)p.Value!, StringComparer.Ordinal);
            if (result.Values.FirstOrDefault(f => f != Path.GetFileName(f) || f is "" or "." or "..") is { } outside)
                throw new LabException($"{path}: the shard '{outside}' is no file name");
            return result;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new LabException($"{path}: not a valid index of shards: {e.Message}", e);
        }
    }
}
