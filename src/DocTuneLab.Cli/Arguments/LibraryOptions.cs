using System.CommandLine;
using DocTuneLab.Experiments;

namespace DocTuneLab.Cli.Arguments;

/// <summary>A lab, and the library that a session of it is about: pages, assemblies and held-out tasks.</summary>
/// <param name="required">Whether the library must be given.</param>
internal sealed class LibraryOptions(bool required = true)
{
    private readonly Option<string> _lab = LabOptions.Lab();
    private readonly Option<string?> _docs = new("--docs")
    {
        Description = "Folder of Markdown pages.",
        HelpName = "DIR",
        Required = required
    };
    private readonly Option<string[]> _assembly = new("--assembly")
    {
        Description = "The library's assemblies.",
        HelpName = "DLL",
        Required = required
    };
    private readonly Option<string?> _suite = new("--suite")
    {
        Description = "Held-out tasks, which no sample may copy; tuning without an endpoint decides by those of split 'dev'.",
        HelpName = "DIR",
        Required = required
    };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _lab, _docs, _assembly, _suite }) command.Add(option);
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
