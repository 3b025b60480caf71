using DocTuneLab.Documents;
using DocTuneLab.Documents.Chunking;
using DocTuneLab.Documents.Linking;
using DocTuneLab.Library;

namespace DocTuneLab.Audit;

/// <summary>What an audit looks at, and what it leaves out.</summary>
public sealed record AuditOptions
{
    /// <summary>Rules to leave out. Default none.</summary>
    public IReadOnlyCollection<AuditRule> Ignore { get; init; } = [];

    /// <summary>Folders of the library's C# source, so that findings about members point into it. Default none:
    /// they point to the assembly.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>Findings that are known and excused; see <see cref="AuditBaseline"/>. Default none.</summary>
    public AuditBaseline? Baseline { get; init; }

    /// <summary>Folder that paths in the report are relative to. Default: the current directory.</summary>
    public string BaseDirectory { get; init; } = Environment.CurrentDirectory;
}

/// <summary>Documentation against the assemblies that it documents. Nothing is executed and no model is asked.</summary>
public static class DocsAudit
{
    /// <summary>Audits documentation sets.</summary>
    /// <param name="sets">The documentation.</param>
    /// <param name="references">The library with what it needs.</param>
    /// <param name="options">What to leave out.</param>
    /// <param name="progress">Pages done and in all.</param>
    /// <param name="cancellation">Stops between pages.</param>
    /// <exception cref="LabException">No library in <paramref name="references"/>, or a source folder is missing.</exception>
    public static AuditReport Run(IReadOnlyList<DocumentSet> sets, ReferenceSet references, AuditOptions? options = null,
        IProgress<(int Done, int Total)>? progress = null, CancellationToken cancellation = default)
    {
        options ??= new();
        var api = ApiModel.Load(references);
        var judge = new CSharpJudge(references);
        var signatures = new SignatureAudit(judge, api);
        var code = new CodeAudit(judge, api, signatures);
        var pages = sets.SelectMany(s => s.Documents.Select(d => new AuditPage(d, Display(Path.Combine(s.Root, d.Path))))).ToList();
        var linker = new SymbolLinker(api);
        var chunker = new Chunker(text => (text.Length + 3) / 4, linker: linker);
        var done = 0;
        var perPage = new (List<AuditFinding> Findings, List<BlockOutcome> Blocks, HashSet<string> Mentioned)[pages.Count];
        Parallel.For(0, pages.Count, new ParallelOptions
        {
            CancellationToken = cancellation,
            MaxDegreeOfParallelism = Environment.ProcessorCount
        }, i =>
        {
            var (findings, blocks) = (new List<AuditFinding>(), new List<BlockOutcome>());
            var mentioned = chunker.Chunk(pages[i].Document).SelectMany(c => c.Symbols).ToHashSet(StringComparer.Ordinal);
            foreach (var (outcome, found, uses) in code.Audit(pages[i]))
            {
                blocks.Add(outcome);
                findings.AddRange(found);
                mentioned.UnionWith(uses);
            }
            findings.AddRange(signatures.AuditProse(pages[i]));
            perPage[i] = (findings, blocks, mentioned);
            progress?.Report((Interlocked.Increment(ref done), pages.Count));
        });

        var all = perPage.SelectMany(p => p.Findings).ToList();
        var outcomes = perPage.SelectMany(p => p.Blocks).ToList();
        foreach (var set in sets)
            all.AddRange(set.BrokenLinks.Select(b => new AuditFinding(AuditRule.Link, AuditSeverity.Warning,
                Display(Path.Combine(set.Root, b.DocumentPath)), b.Line, $"link to {b.Target}: {b.Reason}")));
        foreach (var (finding, example) in new XmlDocAudit(references, api, code).Audit(Display))
        {
            if (finding is not null) all.Add(finding);
            if (example is { } outcome) outcomes.Add(outcome);
        }
        var known = perPage.SelectMany(p => p.Mentioned).ToHashSet(StringComparer.Ordinal);
        var members = api.Symbols.Where(IsExpectedOnAPage).ToList();
        var unmentioned = members.Where(m => !known.Contains(m.Id)).ToList();
        all.AddRange(Undocumented(unmentioned, api, references, new DeclarationPlaces(options.Sources, Display), Display));

        var byFile = pages.ToDictionary(p => p.File, StringComparer.Ordinal);
        var considered = all.Where(f => !options.Ignore.Contains(f.Rule)).Distinct()
            .OrderBy(f => f.File, StringComparer.Ordinal).ThenBy(f => f.Line).ThenBy(f => f.Rule.Id,
            StringComparer.Ordinal).ThenBy(f => f.Message, StringComparer.Ordinal).ToList();
        var excused = considered.Where(f => byFile.TryGetValue(f.File, out var page) && page.Excuses(f)).ToHashSet();
        if (options.Baseline is { } baseline) excused.UnionWith(baseline.Match([.. considered.Where(f => !excused.Contains(f))]));
        return new([.. considered.Where(f => !excused.Contains(f))], [.. considered.Where(excused.Contains)], new(
            pages.Count, outcomes.Count, outcomes.Count(o => o == BlockOutcome.Compiled), outcomes.Count(o => o == BlockOutcome.Incomplete),
            outcomes.Count(o => o == BlockOutcome.Marked), members.Count, members.Count - unmentioned.Count));

        string Display(string path)
        {
            var relative = Path.GetRelativePath(options.BaseDirectory, Path.GetFullPath(path));
            return (relative.StartsWith("..", StringComparison.Ordinal) ? Path.GetFullPath(path) : relative).Replace('\\', '/');
        }
    }

    // What every object has, and operators, which no page names by their metadata name, are not missed.
    private static bool IsExpectedOnAPage(ApiSymbol symbol) => symbol.Kind is not ApiKind.Operator
        && symbol.Name is not ("ToString" or "Equals" or "GetHashCode" or "CompareTo" or "Deconstruct" or "Dispose" or "DisposeAsync")
        && symbol is not { Kind: ApiKind.Constructor, Parameters.Count: 0 };

    private static IEnumerable<AuditFinding> Undocumented(List<ApiSymbol> unmentioned, ApiModel api, ReferenceSet references,
        DeclarationPlaces places, Func<string, string> display)
    {
        var assembly = display(references.LibraryPaths[0]);
        var types = unmentioned.Where(m => m.ContainingType is null).Select(m => m.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var member in unmentioned)
        {
            var type = api.TypeOf(member);
            // A type that no page mentions speaks for its members.
            if (type is not null && types.Contains(type.Id)) continue;
            var (file, line) = places.Find(member, type) ?? (assembly, 0);
            var count = type is null ? api.MembersOf(member.Id).Count(IsExpectedOnAPage) : 0;
            yield return new(AuditRule.Undocumented, AuditSeverity.Note, file, line,
                $"no page mentions {member.Id}{(count > 0 ? $" and its {count} members" : "")}", null, member.Id);
        }
    }
}
