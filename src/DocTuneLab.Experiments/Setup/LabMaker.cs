using DocTuneLab.Documents.Sources;
using DocTuneLab.Library;
using DocTuneLab.Storage;

namespace DocTuneLab.Experiments.Setup;

/// <summary>Makes a lab's folder of a package, a project, an assembly or pages: finds what belongs to the library and writes down where it
/// is. Nothing that is there is overwritten.</summary>
public static class LabMaker
{
    private const string DocsFolder = "docs", AssemblyFolder = "bin", TasksFolder = "tasks";
    private static readonly string[] s_docsNames = ["docs", "doc", "documentation", "Docs"];

    /// <summary>Makes the folder with its <c>library.yaml</c>.</summary>
    /// <param name="asked">What it is made of.</param>
    /// <param name="cancel">Stops a build.</param>
    /// <exception cref="LabException">The folder is a lab's already, something that is named is not there, or there is nothing to make
    /// it of.</exception>
    public static MadeLab Make(NewLab asked, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(asked);
        var folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(asked.Folder));
        if (File.Exists(folder)) throw new LabException($"{asked.Folder}: is a file. Expected a folder for the lab.");
        foreach (var name in (string[])[LibraryFolder.FileName, "lab.sqlite"])
            if (File.Exists(Path.Combine(folder, name)))
                throw new LabException($"{asked.Folder}: is a lab already ({name} is there), and nothing is overwritten. "
                    + "Give another folder.");
        LibraryFolder.CheckSources(asked.Sources);
        asked = WithWhatLiesThere(asked, folder);
        var (baseModel, isSample) = BaseChoice.Of(asked.Base, folder);
        var isNew = !Directory.Exists(folder);
        Directory.CreateDirectory(folder);
        try
        {
            var library = LibraryOf(asked, folder, cancel, out var found);
            if (library.Docs is null && library.Assemblies.Count == 0)
                throw new LabException("nothing to make a lab of: give --docs DIR, --package X, --assembly DLL or --project P, or put "
                    + $"pages in {Path.Combine(asked.Folder, DocsFolder)} and assemblies in {Path.Combine(asked.Folder, AssemblyFolder)}.");
            // What does not read now would not later.
            var input = ParseInput.Load(new()
            {
                Sources = library.Docs is { } docs ? [docs] : [],
                Assemblies = library.Assemblies,
                References = library.References,
            }, cancel);
            library.Write();
            return Described(library, input, found, baseModel, isSample);
        }
        catch when (isNew)
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    /// <summary>Without any input, what lies in the folder is the input.</summary>
    private static NewLab WithWhatLiesThere(NewLab asked, string folder)
    {
        if (asked is not { Docs: null, Package: null, Project: null, Assemblies: [] } || !Directory.Exists(folder)) return asked;
        var own = OwnAssemblies.In(Path.Combine(folder, AssemblyFolder));
        if (own.Count > 0) return asked with { Assemblies = own };
        string[] projects = [.. Directory.GetFiles(folder, "*.*proj").Where(p => p.EndsWith("sproj", StringComparison.Ordinal)
            || p.EndsWith("bproj", StringComparison.Ordinal))];
        return Directory.GetFiles(folder, "*.nupkg") is [var package] ? asked with { Package = package }
            : projects is [var project] ? asked with { Project = project } : asked;
    }

    private static LibraryFolder LibraryOf(NewLab asked, string folder, CancellationToken cancel, out List<string> found)
    {
        found = [];
        var assemblies = asked.Assemblies.Select(Path.GetFullPath).ToList();
        string? name = null;
        var docs = asked.Docs is { } given ? Path.GetFullPath(given) : PagesIn(Path.Combine(folder, DocsFolder));
        if (asked.Package is { } file)
        {
            var package = DocumentSource.Open(file);
            name = package.Site.Title;
            found.Add($"package    {package.Site.Title} {package.Site.Version}");
            assemblies.AddRange(Copied(package.Site.Assemblies, folder));
            _ = Copied(asked.References.Where(r => assemblies.TrueForAll(a => Path.GetFileName(a) != Path.GetFileName(r))), folder);
            if (docs is null && package.Paths.Count > 0) docs = CopiedPages(package, folder);
        }
        if (asked.Project is { } project)
        {
            var built = ProjectBuild.Run(project, cancel);
            found.Add($"project    {project}, built as {built}");
            assemblies.Add(built);
            docs ??= Near(Path.GetDirectoryName(Path.GetFullPath(project))!);
        }
        return new()
        {
            Folder = folder,
            Name = name,
            Docs = docs,
            Assemblies = [.. assemblies.Distinct(StringComparer.Ordinal)],
            References = asked.Package is null ? [.. asked.References.Select(Path.GetFullPath)] : [],
            Sources = [.. asked.Sources.Select(Path.GetFullPath)],
            Tasks = Path.Combine(folder, TasksFolder),
        };
    }

