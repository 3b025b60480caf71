using System.CommandLine;
using DocTuneLab.Cli.Output;
using DocTuneLab.Experiments;
using DocTuneLab.Experiments.Setup;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Storage;

namespace DocTuneLab.Cli.Arguments;

/// <summary>A lab, and the library that a session of it is about: pages, assemblies, and held-out tasks,
/// which no sample may copy. What is not given is what the lab was made for, or what was read into it last.</summary>
internal sealed class LibraryOptions
{
    private readonly Option<string> _lab = CommonOptions.Lab();
    private readonly Option<string?> _docs = CommonOptions.Docs();
    private readonly Option<string[]> _assembly = CommonOptions.Assembly();
    private readonly Option<string[]> _reference = CommonOptions.Reference();
    private readonly Option<string?> _suite = CommonOptions.Suite();

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_lab, _docs, _assembly, _reference, _suite]) command.Add(option);
    }

    /// <summary>A session on the lab; the caller disposes it.</summary>
    /// <param name="parsed">What was parsed.</param>
    /// <param name="seed">Seed of everything random.</param>
    /// <param name="needed">Whether there must be a library, given or in the lab.</param>
    /// <exception cref="UsageException">There is none.</exception>
    public LabSession Open(ParseResult parsed, int seed = 1, bool needed = true)
    {
        var lab = parsed.GetRequiredValue(_lab);
        if (needed && parsed.GetValue(_docs) is null && LabOrigin.Of(lab) is null)
            throw new UsageException("which library? Give --docs DIR and --assembly DLL, or --lab L of a lab that knows it: "
                + $"{lab} does not.");
        var session = new LabSession();
        session.Open(lab, seed);
        return session;
    }

    /// <summary>Reads the library into a session, as far as it is given.</summary>
    /// <exception cref="UsageException">Pages are given without assemblies, or assemblies without pages.</exception>
    public void Read(ParseResult parsed, LabSession session)
    {
        var (pages, assemblies) = (parsed.GetValue(_docs), parsed.GetValue(_assembly) ?? []);
        if (pages is null != (assemblies.Length == 0) && pages?.EndsWith(".nupkg", StringComparison.OrdinalIgnoreCase) != true)
            throw new UsageException(pages is null
                ? "--docs is missing: the pages that document the assemblies."
                : "--assembly is missing: the library that the pages document.");
        if (pages is not null)
            session.ParseDocs(new ParseOptions
            {
                Sources = [pages],
                Assemblies = assemblies,
                References = parsed.GetValue(_reference) ?? [],
            });
        else if (session.Documents is null && IsMade(session)) session.ParseDocs();
        if (parsed.GetValue(_suite) is { } tasks) session.LoadSuite(tasks);
        else if (session.Suite is null && IsMade(session)) session.LoadSuite();
    }

    // By doctune new, or by hand.
    private static bool IsMade(LabSession session) => File.Exists(Path.Combine(session.Storage.Directory, LibraryFolder.FileName));
}
