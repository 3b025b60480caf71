using System.Collections.Concurrent;

namespace DocTuneLab.Notebooks.Languages.CSharp;

/// <summary>Hands values from the host to compiled cells.</summary>
public static class SessionValues
{
    private static readonly ConcurrentDictionary<string, object?> s_values = new();

    /// <summary>Takes a value out; called once by the declaration that the host compiles for it.</summary>
    public static T Take<T>(string key) => s_values.TryRemove(key, out var value) ? (T)value! : throw new KeyNotFoundException(key);

    internal static string Put(object? value)
    {
        var key = Guid.NewGuid().ToString("N");
        s_values[key] = value;
        return key;
    }
}
