using System.CommandLine.Parsing;
using System.Text.RegularExpressions;

namespace DocTuneLab.Notebooks.Cells;

/// <summary>A stretch of a cell: code of one language, or one magic line with its body.</summary>
/// <param name="Text">The code, or the body of the magic.</param>
/// <param name="FirstLine">Line in the cell where <paramref name="Text"/> starts, from 1.</param>
internal abstract record CellPart(string Text, int FirstLine);

internal sealed record CodePart(
    string Language, IReadOnlyList<string> Arguments, string MagicLine, string Text, int FirstLine) : CellPart(Text, FirstLine);

// Language: that of the code which the magic stands in.
internal sealed record MagicPart(
    string Name, IReadOnlyList<string> Arguments, string MagicLine, string Text, int FirstLine, string Language) : CellPart(Text, FirstLine)
{
    /// <summary>Line of the magic itself.</summary>
    public int Line => FirstLine - 1;
}

/// <summary>Splits a cell at its magics.</summary>
internal static partial class CellSplitter
{
    public const string Prefix = "#!";

    /// <param name="source">Text of the cell.</param>
    /// <param name="language">Language of the lines before the first magic.</param>
    /// <param name="kindOf">What a magic name stands for; it throws for a name that does not exist (name, line).</param>
    public static List<CellPart> Split(string source, string language, Func<string, int, MagicKind> kindOf)
    {
        var parts = new List<CellPart>();
        var lines = source.ReplaceLineEndings("\n").Split('\n');
        var text = new List<string>();
        var firstLine = 1;
        Func<string, int, CellPart?> open = Code(language, [], "");
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i];
            if (!IsMagic(line))
            {
                text.Add(line);
                continue;
            }
            var tokens = Tokens(line.Trim());
            var (name, arguments) = (tokens[0], tokens[1..]);
            var kind = kindOf(name, i + 1);
            Close();
            firstLine = i + 2;
            if (kind is MagicKind.Language)
            {
                language = name[Prefix.Length..];
                open = Code(language, arguments, line);
            }
            else if (kind is MagicKind.WithBody)
            {
                open = (body, first) => new MagicPart(name, arguments, line, body, first, language);
            }
            else
            {
                parts.Add(new MagicPart(name, arguments, line, "", firstLine, language));
                open = Code(language, [], "");
            }
        }
        Close();
        return parts;

        void Close()
        {
            if (open(string.Join('\n', text), firstLine) is { } part)
                parts.Add(part);
            text.Clear();
        }
    }

    /// <summary>
    /// The language of each line, as LF divides them; null for magics and their bodies. Unlike <see cref="Split"/> it never throws.
    /// </summary>
    /// <param name="source">Text of the cell.</param>
    /// <param name="language">Language of the lines before the first magic.</param>
    /// <param name="kindOf">What a magic name stands for; null for a name that does not exist.</param>
    public static List<string?> LanguageOfLines(string source, string language, Func<string, MagicKind?> kindOf)
    {
        var inBody = false;
        var languages = new List<string?>();
        foreach (var line in source.Split('\n'))
        {
            if (!IsMagic(line))
            {
                languages.Add(inBody ? null : language);
                continue;
            }
            var name = line.Split((char[]?)null, 2)[0];
            var kind = kindOf(name);
            inBody = kind is MagicKind.WithBody;
            if (kind is MagicKind.Language)
                language = name[Prefix.Length..];
            languages.Add(null);
        }
        return languages;
    }

    /// <summary>True for a line that starts with a magic (a <c>#!</c> followed by a letter).</summary>
    public static bool IsMagic(string line) =>
        line.StartsWith(Prefix, StringComparison.Ordinal) && line.Length > Prefix.Length && char.IsAsciiLetter(line[Prefix.Length]);

    // What stands in braces is one argument, quotes and blanks included: @input:{"prompt": "Your name"}.
    private static List<string> Tokens(string line)
    {
        var braces = Braces().Matches(line);
        var plain = braces.Count == 0 ? line : Braces().Replace(line, "\u0001");
        var next = 0;
        return [.. CommandLineParser.SplitCommandLine(plain)
            .Select(token => token.Contains('\u0001') ? token.Replace("\u0001", braces[next++].Value, StringComparison.Ordinal) : token)];
    }

    [GeneratedRegex(@"(?<=@\w+:)\{[^{}]*\}")]
    private static partial Regex Braces();

    // A language with arguments (#!sql --help) counts even where no code follows.
    private static Func<string, int, CellPart?> Code(string language, List<string> arguments, string magicLine) => (text, first) =>
        string.IsNullOrWhiteSpace(text) && arguments.Count == 0 ? null : new CodePart(language, arguments, magicLine, text, first);
}
