// Compiled into the child program, not into this assembly: values as trees, whose shape is the same in every process.
#nullable enable
using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Tasks;

namespace DocTuneLab.Sandbox;

/// <summary>Kinds of nodes; the parent has the same list.</summary>
internal enum NodeKind : byte { Null, Exact, Floating, Text, Scalar, Sequence, Set, Tuple, Map, Thing, Opaque, Back, Cut }

/// <summary>
/// Writes a value by what it holds: numbers, texts, sequences by element, sets, dictionaries, tuples, all else by its fields. No Equals,
/// GetHashCode or ToString of an answer's own type is asked (a library's ToString only gives the words of a message).
/// </summary>
internal sealed class TreeWriter(MemoryStream bytes, long limit)
{
    private const int Deepest = 32;
    private const int LongestWords = 200;
    private readonly List<object> _path = [];

    /// <summary>Assembly of the code under test, whose types are known by structure.</summary>
    internal static Assembly? OfAnswer;

    /// <summary>Names of the library's assemblies.</summary>
    internal static IReadOnlyCollection<string> Libraries = [];

    public void Byte(byte value)
    {
        if (bytes.Length >= limit) throw new TraceFullException();
        bytes.WriteByte(value);
    }

    public void Int(int value)
    {
        Span<byte> buffer = stackalloc byte[sizeof(int)];
        BitConverter.TryWriteBytes(buffer, value);
        Raw(buffer);
    }

    public void Double(double value)
    {
        Span<byte> buffer = stackalloc byte[sizeof(double)];
        BitConverter.TryWriteBytes(buffer, value);
        Raw(buffer);
    }

    public void Text(string value)
    {
        Int(value.Length);
        // By UTF-16 unit: what is no valid text must not become the same text.
        Raw(System.Runtime.InteropServices.MemoryMarshal.AsBytes(value.AsSpan()));
    }

    /// <summary>Names of the exception's type and of its bases, none where nothing was thrown; then its message.</summary>
    public void Thrown(Exception? caught)
    {
        List<string> types = [];
        for (var type = caught?.GetType(); type is not null && type != typeof(object); type = type.BaseType) types.Add(Name(type));
        Int(types.Count);
        types.ForEach(Text);
        Text(caught is null ? "" : Words(() => caught.Message));
    }

    public void Value(object? value)
    {
        switch (value)
        {
            case null: Node(NodeKind.Null); break;
            case string s: Node(NodeKind.Text); Text(s); break;
            case float or double: Node(NodeKind.Floating); Double(Convert.ToDouble(value, CultureInfo.InvariantCulture)); break;
            case sbyte or byte or short or ushort or int or uint or long or ulong or decimal: Exact(value); break;
            case Type type: Scalar(type, Name(type), type.Name); break;
            case Enum e: Scalar(e, e.ToString("D"), e.ToString()); break;
            default:
                if (Simple(value) is { } simple) Scalar(value, simple.Key, simple.Words);
                else if (value is Delegate or Task or MemberInfo or Stream or TextWriter) Opaque(value);
                else Nested(value);
                break;
        }
    }

