using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Quantization.Formats;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Export;

/// <summary>Writes a model folder with an adapter merged into it, in Hugging Face layout.</summary>
public static class SafetensorsExporter
{
    private const long ShardBytes = 2L << 30;

    /// <summary>Writes a model, with an adapter merged into it where one is given, as it is stored.</summary>
    /// <param name="model">Model folder.</param>
    /// <param name="target">Folder to write.</param>
    /// <param name="adapter">Adapter folder, or null.</param>
    /// <param name="quantization">What the linear layers are quantised to: a name of <see cref="WeightFormats"/>.</param>
    /// <exception cref="LabException">A file is missing or corrupt, or the target is the model itself.</exception>
    public static ExportResult Write(string model, string target, string? adapter = null, string quantization = "none") =>
        Write(new ExportRequest { Model = model, Target = target, Adapter = adapter, Weights = quantization });

    /// <summary>Weights keep the type they are stored in, where nothing else is asked for;
    /// files beside them (tokenizer, template, generation settings) are copied.</summary>
    /// <param name="request">What, where to, and how.</param>
    /// <param name="cancel">Stops between shards.</param>
    /// <exception cref="LabException">A file is missing or corrupt, or the target is the model itself.</exception>
    public static ExportResult Write(ExportRequest request, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (model, target) = (request.Model, request.Target);
        if (Path.GetFullPath(model).TrimEnd(Path.DirectorySeparatorChar) == Path.GetFullPath(target).TrimEnd(Path.DirectorySeparatorChar))
            throw new LabException($"{target}: the target is the model itself; name another folder");
        var format = WeightFormats.All[request.Weights];
        ScalarType? type = request.Floats switch
        {
            StoredFloats.Float32 => ScalarType.Float32,
            StoredFloats.Float16 => ScalarType.Float16,
            StoredFloats.BFloat16 => ScalarType.BFloat16,
            _ => null,
        };
        using var weights = new MergedWeights(model, request.Adapter, request.MergeInto, type);
        Directory.CreateDirectory(target);
        // What is stored another way round, or together with others, stays as it is.
        var linear = weights.Config.Layout.Tensors().Where(t => t.Linear is { IsTransposed: false, Stack: null }).Select(t => t.Name)
            .ToHashSet(StringComparer.Ordinal);
        string[] plain = [.. weights.Config.Layout.Linears.Where(l => !linear.Contains(l.Tensor)).Select(l => l.Name).Distinct()];
        var shards = Shards(weights);
        var (map, done, total) = (new JsonObject(), 0, weights.Config.Parameters().Count());
        var bytes = 0L;
        for (var i = 0; i < shards.Count; i++)
        {
            cancel.ThrowIfCancellationRequested();
            var name = shards.Count == 1 ? "model.safetensors" : $"model-{i + 1:00000}-of-{shards.Count:00000}.safetensors";
            using var scope = NewDisposeScope();
            var tensors = shards[i].SelectMany(p =>
            {
                using var inner = NewDisposeScope();
                var parts = Parts(p.Name, weights.Read(p.Name, p.Shape), weights.StoredType(p.Name),
                    linear.Contains(p.Name) ? format : null, model);
                foreach (var part in parts) part.Value.MoveToOuterDisposeScope();
                request.Progress?.Invoke(++done, total);
                return parts;
            }).ToArray();
            SafetensorsFile.Write(Path.Combine(target, name), tensors);
            foreach (var (tensor, _) in tensors) map[tensor] = name;
            bytes += new FileInfo(Path.Combine(target, name)).Length;
        }
        if (shards.Count > 1)
            File.WriteAllText(Path.Combine(target, "model.safetensors.index.json"),
                new JsonObject { ["metadata"] = new JsonObject { ["total_size"] = bytes }, ["weight_map"] = map }.ToJsonString());
        weights.Parts.CopyTo(target);
        var configuration = Path.Combine(target, "config.json");
        var json = JsonNode.Parse(File.ReadAllBytes(configuration))!.AsObject();
        json.Remove("quantization_config");
        var rest = weights.StoredType(weights.Config.Layout.Embedding);
        if (format.Describe(rest, plain) is { } description) json["quantization_config"] = description;
        if (type is { } chosen)
        {
            if (!json.ContainsKey("torch_dtype") || json.ContainsKey("dtype")) json["dtype"] = chosen.TorchName();
            if (json.ContainsKey("torch_dtype")) json["torch_dtype"] = chosen.TorchName();
        }
        File.WriteAllText(configuration, json.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
        return new ExportResult(target, bytes, weights.Difference, []);
    }

    private static KeyValuePair<string, Tensor>[] Parts(string name, Tensor wide, ScalarType type, WeightFormat? format, string model)
    {
        var tensor = wide.to_type(type);
        if (type == ScalarType.Float16 && !tensor.isfinite().all().item<bool>())
            throw new LabException($"{model}: tensor '{name}' has numbers beyond 65504, the largest of float16; choose bf16 or fp32");
        try
        {
            return format is null ? [new(name, tensor)] : [.. format.Tensors(name, tensor)];
        }
        catch (ArgumentException e)
        {
            throw new LabException($"{model}: tensor '{name}': {e.Message}", e);
        }
    }

    private static List<List<(string Name, long[] Shape)>> Shards(MergedWeights weights)
    {
        var shards = new List<List<(string, long[])>> { new() };
        var size = 0L;
        foreach (var parameter in weights.Config.Parameters())
        {
            var bytes = parameter.Shape.Aggregate((long)(weights.StoredType(parameter.Name) == ScalarType.Float32 ? 4 : 2),
                (a, b) => a * b);
            if (size > 0 && size + bytes > ShardBytes)
            {
                shards.Add([]);
                size = 0;
            }
            shards[^1].Add(parameter);
            size += bytes;
        }
        return shards;
    }
}
