using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace DocTuneLab.Tests.Library;

/// <summary>What a C# project puts in scope in all its files by <c>Using</c> items: of the project, of the
/// <c>Directory.Build</c> files above it, and of what they import.</summary>
internal static partial class ProjectUsings
{
    /// <summary>What stands behind <c>global using</c>.</summary>
    /// <param name="folder">The project's folder.</param>
    public static IReadOnlyList<string> Of(string folder)
    {
        var files = new List<string>();
        foreach (var name in (string[])["Directory.Build.props", "Directory.Build.targets"])
            for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
            {
                if (!File.Exists(Path.Combine(at.FullName, name))) continue;
                Add(files, Path.Combine(at.FullName, name));
                break;
            }
        foreach (var project in Directory.EnumerateFiles(folder, "*.*proj", SearchOption.AllDirectories)) Add(files, project);
        var properties = files.SelectMany(f => XDocument.Load(f).Descendants()).Where(e => e.Parent?.Name.LocalName == "PropertyGroup")
            .ToLookup(e => e.Name.LocalName, e => e.Value, StringComparer.OrdinalIgnoreCase);
        // Of conditions those are understood that ask whether a property is set.
        return [.. files.SelectMany(f => XDocument.Load(f).Descendants().Where(e => e.Name.LocalName == "Using"))
            .Where(u => u.Attribute("Include") is not null
                && u.AncestorsAndSelf().All(e => IsMet(e.Attribute("Condition")?.Value, properties)))
            .Select(u => (string?)u.Attribute("Alias") is { } alias ? $"{alias} = {u.Attribute("Include")!.Value}"
                : (string?)u.Attribute("Static") == "true" ? $"static {u.Attribute("Include")!.Value}" : u.Attribute("Include")!.Value)
            .Distinct()];
    }

    private static bool IsMet(string? condition, ILookup<string, string> properties) =>
        condition is null || Comparison().Match(condition) is not { Success: true } match
            || properties[match.Groups[1].Value].Contains(match.Groups[2].Value, StringComparer.OrdinalIgnoreCase);

    private static void Add(List<string> files, string path)
    {
        if (files.Contains(path)) return;
        files.Add(path);
        foreach (var import in XDocument.Load(path).Descendants().Where(e => e.Name.LocalName == "Import"))
        {
            var imported = Property().Replace((string?)import.Attribute("Project") ?? "", m =>
                m.Value.Contains("ThisFileDirectory", StringComparison.OrdinalIgnoreCase) ? Path.GetDirectoryName(path) + "/" : "");
            imported = Path.Combine(Path.GetDirectoryName(path)!, imported);
            if (File.Exists(imported)) Add(files, Path.GetFullPath(imported));
        }
    }

    [GeneratedRegex(@"\$\(\w+\)")]
    private static partial Regex Property();

    [GeneratedRegex(@"^\s*'\$\((\w+)\)'\s*==\s*'(\w+)'\s*$")]
    private static partial Regex Comparison();
}
