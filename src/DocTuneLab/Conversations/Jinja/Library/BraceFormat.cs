using System.Globalization;
using System.Text;
using DocTuneLab.Conversations.Jinja.Values;

namespace DocTuneLab.Conversations.Jinja.Library;

/// <summary>Python's <c>str.format</c> (its library reference, "Format String Syntax").</summary>
internal sealed class BraceFormat
{
    private readonly string _format;
    private readonly CallArguments? _call;
    private readonly object? _mapping;
    private int _at, _next;
    private bool _numbered;

    private BraceFormat(string format, CallArguments? call, object? mapping) => (_format, _call, _mapping) = (format, call, mapping);

    /// <summary>The text with the values of a call.</summary>
    public static string Write(string format, CallArguments call) => new BraceFormat(format, call, null).Read(depth: 0);

    /// <summary>The text with the fields of a mapping.</summary>
    public static string Write(string format, object? mapping) => new BraceFormat(format, null, mapping).Read(depth: 0);

    // Text up to the end or, within a specification, to the brace that closes the field.
    private string Read(int depth)
    {
        if (depth > 1) throw Refusal.Of("a format is nested too deeply");
        var result = new StringBuilder();
        for (; _at < _format.Length; _at++)
        {
            var c = _format[_at];
            if (depth > 0 && c == '}') return result.ToString();
            var doubled = depth == 0 && _at + 1 < _format.Length && _format[_at + 1] == c;
            if (c is '{' or '}' && doubled) result.Append(_format[_at++]);
            else if (c == '{') result.Append(Field(depth));
            else if (c == '}') throw Refusal.Of("a format has a single '}'");
            else result.Append(c);
            if (result.Length > Strings.MaxLength) throw Refusal.Of("a text is too long");
        }
        return depth == 0 ? result.ToString() : throw Refusal.Of("a format's '{' is not closed");
    }

    private string Field(int depth)
    {
        var start = ++_at;
        for (var brackets = 0; _at < _format.Length && (brackets > 0 || _format[_at] is not ('}' or ':' or '!')); _at++)
        {
            if (_format[_at] == '{') throw Refusal.Of("a format's field has a '{'");
            brackets += _format[_at] switch { '[' => 1, ']' => -1, _ => 0 };
        }
        if (_at >= _format.Length) throw Refusal.Of("a format's '{' is not closed");
        var value = Value(_format[start.._at]);
        if (_format[_at] == '!')
        {
            if (_at + 2 >= _format.Length || _format[_at + 2] is not (':' or '}'))
                throw Refusal.Of("a format's conversion is not understood");
            value = _format[_at + 1] switch
            {
                'r' => PythonText.Representation(value),
                's' => PythonText.Of(value),
                var other => throw Refusal.Of($"a format's conversion '!{other}' is not supported"),
            };
            _at += 2;
        }
        if (_format[_at] == '}') return FormatSpecification.Write(value, "");
        _at++;
        return FormatSpecification.Write(value, Read(depth + 1));
    }

    private object? Value(string field)
    {
        var end = field.IndexOfAny(['.', '[']);
        var name = end < 0 ? field : field[..end];
        var value = Argument(name);
        for (var at = name.Length; at < field.Length;)
        {
            if (field[at] == '[')
            {
                var close = field.IndexOf(']', at);
                if (close <= at + 1) throw Refusal.Of("a format's index is not closed");
                var key = field[(at + 1)..close];
                value = Members.Item(value,
                    long.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : key);
                at = close + 1;
            }
            else
            {
                if (field[at] != '.') throw Refusal.Of("after ']' in a format stands neither '.' nor '['");
                var next = field.IndexOfAny(['.', '['], at + 1);
                if (next < 0) next = field.Length;
                value = Members.Attribute(value, field[(at + 1)..next]);
                at = next;
            }
        }
        return value;
    }

    private object? Argument(string name)
    {
        var isNumber = int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index);
        if (_call is null)
            return !isNumber && name.Length > 0 && _mapping is JinjaMap map && map.TryGet(name, out var field) ? field
                : throw Refusal.Of($"a format has no field '{name}'");
        if (isNumber && _next > 0 || name.Length == 0 && _numbered)
            throw Refusal.Of("a format counts some of its fields and numbers others");
        _numbered |= isNumber;
        if (name.Length == 0) (isNumber, index) = (true, _next++);
        if (isNumber && index < _call.Positional.Count) return _call.Positional[index];
        if (isNumber) throw Refusal.Of($"a format has no value number {index}");
        return _call.Named.TryGetValue(name, out var named) ? named : throw Refusal.Of($"a format has no value '{name}'");
    }
}
