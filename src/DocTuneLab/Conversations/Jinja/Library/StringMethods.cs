using System.Globalization;
using System.Text;
using DocTuneLab.Conversations.Jinja.Values;

namespace DocTuneLab.Conversations.Jinja.Library;

/// <summary>Methods of Python's <c>str</c> (its library reference, "String Methods").</summary>
internal static class StringMethods
{
    public static IReadOnlyDictionary<string, Operation> Table { get; } = new Dictionary<string, Operation>
    {
        ["capitalize"] = Plain(LetterCase.Capitalize),
        ["casefold"] = Plain(LetterCase.Fold),
        ["lower"] = Plain(LetterCase.Lower),
        ["upper"] = Plain(LetterCase.Upper),
        ["title"] = Plain(LetterCase.Title),
        ["swapcase"] = Plain(LetterCase.Swap),
        ["center"] = Filled((text, width, fill) => Strings.Center(text, width, fill)),
        ["ljust"] = Filled((text, width, fill) => Strings.Pad(text, width, fill, 0)),
        ["rjust"] = Filled((text, width, fill) => Strings.Pad(text, width, fill, long.MaxValue)),
        ["zfill"] = new("width /", (self, a) => ZeroFill((string)self!, a.Integer(0))),
        ["expandtabs"] = new("tabsize?", (self, a) => ExpandTabs((string)self!, a.Integer(0, 8))),
        ["strip"] = Stripped(left: true, right: true),
        ["lstrip"] = Stripped(left: true, right: false),
        ["rstrip"] = Stripped(left: false, right: true),
        ["removeprefix"] = new("prefix /", (self, a) =>
            ((string)self!).StartsWith(a.Text(0), StringComparison.Ordinal) ? ((string)self)[a.Text(0).Length..] : self),
        ["removesuffix"] = new("suffix /", (self, a) =>
            ((string)self!).EndsWith(a.Text(0), StringComparison.Ordinal) ? ((string)self)[..^a.Text(0).Length] : self),
        ["replace"] = new("old new count? /", (self, a) => Strings.Replace((string)self!, a.Text(0), a.Text(1), a.Integer(2, -1))),
        ["split"] = Split(fromRight: false),
        ["rsplit"] = Split(fromRight: true),
        ["splitlines"] = new("keepends?", (self, a) => List(Strings.Lines((string)self!, a.Flag(0)))),
        ["partition"] = new("sep /", (self, a) => Partition((string)self!, a.Text(0), last: false)),
        ["rpartition"] = new("sep /", (self, a) => Partition((string)self!, a.Text(0), last: true)),
        ["join"] = new("iterable /", (self, a) => Strings.Within(string.Join((string)self!, Kinds.Items(a[0]).Select(item =>
            Kinds.IsText(item) ? PythonText.Of(item) : throw Refusal.Of($"join() takes texts, not {Kinds.Of(item)}"))))),
        ["find"] = Search(last: false, required: false),
        ["rfind"] = Search(last: true, required: false),
        ["index"] = Search(last: false, required: true),
        ["rindex"] = Search(last: true, required: true),
        ["count"] = new("sub start? end? /", (self, a) => Window((string)self!, a) is var (text, _) ? Count(text, a.Text(0)) : 0L),
        ["startswith"] = new("prefix start? end? /", (self, a) =>
            Any(self, a, (text, part) => text.StartsWith(part, StringComparison.Ordinal))),
        ["endswith"] = new("suffix start? end? /", (self, a) =>
            Any(self, a, (text, part) => text.EndsWith(part, StringComparison.Ordinal))),
        ["format"] = new("*", (self, a) => BraceFormat.Write((string)self!, a.Call)),
        ["format_map"] = new("mapping /", (self, a) => BraceFormat.Write((string)self!, a[0])),
        ["isalpha"] = All(Rune.IsLetter),
        ["isdecimal"] = All(r => Rune.GetUnicodeCategory(r) == UnicodeCategory.DecimalDigitNumber),
        ["isdigit"] = All(IsDigit),
        ["isnumeric"] = All(IsNumeric),
        ["isalnum"] = All(r => Rune.IsLetter(r) || IsNumeric(r)),
        ["isspace"] = All(r => r.IsBmp && Strings.IsSpace((char)r.Value)),
        ["isascii"] = new("", (self, _) => ((string)self!).All(char.IsAscii)),
        ["isprintable"] = new("", (self, _) => ((string)self!).EnumerateRunes().All(PythonText.IsPrintable)),
        ["isidentifier"] = new("", (self, _) => self is string { Length: > 0 } s && !IsDigit(s.EnumerateRunes().First())
            && s.EnumerateRunes().All(r => Rune.IsLetter(r) || IsDigit(r) || r.Value == '_')),
        ["islower"] = new("", (self, _) => IsLower((string)self!)),
        ["isupper"] = new("", (self, _) => IsUpper((string)self!)),
        ["istitle"] = new("", (self, _) => IsTitle((string)self!)),
    };

    /// <summary>Methods of text marked safe: the text's own where nothing is given that would have to be escaped.</summary>
    public static IReadOnlyDictionary<string, Operation> OfMarkup { get; } = Table.ToDictionary(t => t.Key, t => Marked(t.Key, t.Value));

    /// <summary>Whether there are letters, all of them lower.</summary>
    public static bool IsLower(string text) => text.EnumerateRunes().Any(LetterCase.IsLower)
        && !text.EnumerateRunes().Any(r => LetterCase.IsUpper(r) || LetterCase.IsTitle(r));

