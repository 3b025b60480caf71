using System.Text;
using DocTuneLab.Library;
using DocTuneLab.Settings;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DocTuneLab.Experiments.Setup;

/// <summary>
/// A library as a folder holds it: what a <c>library.yaml</c> there names, and without one the pages in <c>docs</c>, the library's
/// assemblies in <c>bin</c> and the held-out tasks in <c>tasks</c>. All paths are full paths.
/// </summary>
public sealed record LibraryFolder
{
    /// <summary>Name of the file that says what is not where it usually is.</summary>
    public const string FileName = "library.yaml";

    private const string DocsFolder = "docs", AssemblyFolder = "bin", TasksFolder = "tasks";

    /// <summary>The folder.</summary>
    public required string Folder { get; init; }

    /// <summary>What the library is called; null for the name of its first assembly.</summary>
    public string? Name { get; init; }

    /// <summary>The name, else that of the first assembly or of the folder.</summary>
    public string Title => Name ?? Path.GetFileNameWithoutExtension(Assemblies is [var first, ..] ? first : Folder);

    /// <summary>Folder of pages, a page or a package; null where there are none.</summary>
    public string? Docs { get; init; }

    /// <summary>The library's assemblies; none where there are pages only.</summary>
    public IReadOnlyList<string> Assemblies { get; init; } = [];

    /// <summary>Assemblies that it needs, where they are not found otherwise.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary>Files and folders of C#, the library's own or what uses it, to be mined for usages.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>Folder of held-out tasks, which may not be there yet.</summary>
    public required string Tasks { get; init; }

    /// <summary>Whether there are held-out tasks.</summary>
    public bool HasTasks => File.Exists(Tasks) || (Directory.Exists(Tasks) && Directory.EnumerateFiles(Tasks, "*.jsonl").Any());

    /// <summary>Refuses a path of C# where nothing is.</summary>
    /// <exception cref="LabException">One is missing.</exception>
    internal static void CheckSources(IEnumerable<string> sources)
    {
        if (sources.FirstOrDefault(s => !Path.Exists(s)) is { } missing)
            throw new LabException($"{missing}: no such file or folder of C# to mine usages from. Correct the path of --source.");
    }

    /// <summary>Whether a folder looks as if a library lay in it.</summary>
    public static bool Is(string folder) => File.Exists(Path.Combine(folder, FileName))
        || (Directory.Exists(Path.Combine(folder, AssemblyFolder)) && Directory.Exists(Path.Combine(folder, DocsFolder)));

