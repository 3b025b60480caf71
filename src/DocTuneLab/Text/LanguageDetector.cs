using System.Collections.Frozen;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace DocTuneLab.Text;

/// <summary>
/// Tells the language of prose by its script and, for Latin and Cyrillic letters, by its commonest words. Code is not
/// given to it. Languages: en, zh, ja, ko, ru, uk, ar, he, el, hi, th, de, fr, es, pt, it, nl, pl, cs, sv, tr, vi, id.
/// </summary>
internal sealed class LanguageDetector
{
    /// <summary>From this share of its letters on, a script decides; Latin names and terms stand in every technical text.</summary>
    public const double ScriptShare = 0.2;

    /// <summary>Letters after which the words, and then the scripts, no longer change the answer.</summary>
    private const int EnoughForWords = 1_000, EnoughForScripts = 50_000;

    private static readonly string[] s_languages =
    [
        "en", "de", "fr", "es", "pt", "it", "nl", "pl", "cs", "sv", "tr", "vi", "id", "ru", "uk"
    ];
    private static readonly FrozenDictionary<string, uint> s_words = Words();
    private static readonly int s_longest = s_words.Keys.Max(w => w.Length);
    private static readonly FrozenDictionary<string, uint>.AlternateLookup<ReadOnlySpan<char>> s_lookup =
        s_words.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Words of up to eight ASCII letters by these letters as a number, in an open table:
    /// nearly all words that are looked up.</summary>
    private static readonly (ulong Letters, uint Languages)[] s_ascii = Ascii();
    private readonly int[] _hits = new int[s_languages.Length];
    private int _latin, _han, _kana, _hangul, _cyrillic, _arabic, _hebrew, _greek, _devanagari, _thai;

    /// <summary>ISO 639-1 code by what was added; <c>en</c> where nothing speaks for another.</summary>
    public string Language
    {
        get
        {
            var enough = Math.Max(1, Letters * ScriptShare);
            if (_han + _kana >= enough) return _kana * 8 >= _han + _kana ? "ja" : "zh";
            foreach (var (count, language) in (ReadOnlySpan<(int, string)>)
            [
                (_hangul, "ko"), (_arabic, "ar"), (_hebrew, "he"), (_greek, "el"), (_devanagari, "hi"), (_thai, "th")
            ])
                if (count >= enough) return language;
            if (_cyrillic >= enough) return Hits("uk") > Hits("ru") ? "uk" : "ru";
            var best = 0;
            for (var i = 1; i < s_languages.Length; i++)
                if (s_languages[i] is not ("ru" or "uk")
                    && (_hits[i] > _hits[best]
                        || (_hits[i] == _hits[best] && string.CompareOrdinal(s_languages[i], s_languages[best]) < 0)))
                    best = i;
            // A few foreign words do not make a page foreign.
            return _hits[best] >= 5 && _hits[best] > 2 * Hits("en") ? s_languages[best] : "en";
        }
    }

    private int Letters => _latin + _han + _kana + _hangul + _cyrillic + _arabic + _hebrew + _greek + _devanagari + _thai;

    /// <summary>Takes a piece of prose into account.</summary>
    public void Add(ReadOnlySpan<char> text)
    {
        if (Letters >= EnoughForScripts) return;
        for (var i = 0; i < text.Length;)
        {
            if (_latin + _cyrillic >= EnoughForWords)
            {
                CountScripts(text[i..]);
                return;
            }
            var start = i;
            var letters = 0UL;
            for (uint letter; i < text.Length && (letter = (uint)((text[i] | 0x20) - 'a')) <= 'z' - 'a'; i++)
                letters = (letters << 8) | (letter + 'a');
            _latin += i - start;
            var isAscii = true;
            for (; i < text.Length && Letter(text[i]); i++) isAscii = false;
            if (i == start) i++;
            else if (!isAscii) Word(text[start..i]);
            else if (i - start <= sizeof(ulong)) Count(Find(letters));
        }
    }

    /// <summary>Letters of ASCII many at a time, the others one by one.</summary>
    private void CountScripts(ReadOnlySpan<char> text)
    {
        var units = MemoryMarshal.Cast<char, ushort>(text);
        while (units.Length >= Vector256<ushort>.Count)
        {
            var part = Vector256.Create(units);
            _latin += BitOperations.PopCount(Vector256.LessThanOrEqual(
                (part | Vector256.Create((ushort)0x20)) - Vector256.Create((ushort)'a'), Vector256.Create((ushort)('z' - 'a')))
                .ExtractMostSignificantBits());
            if (Vector256.GreaterThanAny(part, Vector256.Create((ushort)0x7F)))
                foreach (var unit in units[..Vector256<ushort>.Count])
                    if (unit > 0x7F) Script((char)unit);
            units = units[Vector256<ushort>.Count..];
        }
        foreach (var unit in units) Letter((char)unit);
    }

