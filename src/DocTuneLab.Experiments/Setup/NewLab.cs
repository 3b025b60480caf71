namespace DocTuneLab.Experiments.Setup;

/// <summary>What a lab is to be made of. What is not given is looked for.</summary>
public sealed record NewLab
{
    /// <summary>The lab's folder; made where it is missing. What lies in it stays as it is.</summary>
    public required string Folder { get; init; }

    /// <summary>Folder of pages, a page or a package; null to look for pages.</summary>
    public string? Docs { get; init; }

    /// <summary>Path of a <c>.nupkg</c>, from which assemblies, XML documentation and pages are copied; null for none.</summary>
    public string? Package { get; init; }

    /// <summary>Path of a project, which is built; null for none.</summary>
    public string? Project { get; init; }

    /// <summary>The library's assemblies, which stay where they are.</summary>
    public IReadOnlyList<string> Assemblies { get; init; } = [];

    /// <summary>Assemblies that the library needs.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary>Files and folders of C# to be mined for usages.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>The base model: a folder, or <c>owner/name</c> on a hub; null for one that suits the machine.</summary>
    public string? Base { get; init; }
}

/// <summary>A lab that was made.</summary>
public sealed record MadeLab
{
    /// <summary>What it is about.</summary>
    public required LibraryFolder Library { get; init; }

    /// <summary>The base model, as a notebook in the lab's folder names it.</summary>
    public required string Base { get; init; }

    /// <summary>Whether that is the sample model, which shows that everything works and is too small to be of use.</summary>
    public required bool IsSampleBase { get; init; }

    /// <summary>Pages, public members, and assemblies that the library needs.</summary>
    public required (int Pages, int Members, int Dependencies) Counts { get; init; }

    /// <summary>What was done and found, a line each.</summary>
    public required IReadOnlyList<string> Found { get; init; }

    /// <summary>What is missing, and what to do about it.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}
