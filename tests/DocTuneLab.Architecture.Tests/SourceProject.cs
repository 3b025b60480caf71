using System.Collections.Concurrent;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace DocTuneLab.Architecture.Tests;

/// <summary>A project as its file declares it.</summary>
/// <param name="Name">The file's name without extension.</param>
/// <param name="AssemblyName">The assembly's name.</param>
/// <param name="RootNamespace">The namespace of its topmost folder.</param>
/// <param name="Folder">The absolute path of its folder.</param>
/// <param name="References">The projects whose assemblies it is compiled against, by name.</param>
/// <param name="Packages">The packages and shared frameworks that it asks for, by name.</param>
internal sealed record SourceProject(
    string Name, string AssemblyName, string RootNamespace, string Folder, IReadOnlyList<string> References, IReadOnlyList<string> Packages)
{
    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private static readonly CSharpParseOptions s_parsing = new(LanguageVersion.Preview, DocumentationMode.Diagnose);
    private static readonly ConcurrentDictionary<string, Lazy<CSharpCompilation>> s_compiled = new();

    /// <summary>Reads a project file.</summary>
    public static SourceProject Read(string file)
    {
        var xml = XDocument.Load(file);
        var name = Path.GetFileNameWithoutExtension(file);
        return new(
            name,
            xml.Descendants("AssemblyName").FirstOrDefault()?.Value ?? name,
            xml.Descendants("RootNamespace").FirstOrDefault()?.Value ?? name,
            Path.GetDirectoryName(file)!,
            [
                .. xml.Descendants("ProjectReference").Where(r => (string?)r.Attribute("ReferenceOutputAssembly") != "false")
                    .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value)),
            ],
            [
                .. xml.Descendants("PackageReference").Concat(xml.Descendants("FrameworkReference"))
                    .Select(r => r.Attribute("Include")!.Value),
            ]);
    }

    /// <summary>Whether it tests or measures the others.</summary>
    public bool IsTest => Path.GetFileName(Path.GetDirectoryName(Folder)) == "tests";

    /// <summary>The names of all projects that this one is compiled against, directly or through another.</summary>
    public IReadOnlySet<string> Closure()
    {
        var found = new HashSet<string>();
        var open = new Queue<string>(References);
        while (open.TryDequeue(out var next))
            if (found.Add(next))
                foreach (var further in Repository.Project(next).References) open.Enqueue(further);
        return found;
    }

    /// <summary>Every C# file in the project's folder, as absolute paths; build outputs and packages of Node left out.</summary>
    public IEnumerable<string> Files() => Directory.EnumerateFiles(Folder, "*.cs", SearchOption.AllDirectories)
        .Where(f => Path.GetRelativePath(Folder, f).Split('/', '\\') is [not ("bin" or "obj"), ..] parts && !parts.Contains("node_modules"))
        .Order(StringComparer.Ordinal);

    /// <summary>
    /// The project, compiled in memory from the source as it lies on disk, against the framework, the packages and the other projects'
    /// assemblies that lie beside these tests. Generators do not run.
    /// </summary>
    public CSharpCompilation Compile() => s_compiled.GetOrAdd(Name, _ => new(CompileNow)).Value;

    private CSharpCompilation CompileNow()
    {
        var xml = XDocument.Load(Path.Combine(Folder, Name + ".csproj"));
        var items = xml.Descendants("Compile").ToList();
        // Patterns end in '*.cs', with or without the beginning of a name, or name one file.
        var removed = items.Select(i => (string?)i.Attribute("Remove")).OfType<string>()
            .Select(p => Path.Combine(Folder, p.Replace("*.cs", ""))).ToList();
        var linked = items.Select(i => (string?)i.Attribute("Include")).OfType<string>()
            .Select(p => Path.GetFullPath(Path.Combine(Folder, p)))
            .SelectMany(p => Directory.EnumerateFiles(Path.GetDirectoryName(p)!, Path.GetFileName(p)));
        var usings = xml.Descendants("Using").Select(u => u.Attribute("Include")!.Value).Concat(IsTest ? ["Xunit"] : [])
            .Select(u => $"global using {u};");
        var friends = xml.Descendants("InternalsVisibleTo")
            .Select(f => $"[assembly: System.Runtime.CompilerServices.InternalsVisibleTo(\"{f.Attribute("Include")!.Value}\")]");
        var trees = Files().Where(f => !removed.Any(r => f.StartsWith(r, StringComparison.Ordinal))).Concat(linked)
            .Select(f => CSharpSyntaxTree.ParseText(File.ReadAllText(f), s_parsing, f))
            .Append(CSharpSyntaxTree.ParseText(string.Join('\n', [ImplicitUsings, .. usings, .. friends]), s_parsing));
        var closure = Closure();
        var hidden = Repository.Projects.Where(p => !closure.Contains(p.Name)).Select(p => p.AssemblyName)
            .Append(typeof(SourceProject).Assembly.GetName().Name).ToHashSet();
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(f => !hidden.Contains(Path.GetFileNameWithoutExtension(f)))
            .Select(f => MetadataReference.CreateFromFile(f));
        var output = xml.Descendants("OutputType").Any() ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary;
        return CSharpCompilation.Create(AssemblyName, trees, references,
            new(output, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));
    }
}
