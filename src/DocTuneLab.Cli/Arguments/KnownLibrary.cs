using System.CommandLine;
using DocTuneLab.Cli.Output;
using DocTuneLab.Experiments.Setup;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Serving.Knowledge;

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
    public OpenedLibrary? Find(ParseResult parsed)
    {
        if (parsed.GetResult(_lab) is { Implicit: false }) return OfLab(parsed);
        var (docs, own) = (parsed.GetValue(_docs), parsed.GetValue(_assembly) ?? []);
        if (own.Length > 0) return OpenedLibrary.Of(docs, own, parsed.GetValue(_reference) ?? []);
        return docs is null ? null : throw new UsageException("--assembly is missing: the library that the pages document.");
    }

    /// <summary>The library that is named, or else that of the usual lab.</summary>
    /// <exception cref="UsageException">None is named, and there is no such lab.</exception>
    public OpenedLibrary Open(ParseResult parsed) => Find(parsed)
        ?? (LabOrigin.Of(parsed.GetRequiredValue(_lab)) is null ? null : OfLab(parsed))
        ?? throw new UsageException("which library? Give --lab DIR, a lab that knows it, or --assembly DLL and --docs DIR.");

    private OpenedLibrary OfLab(ParseResult parsed) => OpenedLibrary.OfLab(parsed.GetRequiredValue(_lab), parsed.GetValue(_docs),
        parsed.GetValue(_assembly), parsed.GetValue(_reference));
}
