using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Serving.Models;

/// <summary>A base and adapters over it, each by a name that clients choose, answered by one batch.</summary>
public sealed class ServedModels : IDisposable
{
    private readonly Dictionary<string, LoraAdapter?> _byName = new(StringComparer.Ordinal);

    /// <summary>Models to be served.</summary>
    /// <param name="model">The base.</param>
    /// <param name="name">Its name.</param>
    /// <param name="adapters">Adapters over it, by name; they are disposed with this.</param>
    /// <param name="most">Answers that are written at once.</param>
    /// <exception cref="LabException">Two have the same name.</exception>
    public ServedModels(BaseModel model, string name, IReadOnlyList<(string Name, LoraAdapter Adapter)> adapters, int most)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(adapters);
        (Base, Batch) = (model, new(model, most));
        _byName[name] = null;
        foreach (var (own, adapter) in adapters)
            if (!_byName.TryAdd(own, adapter))
                throw new LabException($"two models would be served as '{own}': name one of them otherwise, with --name or NAME=FOLDER");
        // The one that was tuned is what an absent name means.
        Default = adapters.Count > 0 ? adapters[^1].Name : name;
    }

    /// <summary>The base.</summary>
    public BaseModel Base { get; }

    /// <summary>What answers.</summary>
    public ContinuousBatch Batch { get; }

    /// <summary>The model that answers where a request names none.</summary>
    public string Default { get; }

    /// <summary>Names, the base first.</summary>
    public IReadOnlyCollection<string> Names => _byName.Keys;

    /// <summary>The adapter of a name; null is the base.</summary>
    /// <param name="name">A name of <see cref="Names"/>.</param>
    /// <param name="adapter">Its adapter.</param>
    /// <returns>False where nothing is served by that name.</returns>
    public bool TryGet(string name, out LoraAdapter? adapter) => _byName.TryGetValue(name, out adapter);

    /// <summary>Ends what is being answered, and gives the adapters back.</summary>
    public void Dispose()
    {
        Batch.Dispose();
        foreach (var adapter in _byName.Values) adapter?.Dispose();
    }
}
