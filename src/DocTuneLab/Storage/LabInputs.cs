namespace DocTuneLab.Storage;

/// <summary>Where what a lab holds was read from last, in full paths, so that a lab that is opened again needs not be told.</summary>
public sealed record LabInputs
{
    /// <summary>Folders of pages, pages, or packages.</summary>
    public IReadOnlyList<string> Pages { get; init; } = [];

    /// <summary>What the library is called; null for the name of its first assembly.</summary>
    public string? Name { get; init; }

    /// <summary>The library's assemblies, those of a package among them.</summary>
    public IReadOnlyList<string> Assemblies { get; init; } = [];

    /// <summary>Assemblies that it needs, as they were given.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary>Files and folders of C# that usages are mined from.</summary>
    public IReadOnlyList<string> Code { get; init; } = [];

    /// <summary>Folder or file of the held-out tasks; null where there were none.</summary>
    public string? Suite { get; init; }
}
