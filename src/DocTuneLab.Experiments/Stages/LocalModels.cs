using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DocTuneLab.Conversations;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Subjects;
using DocTuneLab.Text;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Experiments.Stages;

/// <summary>The local models that an evaluation can ask: none, a base model, or that and its tuned form.</summary>
public sealed class LocalModels
{
    private readonly BaseModel? _base;
    private readonly LoraAdapter? _adapter;

    private LocalModels()
    {
    }

    /// <summary>A base model alone.</summary>
    public LocalModels(BaseModel model) => _base = model;

    /// <summary>A base model, and the same with an adapter.</summary>
    public LocalModels(BaseModel model, LoraAdapter adapter) => (_base, _adapter) = (model, adapter);

    /// <summary>No local model: hosted ones are asked, or stored answers scored.</summary>
    public static LocalModels None { get; } = new();

    /// <summary>Hash of the base model's weights; null without one.</summary>
    internal string? BaseHash => _base?.Hash;

    /// <summary>Hash of the adapter's configuration and weights; null without one.</summary>
    internal string? AdapterHash => _adapter is null ? null : HashOf(_adapter);

    /// <summary>Tokens of passages that leave room for a task and its answer in the model's context.</summary>
    /// <param name="tokens">Tokens wanted.</param>
    /// <param name="answer">Longest answer.</param>
    internal int Room(int tokens, int answer) =>
        _base is null ? tokens : Math.Max(0, Math.Min(tokens, _base.Config.Layout.Context - answer - 256));

    /// <summary>The model of an arm, over the answers that it gave before.</summary>
    /// <param name="arm">base or tuned.</param>
    /// <param name="folder">Where answers are kept.</param>
    /// <param name="guided">Rules and guides of conversations, for a model that the compiler guides; null for a free one.</param>
    /// <exception cref="LabException">The model is not loaded.</exception>
    internal RecordedModel Recorded(string arm, string folder,
        (GuideRules Rules, Func<IReadOnlyList<Message>, IAnswerGuide?> Of)? guided = null)
    {
        var (model, tuned) = (Earlier.Needs(_base, "#!base"), arm == "tuned");
        var adapter = tuned ? Earlier.Needs(_adapter, "#!train or #!adapter") : null;
        // Another build of the code that generates may answer otherwise.
        var code = typeof(LocalModel).Module.ModuleVersionId;
        var template = model.HasChatTemplate ? ContentHash.Of(model.ChatTemplate.Source) : "";
        var loaded = $"{model.Hash}:{model.Loading.Quantization}:{model.Loading.QuantizeHead}:{model.ComputeType}:{template}";
        var identity = $"{loaded}:{(adapter is null ? "" : HashOf(adapter))}:{code}";
        var free = new LocalModel(model, adapter);
        var recorded = new RecordedModel(free, identity, folder);
        if (guided is not { } by) return recorded;
        var rules = $"{by.Rules.Version}:{by.Rules.Layers}:{by.Rules.Budget}";
        return new RecordedModel(new GuidedModel(free, recorded, by.Of, by.Rules.Budget), $"{identity}:{rules}", folder);
    }

    /// <summary>What a report says about them.</summary>
    internal IEnumerable<(string Name, string Value)> Describe()
    {
        if (_base is not null)
            yield return ("Base model",
                $"{_base.Name}, {_base.ParameterCount / 1e6:F1} M parameters, "
                    + $"{_base.WeightFormat}{(_base.Loading.QuantizeHead ? " with an 8-bit head" : "")}, computed in {_base.ComputeType}; "
                    + $"weights {_base.Hash}");
        if (_adapter is not null)
            yield return ("Adapter", $"rank {_adapter.Config.Rank}, {_adapter.ParameterCount:N0} parameters; {HashOf(_adapter)}");
    }

    private static string HashOf(LoraAdapter adapter)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // The same matrices at another scale are another model.
        hash.AppendData(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(adapter.Config)));
        foreach (var (name, tensor) in adapter.Parameters.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name));
            using var flat = tensor.detach().contiguous();
            hash.AppendData(MemoryMarshal.AsBytes<float>(flat.data<float>().ToArray()));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }
}