    private bool Letter(char c)
    {
        if ((uint)((c | 0x20) - 'a') > 'z' - 'a') return c >= '\u0080' && Script(c);
        _latin++;
        return true;
    }

    /// <summary>Counts a letter that is not of ASCII; whether it belongs to a word of Latin or Cyrillic letters.</summary>
    private bool Script(char c)
    {
        if (c is >= '\u00C0' and <= '\u024F' or >= '\u1E00' and <= '\u1EFF') { _latin++; return true; }
        if (c is >= '\u0400' and <= '\u052F') { _cyrillic++; return true; }
        if (c is >= '\u4E00' and <= '\u9FFF' or >= '\u3400' and <= '\u4DBF' || (c is >= '\uD840' and <= '\uD888')) _han++;
        else if (c is >= '\u3040' and <= '\u30FF') _kana++;
        else if (c is >= '\uAC00' and <= '\uD7AF') _hangul++;
        else if (c is >= '\u0600' and <= '\u06FF') _arabic++;
        else if (c is >= '\u0590' and <= '\u05FF') _hebrew++;
        else if (c is >= '\u0370' and <= '\u03FF') _greek++;
        else if (c is >= '\u0900' and <= '\u097F') _devanagari++;
        else if (c is >= '\u0E00' and <= '\u0E7F') _thai++;
        return false;
    }

    private void Word(ReadOnlySpan<char> word)
    {
        if (word.Length > s_longest) return;
        Span<char> lower = stackalloc char[word.Length];
        word.ToLowerInvariant(lower);
        if (s_lookup.TryGetValue(lower, out var languages)) Count(languages);
    }

    private int Hits(string language) => _hits[Array.IndexOf(s_languages, language)];

    private void Count(uint languages)
    {
        for (; languages != 0; languages &= languages - 1) _hits[BitOperations.TrailingZeroCount(languages)]++;
    }

    private static uint Find(ulong letters)
    {
        for (var at = Slot(letters); ; at = (at + 1) & (s_ascii.Length - 1))
            if (s_ascii[at].Letters == letters || s_ascii[at].Languages == 0) return s_ascii[at].Languages;
    }

    private static int Slot(ulong letters) => (int)((letters * 0x9E3779B97F4A7C15) >> 54);

    private static (ulong Letters, uint Languages)[] Ascii()
    {
        var table = new (ulong Letters, uint Languages)[1 << (64 - 54)];
        foreach (var (word, languages) in s_words.Where(w => w.Key.Length <= sizeof(ulong) && w.Key.All(char.IsAsciiLetterLower)))
        {
            var letters = word.Aggregate(0UL, (all, c) => (all << 8) | c);
            var at = Slot(letters);
            while (table[at].Languages != 0) at = (at + 1) & (table.Length - 1);
            table[at] = (letters, languages);
        }
        return table;
    }

    private static FrozenDictionary<string, uint> Words()
    {
        var words = new Dictionary<string, uint>(StringComparer.Ordinal);
        foreach (var (language, list) in new[]
        {
            ("en", "the of and to in is that for it with as are this be by on not or you from can will an if when which"),
            ("de", "der die das und ist nicht ein eine zu den mit von für auf im dem des wird werden sie auch als oder bei kann"),
            ("fr", "le la les des et est une un dans pour que qui pas sur avec du au vous ce cette sont ou par"),
            ("es", "el la los las una y es que para con por del se en no su puede cuando como este esta o"),
            ("pt", "o os uma um e é que para com por do da não em se no na como este esta você ou são"),
            ("it", "il lo gli una e è che per con del della di non nel si sono come questo questa o più"),
            ("nl", "de het een en is niet van voor met op aan dat zijn wordt deze dit kan je of als"),
            ("pl", "i w na jest nie się do z że to dla lub jak są może po przez oraz tego"),
            ("cs", "a je na se že do pro jako nebo není jsou z v pokud lze tento také být"),
            ("sv", "och är att en ett som för med på inte av den det kan till om du eller från"),
            ("tr", "ve bir bu için ile olarak da de olan daha veya gibi sonra değil her çok"),
            ("vi", "và là của các trong cho được với không một có này để khi bạn từ"),
            ("id", "dan yang di untuk dengan ini dari pada adalah tidak akan dapat atau ke anda"),
            ("ru", "и в на не что с по для это как или из от при если может к"),
            ("uk", "і в на не що з для це як або із від якщо може до та є"),
        })
            foreach (var word in list.Split(' '))
                words[word] = words.GetValueOrDefault(word) | (1u << Array.IndexOf(s_languages, language));
        return words.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
