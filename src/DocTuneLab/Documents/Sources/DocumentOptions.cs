using DocTuneLab.Documents.Dialects;
using DocTuneLab.Documents.Parsing;

namespace DocTuneLab.Documents.Sources;

/// <summary>What a documentation folder is read with.</summary>
public sealed record DocumentOptions
{
    /// <summary>Patterns in the manner of <c>.gitignore</c> that leave files out (or in again, with <c>!</c>), after those of the folder's
    /// own files. Default none.</summary>
    public IReadOnlyList<string> Ignore { get; init; } = [];

    /// <summary>Whether <c>.gitignore</c> files in the folder count, as <c>.doctuneignore</c> always does. Default true.</summary>
    public bool GitIgnore { get; init; } = true;

    /// <summary>Largest page in bytes; a larger one is left out and reported. Default 128 MiB.</summary>
    public long MaxPageBytes { get; init; } = 128L << 20;

    /// <summary>Dialects that pages are read in and sites are recognised by. Default <see cref="BuiltInDialects.All"/>;
    /// add to them, or leave out.</summary>
    public IReadOnlyList<Dialect> Dialects { get; init; } = BuiltInDialects.All;
}
