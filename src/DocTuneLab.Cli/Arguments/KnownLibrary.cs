using System.CommandLine;
using DocTuneLab.Cli.Output;
using DocTuneLab.Experiments;
using DocTuneLab.Experiments.Setup;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Serving.Knowledge;
using DocTuneLab.Storage;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Cli.Arguments;

/// <summary>Options that say which library is known: a lab that was made for one, or its pages and assemblies.</summary>
internal sealed class KnownLibrary
{
    private readonly Option<string> _lab = CommonOptions.Lab();
    private readonly Option<string?> _docs = CommonOptions.Docs();
    private readonly Option<string[]> _assembly = CommonOptions.Assembly();
    private readonly Option<string[]> _reference = CommonOptions.Reference();

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_lab, _docs, _assembly, _reference]) command.Add(option);
    }

    /// <summary>The library that is named; null where none is.</summary>
    /// <exception cref="LabException">It cannot be read, or the lab knows none.</exception>
    public Opened? Find(ParseResult parsed) => Find(parsed, parsed.GetResult(_lab) is { Implicit: false } ? parsed.GetValue(_lab) : null);

    /// <summary>The library that is named, or else that of the usual lab.</summary>
    /// <exception cref="UsageException">None is named, and there is no such lab.</exception>
    public Opened Open(ParseResult parsed) => Find(parsed)
        ?? (LabOrigin.Of(parsed.GetRequiredValue(_lab)) is null ? null : Find(parsed, parsed.GetValue(_lab)))
        ?? throw new UsageException("which library? Give --lab DIR, a lab that knows it, or --assembly DLL and --docs DIR.");

    private Opened? Find(ParseResult parsed, string? lab)
    {
        var assemblies = parsed.GetValue(_assembly) ?? [];
        if (assemblies.Length > 0) return Read(parsed.GetValue(_docs), assemblies, parsed.GetValue(_reference) ?? []);
        if (parsed.GetValue(_docs) is not null) throw new UsageException("--assembly is missing: the library that the pages document.");
        if (lab is null) return null;
        if (!Directory.Exists(lab)) throw new LabException($"{lab}: no such lab. Make one with: doctune new {lab} --help");
        var known = LabOrigin.Of(lab);
        if (known is not { Assemblies.Count: > 0 })
            throw new LabException($"{lab}: this lab knows no library yet. Read one into it with doctune parse, or give --assembly DLL.");
        // One that was made and not run yet has no passages.
        if (!File.Exists(Path.Combine(lab, "lab.sqlite")))
            return Read(known.Pages is [var site, ..] ? site : null, [.. known.Assemblies], [.. known.References], lab);
        var storage = Lab.Open(lab, readOnly: true);
        var wordings = new Wordings();
        wordings.Restore(storage);
        var library = PrivateLibrary.Load(known.Assemblies, known.References);
        return new(storage, null, new(known.Name ?? library.Name, library.Api, library.Judge, storage.Documents.Search)
        {
            Wording = wordings.Code,
        })
        { Lab = lab };
    }

    // The passages are found in a lab of their own, which is gone afterwards.
    private static Opened Read(string? docs, string[] assemblies, string[] references, string? lab = null)
    {
        LabArguments.Existing(assemblies);
        if (docs is null)
        {
            var alone = PrivateLibrary.Load(assemblies, references);
            return new(null, null, new(alone.Name, alone.Api, alone.Judge)) { Lab = lab };
        }
        var folder = Directory.CreateTempSubdirectory("doctune-known-");
        var session = new LabSession();
        session.Open(folder.FullName, 1);
        session.ParseDocs(new ParseOptions { Sources = [docs], Assemblies = assemblies, References = references });
        var library = session.Library!;
        return new(session, folder, new(library.Name, library.Api, library.Judge, session.Storage.Documents.Search)) { Lab = lab };
    }

    /// <summary>What is known, while it is open.</summary>
    internal sealed class Opened(IDisposable? source, DirectoryInfo? folder, LibraryKnowledge knowledge) : IDisposable
    {
        public LibraryKnowledge Knowledge => knowledge;

        /// <summary>The lab's folder; null where there is none.</summary>
        public string? Lab { get; init; }

        /// <summary>Folder of the adapter that the lab trained last over a model; null where there is none.</summary>
        public string? AdapterOver(BaseModel model) => source is Storage.Lab storage ? LabOrigin.LastAdapter(storage, model.Name) : null;

        public void Dispose()
        {
            source?.Dispose();
            folder?.Delete(recursive: true);
        }
    }
}
