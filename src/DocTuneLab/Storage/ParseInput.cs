using DocTuneLab.Documents;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;

namespace DocTuneLab.Storage;

/// <summary>What parsing into a lab reads: documentation, and the library that it documents.</summary>
public sealed class ParseInput
{
    /// <summary>Kind of the problem that something which the library needs is not there.</summary>
    internal const string MissingReferenceKind = "missing-reference";

    private ParseInput(
        IReadOnlyList<DocumentSet> sets, IReadOnlyList<Document> documents, IReadOnlyList<ParseProblem> problems, ReferenceSet? references)
    {
        (Sets, Documents, Problems) = (sets, documents, problems);
        if (references is null) return;
        Api = ApiModel.Load(references);
        Judge = new CSharpJudge(references);
    }

    /// <summary>The folders, in the order of <see cref="ParseOptions.Sources"/>.</summary>
    public IReadOnlyList<DocumentSet> Sets { get; }

    /// <summary>All pages. With several folders, their paths begin with the folder's name.</summary>
    public IReadOnlyList<Document> Documents { get; }

    /// <summary>What is wrong with the documentation.</summary>
    public IReadOnlyList<ParseProblem> Problems { get; }

    /// <summary>The library's members; null without assemblies.</summary>
    public ApiModel? Api { get; }

    /// <summary>The compiler with the library; null without assemblies.</summary>
    public CSharpJudge? Judge { get; }

    /// <summary>Reads folders and assemblies; a package among the folders brings its own.</summary>
    /// <exception cref="LabException">A folder or assembly is missing or unreadable.</exception>
    public static ParseInput Load(ParseOptions options, CancellationToken cancellation = default)
    {
        var roots = Roots(options);
        var sets = new List<DocumentSet>();
        var documents = new List<Document>();
        var problems = new List<ParseProblem>();
        foreach (var root in roots)
        {
            cancellation.ThrowIfCancellationRequested();
            var set = DocumentSet.Load(root, options.Reading);
            var prefix = roots.Count == 1 ? "" : Path.GetFileName(root) + "/";
            sets.Add(set);
            documents.AddRange(prefix.Length == 0 ? set.Documents : set.Documents.Select(d => d with { Path = prefix + d.Path }));
            problems.AddRange(set.Problems.Select(p => new ParseProblem(prefix + p.Path, p.Line, KindName(p.Kind), p.Message)));
            problems.AddRange(set.BrokenLinks.Select(
                b => new ParseProblem(prefix + b.DocumentPath, b.Line, "broken-link", $"link to {b.Target}: {b.Reason}")));
        }
        if (documents.GroupBy(d => d.Path, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new LabException($"{twice.Key}: two folders of the same name hold this page. Parse them into labs of their own, "
                + "or give their parent folder.");
        string[] assemblies = [.. options.Assemblies, .. sets.SelectMany(s => s.Site.Assemblies)];
        if (assemblies.Length == 0 && sets.Count == 0)
            throw new LabException("nothing to parse: neither pages nor an assembly were given.");
        var references = assemblies.Length > 0 ? ReferenceSet.Load(assemblies, options.References) : null;
        if (references is not null) problems.AddRange(ProblemsOf(references));
        return new(sets, documents, problems, references);
    }

    private static IEnumerable<ParseProblem> ProblemsOf(ReferenceSet library) =>
        library.LibraryPaths.Where(p => AssemblyDocs.Beside(p).XmlPath is null).Select(p => new ParseProblem(
            Path.GetFileName(p), 0, "no-xml", $"no {Path.GetFileNameWithoutExtension(p)}.xml beside it, so its members have no "
                + "documentation. Build the library with <GenerateDocumentationFile>true</GenerateDocumentationFile>, and put the file "
                + "there."))
            .Concat(library.Missing.Select(m => new ParseProblem(Path.GetFileName(m.NeededBy), 0, MissingReferenceKind, m.ToString())));

    /// <summary>Full paths of the folders.</summary>
    internal static List<string> Roots(ParseOptions options)
    {
        var roots = options.Sources.Select(s => Path.TrimEndingDirectorySeparator(Path.GetFullPath(s))).ToList();
        foreach (var (root, given) in roots.Zip(options.Sources))
            if (!Path.Exists(root))
                throw new LabException($"{given}: documentation folder not found. Expected a folder with Markdown pages; check the path.");
        return roots.Distinct(StringComparer.Ordinal).Count() == roots.Count
            ? roots
            : throw new LabException("The same documentation folder is given twice. Name each folder once.");
    }

    /// <summary>As a report names it: <c>include-loop</c>.</summary>
    private static string KindName(ProblemKind kind) =>
        string.Concat(kind.ToString().Select((c, i) => char.IsUpper(c) ? (i > 0 ? "-" : "") + char.ToLowerInvariant(c) : c.ToString()));
}
