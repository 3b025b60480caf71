using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace DocTuneLab.Conversations.Jinja;

/// <summary>The value of a name that there is not; remembers it for the message.</summary>
internal sealed record Undefined(string Name);

/// <summary>What <c>namespace()</c> makes: fields that a loop can set for what follows it.</summary>
internal sealed class Namespace(Dictionary<string, object?> fields)
{
    public Dictionary<string, object?> Fields { get; } = fields;
}

internal delegate object? JinjaFunction(IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named);

/// <summary>
/// Values as Python has them: None is null, numbers are long or double, the rest is string, bool, list, dictionary,
/// <see cref="Undefined"/>, <see cref="Namespace"/> or a function.
/// </summary>
internal static class JinjaValues
{
    private static readonly JsonSerializerOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static bool Truth(object? value) => value switch
    {
        null or Undefined => false,
        bool b => b,
        long i => i != 0,
        double d => d != 0,
        string s => s.Length > 0,
        ICollection c => c.Count > 0,
        _ => true,
    };

    public static string TextOf(object? value) => value switch
    {
        null => "None",
        Undefined => "",
        string s => s,
        bool b => b ? "True" : "False",
        long i => i.ToString(CultureInfo.InvariantCulture),
        double d =>
            d == Math.Floor(d) && Math.Abs(d) < 1e16
                ? d.ToString("0.0", CultureInfo.InvariantCulture)
                : d.ToString("R", CultureInfo.InvariantCulture),
        List<object?> list => "[" + string.Join(", ", list.Select(Literal)) + "]",
        Dictionary<string, object?> map => "{" + string.Join(", ", map.Select(p => Literal(p.Key) + ": " + Literal(p.Value))) + "}",
        _ => throw new LabException("chat template: a function has no text"),
    };

    /// <summary>Deep equality; 1 equals 1.0 as in Python.</summary>
    public static bool Same(object? a, object? b) => (a, b) switch
    {
        (Undefined, Undefined) => true,
        (long x, double y) => x == y,
        (double x, long y) => x == y,
        (bool x, long y) => (x ? 1 : 0) == y,
        (long x, bool y) => x == (y ? 1 : 0),
        (List<object?> x, List<object?> y) => x.Count == y.Count && x.Zip(y).All(p => Same(p.First, p.Second)),
        (Dictionary<string, object?> x, Dictionary<string, object?> y) =>
            x.Count == y.Count && x.All(p => y.TryGetValue(p.Key, out var other) && Same(p.Value, other)),
        _ => Equals(a, b),
    };

    public static int Compare(object? a, object? b) => (a, b) switch
    {
        (string x, string y) => string.CompareOrdinal(x, y),
        (long x, long y) => x.CompareTo(y),
        (long or double or bool, long or double or bool) => Number(a).CompareTo(Number(b)),
        (List<object?> x, List<object?> y) =>
            x.Zip(y).Select(p => Compare(p.First, p.Second)).FirstOrDefault(c => c != 0, x.Count.CompareTo(y.Count)),
        _ => throw new LabException($"chat template: {Kind(a)} and {Kind(b)} have no order"),
    };

    public static double Number(object? value) => value switch
    {
        long i => i,
        double d => d,
        bool b => b ? 1 : 0,
        _ => throw new LabException($"chat template: {Kind(value)} is no number"),
    };

    public static long Integer(object? value) => value switch
    {
        long i => i,
        bool b => b ? 1 : 0,
        _ => throw new LabException($"chat template: {Kind(value)} is no whole number"),
    };

    public static IEnumerable<object?> Items(object? value) => value switch
    {
        Undefined => [],
        List<object?> list => list,
        Dictionary<string, object?> map => map.Keys,
        string s => s.EnumerateRunes().Select(r => (object?)r.ToString()),
        _ => throw new LabException($"chat template: {Kind(value)} cannot be gone through"),
    };

    public static string Kind(object? value) => value switch
    {
        null => "none",
        Undefined u => $"'{u.Name}', which is undefined,",
        bool => "a boolean",
        long or double => "a number",
        string => "a string",
        List<object?> => "a list",
        Dictionary<string, object?> => "a mapping",
        Namespace => "a namespace",
        _ => "a function",
    };

    /// <summary>JSON as Python's <c>json.dumps(ensure_ascii=False)</c> spaces it.</summary>
    public static void WriteJson(object? value, long? indent, StringBuilder text, int depth = 0)
    {
        switch (value)
        {
            case null or Undefined: text.Append("null"); break;
            case bool b: text.Append(b ? "true" : "false"); break;
            case string s: text.Append(JsonSerializer.Serialize(s, s_json)); break;
            case long or double: text.Append(TextOf(value)); break;
            case List<object?> list: Nested('[', ']', list, item => WriteJson(item, indent, text, depth + 1)); break;
            case Dictionary<string, object?> map:
                Nested('{', '}', [.. map], pair =>
                {
                    text.Append(JsonSerializer.Serialize(pair.Key, s_json)).Append(": ");
                    WriteJson(pair.Value, indent, text, depth + 1);
                });
                break;
            default: throw new LabException($"chat template: {Kind(value)} cannot be written as JSON");
        }

        void Nested<T>(char open, char close, List<T> items, Action<T> write)
        {
            text.Append(open);
            for (var i = 0; i < items.Count; i++)
            {
                if (i > 0) text.Append(indent is null ? ", " : ",");
                if (indent is { } width) text.Append('\n').Append(' ', (int)width * (depth + 1));
                write(items[i]);
            }
            if (indent is { } outer && items.Count > 0) text.Append('\n').Append(' ', (int)outer * depth);
            text.Append(close);
        }
    }

    private static string Literal(object? value) =>
        value is string s
            ? "'" + s.Replace("\\", "\\\\", StringComparison.Ordinal)
                .Replace("'", "\\'", StringComparison.Ordinal)
                .Replace("\n", "\\n", StringComparison.Ordinal) + "'"
            : TextOf(value);
}
