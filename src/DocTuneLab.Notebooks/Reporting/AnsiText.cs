using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace DocTuneLab.Notebooks.Reporting;

/// <summary>Terminal text as HTML: colours and weights (ECMA-48 SGR sequences) become spans, other control sequences go.</summary>
internal static partial class AnsiText
{
    private static readonly string[] s_names = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

    public static string ToHtml(string text)
    {
        if (!text.Contains('\u001b'))
            return WebUtility.HtmlEncode(text);
        var html = new StringBuilder();
        var (at, open, css, style) = (0, false, new SortedSet<string>(StringComparer.Ordinal),
            new SortedDictionary<string, string>(StringComparer.Ordinal));
        foreach (Match sequence in Sequence().Matches(text))
        {
            html.Append(WebUtility.HtmlEncode(text[at..sequence.Index]));
            at = sequence.Index + sequence.Length;
            if (!sequence.Value.EndsWith('m'))
                continue;
            Apply(sequence.Groups[1].Value, css, style);
            if (open)
                html.Append("</span>");
            open = css.Count + style.Count > 0;
            if (open)
                html.Append("<span")
                    .Append(css.Count == 0 ? "" : $" class=\"{string.Join(' ', css)}\"")
                    .Append(style.Count == 0 ? "" : $" style=\"{string.Concat(style.Select(pair => $"{pair.Key}:{pair.Value};"))}\"")
                    .Append('>');
        }
        return html.Append(WebUtility.HtmlEncode(text[at..])).Append(open ? "</span>" : "").ToString();
    }

    private static void Apply(string parameters, SortedSet<string> css, SortedDictionary<string, string> style)
    {
        var codes = parameters.Split(';')
            .Select(code => int.TryParse(code, CultureInfo.InvariantCulture, out var number) ? number : 0)
            .ToList();
        for (var i = 0; i < codes.Count; i++)
        {
            switch (codes[i])
            {
                case 0:
                    css.Clear();
                    style.Clear();
                    break;
                case 1:
                    css.Add("ansi-bold");
                    break;
                case 22:
                    css.Remove("ansi-bold");
                    break;
                case 39 or 49:
                    Colour(codes[i] == 39 ? "ansi-" : "ansi-on-", null, css, style);
                    break;
                case >= 30 and <= 37 or >= 90 and <= 97:
                    Colour("ansi-", s_names[codes[i] % 10], css, style);
                    break;
                case >= 40 and <= 47 or >= 100 and <= 107:
                    Colour("ansi-on-", s_names[codes[i] % 10], css, style);
                    break;
                case 38 or 48 when codes.ElementAtOrDefault(i + 1) == 2 && i + 4 < codes.Count:
                    style[codes[i] == 38 ? "color" : "background"] = $"rgb({codes[i + 2]},{codes[i + 3]},{codes[i + 4]})";
                    i += 4;
                    break;
                case 38 or 48 when codes.ElementAtOrDefault(i + 1) == 5 && i + 2 < codes.Count:
                    style[codes[i] == 38 ? "color" : "background"] = Palette(codes[i + 2]);
                    i += 2;
                    break;
            }
        }
    }

    private static void Colour(string prefix, string? name, SortedSet<string> css, SortedDictionary<string, string> style)
    {
        foreach (var colour in s_names)
            css.Remove(prefix + colour);
        style.Remove(prefix == "ansi-" ? "color" : "background");
        if (name is not null)
            css.Add(prefix + name);
    }

    // xterm's 256 colours: 16 basic ones, a cube of 6 levels, 24 greys.
    private static string Palette(int index)
    {
        static int Level(int n) => n == 0 ? 0 : 55 + 40 * n;
        if (index >= 232)
            return $"rgb({8 + 10 * (index - 232)},{8 + 10 * (index - 232)},{8 + 10 * (index - 232)})";
        return index >= 16
            ? $"rgb({Level((index - 16) / 36)},{Level((index - 16) / 6 % 6)},{Level((index - 16) % 6)})"
            : s_names[Math.Clamp(index, 0, 15) % 8];
    }

    [GeneratedRegex(@"\x1b\[([0-9;?]*)[A-Za-z]")]
    private static partial Regex Sequence();
}
