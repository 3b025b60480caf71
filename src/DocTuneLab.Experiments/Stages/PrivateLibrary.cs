using DocTuneLab.Library;

namespace DocTuneLab.Experiments.Stages;

/// <summary>The library that an experiment is about: its public members, and the compiler as judge of code that uses them.</summary>
public sealed class PrivateLibrary
{
    /// <summary>A library that was read before.</summary>
    /// <param name="api">Public members.</param>
    /// <param name="judge">The compiler.</param>
    /// <param name="name">What it is called; null for the name of its first assembly.</param>
    public PrivateLibrary(ApiModel api, CSharpJudge judge, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(judge);
        (Api, Judge) = (api, judge);
        Name = name ?? (judge.References.LibraryPaths is [var first, ..] ? Path.GetFileNameWithoutExtension(first) : "");
    }

    /// <summary>Public members.</summary>
    public ApiModel Api { get; }

    /// <summary>The compiler as judge.</summary>
    public CSharpJudge Judge { get; }

    /// <summary>What it is called: given, or the name of its first assembly; empty for pages without an assembly.</summary>
    public string Name { get; }

    /// <summary>Reads assemblies and the XML documentation beside them.</summary>
    /// <param name="assemblies">The library; none where only pages are there, and then it has no members.</param>
    /// <param name="references">What it needs, where that is not found otherwise; see <see cref="ReferenceSet.Missing"/>.</param>
    /// <param name="name">What it is called; null for the name of its first assembly.</param>
    /// <exception cref="LabException">An assembly is missing.</exception>
    public static PrivateLibrary Load(IReadOnlyList<string> assemblies, IReadOnlyList<string>? references = null, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(assemblies);
        var set = ReferenceSet.Load(assemblies, references ?? []);
        return new PrivateLibrary(assemblies.Count > 0 ? ApiModel.Load(set) : ApiModel.Load(set, []), new CSharpJudge(set), name);
    }
}