    private static MadeLab Described(LibraryFolder library, ParseInput input, List<string> found, string baseModel, bool isSample)
    {
        var references = input.Judge?.References;
        if (references is not null)
            found.Add($"library    {string.Join(", ", references.LibraryPaths.Select(Path.GetFileName))}: {input.Api!.Symbols.Count} "
                + "public members and types");
        foreach (var dependency in references?.DependencyPaths ?? []) found.Add($"needs      {dependency}");
        found.Add(library.Docs is null ? "pages      none" : $"pages      {input.Documents.Count} in {library.Docs}");
        if (input.Sets.Count > 0)
            found.Add("splits     " + string.Join(", ", Enum.GetValues<Documents.Model.Split>().Select(s =>
                $"{input.Documents.Count(d => d.Split == s)} {s.ToString().ToLowerInvariant()}")));
        foreach (var source in library.Sources) found.Add($"source     {source}");
        found.Add($"base       {baseModel}");
        var warnings = input.Problems.Where(p => p.Kind != "broken-link").Select(p => p.ToString()).ToList();
        if (references is null) warnings.Add("no assembly: code in samples and answers cannot be compiled. Give --assembly, --package or "
            + "--project for more than questions about the pages.");
        if (input.Documents.Count == 0)
            warnings.Add("no pages: samples come from signatures and XML documentation alone. Give --docs DIR.");
        if (isSample) warnings.Add("the base is the sample model, which shows in minutes that everything works and is too small to be of "
            + $"use. --base {BaseChoice.Useful} takes a useful one from the hub.");
        return new()
        {
            Library = library,
            Base = baseModel,
            IsSampleBase = isSample,
            Counts = (input.Documents.Count, input.Api?.Symbols.Count ?? 0, references?.DependencyPaths.Count ?? 0),
            Found = found,
            Warnings = warnings,
        };
    }

    /// <summary>Copies assemblies with their XML files into the lab; one that is there stays.</summary>
    private static List<string> Copied(IEnumerable<string> assemblies, string folder)
    {
        var copies = new List<string>();
        foreach (var assembly in assemblies)
        {
            var target = Path.Combine(folder, AssemblyFolder, Path.GetFileName(assembly));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            foreach (var (from, to) in ((string, string)[])[(assembly, target),
                (Path.ChangeExtension(assembly, ".xml"), Path.ChangeExtension(target, ".xml"))])
                if (File.Exists(from) && !File.Exists(to)) File.Copy(from, to);
            copies.Add(target);
        }
        return copies;
    }

    private static string CopiedPages(DocumentSource package, string folder)
    {
        var target = Path.Combine(folder, DocsFolder);
        foreach (var page in package.Paths)
        {
            var to = Path.Combine(target, page);
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(Path.Combine(package.Root, page), to);
        }
        return target;
    }

    /// <summary>Documentation of a project: a docs folder beside it or above, up to its repository, else its readme.</summary>
    private static string? Near(string project)
    {
        var above = new List<string>();
        for (var folder = project; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            above.Add(folder);
            if (Path.Exists(Path.Combine(folder, ".git")) || Directory.EnumerateFiles(folder, "*.sln*").Any()) break;
        }
        // Without a repository nothing says how far up the project reaches.
        if (!Path.Exists(Path.Combine(above[^1], ".git")) && !Directory.EnumerateFiles(above[^1], "*.sln*").Any()) above = [project];
        return above.SelectMany(f => s_docsNames.Select(n => PagesIn(Path.Combine(f, n)))).FirstOrDefault(d => d is not null)
            ?? above.Select(f => Path.Combine(f, "README.md")).FirstOrDefault(File.Exists);
    }

    private static string? PagesIn(string folder) => Directory.Exists(folder)
        && Directory.EnumerateFiles(folder, "*.m*", SearchOption.AllDirectories).Any(f => Path.GetExtension(f) is ".md" or ".mdx")
            ? folder : null;
}
