using System.Text.RegularExpressions;
using DocTuneLab.Conversations.Jinja.Values;

namespace DocTuneLab.Conversations.Jinja;

internal enum TokenKind { Text, BeginOutput, EndOutput, BeginStatement, EndStatement, Name, String, Integer, Float, Operator, End }

internal readonly record struct Token(TokenKind Kind, string Text, int Line)
{
    public bool Is(string text) => Kind is TokenKind.Operator or TokenKind.Name && Text == text;
}

/// <summary>
/// Cuts a Jinja template into tokens, white space settled as Hugging Face sets Jinja up: <c>trim_blocks</c> and
/// <c>lstrip_blocks</c> on, the template's last newline dropped.
/// </summary>
internal sealed partial class JinjaLexer
{
    private static readonly string[] s_operators =
    [
        "**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "|", ".", ",", ":", "=", "<", ">", "(", ")", "[", "]", "{", "}"
    ];
    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _at, _line = 1;

    private JinjaLexer(string source)
    {
        source = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        _source = source.EndsWith('\n') ? source[..^1] : source;
    }

    public static List<Token> Read(string source) => new JinjaLexer(source).Read();

    [GeneratedRegex(@"\G(?:[0-9]+_)*[0-9]+(?:(?:\.(?:[0-9]+_)*[0-9]+)?[eE][+-]?(?:[0-9]+_)*[0-9]+|\.(?:[0-9]+_)*[0-9]+)")]
    private static partial Regex Real();

    [GeneratedRegex(@"\G(?:0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[0-9a-fA-F])+|[1-9](?:_?[0-9])*|0(?:_?0)*)")]
    private static partial Regex Whole();

    [GeneratedRegex(@"\G\s*raw\s*(-?)%\}")]
    private static partial Regex RawBegin();

    [GeneratedRegex(@"\{%([-+]?)\s*endraw\s*([-+]?)%\}")]
    private static partial Regex RawEnd();

    private List<Token> Read()
    {
        // Whether what stands before the next tag begins a line.
        var lineBegins = true;
        while (_at < _source.Length)
        {
            var tag = NextTag();
            var text = _source[_at..tag];
            if (tag == _source.Length)
            {
                AddText(text);
                break;
            }
            var (kind, sign) = (_source[tag + 1], tag + 2 < _source.Length && _source[tag + 2] is '-' or '+' ? _source[tag + 2] : ' ');
            AddText(text, sign, indentGoes: kind != '{' && lineBegins, indentOfLineGoes: kind != '{');
            _at = tag + (sign == ' ' ? 2 : 3);
            lineBegins = kind == '#' ? Comment()
                : kind == '%' && RawBegin().Match(_source, _at) is { Success: true } raw ? Raw(raw)
                : Tag(kind);
        }
        _tokens.Add(new Token(TokenKind.End, "end of the template", _line));
        return _tokens;
    }

    private bool Comment()
    {
        var end = _source.IndexOf("#}", _at, StringComparison.Ordinal);
        if (end < 0) throw Error("a comment is not closed");
        var sign = end > _at && _source[end - 1] is '-' or '+' && end > _at ? _source[end - 1] : ' ';
        _line += _source.AsSpan(_at, end - _at).Count('\n');
        _at = end + 2;
        return AfterTag(sign, eatsNewline: true);
    }

    // Text up to the tag {% endraw %} is taken as it is.
    private bool Raw(Match begin)
    {
        _line += begin.Value.Count(c => c == '\n');
        _at += begin.Length;
        var lineBegins = AfterTag(begin.Groups[1].Value == "-" ? '-' : ' ', eatsNewline: false);
        var end = RawEnd().Match(_source, _at);
        if (!end.Success) throw Error("'raw' is not closed");
        char Sign(int group) => end.Groups[group].Length > 0 ? end.Groups[group].Value[0] : ' ';
        AddText(_source[_at..end.Index], Sign(1), lineBegins, indentOfLineGoes: true);
        _line += end.Value.Count(c => c == '\n');
        _at = end.Index + end.Length;
        return AfterTag(Sign(2), eatsNewline: true);
    }

    private bool Tag(char kind)
    {
        _tokens.Add(new Token(kind == '{' ? TokenKind.BeginOutput : TokenKind.BeginStatement, "", _line));
        var sign = Inside(kind == '{' ? "}}" : "%}");
        _tokens.Add(new Token(kind == '{' ? TokenKind.EndOutput : TokenKind.EndStatement, "", _line));
        return AfterTag(sign, eatsNewline: kind != '{');
    }

