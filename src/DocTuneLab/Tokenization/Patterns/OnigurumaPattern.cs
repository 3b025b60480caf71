using System.Globalization;
using System.Text;

namespace DocTuneLab.Tokenization.Patterns;

/// <summary>
/// A regular expression in Oniguruma's syntax (that of Ruby, which Hugging Face's tokenizers use), translated to the runtime's:
/// possessive quantifiers become atomic groups, classes within classes and their intersections become the characters they hold,
/// <c>^</c> and <c>$</c> stand at every line.
/// </summary>
internal sealed class OnigurumaPattern
{
    // Groups that both engines read alike.
    private static readonly string[] s_plainGroups = ["(?:", "(?=", "(?!", "(?>", "(?<=", "(?<!"];
    private readonly string _source;
    private readonly StringBuilder _text = new();
    private readonly HashSet<string> _scripts = new(StringComparer.Ordinal);
    // Where the groups that are open began, and whether case counted around them.
    private readonly Stack<(int Start, bool IgnoreCase)> _groups = [];
    private bool _ignoreCase;
    private int _at;
    // Where the last atom began; -1 where there is none to repeat.
    private int _atom = -1;

    /// <exception cref="LabException">Something in the pattern has no counterpart; the message names it.</exception>
    public OnigurumaPattern(string source)
    {
        _source = source;
        while (_at < source.Length) Step();
        if (_groups.Count > 0) throw Unsupported("a group that is not closed");
        Text = _text.ToString();
    }

    /// <summary>The pattern for <see cref="System.Text.RegularExpressions.Regex"/>.</summary>
    public string Text { get; }

    /// <summary>Scripts that it names.</summary>
    public IReadOnlyCollection<string> Scripts => _scripts;

    private LabException Unsupported(string what) => new($"the pattern {_source} has {what}, which is not supported");

    private void Step()
    {
        var c = _source[_at];
        switch (c)
        {
            case '(': Open(); break;
            case ')':
                if (_groups.Count == 0) throw Unsupported("a closing bracket without an opening one");
                (_atom, _ignoreCase) = _groups.Pop();
                _text.Append(')');
                _at++;
                break;
            case '[': Class(); break;
            case '\\': Escape(); break;
            case '?' or '*' or '+': Repeat(c.ToString(), 1); break;
            case '{' when Interval() is { } interval: Repeat(interval.Text, interval.Length); break;
            case '^': Anchor(@"(?<=\n|\A)"); break;
            case '$': Anchor(@"(?=\n|\z)"); break;
            case '|':
                _text.Append('|');
                _atom = -1;
                _at++;
                break;
            case '.': Atom("[^\n]", 1); break;
            default:
                if (char.IsSurrogate(c)) throw Unsupported("a character beyond U+FFFF");
                Literal(c, 1);
                break;
        }
    }

    private void Atom(string text, int length)
    {
        _atom = _text.Length;
        _text.Append(text);
        _at += length;
    }

    private void Anchor(string text)
    {
        _text.Append(text);
        _atom = -1;
        _at++;
    }

    // Ruby's folding makes ſ an s and the Kelvin and Ångström signs letters; the runtime's knows the latter two only.
    private void Literal(char c, int length) => Atom(_ignoreCase && c is 's' or 'S' ? "[sS\u017F]" : Quoted(c), length);

    private void Repeat(string quantifier, int length)
    {
        if (_atom < 0) throw Unsupported($"'{quantifier}' with nothing to repeat");
        _at += length;
        var interval = quantifier[0] == '{';
        var next = _at < _source.Length ? _source[_at] : '\0';
        if (next == '?' && !(interval && !quantifier.Contains(',', StringComparison.Ordinal)))
        {
            _text.Append(quantifier).Append('?');
            _at++;
        }
        else if (next == '+' && !interval)
        {
            _text.Insert(_atom, "(?>").Append(quantifier).Append(')');
            _at++;
        }
        else
        {
            // In brackets, so that a quantifier that follows repeats it once more: {1,3}+ is possessive in Java, not in Ruby.
            var repeated = next is '?' or '*' or '+' or '{';
            if (repeated) _text.Insert(_atom, "(?:");
            _text.Append(quantifier);
            if (repeated) _text.Append(')');
            else _atom = -1;
        }
    }

    // {n}, {n,}, {,m} and {n,m}; anything else is the character.
    private (string Text, int Length)? Interval()
    {
        var end = _source.IndexOf('}', _at);
        if (end < 0) return null;
        var numbers = _source[(_at + 1)..end].Split(',');
        if (numbers.Length > 2 || numbers.All(n => n.Length == 0) || !numbers.All(n => n.All(char.IsAsciiDigit))) return null;
        var least = numbers[0].Length == 0 ? "0" : numbers[0];
        return (numbers.Length == 1 ? $"{{{least}}}" : $"{{{least},{numbers[1]}}}", end + 1 - _at);
    }

    private void Open()
    {
        var start = _text.Length;
        var outer = _ignoreCase;
        if (!_source.AsSpan(_at).StartsWith("(?"))
        {
            _text.Append('(');
            _at++;
        }
        else if (s_plainGroups.FirstOrDefault(o => _source.AsSpan(_at).StartsWith(o)) is { } plain)
        {
            _text.Append(plain);
            _at += plain.Length;
        }
        else
        {
            Options(start);
            return;
        }
        _groups.Push((start, outer));
        _atom = -1;
    }

    // (?i:…) and (?-i:…); (?i) holds to the end of its group.
    private void Options(int start)
    {
        var end = _source.AsSpan(_at).IndexOfAny(':', ')');
        var options = end < 0 ? "" : _source.Substring(_at + 2, end - 2);
        if (options is not ("i" or "-i")) throw Unsupported($"the group '{_source[_at..Math.Min(_source.Length, _at + 6)]}'");
        var whole = _source[_at + end] == ')';
        _text.Append("(?").Append(options).Append(_source[_at + end]);
        if (!whole) _groups.Push((start, _ignoreCase));
        _ignoreCase = options == "i";
        _at += end + 1;
        _atom = -1;
    }

    private void Escape()
    {
        var reader = new OnigurumaClass(_source, _at, _ignoreCase, _scripts);
        if (_at + 1 >= _source.Length) throw Unsupported("a backslash at its end");
        switch (_source[_at + 1])
        {
            case 'A': Anchor(@"\A"); _at++; break;
            case 'z': Anchor(@"\z"); _at++; break;
            case 'Z': Anchor(@"(?=\n?\z)"); _at++; break;
            case 's' or 'S' or 'd' or 'D': Atom(_source.Substring(_at, 2), 2); break;
            case 'R': Atom("(?>\r\n|[\n-\r\u0085\u2028\u2029])", 2); break;
            default:
                var text = reader.ReadEscape(out var single);
                if (single is { } c) Literal(c, reader.Position - _at);
                else Atom(text, reader.Position - _at);
                break;
        }
    }

    private void Class()
    {
        var reader = new OnigurumaClass(_source, _at, _ignoreCase, _scripts);
        Atom(reader.ReadClass(), reader.Position - _at);
    }

    internal static string Quoted(char c) => char.IsLetterOrDigit(c) ? c.ToString()
        : string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
}
