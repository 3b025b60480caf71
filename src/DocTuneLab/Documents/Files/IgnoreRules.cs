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

    /// <summary>Whether a path is ignored; null where no pattern speaks of it. A path below an ignored folder is not asked about:
    /// the folder is not entered.</summary>
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

    /// <summary>A glob as a pattern for whole paths; null where it is no valid one.
    /// With a slash in it, it is anchored at the folder.</summary>
    internal static Regex? ToRegex(string glob)
    {
        var pattern = new StringBuilder("^");
        var anchored = glob.Contains('/');
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
                if (Set(glob, i) is not { } set) return null;
                pattern.Append(set.Pattern);
                i = set.End;
            }
            else
            {
                if (c == '\\')
                {
                    if (i + 1 == glob.Length) return null;
                    c = glob[++i];
                }
                pattern.Append(Regex.Escape(c.ToString()));
            }
        }
        return new(pattern.Append('$').ToString(), RegexOptions.CultureInvariant | RegexOptions.Singleline);
    }

    /// <summary>
    /// A set such as <c>[!a-z]</c> from its bracket on, as git's <c>wildmatch.c</c> reads it, and the place of its end; null where it has
    /// none. A set never matches a slash.
    /// </summary>
    private static (string Pattern, int End)? Set(string glob, int open)
    {
        var at = open + 1;
        var negated = at < glob.Length && glob[at] is '!' or '^';
        if (negated) at++;
        var set = new StringBuilder();
        char? previous = null;
        for (var first = at; at < glob.Length; at++)
        {
            var c = glob[at];
            if (c == ']' && at > first) return (negated ? $"[^/{set}]" : $"(?!/)[{set}]", at);
            if (c == '[' && at + 1 < glob.Length && glob[at + 1] == ':')
            {
                var end = glob.IndexOf(']', at + 2);
                if (end < 0) return null;
                if (end > at + 2 && glob[end - 1] == ':')
                {
                    if (PosixClass(glob[(at + 2)..(end - 1)]) is not { } members) return null;
                    set.Append(members);
                    (previous, at) = (null, end);
                    continue;
                }
            }
            if (c == '-' && previous is { } low && at + 1 < glob.Length && glob[at + 1] != ']')
            {
                if (glob[++at] == '\\' && ++at == glob.Length) return null;
                // A range whose ends are the wrong way round adds nothing; its first letter stands in the set already.
                if (low <= glob[at]) set.Append(Escape(low)).Append('-').Append(Escape(glob[at]));
                previous = null;
                continue;
            }
            if (c == '\\')
            {
                if (++at == glob.Length) return null;
                c = glob[at];
            }
            set.Append(Escape(c));
            previous = c;
        }
        return null;

        static string Escape(char c) => $"\\u{(int)c:X4}";
    }

    private static string? PosixClass(string name) => name switch
    {
        "alnum" => "a-zA-Z0-9",
        "alpha" => "a-zA-Z",
        "blank" => @" \t",
        "cntrl" => @"\u0000-\u001F\u007F",
        "digit" => "0-9",
        "graph" => @"\u0021-\u007E",
        "lower" => "a-z",
        "print" => @"\u0020-\u007E",
        "punct" => @"\u0021-\u002F\u003A-\u0040\u005B-\u0060\u007B-\u007E",
        "space" => @" \t\n\v\f\r",
        "upper" => "A-Z",
        "xdigit" => "0-9a-fA-F",
        _ => null,
    };

    private static string TrimEnd(string line)
    {
        var end = line.Length;
        while (end > 0 && line[end - 1] == ' ' && (end < 2 || line[end - 2] != '\\')) end--;
        return line[..end];
    }
}