    /// <summary>Whether there are letters, all of them upper.</summary>
    public static bool IsUpper(string text) => text.EnumerateRunes().Any(LetterCase.IsUpper)
        && !text.EnumerateRunes().Any(r => LetterCase.IsLower(r) || LetterCase.IsTitle(r));

    private static bool IsTitle(string text)
    {
        var (inWord, any) = (false, false);
        foreach (var rune in text.EnumerateRunes())
        {
            var capital = LetterCase.IsUpper(rune) || LetterCase.IsTitle(rune);
            if (capital && inWord || LetterCase.IsLower(rune) && !inWord) return false;
            inWord = LetterCase.IsCased(rune);
            any |= capital;
        }
        return any;
    }

    private static bool IsDigit(Rune rune) =>
        CharUnicodeInfo.GetDigitValue(rune.ToString(), 0) >= 0;

    private static bool IsNumeric(Rune rune) => CharUnicodeInfo.GetNumericValue(rune.ToString(), 0) is >= 0 or < -1
        || (rune.Value is >= 0x3400 and <= 0x9FFF or >= 0xF900 and <= 0xFAFF or >= 0x20000
            ? throw Refusal.Of("whether a Chinese character is a number is not supported") : false);

    private static Operation Marked(string name, Operation method) => new("*", (self, a) =>
        a.Call.Positional.Count + a.Call.Named.Count > 0
            ? throw Refusal.Of($"{name}() with values, of text that is marked safe, is not supported")
            : method.Apply(name, ((Markup)self!).Text, a.Call) switch
            {
                string text => new Markup(text),
                List<object?> parts => parts.Select(p => (object?)new Markup((string)p!)).ToList(),
                var other => other,
            });

    private static Operation Plain(Func<string, string> change) => new("", (self, _) => change((string)self!));

    private static Operation All(Func<Rune, bool> test) =>
        new("", (self, _) => self is string { Length: > 0 } text && text.EnumerateRunes().All(test));

    private static Operation Filled(Func<string, long, string, string> fill) =>
        new("width fill? /", (self, a) => fill((string)self!, a.Integer(0), a.Text(1, " ")));

    private static Operation Stripped(bool left, bool right) =>
        new("chars? /", (self, a) => Strings.Strip((string)self!, a.Or(0, null) is null ? null : a.Text(0), left, right));

    private static Operation Split(bool fromRight) => new("sep? maxsplit?", (self, a) => List(a.Or(0, null) is null
        ? Strings.Words((string)self!, a.Integer(1, -1), fromRight)
        : Strings.Split((string)self!, a.Text(0), a.Integer(1, -1), fromRight)));

    private static Operation Search(bool last, bool required) => new("sub start? end? /", (self, a) =>
    {
        var at = Window((string)self!, a) is not var (text, from) ? -1
            : last ? text.LastIndexOf(a.Text(0), StringComparison.Ordinal) : text.IndexOf(a.Text(0), StringComparison.Ordinal);
        if (at >= 0) return Strings.Length(Window((string)self!, a)!.Value.Text[..at]) + Window((string)self!, a)!.Value.From;
        return required ? throw Refusal.Of($"{PythonText.Representation(a[0])} is not in the text") : -1L;
    });

    // The part between start and end, or null where the start is beyond the end of the text.
    private static (string Text, long From)? Window(string text, Arguments a)
    {
        var length = Strings.Length(text);
        long At(int index, long fallback) => a.Or(index, null) is null ? fallback
            : Numbers.Integer(a[index]) is var i && i < 0 ? Math.Max(0, i + length) : i;
        var (from, to) = (At(1, 0), Math.Min(At(2, length), length));
        if (from > length || from > to) return null;
        return ((string)Members.Slice(text, from, to, null)!, from);
    }

    private static long Count(string text, string part) =>
        part.Length == 0 ? Strings.Length(text) + 1 : text.Split(part).LongLength - 1;

    private static object Any(object? self, Arguments a, Func<string, string, bool> test)
    {
        var parts = a[0] is JinjaTuple several ? several.ToList() : [a.Text(0)];
        if (!parts.TrueForAll(Kinds.IsText)) throw Refusal.Of("startswith() and endswith() take a text or a tuple of them");
        return Window((string)self!, a) is var (text, _) && parts.Exists(p => test(text, PythonText.Of(p)));
    }

    private static JinjaTuple Partition(string text, string separator, bool last)
    {
        if (separator.Length == 0) throw Refusal.Of("a separator is empty");
        var at = last ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        if (at >= 0) return new JinjaTuple([text[..at], separator, text[(at + separator.Length)..]]);
        return new JinjaTuple(last ? ["", "", text] : [text, "", ""]);
    }

    private static string ZeroFill(string text, long width)
    {
        var sign = text.Length > 0 && text[0] is '+' or '-' && text.Length > 0 ? text[..1] : "";
        return sign + Strings.Pad(text[sign.Length..], width - sign.Length, "0", long.MaxValue);
    }

    private static string ExpandTabs(string text, long size)
    {
        var (result, column) = (new StringBuilder(), 0L);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value == '\t')
            {
                var spaces = size > 0 ? size - column % size : 0;
                result.Append(Strings.Pad("", spaces, " ", 0));
                column += spaces;
                continue;
            }
            result.Append(rune.ToString());
            column = rune.Value is '\n' or '\r' ? 0 : column + 1;
        }
        return result.ToString();
    }

    private static List<object?> List(List<string> parts) => [.. parts];
}
