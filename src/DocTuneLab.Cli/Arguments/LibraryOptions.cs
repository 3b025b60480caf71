using System.CommandLine;
using DocTuneLab.Experiments;
using DocTuneLab.Extension.Arguments;

namespace DocTuneLab.Cli.Arguments;

/// <summary>A lab, and the library that a session of it is about: pages, assemblies, and held-out tasks,
/// which no sample may copy.</summary>
/// <param name="required">Whether the library must be given.</param>
internal sealed class LibraryOptions(bool required = true)
{
    private readonly Option<string> _lab = CommonOptions.Lab();
    private readonly Option<string?> _docs = CommonOptions.Docs();
    private readonly Option<string[]> _assembly = CommonOptions.Assembly();
    private readonly Option<string?> _suite = CommonOptions.Suite();

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_docs, _assembly, _suite]) option.Required = required;
        foreach (var option in (Option[])[_lab, _docs, _assembly, _suite]) command.Add(option);
    }

    /// <summary>A session on the lab; the caller disposes it.</summary>
    public LabSession Open(ParseResult parsed, int seed = 1)
    {
        var session = new LabSession();
        session.Open(parsed.GetRequiredValue(_lab), seed);
        return session;
    }

    /// <summary>Reads the library into a session, if all of it is given.</summary>
    public void Read(ParseResult parsed, LabSession session)
    {
        if (parsed.GetValue(_docs) is not { } pages
            || parsed.GetValue(_suite) is not { } tasks
            || parsed.GetValue(_assembly) is not { Length: > 0 } assemblies)
            return;
        session.ParseDocs(pages, assemblies);
        session.LoadSuite(tasks);
    }
}