    /// <summary>A name by which a type is the same type in another process. Anonymous types are numbered by the compiler.</summary>
    internal static string Name(Type type)
    {
        if (type.IsArray) return Name(type.GetElementType()!) + "[]";
        if (IsAnonymous(type)) return "an anonymous type";
        var simple = (type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName ?? type.Name;
        var arguments = type.IsGenericType ? $"[{string.Join(",", type.GetGenericArguments().Select(Name))}]" : "";
        return $"{simple}{arguments}, {(type.Assembly == OfAnswer ? "answer" : type.Assembly.GetName().Name)}";
    }

    private static bool IsAnonymous(Type type) => type.Name.StartsWith("<>f__AnonymousType", StringComparison.Ordinal);

    private void Nested(object value)
    {
        if (!value.GetType().IsValueType)
        {
            var above = _path.FindIndex(p => ReferenceEquals(p, value));
            if (above >= 0)
            {
                Node(NodeKind.Back);
                Int(_path.Count - above);
                return;
            }
        }
        if (_path.Count >= Deepest)
        {
            Node(NodeKind.Cut);
            return;
        }
        _path.Add(value);
        if (value is IDictionary map) Map(map);
        else if (value is Array { Rank: > 1 } table)
            Items(NodeKind.Tuple, Enumerable.Range(0, table.Rank).Select(i => (object?)table.GetLength(i))
                .Append(table.Cast<object?>().ToArray()));
        else if (KeyOf(value) is { } key) Items(NodeKind.Tuple, [key.GetValue(value), ((IEnumerable)value).Cast<object?>().ToArray()]);
        else if (value is IEnumerable items) Items(IsSet(value) ? NodeKind.Set : NodeKind.Sequence, items.Cast<object?>());
        else if (value is ITuple tuple) Items(NodeKind.Tuple, Enumerable.Range(0, tuple.Length).Select(i => tuple[i]));
        else Thing(value);
        _path.RemoveAt(_path.Count - 1);
    }

    private void Map(IDictionary map)
    {
        Node(NodeKind.Map);
        foreach (var key in map.Keys.Cast<object>().ToList())
        {
            Byte(1);
            Value(key);
            Value(map[key]);
        }
        Byte(0);
    }

    private void Items(NodeKind kind, IEnumerable<object?> items)
    {
        Node(kind);
        foreach (var item in items)
        {
            Byte(1);
            Value(item);
        }
        Byte(0);
    }

    private void Thing(object value)
    {
        var type = value.GetType();
        Node(NodeKind.Thing);
        Text(Name(type));
        Byte((byte)(type.Assembly == OfAnswer ? 1 : HasOwnEquals(type) ? 2 : 0));
        Text(type.Assembly != OfAnswer && Speaks(type) ? Words(() => Say(value)) : "");
        if (value is Exception e)
        {
            Byte(1);
            Text("Message");
            Value(Words(() => e.Message));
            Byte(1);
            Text("InnerException");
            Value(e.InnerException);
        }
        foreach (var field in Fields(type))
        {
            Byte(1);
            Text(Plain(field.Name));
            Value(field.GetValue(value));
        }
        Byte(0);
    }

    /// <summary>Fields of the type and its bases. Those of delegates are left out: who listens is no part of a value.</summary>
    internal static IEnumerable<FieldInfo> Fields(Type type)
    {
        const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        for (var t = type; t is not null && t != typeof(object) && t != typeof(ValueType) && t != typeof(Exception); t = t.BaseType)
            foreach (var field in t.GetFields(Own))
                if (!typeof(Delegate).IsAssignableFrom(field.FieldType) && !field.FieldType.IsPointer) yield return field;
    }

    // <Name>k__BackingField and <Name>i__Field are the compiler's.
    internal static string Plain(string name) => name.StartsWith('<') && name.IndexOf('>') is > 1 and var end ? name[1..end] : name;

    private static bool IsSet(object value) => value.GetType().GetInterfaces().Any(i => i.IsGenericType
        && (i.GetGenericTypeDefinition() == typeof(ISet<>) || i.GetGenericTypeDefinition() == typeof(IReadOnlySet<>)));

    // A group is its key and its elements.
    private static PropertyInfo? KeyOf(object value) => value.GetType().GetInterfaces()
        .FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IGrouping<,>))?.GetProperty("Key");

    /// <summary>Whether the library or the framework says by hand when two values of a type are equal; what the compiler writes for a
    /// record compares its fields.</summary>
    private static bool HasOwnEquals(Type type) => type.GetMethods().Any(m => m.Name == nameof(Equals) && m.GetParameters().Length == 1
        && m.DeclaringType != typeof(object) && m.DeclaringType != typeof(ValueType)
        && !m.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false));

    private static bool Speaks(Type type) =>
        type.GetMethod(nameof(ToString), Type.EmptyTypes)?.DeclaringType is { } by && by != typeof(object) && by != typeof(ValueType);

    /// <summary>Values of the framework that are equal by a text that says all of them; null for others.</summary>
    private static (string Key, string Words)? Simple(object value) => value switch
    {
        bool b => Both(b ? "true" : "false"),
        char c => ($"{(int)c}", $"'{c}'"),
        DateTime t => (Ticks(t.Ticks), Say(t)),
        DateTimeOffset t => (Ticks(t.UtcTicks), Say(t)),
        TimeSpan t => (Ticks(t.Ticks), Say(t)),
        DateOnly d => (Ticks(d.DayNumber), Say(d)),
        TimeOnly t => (Ticks(t.Ticks), Say(t)),
        Half or Int128 or UInt128 or nint or nuint or Guid or Version or Rune or Index or Range => Both(Say(value)),
        StringBuilder text => Both(text.ToString()),
        Uri { IsAbsoluteUri: true } uri => Both(uri.AbsoluteUri),
        Uri uri => Both(uri.OriginalString),
        CultureInfo culture => Both(culture.Name),
        Encoding encoding => Both(encoding.WebName),
        _ => null,
    };

    private static (string, string) Both(string text) => (text, text);

    private static string Ticks(long ticks) => ticks.ToString(CultureInfo.InvariantCulture);

    private static string Say(object value) =>
        value is IFormattable f ? f.ToString(null, CultureInfo.InvariantCulture) : value.ToString() ?? "";

    private static string Words(Func<string> say)
    {
        try
        {
            var text = say() ?? "";
            return text.Length > LongestWords ? text[..LongestWords] + "…" : text;
        }
        catch (Exception)
        {
            return ""; // only for people
        }
    }

    private void Exact(object value)
    {
        Node(NodeKind.Exact);
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(Convert.ToDecimal(value, CultureInfo.InvariantCulture), bits);
        foreach (var part in bits) Int(part);
    }

    private void Scalar(object value, string key, string words)
    {
        Node(NodeKind.Scalar);
        Text(Name(value.GetType()));
        Text(key);
        Text(words.Length > LongestWords ? words[..LongestWords] + "…" : words);
    }

    private void Opaque(object value)
    {
        Node(NodeKind.Opaque);
        Text(Name(value.GetType()));
    }

    private void Node(NodeKind kind) => Byte((byte)kind);

    private void Raw(ReadOnlySpan<byte> value)
    {
        if (bytes.Length + value.Length > limit) throw new TraceFullException();
        bytes.Write(value);
    }
}
