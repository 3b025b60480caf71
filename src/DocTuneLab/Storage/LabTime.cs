using System.Globalization;

namespace DocTuneLab.Storage;

/// <summary>Points in time as columns and manifests hold them: UTC, ISO 8601, to the tick.</summary>
internal static class LabTime
{
    public static string Write(DateTimeOffset time) => time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    public static DateTimeOffset Read(string text) =>
        DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);
}
