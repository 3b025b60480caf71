using DocTuneLab.Settings;
using DocTuneLab.Training.Checkpoints;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Quantization.Formats;

/// <summary>How linear layers can be stored: as they are, in bitsandbytes' 4 and 8 bits, and in what a program adds.</summary>
public static class WeightFormats
{
    /// <summary>All of them. A new one is a class in a file of its own and a line here.</summary>
    public static Registry<WeightFormat> All { get; } = new("quantisation", f => f.Name,
    [
        new Unquantized(),
        new Nf4Format(),
        new Fp4Format(),
        new Int8Format(),
    ]);

    /// <summary>A matrix of a model's files: as it is stored where it is quantised already, else in <paramref name="format"/>.</summary>
    /// <param name="files">The model's files.</param>
    /// <param name="name">Name of the parameter.</param>
    /// <param name="shape">Expected dimensions.</param>
    /// <param name="format">Name of a format.</param>
    /// <param name="compute">Element type of a matrix that is stored in more than 16 bits and not quantised.</param>
    /// <exception cref="LabException">A tensor is missing, misshaped or not finite, or there is no such format.</exception>
    internal static Weight Read(WeightFiles files, string name, long[] shape, string format, ScalarType compute)
    {
        if (Stored(files, name, shape) is { } stored) return stored;
        using var scope = NewDisposeScope();
        var tensor = files.Read(name, shape);
        try
        {
            return All[format].Quantize(tensor, compute);
        }
        catch (ArgumentException e)
        {
            throw new LabException($"{files.PathOf(name)}: tensor '{name}': {e.Message}", e);
        }
    }

    /// <summary>A matrix that is quantised in the files, or null.</summary>
    internal static Weight? Stored(WeightFiles files, string name, long[] shape)
    {
        if (files.ReadBlocks(name, shape) is { } blocks) return new BlockWeight(blocks);
        foreach (var format in All.All)
            if (format.Read(files, name, shape) is { } weight) return weight;
        return null;
    }

    /// <summary>Name of the parameter that a tensor is a part of, or null where it is none of a quantised one.</summary>
    internal static string? Owner(string tensor)
    {
        foreach (var format in All.All)
            if (format.OwnerOf(tensor) is { } owner) return owner;
        return null;
    }

    /// <summary>Whether one of them describes weights by this <c>quant_method</c>.</summary>
    internal static bool Reads(string method) => All.All.Any(f => (string?)f.Describe(ScalarType.Float32, [])?["quant_method"] == method);
}

/// <summary>Their names, as the values of a setting.</summary>
internal sealed class WeightFormatNames : ISettingNames
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Names => WeightFormats.All.Names;
}
