using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using DocTuneLab.Text;

namespace DocTuneLab.Settings;

/// <summary>
/// Names of enumeration members as people write them: what <see cref="JsonStringEnumMemberNameAttribute"/> says, else the member's name in
/// snake case. JSON uses the same.
/// </summary>
public static class SettingNames
{
    /// <summary>Name of a member.</summary>
    public static string Of(Enum value)
    {
        ArgumentNullException.ThrowIfNull(value);
        var member = value.ToString();
        return value.GetType().GetField(member) is { } field ? NameOf(field) : member;
    }

    /// <summary>Names of all members, in the order of their declaration.</summary>
    public static IReadOnlyList<string> Of(Type type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return [.. type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(NameOf)];
    }

    /// <summary>The member of a name, in any case; null where there is none.</summary>
    public static Enum? Parse(Type type, string name)
    {
        ArgumentNullException.ThrowIfNull(type);
        var field = type.GetFields(BindingFlags.Public | BindingFlags.Static)
            .FirstOrDefault(f => NameOf(f).Equals(name, StringComparison.OrdinalIgnoreCase));
        return (Enum?)field?.GetValue(null);
    }

    /// <summary>The name that a mistyped one most likely stands for, or null.</summary>
    public static string? Nearest(string name, IEnumerable<string> names) => NearestName.Find(name, names);

    /// <summary>Names as a sentence lists them: <c>a, b or c</c>.</summary>
    internal static string List(IReadOnlyList<string> names) =>
        names.Count < 2 ? string.Concat(names) : $"{string.Join(", ", names.Take(names.Count - 1))} or {names[^1]}";

    private static string NameOf(FieldInfo field) =>
        field.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name ?? JsonNamingPolicy.SnakeCaseLower.ConvertName(field.Name);
}
