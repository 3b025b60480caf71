using System.Text;
using System.Text.RegularExpressions;

namespace DocTuneLab.Documents.Files;

/// <summary>Patterns of a <c>.gitignore</c>-like file: globs with <c>**</c>, negation by <c>!</c>, the last match decides.</summary>
/// <remarks>Semantics: git's <c>gitignore(5)</c>; the tests ask git itself.</remarks>
public sealed class IgnoreRules
{
    private readonly List<(Regex Pattern, bool Ignore, bool FoldersOnly)> _rules = [];

    private IgnoreRules(string folder) => Folder = folder;

    /// <summary>Folder that the patterns are relative to, with a slash at its end; empty for the root.</summary>
    public string Folder { get; }

    /// <summary>Reads patterns, one a line.</summary>
    /// <param name="text">The file's text.</param>
    /// <param name="folder">Folder that it stands in, relative to the root, with forward slashes; empty for the root.</param>
    public static IgnoreRules Parse(string text, string folder = "")
    {
        var rules = new IgnoreRules(folder.Length == 0 || folder.EndsWith('/') ? folder : folder + "/");
        foreach (var raw in text.TrimStart('\uFEFF').Split('\n'))
        {
            var line = TrimEnd(raw.TrimEnd('\r'));
            if (line.Length == 0 || line[0] == '#') continue;
            var negated = line[0] == '!';
            if (negated) line = line[1..];
            var foldersOnly = line.EndsWith('/');
            if (foldersOnly) line = line[..^1];
            if (line.Length > 0 && ToRegex(line) is { } pattern) rules._rules.Add((pattern, !negated, foldersOnly));
        }
        return rules;
    }

    /// <summary>Whether a path is ignored; null where no pattern speaks of it. A path below an ignored folder is not asked about: the folder is not entered.</summary>
    /// <param name="path">Path relative to the root, with forward slashes.</param>
    /// <param name="isFolder">Whether it is a folder.</param>
    public bool? Ignores(string path, bool isFolder)
    {
        if (!path.StartsWith(Folder, StringComparison.Ordinal)) return null;
        var own = path[Folder.Length..];
        for (var i = _rules.Count - 1; i >= 0; i--)
        {
            var (pattern, ignore, foldersOnly) = _rules[i];
            if ((isFolder || !foldersOnly) && pattern.IsMatch(own)) return ignore;
        }
        return null;
    }

    /// <summary>A glob as a pattern for whole paths; null where it is no valid one. With a slash in it, it is anchored at the folder.</summary>
    internal static Regex? ToRegex(string glob)
    {
        var pattern = new StringBuilder("^");
        var anchored = glob.IndexOf('/') >= 0;
        if (glob[0] == '/') glob = glob[1..];
        if (!anchored) pattern.Append("(?:.*/)?");
        for (var i = 0; i < glob.Length; i++)
        {
            var c = glob[i];
            if (c == '*')
            {
                var stars = i;
                while (i + 1 < glob.Length && glob[i + 1] == '*') i++;
                var segment = i - stars == 1 && (stars == 0 || glob[stars - 1] == '/') && (i + 1 == glob.Length || glob[i + 1] == '/');
                if (!segment) pattern.Append("[^/]*");
                else if (i + 1 == glob.Length) pattern.Append(stars == 0 ? ".*" : ".+");
                else
                {
                    pattern.Append("(?:.*/)?");
                    i++;
                }
            }
            else if (c == '?') pattern.Append("[^/]");
            else if (c == '[')
            {
                var end = glob.IndexOf(']', Math.Min(glob.Length, i + (i + 1 < glob.Length && glob[i + 1] is '!' or '^' ? 3 : 2)));
                if (end < 0) return null;
                var set = glob[(i + 1)..end].Replace(@"\", @"\\", StringComparison.Ordinal).Replace("[", @"\[", StringComparison.Ordinal);
                pattern.Append("(?!/)[").Append(set[0] == '!' ? "^" + set[1..] : set).Append(']');
                i = end;
            }
            else
            {
                if (c == '\\' && i + 1 < glob.Length) c = glob[++i];
                pattern.Append(Regex.Escape(c.ToString()));
            }
        }
        try
        {
            return new(pattern.Append('$').ToString(), RegexOptions.CultureInvariant | RegexOptions.Singleline);
        }
        catch (ArgumentException)
        {
            // Such as a range whose ends are the wrong way round: git takes it as matching nothing.
            return null;
        }
    }

    private static string TrimEnd(string line)
    {
        var end = line.Length;
        while (end > 0 && line[end - 1] == ' ' && (end < 2 || line[end - 2] != '\\')) end--;
        return line[..end];
    }
}
