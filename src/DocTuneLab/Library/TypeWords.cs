using System.Collections.Frozen;

namespace DocTuneLab.Library;

/// <summary>The words that C# has for types of the namespace <c>System</c>.</summary>
public static class TypeWords
{
    private static readonly FrozenDictionary<string, string> s_words = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["Boolean"] = "bool",
        ["Byte"] = "byte",
        ["SByte"] = "sbyte",
        ["Char"] = "char",
        ["Decimal"] = "decimal",
        ["Double"] = "double",
        ["Single"] = "float",
        ["Int16"] = "short",
        ["Int32"] = "int",
        ["Int64"] = "long",
        ["UInt16"] = "ushort",
        ["UInt32"] = "uint",
        ["UInt64"] = "ulong",
        ["IntPtr"] = "nint",
        ["UIntPtr"] = "nuint",
        ["Object"] = "object",
        ["String"] = "string",
        ["Void"] = "void",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenSet<string> s_all = s_words.Values.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Whether a text is such a word, as <c>int</c> is.</summary>
    public static bool Contains(string text) => s_all.Contains(text);

    /// <summary>The word for a type by its simple name, as <c>int</c> for <c>Int32</c>; the name itself where there is none.</summary>
    public static string For(string name) => s_words.GetValueOrDefault(name, name);
}
