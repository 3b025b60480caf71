// Compiled into the child program, not into this assembly: values from trees, in a process without any answer.
#nullable enable
using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using System.Text;

namespace DocTuneLab.Sandbox;

/// <summary>Makes objects of the library and the framework from what <see cref="TreeWriter"/> wrote of them, so that their own Equals can
/// be asked. What it cannot make is equal to nothing.</summary>
internal sealed class Rebuilder
{
    private readonly BinaryReader _reader;
    private readonly IReadOnlyList<Type> _types;

    private Rebuilder(byte[] values, IReadOnlyList<Type> types) =>
        (_reader, _types) = (new(new MemoryStream(values)), types);

    public static bool AreEqual(byte[] values, AssemblyLoadContext library)
    {
        try
        {
            var types = TreeWriter.Libraries.SelectMany(name => library.LoadFromAssemblyName(new(name)).GetTypes()).ToList();
            var rebuilder = new Rebuilder(values, types);
            var (first, second) = (rebuilder.Value(typeof(object)), rebuilder.Value(typeof(object)));
            return first is not null && first.Equals(second);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return false;
        }
    }

    private object? Value(Type wanted)
    {
        wanted = Nullable.GetUnderlyingType(wanted) ?? wanted;
        var kind = (NodeKind)_reader.ReadByte();
        return kind switch
        {
            NodeKind.Null => null,
            NodeKind.Exact => Number(new decimal([Int(), Int(), Int(), Int()]), wanted),
            NodeKind.Floating => Number(_reader.ReadDouble(), wanted),
            NodeKind.Text => Text(),
            NodeKind.Scalar => Scalar(wanted),
            NodeKind.Sequence => Sequence(wanted),
            NodeKind.Set => Made(typeof(HashSet<>), wanted, Items(wanted.GetGenericArguments()[0])),
            NodeKind.Map => Map(wanted),
            NodeKind.Thing => Thing(wanted),
            _ => throw new NotSupportedException(),
        };
    }

    private object Thing(Type wanted)
    {
        var name = Text();
        var type = TreeWriter.Name(wanted) == name ? wanted
            : _types.FirstOrDefault(t => !t.IsGenericTypeDefinition && TreeWriter.Name(t) == name)
                ?? Type.GetType(name, throwOnError: true)!;
        _ = _reader.ReadByte();
        _ = Text();
        var made = RuntimeHelpers.GetUninitializedObject(type);
        foreach (var field in TreeWriter.Fields(type))
        {
            if (_reader.ReadByte() != 1 || Text() != TreeWriter.Plain(field.Name)) throw new InvalidDataException();
            field.SetValue(made, Value(field.FieldType));
        }
        return _reader.ReadByte() == 0 ? made : throw new InvalidDataException();
    }

    private object Sequence(Type wanted)
    {
        if (wanted.IsArray && wanted.GetArrayRank() == 1)
        {
            var items = Items(wanted.GetElementType()!);
            var array = Array.CreateInstance(wanted.GetElementType()!, items.Count);
            for (var i = 0; i < items.Count; i++) array.SetValue(items[i], i);
            return array;
        }
        return Made(typeof(List<>), wanted, Items(wanted.GetGenericArguments()[0]));
    }

    private object Map(Type wanted)
    {
        var made = Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(wanted.GetGenericArguments()))!;
        if (!wanted.IsInstanceOfType(made)) throw new NotSupportedException();
        while (_reader.ReadByte() == 1)
            ((IDictionary)made).Add(Value(wanted.GetGenericArguments()[0])!, Value(wanted.GetGenericArguments()[1]));
        return made;
    }

    private List<object?> Items(Type wanted)
    {
        List<object?> items = [];
        while (_reader.ReadByte() == 1) items.Add(Value(wanted));
        return items;
    }

    private static object Made(Type definition, Type wanted, List<object?> items)
    {
        var made = Activator.CreateInstance(definition.MakeGenericType(wanted.GetGenericArguments()))!;
        if (!wanted.IsInstanceOfType(made)) throw new NotSupportedException();
        var add = made.GetType().GetMethod("Add")!;
        foreach (var item in items) add.Invoke(made, [item]);
        return made;
    }

    private static object Number(IConvertible value, Type wanted) => Convert.ChangeType(value, wanted, CultureInfo.InvariantCulture);

    private object Scalar(Type wanted)
    {
        var (name, key) = (Text(), Text());
        _ = Text();
        if (TreeWriter.Name(wanted) != name) throw new NotSupportedException();
        if (wanted.IsEnum) return Enum.Parse(wanted, key);
        long Whole() => long.Parse(key, CultureInfo.InvariantCulture);
        return wanted == typeof(bool) ? key == "true"
            : wanted == typeof(char) ? (char)Whole()
            : wanted == typeof(DateTime) ? new DateTime(Whole())
            : wanted == typeof(DateTimeOffset) ? new DateTimeOffset(Whole(), TimeSpan.Zero)
            : wanted == typeof(TimeSpan) ? new TimeSpan(Whole())
            : wanted == typeof(DateOnly) ? DateOnly.FromDayNumber((int)Whole())
            : wanted == typeof(TimeOnly) ? new TimeOnly(Whole())
            : wanted == typeof(Guid) ? Guid.Parse(key)
            : wanted == typeof(Version) ? Version.Parse(key)
            : throw new NotSupportedException();
    }

    private int Int() => _reader.ReadInt32();

    private string Text() => Encoding.Unicode.GetString(_reader.ReadBytes(Int() * sizeof(char)));
}
