namespace DocTuneLab.Storage;

/// <summary>A file of an exported lab.</summary>
/// <param name="Path">Relative to the lab, with forward slashes.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Lower-case hex.</param>
public sealed record ArchiveEntry(string Path, long Bytes, string Sha256);

/// <summary>What an exported lab says of itself, in its <c>manifest.json</c>.</summary>
/// <param name="Format">1.</param>
/// <param name="Schema">Version of the tables.</param>
/// <param name="Created">UTC.</param>
/// <param name="Code">Version of the program that wrote it.</param>
/// <param name="Entries">All other files, in ordinal order.</param>
public sealed record ArchiveManifest(int Format, int Schema, DateTimeOffset Created, string Code, IReadOnlyList<ArchiveEntry> Entries);
