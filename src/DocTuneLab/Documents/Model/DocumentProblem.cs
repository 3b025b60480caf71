namespace DocTuneLab.Documents.Model;

/// <summary>What is wrong with a file of the documentation.</summary>
public enum ProblemKind
{
    /// <summary>Not UTF-8; it was read in another encoding, which the message names.</summary>
    Encoding,
    /// <summary>No text at all; it was left out.</summary>
    Binary,
    /// <summary>Too large, or made to exhaust memory; it was left out, or kept as plain text.</summary>
    TooLarge,
    /// <summary>Nested too deeply to be Markdown; it was kept as plain text.</summary>
    TooDeep,
    /// <summary>Front matter that is no YAML; the page was kept without it.</summary>
    FrontMatter,
    /// <summary>An include whose file does not exist.</summary>
    BrokenInclude,
    /// <summary>Includes that lead back to themselves.</summary>
    IncludeLoop,
    /// <summary>A path, link or archive entry that leads out of the documentation; it was not followed.</summary>
    Escape,
    /// <summary>A symbolic link that leads back to a folder already read, or nowhere.</summary>
    SymbolicLink,
    /// <summary>A file name that other systems cannot hold, or that looks like another name.</summary>
    FileName,
    /// <summary>A file that cannot be read.</summary>
    Unreadable,
    /// <summary>A configuration or navigation file (docfx.json, toc.yml, mkdocs.yml …) with an error.</summary>
    Configuration,
    /// <summary>A navigation entry whose page does not exist.</summary>
    Navigation,
    /// <summary>An assembly or XML documentation file that cannot be read.</summary>
    Library,
}

/// <summary>Bad input that was met on the way; everything else went on.</summary>
/// <param name="Path">Path relative to the documentation's root where it lies below it.</param>
/// <param name="Line">One-based line, 0 where there is none.</param>
/// <param name="Kind">What is wrong.</param>
/// <param name="Message">What was found, what was expected, and what was done about it.</param>
public sealed record DocumentProblem(string Path, int Line, ProblemKind Kind, string Message)
{
    /// <summary><c>file:line: message</c>.</summary>
    public override string ToString() => Line > 0 ? $"{Path}:{Line}: {Message}" : $"{Path}: {Message}";
}
