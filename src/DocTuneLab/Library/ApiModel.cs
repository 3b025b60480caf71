using DocTuneLab.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace DocTuneLab.Library;

/// <summary>
/// Every visible type and member of a library, joined from assembly metadata and XML documentation by documentation id.
/// Immutable and safe to share between threads. No code of the library is run.
/// </summary>
public sealed class ApiModel
{
    private readonly Dictionary<string, ApiReader.Entry> _byId;
    private readonly ILookup<string, ApiSymbol> _byName;
    private readonly ILookup<string, ApiSymbol> _byType;

    private ApiModel(IReadOnlyList<ApiReader.Entry> entries)
    {
        _byId = new(StringComparer.Ordinal);
        foreach (var entry in entries) _byId.TryAdd(entry.Symbol.Id, entry);
        var kept = _byId.Values.ToList();
        Symbols = [.. kept.Select(e => e.Symbol)];
        Types = [.. kept.Where(e => e.TypeId is null).Select(e => e.Symbol)];
        Namespaces = [.. Types.Select(t => t.Namespace).Where(n => n.Length > 0).Distinct().Order(StringComparer.Ordinal)];
        _byName = Symbols.ToLookup(s => s.Name, StringComparer.Ordinal);
        _byType = kept.Where(e => e.TypeId is not null).ToLookup(e => e.TypeId!, e => e.Symbol, StringComparer.Ordinal);
        Hash = ContentHash.Of([.. Symbols.Select(s => $"{s.Id}\n{s.Signature}\n{s.Summary}\n{s.Returns}\n{s.Remarks}")]);
    }

    /// <summary>All symbols: each type followed by its members, types in ordinal order.</summary>
    public IReadOnlyList<ApiSymbol> Symbols { get; }

    /// <summary>The types alone.</summary>
    public IReadOnlyList<ApiSymbol> Types { get; }

    /// <summary>Namespaces that hold at least one type, in ordinal order.</summary>
    public IReadOnlyList<string> Namespaces { get; }

    /// <summary>Content hash of ids, signatures and texts.</summary>
    public string Hash { get; }

    /// <summary>The private library of <paramref name="references"/>; XML files are looked for beside the DLLs.</summary>
    /// <exception cref="LabException">The set holds no library, or an XML file is not well-formed.</exception>
    public static ApiModel Load(ReferenceSet references) => references.LibraryPaths.Count > 0
        ? Load(references, [.. references.LibraryPaths.Select(AssemblyDocs.Beside)])
        : throw new LabException("No library given: expected at least one assembly path. Pass the DLL of the private library.");

    /// <summary>Any assemblies, of the framework or not, with their XML files.</summary>
    /// <param name="references">What their types are resolved against.</param>
    /// <param name="assemblies">The assemblies to read.</param>
    /// <exception cref="LabException">A file is missing or not readable.</exception>
    public static ApiModel Load(ReferenceSet references, params IReadOnlyList<AssemblyDocs> assemblies)
    {
        var read = assemblies
            .Select(a => references.ByPath(a.AssemblyPath) ?? ReferenceSet.ReadLibrary(Path.GetFullPath(a.AssemblyPath)).Reference)
            .ToList();
        var compilation = CSharpCompilation.Create("api", references: references.References.Union(read),
            options: new(OutputKind.DynamicallyLinkedLibrary));
        var symbols = read.Select((r, i) => compilation.GetAssemblyOrModuleSymbol(r) as IAssemblySymbol
            ?? throw new LabException($"{assemblies[i].AssemblyPath}: not an assembly. Expected a managed DLL.")).ToList();
        var xml = symbols.Zip(assemblies)
            .DistinctBy(p => p.First.Name)
            .ToDictionary(p => p.First.Name, p => p.Second.XmlPath, StringComparer.Ordinal);
        var reader = new ApiReader(new XmlDocs(compilation, xml));
        return new([.. symbols.SelectMany(reader.Read)]);
    }

    /// <summary>A library as C# source with documentation comments. It is bound, not run, and need not compile without errors.</summary>
    /// <param name="sources">Path and text of each file; the path is for messages, and what comments include is named
    /// relative to it.</param>
    /// <param name="references">What it needs.</param>
    /// <param name="assemblyName">Simple name of the library.</param>
    /// <param name="root">Folder below which files that comments include are read. Default: the current directory.</param>
    /// <exception cref="LabException">An <c>include</c> cannot be followed.</exception>
    public static ApiModel FromSources(IEnumerable<(string Path, string Text)> sources, ReferenceSet references,
        string assemblyName = "Library", string? root = null)
    {
        var options = new CSharpParseOptions(LanguageVersion.Latest, DocumentationMode.Parse);
        // The SDK's implicit usings, without which most projects do not bind.
        var usings = string.Concat(CSharpJudge.ImplicitUsings.Select(u => $"global using {u};\n"));
        var trees = sources.Where(s => !CodeWrapper.IsTooDeep(s.Text, options))
            .Select(s => CSharpSyntaxTree.ParseText(s.Text, options, s.Path))
            .Append(CSharpSyntaxTree.ParseText(usings, options));
        var compilation = CSharpCompilation.Create(assemblyName, trees, references.References,
            new(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        return new([.. new ApiReader(new XmlDocs(compilation, new Dictionary<string, string?>(),
            new XmlIncludes(root ?? Environment.CurrentDirectory))).Read(compilation.Assembly)]);
    }

    /// <summary>The symbol of a documentation id, or null.</summary>
    public ApiSymbol? Find(string id) => _byId.TryGetValue(id, out var entry) ? entry.Symbol : null;

    /// <summary>All symbols of a simple name, in the order of <see cref="Symbols"/>.</summary>
    public IReadOnlyList<ApiSymbol> FindByName(string name) => [.. _byName[name]];

    /// <summary>Members declared by a type, in declaration order.</summary>
    /// <param name="typeId">Documentation id of the type.</param>
    /// <param name="inherited">Also those of its bases and interfaces, as far as they are in this model.</param>
    public IReadOnlyList<ApiSymbol> MembersOf(string typeId, bool inherited = false) => inherited && _byId.TryGetValue(typeId, out var type)
        ? [.. type.Bases.Prepend(typeId).Distinct().SelectMany(t => _byType[t])]
        : [.. _byType[typeId]];

    /// <summary>The type that declares a member, or null for a type.</summary>
    public ApiSymbol? TypeOf(ApiSymbol member) => _byId.TryGetValue(member.Id, out var entry) && entry.TypeId is { } id ? Find(id) : null;

    /// <summary>Documentation ids of a type's base classes and interfaces, nearest first, inside this model or not.</summary>
    public IReadOnlyList<string> BasesOf(string typeId) => _byId.TryGetValue(typeId, out var entry) ? entry.Bases : [];

    /// <summary>The real symbol whose name is nearest to an invented one (edit distance within 40 % of its length), or null.</summary>
    /// <param name="name">The invented name.</param>
    /// <param name="typeId">Look among this type's members, inherited ones included; null looks among all names.</param>
    public ApiSymbol? FindNearest(string name, string? typeId = null)
    {
        var pool = typeId is null ? Symbols : MembersOf(typeId, inherited: true);
        var nearest = NearestName.Find(name, pool.Select(s => s.Name).Distinct());
        return nearest is null ? null : pool.First(s => s.Name == nearest);
    }
}
