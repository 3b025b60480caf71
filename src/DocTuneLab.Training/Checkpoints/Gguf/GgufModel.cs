using System.Globalization;
using System.Text.RegularExpressions;

namespace DocTuneLab.Training.Checkpoints.Gguf;

/// <summary>A model in GGUF: one file, or all its shards, named by the first. Metadata is that of the first.</summary>
internal sealed partial class GgufModel : IDisposable
{
    private readonly GgufFile[] _files;
    private readonly Dictionary<string, (GgufFile File, GgufTensor Tensor)> _tensors = new(StringComparer.Ordinal);

    private GgufModel(GgufFile[] files)
    {
        _files = files;
        foreach (var file in files)
            foreach (var (name, tensor) in file.Tensors)
                if (!_tensors.TryAdd(name, (file, tensor)))
                    throw new LabException($"{file.Path}: tensor '{name}' is also in {_tensors[name].File.Path}");
    }

    /// <summary>The file that names it.</summary>
    public string Path => _files[0].Path;

    /// <summary>All files, shards in order.</summary>
    public IReadOnlyList<string> Paths => Array.ConvertAll(_files, f => f.Path);

    /// <summary>Names of all tensors.</summary>
    public IReadOnlyCollection<string> Names => _tensors.Keys;

    /// <summary>Names of all fields.</summary>
    public IEnumerable<string> Fields => _files[0].Metadata.Keys;

    [GeneratedRegex(@"^(.*)-(\d{5})-of-(\d{5})\.gguf$", RegexOptions.CultureInvariant)]
    private static partial Regex ShardName();

    /// <summary>Maps the files and checks their headers.</summary>
    /// <exception cref="LabException">A file is missing, damaged or not the first of its shards.</exception>
    public static GgufModel Open(string path)
    {
        var files = new List<GgufFile> { GgufFile.Open(path) };
        try
        {
            var first = files[0];
            var count = Number(first, "split.count") ?? 1;
            if (count > 1)
            {
                var name = ShardName().Match(path);
                if (Number(first, "split.no") is not (null or 0) || !name.Success || name.Groups[2].Value != "00001")
                    throw new LabException($"{path}: one of {count} shards; name the first, whose name ends in "
                        + string.Create(CultureInfo.InvariantCulture, $"-00001-of-{count:00000}.gguf"));
                if (name.Groups[3].Value != count.ToString("00000", CultureInfo.InvariantCulture))
                    throw new LabException($"{path}: split.count is {count}, but the name says {name.Groups[3].Value}");
                for (var i = 2; i <= count; i++)
                {
                    var shard = string.Create(CultureInfo.InvariantCulture, $"{name.Groups[1].Value}-{i:00000}-of-{count:00000}.gguf");
                    if (!File.Exists(shard)) throw new LabException($"{shard}: no such file; it is a shard of {path}");
                    files.Add(GgufFile.Open(shard));
                    if (Number(files[^1], "split.no") != i - 1) throw new LabException($"{shard}: split.no is not {i - 1}");
                }
                if (Number(first, "split.tensors.count") is { } tensors && files.Sum(f => (long)f.Tensors.Count) != tensors)
                    throw new LabException(
                        $"{path}: split.tensors.count is {tensors}, but the shards have {files.Sum(f => f.Tensors.Count)}");
            }
            return new GgufModel([.. files]);
        }
        catch
        {
            foreach (var file in files) file.Dispose();
            throw;
        }
    }

    /// <summary>A tensor and the file that it is in, or null.</summary>
    public (GgufFile File, GgufTensor Tensor)? Find(string name) => _tensors.TryGetValue(name, out var found) ? found : null;

    /// <summary>Whether there is a field.</summary>
    public bool Has(string field) => _files[0].Metadata.ContainsKey(field);

    /// <summary>A text, or null where there is no such field.</summary>
    /// <exception cref="LabException">The field is of another type.</exception>
    public string? Text(string field) =>
        Value(field) switch { null => null, string text => text, var other => throw Wrong(field, other, "a text") };

    /// <summary>True or false, or null where there is no such field.</summary>
    /// <exception cref="LabException">The field is of another type.</exception>
    public bool? Flag(string field) =>
        Value(field) switch { null => null, bool flag => flag, var other => throw Wrong(field, other, "true or false") };

    /// <summary>A whole number, or null where there is no such field.</summary>
    /// <exception cref="LabException">The field is of another type or beyond 2³¹ - 1.</exception>
    public int? Number(string field) => Number(_files[0], field);

    /// <summary>A number, or null where there is no such field. One that is stored in 32 bits is the nearest decimal of as many digits.
    /// </summary>
    /// <exception cref="LabException">The field is of another type.</exception>
    public double? Real(string field) => Value(field) switch
    {
        null => null,
        float f => Widened(f),
        double d => d,
        _ => Number(field),
    };

    /// <summary>Texts, or null where there is no such field.</summary>
    /// <exception cref="LabException">The field is of another type.</exception>
    public string[]? Texts(string field) =>
        Value(field) switch { null => null, string[] texts => texts, var other => throw Wrong(field, other, "texts") };

    /// <summary>Numbers, or null where there is no such field.</summary>
    /// <exception cref="LabException">The field is of another type.</exception>
    public float[]? Reals(string field) =>
        Value(field) switch { null => null, float[] numbers => numbers, var other => throw Wrong(field, other, "32-bit floats") };

    /// <summary>Whole numbers, or null where there is no such field.</summary>
    /// <exception cref="LabException">The field is of another type.</exception>
    public int[]? Numbers(string field) => Value(field) switch
    {
        null => null,
        int[] numbers => numbers,
        uint[] numbers => Array.ConvertAll(numbers, n => n <= int.MaxValue ? (int)n : throw Wrong(field, n, "numbers below 2³¹")),
        var other => throw Wrong(field, other, "whole numbers"),
    };

    /// <summary>What stands in a field.</summary>
    public object? Value(string field) => _files[0].Metadata.GetValueOrDefault(field);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in _files) file.Dispose();
    }

    private LabException Wrong(string field, object value, string expected) => Wrong(_files[0], field, value, expected);

    private static LabException Wrong(GgufFile file, string field, object value, string expected) =>
        new($"{file.Path}: the field '{field}' is {(value is Array items ? $"an array of {items.Length}" : value)}; expected {expected}");

    private static int? Number(GgufFile file, string field) => file.Metadata.GetValueOrDefault(field) switch
    {
        null => null,
        bool or string or Array or float or double => throw Wrong(file, field, file.Metadata[field], "a whole number"),
        ulong and > int.MaxValue or long and > int.MaxValue or uint and > int.MaxValue =>
            throw Wrong(file, field, file.Metadata[field], "at most 2³¹ - 1"),
        var number => Convert.ToInt32(number, CultureInfo.InvariantCulture),
    };

    // 1e-5 is what was meant, not the float's own 9.99999974e-06: what others compute with differs by no more than a rounding.
    private static double Widened(float value) =>
        float.IsFinite(value) ? double.Parse(value.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) : value;
}
