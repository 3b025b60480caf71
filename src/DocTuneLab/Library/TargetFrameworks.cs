namespace DocTuneLab.Library;

/// <summary>Short names of target frameworks, such as <c>net8.0</c>.</summary>
public static class TargetFrameworks
{
    /// <summary>How well one suits the running .NET: newest .NET first, then .NET Standard, then .NET Framework;
    /// -1 for what cannot be used.</summary>
    public static int Rank(string framework)
    {
        var tfm = framework.ToLowerInvariant().Split('-')[0];
        if (tfm.StartsWith("netstandard", StringComparison.Ordinal)) return 1000 + Number(tfm[11..]);
        if (tfm.StartsWith("netcoreapp", StringComparison.Ordinal)) return 2000 + Number(tfm[10..]);
        if (!tfm.StartsWith("net", StringComparison.Ordinal)) return -1;
        if (!tfm.Contains('.')) return Number(tfm[3..]);
        var version = Number(tfm[3..]);
        return version <= 100 * Environment.Version.Major + 99 ? 3000 + version : -1;

        static int Number(string text) =>
            Version.TryParse(text.Contains('.') ? text : string.Join('.', text.ToCharArray()) + (text.Length < 2 ? ".0" : ""), out var v)
                ? 100 * v.Major + v.Minor
                : 0;
    }
}
