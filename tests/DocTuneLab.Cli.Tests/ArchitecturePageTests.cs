using System.Text.RegularExpressions;

namespace DocTuneLab.Cli.Tests;

/// <summary>docs/architecture.md says what the source says: projects, folders and the way they depend.</summary>
public sealed partial class ArchitecturePageTests
{
    private static readonly string s_page = File.ReadAllText(Path.Combine(Doctune.Root, "docs", "architecture.md"));

    public static TheoryData<string> Projects =>
        [.. ((string[])["src", "kernels"]).SelectMany(top => Directory.GetDirectories(Path.Combine(Doctune.Root, top))
            .Where(folder => Directory.GetFiles(folder, "*.csproj").Length > 0)
            .Select(folder => $"{top}/{Path.GetFileName(folder)}"))];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Every_folder_with_source_or_data_is_listed_and_no_other(string project)
    {
        // The project's own folder holds its project file in any case.
        var folders = Files(project, "*").Where(file => file.Folder != "." || file.Path.EndsWith(".cs", StringComparison.Ordinal))
            .Select(file => file.Folder).Distinct().Order(StringComparer.Ordinal);
        Assert.Equal(folders, Listed(project).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_folder_uses_only_folders_that_are_listed_above_it(string project)
    {
        var listed = Listed(project).ToList();
        var name = Path.GetFileName(project);
        var place = listed.ToDictionary(folder => folder == "." ? name : $"{name}.{folder.Replace('/', '.')}", listed.IndexOf);
        var wrong =
            from file in Files(project, "*.cs")
            let own = listed.IndexOf(file.Folder)
            let path = $"{project}/{file.Folder}/{Path.GetFileName(file.Path)}"
            from Match used in Using().Matches(File.ReadAllText(file.Path))
            where place.TryGetValue(used.Groups[1].Value, out var other) && other > own
            select $"{path} uses {used.Groups[1].Value}, which is listed below its own folder.";
        Assert.Empty(wrong);
    }

    [Fact]
    public void The_arrows_are_the_project_references()
    {
        var names = Node().Matches(s_page).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);
        var drawn = Arrow().Matches(s_page).Select(m => (From: names[m.Groups[1].Value], To: names[m.Groups[2].Value]));
        var referenced =
            from project in Projects.Select(p => p.Data)
            let file = Path.Combine(Doctune.Root, project, Path.GetFileName(project) + ".csproj")
            from Match reference in Reference().Matches(File.ReadAllText(file))
            let other = Path.GetRelativePath(Doctune.Root,
                Path.GetDirectoryName(Path.GetFullPath(reference.Groups[1].Value, Path.GetDirectoryName(file)!))!).Replace('\\', '/')
            where !other.StartsWith("data/", StringComparison.Ordinal)
            select (project, other);
        Assert.Equal(referenced.Order(), drawn.Order());
    }

    private static IEnumerable<(string Folder, string Path)> Files(string project, string pattern)
    {
        var root = Path.Combine(Doctune.Root, project);
        return Directory.EnumerateFiles(root, pattern, SearchOption.AllDirectories)
            .Select(path => (Folder: Path.GetRelativePath(root, Path.GetDirectoryName(path)!).Replace('\\', '/'), Path: path))
            .Where(file => file.Folder.Split('/')[0] is not ("bin" or "obj"));
    }

    /// <summary>The folders of a project in the order of its table.</summary>
    private static IEnumerable<string> Listed(string project)
    {
        var section = s_page.Split("\n### ").Single(s => s.StartsWith($"`{project}`\n", StringComparison.Ordinal));
        return Row().Matches(section).Select(m => m.Groups[1].Value);
    }

    [GeneratedRegex(@"^\| `([^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"^using (?:static )?(DocTuneLab[\w.]*);", RegexOptions.Multiline)]
    private static partial Regex Using();

    [GeneratedRegex(@"(\w+)\[""([^""]+)""\]")]
    private static partial Regex Node();

    [GeneratedRegex(@"^  (\w+)(?:\[[^\]]+\])? --> (\w+)", RegexOptions.Multiline)]
    private static partial Regex Arrow();

    [GeneratedRegex(@"<ProjectReference Include=""([^""]+)""")]
    private static partial Regex Reference();
}