    // White space that a closing mark takes with it; whether that ended a line.
    private bool AfterTag(char sign, bool eatsNewline)
    {
        var start = _at;
        if (sign == '-') while (_at < _source.Length && Strings.IsSpace(_source[_at])) _at++;
        else if (sign == ' ' && eatsNewline && _at < _source.Length && _source[_at] == '\n') _at++;
        _line += _source.AsSpan(start, _at - start).Count('\n');
        return _at > start && _source[_at - 1] == '\n';
    }

    private int NextTag()
    {
        for (var i = _source.IndexOf('{', _at); i >= 0 && i + 1 < _source.Length; i = _source.IndexOf('{', i + 1))
            if (_source[i + 1] is '{' or '%' or '#') return i;
        return _source.Length;
    }

    private void AddText(string text, char sign = '+', bool indentGoes = false, bool indentOfLineGoes = false)
    {
        var kept = text;
        if (sign == '-') kept = Strings.Strip(text, null, left: false, right: true);
        else if (sign == ' ' && indentOfLineGoes)
        {
            var line = text.LastIndexOf('\n') + 1;
            if ((line > 0 || indentGoes) && text.Skip(line).All(Strings.IsSpace)) kept = text[..line];
        }
        if (kept.Length > 0) _tokens.Add(new Token(TokenKind.Text, kept, _line));
        _line += text.Count(c => c == '\n');
    }

    // Tokens up to the closing mark; returns its sign.
    private char Inside(string close)
    {
        var open = new Stack<string>();
        while (true)
        {
            while (_at < _source.Length && Strings.IsSpace(_source[_at]))
                if (_source[_at++] == '\n') _line++;
            if (_at >= _source.Length) throw Error($"'{close}' is missing");
            if (open.Count == 0 && Closing(close) is { } sign) return sign;
            var c = _source[_at];
            if (c is '\'' or '"') Quoted(c);
            else if (char.IsAsciiDigit(c)) Number();
            else if (char.IsLetter(c) || c == '_')
            {
                var start = _at;
                while (_at < _source.Length && (char.IsLetterOrDigit(_source[_at]) || _source[_at] == '_')) _at++;
                _tokens.Add(new Token(TokenKind.Name, _source[start.._at], _line));
            }
            else if (s_operators.FirstOrDefault(o => string.CompareOrdinal(_source, _at, o, 0, o.Length) == 0) is { } symbol)
            {
                if (symbol is "(" or "[" or "{") open.Push(symbol == "(" ? ")" : symbol == "[" ? "]" : "}");
                else if (symbol is ")" or "]" or "}" && !(open.TryPop(out var expected) && expected == symbol))
                    throw Error($"'{symbol}' is not expected");
                _tokens.Add(new Token(TokenKind.Operator, symbol, _line));
                _at += symbol.Length;
            }
            else throw Error($"'{c}' is not expected");
        }
    }

    private char? Closing(string close)
    {
        foreach (var (sign, mark) in (ReadOnlySpan<(char, string)>)[('-', "-" + close), (' ', close), ('+', "+" + close)])
        {
            if (sign == '+' && close == "}}" || string.CompareOrdinal(_source, _at, mark, 0, mark.Length) != 0) continue;
            _at += mark.Length;
            return sign;
        }
        return null;
    }

    private void Number()
    {
        // After a dot stands an index: 'x.0.5' has no number with a fraction.
        var real = _at > 0 && _source[_at - 1] == '.' ? Match.Empty : Real().Match(_source, _at);
        var match = real.Success ? real : Whole().Match(_source, _at);
        var digits = match.Value.Replace("_", "", StringComparison.Ordinal);
        _tokens.Add(new Token(real.Success ? TokenKind.Float : TokenKind.Integer, digits, _line));
        _at += match.Length;
    }

    private void Quoted(char quote)
    {
        var (start, line) = (++_at, _line);
        while (_at < _source.Length && _source[_at] != quote) _at += _source[_at] == '\\' ? 2 : 1;
        if (_at >= _source.Length) throw Error("a string is not closed");
        var text = _source[start.._at++];
        _line += text.Count(c => c == '\n');
        try
        {
            _tokens.Add(new Token(TokenKind.String, StringEscapes.Read(text), line));
        }
        catch (LabException e)
        {
            throw new LabException(e.Message.Replace(Refusal.Prefix, $"chat template, line {line}: ", StringComparison.Ordinal), e);
        }
    }

    private LabException Error(string what) => new($"chat template, line {_line}: {what}");
}
