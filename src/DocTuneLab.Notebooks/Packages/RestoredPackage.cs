namespace DocTuneLab.Notebooks.Packages;

/// <summary>A package as it lies in the cache, with the files of it that suit this system.</summary>
/// <param name="Name">Its id.</param>
/// <param name="Version">The version that was chosen.</param>
/// <param name="Folder">Full path of its folder in the cache.</param>
/// <param name="Libraries">Full paths of its assemblies.</param>
/// <param name="Natives">Full paths of its native libraries.</param>
public sealed record RestoredPackage(
    string Name, string Version, string Folder, IReadOnlyList<string> Libraries, IReadOnlyList<string> Natives);
