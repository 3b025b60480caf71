using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using DocTuneLab.Conversations.Jinja.Values;

namespace DocTuneLab.Conversations.Jinja.Library;

/// <summary>Filters that make text (Jinja's template designer documentation, "List of Builtin Filters").</summary>
internal static partial class TextFilters
{
    /// <summary>Filters that text marked safe may be given to.</summary>
    public static FrozenSet<string> OfMarkup { get; } = new[]
    {
        "string", "safe", "escape", "e", "forceescape", "length", "count", "default", "d", "tojson", "list", "first", "last", "int", "float"
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Filters after which it still is marked, unless they are given values.</summary>
    public static FrozenSet<string> KeepingMark { get; } =
        new[] { "trim", "upper", "lower", "capitalize" }.ToFrozenSet(StringComparer.Ordinal);

    public static IReadOnlyDictionary<string, Operation> Table { get; } = new Dictionary<string, Operation>
    {
        ["string"] = new("", (value, _) => value is Markup ? value : PythonText.Of(value)),
        ["safe"] = new("", (value, _) => new Markup(PythonText.Of(value))),
        ["escape"] = new("", (value, _) => Operators.Escape(value)),
        ["e"] = new("", (value, _) => Operators.Escape(value)),
        ["forceescape"] = new("", (value, _) => Operators.Escape(PythonText.Of(value))),
        ["upper"] = new("", (value, _) => LetterCase.Upper(PythonText.Of(value))),
        ["lower"] = new("", (value, _) => LetterCase.Lower(PythonText.Of(value))),
        ["capitalize"] = new("", (value, _) => LetterCase.Capitalize(PythonText.Of(value))),
        ["title"] = new("", (value, _) => TitleWord().Replace(PythonText.Of(value), word => Title(word.Value))),
        ["trim"] = new("chars?", (value, a) =>
            Strings.Strip(PythonText.Of(value), a.Or(0, null) is null ? null : a.Text(0), left: true, right: true)),
        ["center"] = new("width?", (value, a) => Strings.Center(PythonText.Of(value), a.Integer(0, 80), " ")),
        ["replace"] = new("old new count?", (value, a) => Strings.Replace(PythonText.Of(value), PythonText.Of(a[0]), PythonText.Of(a[1]),
            a.Or(2, null) is null ? -1 : a.Integer(2))),
        ["indent"] = new("width? first? blank?", Indent),
        ["truncate"] = new("length? killwords? end? leeway?", Truncate),
        ["format"] = new("*", (value, a) => PercentFormat.Write(PythonText.Of(value), a.Call switch
        {
            { Positional.Count: > 0, Named.Count: > 0 } => throw Refusal.Of("the filter 'format' takes values by position or by name"),
            { Named.Count: > 0 } call => Json.Map(call.Named.Select(n => (n.Key, n.Value))),
            var call => new JinjaTuple(call.Positional),
        })),
        ["wordcount"] = new("", (value, _) => (long)Word().Count(PythonText.Of(value))),
        ["urlencode"] = new("", (value, _) => value switch
        {
            string text => Quoted(text, "/"),
            JinjaMap map => string.Join('&', map.Pairs.Select(p => $"{Query(p.Key)}={Query(p.Value)}")),
            _ => Numbers.IsNumber(value) ? Quoted(PythonText.Of(value), "/")
                : throw Refusal.Of($"the filter 'urlencode' of {Kinds.Of(value)} is not supported"),
        }),
        ["tojson"] = new("ensure_ascii? indent? separators? sort_keys?", ToJson),
    };

    [GeneratedRegex(@"[^\-\s({\[<]+")]
    private static partial Regex TitleWord();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();

    private static string Title(string word)
    {
        var first = word.EnumerateRunes().First().ToString();
        return LetterCase.Upper(first) + LetterCase.Lower(word[first.Length..]);
    }

    private static string Indent(object? value, Arguments a)
    {
        var margin = Kinds.IsText(a.Or(0, null)) ? a.Text(0) : Strings.Pad("", a.Integer(0, 4), " ", 0);
        // A line break is added before the text is cut into lines, so that one at its end is kept.
        var text = value as string ?? throw Refusal.Of($"the filter 'indent' takes text, not {Kinds.Of(value)}");
        var lines = Strings.Lines(text + "\n", keepEnds: false);
        var (first, blank) = (a.Flag(1), a.Flag(2));
        return Strings.Within(string.Join('\n',
            lines.Select((line, i) => (i == 0 ? first : blank || line.Length > 0) ? margin + line : line)));
    }

    private static string Truncate(object? value, Arguments a)
    {
        if (value is not (string or Undefined)) throw Refusal.Of($"the filter 'truncate' takes text, not {Kinds.Of(value)}");
        var (text, length, end) = (PythonText.Of(value), a.Integer(0, 255), a.Text(2, "..."));
        var leeway = a.Or(3, null) is null ? 5 : a.Integer(3);
        if (length < Strings.Length(end) || leeway < 0) throw Refusal.Of("the filter 'truncate' is given a length below that of its end");
        if (Strings.Length(text) <= length + leeway) return text;
        var kept = (string)Members.Slice(text, null, length - Strings.Length(end), null)!;
        return (a.Flag(1) ? kept : Strings.Split(kept, " ", 1, fromRight: true)[0]) + end;
    }

    private static string ToJson(object? value, Arguments a)
    {
        var indent = a.Or(1, null) switch
        {
            null => null,
            string text => text,
            var width => Strings.Pad("", Numbers.Integer(width), " ", 0),
        };
        var separators = a.Or(2, null) is null ? null : Kinds.Items(a[2]).ToList();
        if (separators is not null && (separators.Count != 2 || !separators.TrueForAll(s => s is string)))
            throw Refusal.Of("the filter 'tojson' takes two texts as separators");
        return new Json
        {
            EnsureAscii = a.Flag(0),
            Indent = indent,
            ItemSeparator = (string?)separators?[0] ?? (indent is null ? ", " : ","),
            KeySeparator = (string?)separators?[1] ?? ": ",
            SortKeys = a.Flag(3),
        }.Write(value);
    }

    private static string Query(object? value) => Quoted(PythonText.Of(value), "").Replace("%20", "+", StringComparison.Ordinal);

    private static string Quoted(string text, string safe)
    {
        var result = new StringBuilder();
        foreach (var b in Encoding.UTF8.GetBytes(text))
            _ = char.IsAsciiLetterOrDigit((char)b) || $"_.-~{safe}".Contains((char)b, StringComparison.Ordinal)
                ? result.Append((char)b) : result.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
        return result.ToString();
    }
}
