using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DocTuneLab.Conversations.Jinja.Values;

/// <summary>JSON as Python's <c>json.dumps</c> writes it, and values of JSON.</summary>
internal sealed class Json
{
    private readonly StringBuilder _text = new();

    public required bool EnsureAscii { get; init; }

    public required bool SortKeys { get; init; }

    /// <summary>What a level is moved in by; null: all on one line.</summary>
    public required string? Indent { get; init; }

    public required string ItemSeparator { get; init; }

    public required string KeySeparator { get; init; }

    public string Write(object? value)
    {
        Write(value, 0);
        return _text.ToString();
    }

    /// <summary>The value that a template sees.</summary>
    public static object? Read(JsonNode? node) => node switch
    {
        null => null,
        JsonArray array => array.Select(Read).ToList(),
        JsonObject fields => Map(fields.Select(f => (f.Key, Read(f.Value)))),
        _ => node.GetValueKind() switch
        {
            JsonValueKind.String => (string?)node,
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Null => null,
            _ => node.ToJsonString() is var number && number.AsSpan().IndexOfAny('.', 'e', 'E') < 0
                ? Numbers.Whole(BigInteger.Parse(number, CultureInfo.InvariantCulture))
                : double.Parse(number, CultureInfo.InvariantCulture),
        },
    };

    public static JinjaMap Map(IEnumerable<(string Name, object? Value)> fields)
    {
        var map = new JinjaMap();
        foreach (var (name, value) in fields) map[name] = value;
        return map;
    }

    private void Write(object? value, int depth)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (_text.Length > Strings.MaxLength) throw Refusal.Of("the JSON is too long");
        switch (value)
        {
            case null: _text.Append("null"); break;
            case bool b: _text.Append(b ? "true" : "false"); break;
            case string or Markup: Quoted(PythonText.Of(value)); break;
            case double d when !double.IsFinite(d): _text.Append(double.IsNaN(d) ? "NaN" : d > 0 ? "Infinity" : "-Infinity"); break;
            case long or BigInteger or double: _text.Append(PythonText.Of(value)); break;
            case List<object?> or JinjaTuple:
                Nested('[', ']', ((IReadOnlyList<object?>)value).ToList(), depth, item => Write(item, depth + 1));
                break;
            case JinjaMap map:
                var pairs = SortKeys ? Equality.Ordered(map.Pairs, p => p.Key, reverse: false) : [.. map.Pairs];
                Nested('{', '}', pairs, depth, pair =>
                {
                    Quoted(Name(pair.Key));
                    _text.Append(KeySeparator);
                    Write(pair.Value, depth + 1);
                });
                break;
            default: throw Refusal.Of($"{Kinds.Of(value)} cannot be written as JSON");
        }
    }

    private void Nested<T>(char open, char close, List<T> items, int depth, Action<T> write)
    {
        _text.Append(open);
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0) _text.Append(ItemSeparator);
            NewLine(depth + 1);
            write(items[i]);
        }
        if (items.Count > 0) NewLine(depth);
        _text.Append(close);
    }

    private void NewLine(int depth)
    {
        if (Indent is null) return;
        _text.Append('\n');
        for (var i = 0; i < depth; i++) _text.Append(Indent);
    }

    private static string Name(object? key) => key switch
    {
        string or Markup => PythonText.Of(key),
        null => "null",
        bool b => b ? "true" : "false",
        long or BigInteger or double => PythonText.Of(key),
        _ => throw Refusal.Of($"{Kinds.Of(key)} cannot be a key of JSON"),
    };

    private void Quoted(string text)
    {
        _text.Append('"');
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' => _text.Append("\\\""),
                '\\' => _text.Append("\\\\"),
                '\n' => _text.Append("\\n"),
                '\r' => _text.Append("\\r"),
                '\t' => _text.Append("\\t"),
                '\b' => _text.Append("\\b"),
                '\f' => _text.Append("\\f"),
                < ' ' => _text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                > '~' when EnsureAscii => _text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => _text.Append(c),
            };
        }
        _text.Append('"');
    }
}
