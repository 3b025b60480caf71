using System.Globalization;
using System.Text;

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
internal sealed class JinjaLexer(string source)
{
    private static readonly string[] s_operators =
    [
        "**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "|", ".", ",", ":", "=", "<", ">", "(", ")", "[", "]", "{", "}"
    ];
    private readonly string _source = (source.EndsWith('\n') ? source[..^1] : source).ReplaceLineEndings("\n");
    private readonly List<Token> _tokens = [];
    private int _at, _line = 1;

    public static List<Token> Read(string source) => new JinjaLexer(source).Read();

    private List<Token> Read()
    {
        var stripNext = false;
        var newlineNext = false;
        while (_at < _source.Length)
        {
            var tag = NextTag(_at);
            var text = _source[_at..tag];
            var line = _line;
            _line += text.Count(c => c == '\n');
            if (stripNext) text = text.TrimStart();
            else if (newlineNext && text.StartsWith('\n')) text = text[1..];
            if (tag == _source.Length)
            {
                AddText(text, line);
                break;
            }
            var kind = _source[tag + 1];
            var mark = tag + 2 < _source.Length ? _source[tag + 2] : ' ';
            if (mark == '-') text = text.TrimEnd();
            else if (kind != '{' && mark != '+') text = WithoutIndent(text, tag);
            AddText(text, line);
            _at = tag + (mark is '-' or '+' ? 3 : 2);
            if (kind == '#')
            {
                var end = _source.IndexOf("#}", _at, StringComparison.Ordinal);
                if (end < 0) throw Error("a comment is not closed");
                stripNext = _source[end - 1] == '-';
                _line += _source.AsSpan(tag, end - tag).Count('\n');
                _at = end + 2;
                newlineNext = true;
                continue;
            }
            _tokens.Add(new Token(kind == '{' ? TokenKind.BeginOutput : TokenKind.BeginStatement, "", _line));
            var close = kind == '{' ? "}}" : "%}";
            stripNext = Inside(close);
            _tokens.Add(new Token(kind == '{' ? TokenKind.EndOutput : TokenKind.EndStatement, "", _line));
            newlineNext = kind != '{';
            if (kind == '%' && _tokens[^2].Is("raw") && _tokens[^3].Kind == TokenKind.BeginStatement) Raw(ref stripNext);
        }
        _tokens.Add(new Token(TokenKind.End, "end of the template", _line));
        return _tokens;
    }

    // Text up to the tag {% endraw %} is taken as it is.
    private void Raw(ref bool stripNext)
    {
        _tokens.RemoveRange(_tokens.Count - 3, 3);
        for (var tag = _source.IndexOf("{%", _at, StringComparison.Ordinal); tag >= 0;
            tag = _source.IndexOf("{%", tag + 2, StringComparison.Ordinal))
        {
            var end = _source.IndexOf("%}", tag, StringComparison.Ordinal);
            if (end < 0) break;
            if (_source[(tag + 2)..end].Trim('-', '+', ' ') != "endraw") continue;
            var text = _source[_at..tag];
            if (stripNext) text = text.TrimStart();
            AddText(text, _line);
            _line += text.Count(c => c == '\n');
            stripNext = _source[end - 1] == '-';
            _at = end + 2;
            return;
        }
        throw Error("'raw' is not closed");
    }

    private int NextTag(int from)
    {
        for (var i = _source.IndexOf('{', from); i >= 0 && i + 1 < _source.Length; i = _source.IndexOf('{', i + 1))
            if (_source[i + 1] is '{' or '%' or '#') return i;
        return _source.Length;
    }

    private string WithoutIndent(string text, int tag)
    {
        var start = text.Length;
        while (start > 0 && text[start - 1] is ' ' or '\t' && start > 0) start--;
        var lineBegin = tag - (text.Length - start);
        return lineBegin == 0 || _source[lineBegin - 1] == '\n' ? text[..start] : text;
    }

    private void AddText(string text, int line)
    {
        if (text.Length > 0) _tokens.Add(new Token(TokenKind.Text, text, line));
    }

    // Tokens up to the closing mark; returns whether it strips what follows.
    private bool Inside(string close)
    {
        var depth = 0;
        while (true)
        {
            while (_at < _source.Length && char.IsWhiteSpace(_source[_at]))
                if (_source[_at++] == '\n') _line++;
            if (_at >= _source.Length) throw Error($"'{close}' is missing");
            if (depth == 0 && string.CompareOrdinal(_source, _at, "-" + close, 0, 3) == 0)
            {
                _at += 3;
                return true;
            }
            if (depth == 0
                && (string.CompareOrdinal(_source, _at, close, 0, 2) == 0 || string.CompareOrdinal(_source, _at, "+" + close, 0, 3) == 0))
            {
                _at += _source[_at] == '+' ? 3 : 2;
                return false;
            }
            var c = _source[_at];
            if (c is '\'' or '"')
            {
                Quoted(c);
            }
            else if (char.IsAsciiDigit(c))
            {
                var start = _at;
                while (_at < _source.Length && (char.IsAsciiDigit(_source[_at]) || _source[_at] == '_')) _at++;
                var real = _at + 1 < _source.Length && _source[_at] == '.' && char.IsAsciiDigit(_source[_at + 1]);
                if (real) for (_at++; _at < _source.Length && char.IsAsciiDigit(_source[_at]); _at++) { }
                _tokens.Add(new Token(real ? TokenKind.Float : TokenKind.Integer,
                    _source[start.._at].Replace("_", "", StringComparison.Ordinal), _line));
            }
            else if (char.IsLetter(c) || c == '_')
            {
                var start = _at;
                while (_at < _source.Length && (char.IsLetterOrDigit(_source[_at]) || _source[_at] == '_')) _at++;
                _tokens.Add(new Token(TokenKind.Name, _source[start.._at], _line));
            }
            else if (s_operators.FirstOrDefault(o => string.CompareOrdinal(_source, _at, o, 0, o.Length) == 0) is { } symbol)
            {
                depth += symbol is "(" or "[" or "{" ? 1 : symbol is ")" or "]" or "}" ? -1 : 0;
                _tokens.Add(new Token(TokenKind.Operator, symbol, _line));
                _at += symbol.Length;
            }
            else
            {
                throw Error($"'{c}' is not expected");
            }
        }
    }

    private void Quoted(char quote)
    {
        var (line, text) = (_line, new StringBuilder());
        for (_at++; ; _at++)
        {
            if (_at >= _source.Length) throw Error("a string is not closed");
            var c = _source[_at];
            if (c == quote) break;
            if (c == '\n') _line++;
            if (c != '\\' || _at + 1 >= _source.Length)
            {
                text.Append(c);
                continue;
            }
            c = _source[++_at];
            if (c is 'x' or 'u' && _at + (c == 'x' ? 2 : 4) is var last && last < _source.Length
                && int.TryParse(_source.AsSpan(_at + 1, last - _at), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var code))
            {
                text.Append((char)code);
                _at = last;
                continue;
            }
            text.Append(c switch
            {
                'n' => "\n",
                't' => "\t",
                'r' => "\r",
                'b' => "\b",
                'f' => "\f",
                'v' => "\v",
                '\\' => "\\",
                '\'' => "'",
                '"' => "\"",
                '\n' => "",
                _ => "\\" + c
            });
        }
        _at++;
        _tokens.Add(new Token(TokenKind.String, text.ToString(), line));
    }

    private LabException Error(string what) => new($"chat template, line {_line}: {what}");
}
