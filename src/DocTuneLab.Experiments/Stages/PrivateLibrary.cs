using DocTuneLab.Library;

namespace DocTuneLab.Experiments.Stages;

/// <summary>The library that an experiment is about: its public members, and the compiler as judge of code that uses them.</summary>
public sealed class PrivateLibrary
{
    /// <summary>A library that was read before.</summary>
    public PrivateLibrary(ApiModel api, CSharpJudge judge)
    {
        ArgumentNullException.ThrowIfNull(judge);
        (Api, Judge) = (api, judge);
    }

    /// <summary>Public members.</summary>
    public ApiModel Api { get; }

    /// <summary>The compiler as judge.</summary>
    public CSharpJudge Judge { get; }

    /// <summary>Name of its first assembly.</summary>
    public string Name => Judge.References.LibraryAssemblies.First();

    /// <summary>Reads assemblies and the XML documentation beside them.</summary>
    /// <exception cref="LabException">An assembly is missing.</exception>
    public static PrivateLibrary Load(IReadOnlyList<string> assemblies)
    {
        var references = ReferenceSet.Load([.. assemblies]);
        return new PrivateLibrary(ApiModel.Load(references), new CSharpJudge(references));
    }
}
