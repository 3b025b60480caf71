using System.Text.Json;

namespace DocTuneLab.Storage;

/// <summary>Records as JSON columns and documents.</summary>
internal static class LabJson
{
    public static string Write<T>(T value) => JsonSerializer.Serialize(value);

    public static T Read<T>(string json) => JsonSerializer.Deserialize<T>(json)!;
}
