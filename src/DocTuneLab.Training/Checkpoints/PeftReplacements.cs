using DocTuneLab.Training.Devices;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Checkpoints;

/// <summary>
/// What an adapter folder holds beside low-rank updates of linear layers: parameters saved in full (<c>modules_to_save</c>, embeddings,
/// biases), rows of the embedding that were trained (<c>trainable_token_indices</c>), low-rank updates of the embedding and the head,
/// biases of B (<c>lora_bias</c>). Each is told as what a parameter of the model becomes.
/// </summary>
internal sealed class PeftReplacements
{
    private readonly PeftFolder _folder;
    private readonly AdaptedModules _modules;
    private readonly Dictionary<string, string> _saved = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long[]> _rows = new(StringComparer.Ordinal);
    private readonly HashSet<string> _lowRank = new(StringComparer.Ordinal), _biased = new(StringComparer.Ordinal);

    /// <summary>Reads which there are.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="modules">The model's modules.</param>
    /// <param name="keys">Tensors that are no low-rank updates of linear layers, without PEFT's prefix.</param>
    /// <exception cref="LabException">A tensor is none of these; the message names it and the field that it may belong to.</exception>
    public PeftReplacements(PeftFolder folder, AdaptedModules modules, IEnumerable<string> keys)
    {
        (_folder, _modules) = (folder, modules);
        foreach (var key in keys)
        {
            var (module, part) = Split(key);
            if (!TakeTable(module, part, key) && !TakeBias(module, part, key))
                throw new LabException($"{folder.WeightsPath}: tensor '{key}' belongs to no targeted layer of the model, and {Field(key)}; "
                    + "it would be without effect");
        }
        // A head that is the embedding follows it, but where the embedding alone is said to be saved.
        if (modules.IsTied && Changes(EmbeddingName) && !Changes(HeadName) && !folder.SavesModule(modules.Embedding)
            && !_lowRank.Contains(modules.Embedding))
            HeadFollows = true;
    }

    /// <summary>Parameters of the model that become others, by their names; a bias may be one that the model has not.</summary>
    public IEnumerable<string> Names => _saved.Keys.Concat(_rows.Keys.Concat(_lowRank).Select(m => m + ".weight"))
        .Concat(_biased.Select(l => l + ".bias")).Distinct(StringComparer.Ordinal);

    /// <summary>Whether the output layer's matrix stays the embedding.</summary>
    public bool HeadFollows { get; }

    /// <summary>Whether there is anything.</summary>
    public bool Any => _saved.Count + _rows.Count + _lowRank.Count + _biased.Count > 0;

    /// <summary>The field of the configuration that says of it, for messages.</summary>
    public string Why => _rows.Count > 0 ? "trainable_token_indices" : _biased.Count > 0 ? "lora_bias"
        : _lowRank.Count > 0 ? "target_modules with the embedding or the head"
        : _saved.Keys.All(k => k.EndsWith(".bias", StringComparison.Ordinal)) ? "bias" : "modules_to_save";

    private string EmbeddingName => _modules.Embedding + ".weight";

    private string HeadName => _modules.Head + ".weight";

    /// <summary>What a parameter becomes, float32 in the current dispose scope; null where it stays.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="stored">The model's own, float32; not asked for where the file has all of it.</param>
    public Tensor? Of(string name, long[] shape, Func<Tensor> stored)
    {
        if (name == HeadName && HeadFollows) return Of(EmbeddingName, shape, stored);
        var (module, part) = Split(name);
        if (part == "bias" && _biased.Contains(module))
            return (_saved.TryGetValue(name, out var its) ? Read(its, shape) : stored())
                .Plus(Read($"{module}.lora_B.bias", shape).Times(_folder.ScaleOf(module)));
        if (_saved.TryGetValue(name, out var key) && !_rows.ContainsKey(module) && !_lowRank.Contains(module)) return Read(key, shape);
        if (!_rows.ContainsKey(module) && !_lowRank.Contains(module)) return null;
        var table = key is not null ? Read(key, shape) : stored().clone();
        if (_lowRank.Contains(module)) table = table.Plus(LowRank(module, shape).Times(_folder.ScaleOf(module)));
        if (_rows.TryGetValue(module, out var rows))
            table = table.index_copy(0, tensor(rows), Read($"{module}.token_adapter.trainable_tokens_delta", [rows.Length, shape[1]]));
        return table;
    }

    private bool Changes(string name) => Names.Contains(name);

    // An embedding's factors stand the other way round: A is [rank, vocabulary], B [hidden, rank].
    private Tensor LowRank(string module, long[] shape)
    {
        var rank = _folder.RankOf(module);
        if (module == _modules.Embedding)
            return Read($"{module}.lora_embedding_B", [shape[1], rank]).mm(Read($"{module}.lora_embedding_A", [rank, shape[0]])).t();
        return Read($"{module}.lora_B.weight", [shape[0], rank]).mm(Read($"{module}.lora_A.weight", [rank, shape[1]]));
    }

    private Tensor Read(string key, long[] shape) => _folder.Read(key, shape);

    private bool TakeTable(string module, string part, string key)
    {
        var isTable = module == _modules.Embedding || module == _modules.Head;
        switch (part)
        {
            case "weight" when isTable || _modules.Norms.Contains(module):
            case "base_layer.weight" when isTable:
                _saved[$"{module}.weight"] = key;
                return true;
            case "bias" when _modules.Norms.Contains(module):
                _saved[key] = key;
                return true;
            case "token_adapter.trainable_tokens_delta" when isTable:
                _rows[module] = _folder.TokensOf(module);
                return true;
            case "lora_embedding_A" or "lora_embedding_B" when module == _modules.Embedding:
            case "lora_A.weight" or "lora_B.weight" when module == _modules.Head:
                _lowRank.Add(module);
                return true;
            default: return false;
        }
    }

    private bool TakeBias(string module, string part, string key)
    {
        if (!_modules.Linear.Contains(module)) return false;
        switch (part)
        {
            case "lora_B.bias":
                _biased.Add(module);
                return true;
            case "bias" or "base_layer.bias" when _folder.Biases != "none":
                _saved[$"{module}.bias"] = key;
                return true;
            default: return false;
        }
    }

    private (string Module, string Part) Split(string key)
    {
        var module = _modules.All.Concat(_modules.Norms).Where(m => key.StartsWith(m + ".", StringComparison.Ordinal))
            .MaxBy(m => m.Length) ?? "";
        return (module, module.Length == 0 ? key : key[(module.Length + 1)..]);
    }

    private static string Field(string key) => key.Contains("bias", StringComparison.Ordinal) ? "bias and lora_bias do not name it"
        : "neither target_modules nor modules_to_save names a module of the model that it is of";
}
