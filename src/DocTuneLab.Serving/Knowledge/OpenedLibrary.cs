using DocTuneLab.Experiments;
using DocTuneLab.Experiments.Setup;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Storage;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Serving.Knowledge;

/// <summary>What is known of a library, while its lab or its passages are open.</summary>
public sealed class OpenedLibrary : IDisposable
{
    private readonly IDisposable? _source;
    private readonly DirectoryInfo? _temporary;

    private OpenedLibrary(IDisposable? source, DirectoryInfo? temporary, LibraryKnowledge knowledge) =>
        (_source, _temporary, Knowledge) = (source, temporary, knowledge);

    /// <summary>What is known.</summary>
    public LibraryKnowledge Knowledge { get; }

    /// <summary>The lab's folder; null where there is none.</summary>
    public string? Lab { get; private init; }

    /// <summary>The library of a lab. What is given besides stands in the place of what the lab says.</summary>
    /// <param name="lab">Its folder.</param>
    /// <param name="docs">Pages; null for the lab's.</param>
    /// <param name="assemblies">The library; none for the lab's.</param>
    /// <param name="references">What it needs besides.</param>
    /// <exception cref="LabException">There is no such lab, or it knows no library.</exception>
    public static OpenedLibrary OfLab(string lab, string? docs = null, IReadOnlyList<string>? assemblies = null,
        IReadOnlyList<string>? references = null)
    {
        if (!Directory.Exists(lab)) throw new LabException($"{lab}: no such lab. Make one with: doctune new {lab} --help");
        var known = LabOrigin.Of(lab) ?? new();
        var own = assemblies is { Count: > 0 } ? assemblies : known.Assemblies;
        if (own.Count == 0)
            throw new LabException($"{lab}: this lab knows no library yet. Read one into it with doctune parse, or give --assembly DLL.");
        IReadOnlyList<string> needed = [.. known.References, .. references ?? []];
        // One that was made and not run yet has no passages.
        return docs is null && Storage.Lab.Exists(lab) ? Read(lab, known.Name, own, needed)
            : Of(docs ?? (known.Pages is [var first, ..] ? first : null), own, needed, lab);
    }

    /// <summary>A library and its pages, which are read into a lab that is gone afterwards.</summary>
    /// <param name="docs">Pages; null for none.</param>
    /// <param name="assemblies">The library.</param>
    /// <param name="references">What it needs.</param>
    /// <param name="lab">The lab that it belongs to; null for none.</param>
    /// <exception cref="LabException">Something cannot be read.</exception>
    public static OpenedLibrary Of(string? docs, IReadOnlyList<string> assemblies, IReadOnlyList<string> references, string? lab = null)
    {
        ArgumentNullException.ThrowIfNull(assemblies);
        if (assemblies.FirstOrDefault(a => !File.Exists(a)) is { } missing)
            throw new LabException($"{missing}: assembly not found. Build the library first, or correct the path.");
        if (docs is null)
        {
            var alone = PrivateLibrary.Load(assemblies, references);
            return new(null, null, new(alone.Name, alone.Api, alone.Judge)) { Lab = lab };
        }
        var folder = Directory.CreateTempSubdirectory("doctune-known-");
        var session = new LabSession();
        try
        {
            session.Open(folder.FullName, 1);
            session.ParseDocs(new ParseOptions { Sources = [docs], Assemblies = assemblies, References = references });
            var library = session.Library!;
            return new(session, folder, new(library.Name, library.Api, library.Judge, session.Storage.Documents.Search)) { Lab = lab };
        }
        catch
        {
            session.Dispose();
            folder.Delete(recursive: true);
            throw;
        }
    }

    /// <summary>Folder of the adapter that the lab trained last over a model; null where there is none.</summary>
    public string? AdapterOver(BaseModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Lab is null ? null : LabOrigin.LastAdapter(Lab, model.Directory);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _source?.Dispose();
        _temporary?.Delete(recursive: true);
    }

    private static OpenedLibrary Read(string lab, string? name, IReadOnlyList<string> assemblies, IReadOnlyList<string> references)
    {
        var library = PrivateLibrary.Load(assemblies, references);
        var storage = Storage.Lab.Open(lab, readOnly: true);
        try
        {
            var wordings = new Wordings();
            wordings.Restore(storage);
            return new(storage, null, new(name ?? library.Name, library.Api, library.Judge,
                storage.Documents.Chunks().Count > 0 ? storage.Documents.Search : null)
            {
                Wording = wordings.Asked,
            })
            { Lab = lab };
        }
        catch
        {
            storage.Dispose();
            throw;
        }
    }
}