    /// <summary>Reads what a folder holds.</summary>
    /// <exception cref="LabException">There is no such folder, <c>library.yaml</c> is wrong (the message names the line), or neither pages
    /// nor assemblies are there.</exception>
    public static LibraryFolder Read(string folder)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (!Directory.Exists(full))
            throw new LabException($"{folder}: no such folder. Expected a library: pages in {DocsFolder}, assemblies in {AssemblyFolder}, "
                + $"or a {FileName} that says where they are. 'doctune new' makes one.");
        var file = Path.Combine(full, FileName);
        var library = File.Exists(file) ? ReadFile(file, full) : new LibraryFolder
        {
            Folder = full,
            Docs = Path.Combine(full, DocsFolder) is var docs && Directory.Exists(docs) ? docs : null,
            Assemblies = OwnAssemblies.In(Path.Combine(full, AssemblyFolder)),
            Tasks = Path.Combine(full, TasksFolder),
        };
        if (library.Docs is null && library.Assemblies.Count == 0)
            throw new LabException($"{folder}: no library here. Expected pages in {DocsFolder} and assemblies in {AssemblyFolder}, or a "
                + $"{FileName} that says where they are. 'doctune new' makes one; build the library if {AssemblyFolder} is its output.");
        return library;
    }

    /// <summary>Writes <c>library.yaml</c>, with paths below the folder relative to it.</summary>
    /// <exception cref="LabException">The file is there already.</exception>
    public void Write()
    {
        var file = Path.Combine(Folder, FileName);
        if (File.Exists(file)) throw new LabException($"{file}: is there already, and nothing is overwritten.");
        var text = new StringBuilder("# What this lab is about. Paths are relative to this file. Notebooks and '--lab' read it.\n");
        if (Name is not null) text.Append("name: ").Append(Quoted(Name)).Append('\n');
        if (Docs is not null) text.Append("docs: ").Append(Quoted(Relative(Docs))).Append('\n');
        List("assemblies", Assemblies, "the library itself; its XML documentation lies beside it");
        List("references", References, "what it needs and what is not found beside it, in its .deps.json or in the NuGet cache");
        List("sources", Sources, "C# of the library or of those who use it, to be mined for usages");
        text.Append("tasks: ").Append(Quoted(Relative(Tasks))).Append("  # held out; may be missing\n");
        File.WriteAllText(file, text.ToString());

        void List(string name, IReadOnlyList<string> paths, string words)
        {
            if (paths.Count == 0) return;
            text.Append(name).Append(":  # ").Append(words).Append('\n');
            foreach (var path in paths) text.Append("  - ").Append(Quoted(Relative(path))).Append('\n');
        }
    }

    private string Relative(string path) =>
        (path + Path.DirectorySeparatorChar).StartsWith(Folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? Path.GetRelativePath(Folder, path).Replace('\\', '/')
            : path;

    private static string Quoted(string text) =>
        text.All(c => char.IsLetterOrDigit(c) || c is '/' or '.' or '_' or '-' or '+') && text.Length > 0 && char.IsLetterOrDigit(text[0])
            ? text
            : $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    private static LibraryFolder ReadFile(string file, string folder)
    {
        var map = Mapping(file);
        string[] names = ["name", "docs", "assemblies", "references", "sources", "tasks"];
        foreach (var (key, _) in map?.Children ?? Enumerable.Empty<KeyValuePair<YamlNode, YamlNode>>())
            if (key is not YamlScalarNode { Value: { } name } || !names.Contains(name))
            {
                var near = SettingNames.Nearest(key.ToString(), names);
                throw Wrong(key, $"there is no field '{key}'{(near is null ? "" : $"; did you mean '{near}'?")}",
                    $"Expected {string.Join(", ", names)}.");
            }
        return new()
        {
            Folder = folder,
            Name = One("name"),
            Docs = One("docs") is { } docs ? Existing("docs", docs) : null,
            Assemblies = All("assemblies"),
            References = All("references"),
            Sources = All("sources"),
            Tasks = Path.GetFullPath(One("tasks") ?? TasksFolder, folder),
        };

        YamlNode? Field(string name) => map?.Children.FirstOrDefault(c => (c.Key as YamlScalarNode)?.Value == name).Value;

        string? One(string name) => Field(name) switch
        {
            null => null,
            YamlScalarNode { Value: { } value } => value.Length > 0 ? value : null,
            var other => throw Wrong(other, $"'{name}' is not a text", "Expected one path or name."),
        };

        IReadOnlyList<string> All(string name) => Field(name) switch
        {
            null or YamlScalarNode { Value: "" or null } => [],
            YamlScalarNode { Value: { } value } => [Existing(name, value)],
            YamlSequenceNode list => [.. list.Select(i => i is YamlScalarNode { Value: { Length: > 0 } path }
                ? Existing(name, path) : throw Wrong(i, $"an entry of '{name}' is not a path", "Expected a list of paths."))],
            var other => throw Wrong(other, $"'{name}' is not a list", "Expected a list of paths."),
        };

        string Existing(string name, string path) => Path.GetFullPath(path, folder) is var full && Path.Exists(full) ? full
            : throw Wrong(Field(name)!, $"{name}: there is no '{path}'",
                name == "assemblies" ? "Build the library, or correct the path." : "Correct the path.");

        LabException Wrong(YamlNode node, string what, string expected) => new($"{file}:{node.Start.Line}: {what}. {expected}");
    }

    private static YamlMappingNode? Mapping(string file)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(File.ReadAllText(file)));
        }
        catch (YamlException e)
        {
            throw new LabException($"{file}:{e.Start.Line}: not valid YAML ({e.Message}). Expected fields such as 'docs: docs'.", e);
        }
        return stream.Documents.Count == 0 ? null : stream.Documents[0].RootNode as YamlMappingNode
            ?? throw new LabException($"{file}:1: not a mapping of fields. Expected lines such as 'docs: docs'.");
    }
}
