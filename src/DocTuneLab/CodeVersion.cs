using System.Reflection;

namespace DocTuneLab;

/// <summary>The version of DocTuneLab, as it is written into what it makes.</summary>
internal static class CodeVersion
{
    /// <summary>Such as <c>1.0.0+d8d242e</c>: with the commit where it is known.</summary>
    public static string Current { get; } =
        typeof(CodeVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
