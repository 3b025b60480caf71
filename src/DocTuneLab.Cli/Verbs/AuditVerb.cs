using System.CommandLine;
using DocTuneLab.Audit;
using DocTuneLab.Cli.Arguments;
using DocTuneLab.Cli.Output;
using DocTuneLab.Documents;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Library;
using Spectre.Console;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune audit</c>: documentation against the library, before a token is spent; made for continuous integration.</summary>
internal static class AuditVerb
{
    private const int ShownNotes = 30;

    /// <summary>What is enough to fail.</summary>
    private enum Threshold
    {
        Error,
        Warning,
        Note,
        None,
    }

    public static Command Command()
    {
        var sources = LabArguments.Sources("Documentation folders or pages.");
        var (assemblies, needed) = (CommonOptions.Assembly(), CommonOptions.Reference());
        assemblies.Required = true;
        var code = new Option<string[]>("--source", "-s")
        {
            Description = "Folder of the library's C# source: findings about members then point into it. May be repeated.",
            HelpName = "DIR"
        };
        var failOn = CommonOptions.Choice("--fail-on", "Severity from which on findings fail (exit code 1).", Threshold.Warning);
        var ignore = new Option<string[]>("--ignore")
        {
            Description = "Rule to leave out, by id or name. May be repeated.",
            HelpName = "RULE"
        };
        var baseline = new Option<string?>("--baseline")
        {
            Description = "File of known findings; only others are reported.",
            HelpName = "FILE"
        };
        var writeBaseline = new Option<string?>("--write-baseline")
        {
            Description = "Write all findings as known into this file, and succeed.",
            HelpName = "FILE"
        };
        var sarif = new Option<string?>("--sarif") { Description = "Also write SARIF 2.1.0, for code hosts.", HelpName = "FILE" };
        var markdown = new Option<string?>("--markdown") { Description = "Also write a page of Markdown.", HelpName = "FILE" };
        var json = CommonOptions.Json();
        var command = new Command("audit",
            "Checks documentation against the assemblies: code that does not compile, stale signatures, members that are gone, obsolete or "
                + "on no page. Exit code 1 if something is found.")
        { sources, assemblies, needed, code, failOn, ignore, baseline, writeBaseline, sarif, markdown, json, Diff() };
        command.SetAction((parsed, cancellation) =>
        {
            var references = ReferenceSet.Load(LabArguments.Existing(parsed.GetRequiredValue(assemblies)), parsed.GetValue(needed) ?? []);
            foreach (var missing in references.Missing)
                Console.Error.WriteLine($"warning: {Path.GetFileName(missing.NeededBy)}: {missing}");
            var options = new AuditOptions
            {
                Ignore = [.. (parsed.GetValue(ignore) ?? []).Select(Rule)],
                Sources = parsed.GetValue(code) ?? [],
                Baseline = parsed.GetValue(baseline) is { } file ? AuditBaseline.Load(file) : null,
            };
            var sets = parsed.GetRequiredValue(sources).Select(s => DocumentSet.Load(s)).ToList();
            var report = Work.Show("Auditing", parsed.GetValue(json),
                progress => DocsAudit.Run(sets, references, options, progress, cancellation));
            if (parsed.GetValue(sarif) is { } sarifFile) Write(sarifFile, AuditWriters.ToSarif(report));
            if (parsed.GetValue(markdown) is { } markdownFile) Write(markdownFile, AuditWriters.ToMarkdown(report));
            if (parsed.GetValue(json)) Console.Out.WriteLine(AuditWriters.ToJson(report));
            else Print(report);
            if (parsed.GetValue(writeBaseline) is { } known)
            {
                AuditBaseline.Save(known, report);
                if (!parsed.GetValue(json)) Console.WriteLine($"{report.Findings.Count} findings are known from now on: {known}");
                return Task.FromResult(ExitCodes.Ok);
            }
            return Task.FromResult(Fails(report, parsed.Chosen<Threshold>(failOn)!.Value) ? ExitCodes.Failed : ExitCodes.Ok);
        });
        return command;
    }

    private static bool Fails(AuditReport report, Threshold threshold) => threshold switch
    {
        Threshold.Error => report.CountAtLeast(AuditSeverity.Error) > 0,
        Threshold.Warning => report.CountAtLeast(AuditSeverity.Warning) > 0,
        Threshold.Note => report.CountAtLeast(AuditSeverity.Note) > 0,
        _ => false,
    };

    private static Command Diff()
    {
        var before = new Argument<string>("old") { Description = "Assembly of the old version." };
        var after = new Argument<string>("new") { Description = "Assembly of the new version." };
        var lab = new Option<string?>("--stale-in")
        {
            Description = "Also say which passages and samples of this lab become stale.",
            HelpName = "L"
        };
        var json = CommonOptions.Json();
        var command = new Command("diff",
            "Compares two versions of a library by their metadata. Exit code 1 if a member was removed or changed.")
        {
            before, after, lab, json
        };
        command.SetAction(parsed =>
        {
            var changes = ApiDiff.Compare(Model(parsed.GetRequiredValue(before)), Model(parsed.GetRequiredValue(after)));
            using var opened = parsed.GetValue(lab) is { } path ? LabVerb.Open(path) : null;
            var stale = opened is null ? [] : ApiDiff.Stale(opened, changes);
            if (parsed.GetValue(json))
                JsonOutput.Write(new
                {
                    changes,
                    stale = stale.Select(s => new
                    {
                        s.Change.Id,
                        chunks = s.Chunks.Select(c => new { c.Id, c.DocumentPath, heading = string.Join(" > ", c.HeadingPath) }),
                        s.Samples
                    })
                });
            else PrintDiff(changes, stale, opened is not null);
            return changes.Any(c => c.Breaks) ? ExitCodes.Failed : ExitCodes.Ok;
        });
        return command;

        static ApiModel Model(string path) => ApiModel.Load(ReferenceSet.Load(LabArguments.Existing([path])));
    }

    private static void Print(AuditReport report)
    {
        var console = Terminal.Create();
        foreach (var finding in report.Findings.Where(f => f.Severity > AuditSeverity.Note)
            .Concat(report.Findings.Where(f => f.Severity == AuditSeverity.Note).Take(ShownNotes)))
        {
            var color = finding.Severity switch { AuditSeverity.Error => "red", AuditSeverity.Warning => "yellow", _ => "grey" };
            var place = finding.Line > 0 ? $"{finding.File}:{finding.Line}" : finding.File;
            console.MarkupLine($"{Markup.Escape(place)}: [{color}]{finding.Severity.ToString().ToLowerInvariant()} {finding.Rule.Id}[/]: "
                + $"{Markup.Escape(finding.Message)}");
            if (finding.Suggestion is { } suggestion) console.MarkupLine($"    nearest: {Markup.Escape(suggestion)}");
        }
        if (report.Findings.Count(f => f.Severity == AuditSeverity.Note) - ShownNotes is > 0 and var more)
            console.WriteLine($"… and {more} more notes; --json lists all.");
        console.WriteLine(AuditWriters.Summary(report));
    }

    private static void PrintDiff(IReadOnlyList<ApiChange> changes, IReadOnlyList<StaleByChange> stale, bool withLab)
    {
        var console = Terminal.Create();
        foreach (var group in changes.GroupBy(c => c.Kind))
        {
            console.MarkupLine($"[bold]{group.Key}[/] ({group.Count()})");
            foreach (var change in group)
            {
                console.WriteLine($"  {change.Id[2..]}{(change.Note is null ? "" : $"  ({change.Note})")}");
                if (change.Kind == ApiChangeKind.Changed && change.Before != change.After)
                    console.WriteLine($"    was  {change.Before}\n    is   {change.After}");
            }
        }
        if (changes.Count == 0) console.WriteLine("No member was added, removed or changed.");
        if (!withLab) return;
        console.WriteLine();
        console.WriteLine(stale.Count == 0
            ? "Nothing in the lab becomes stale."
            : $"{stale.SelectMany(s => s.Chunks).DistinctBy(c => (c.DocumentPath, c.Span)).Count()} passages and "
                + $"{stale.SelectMany(s => s.Samples).Distinct().Count()} samples in the lab become stale:");
        foreach (var (change, chunks, samples) in stale)
        {
            console.WriteLine($"  {change.Id[2..]}: {samples.Count} samples");
            foreach (var chunk in chunks) console.WriteLine($"    {chunk.DocumentPath}  {string.Join(" > ", chunk.HeadingPath)}");
        }
    }

    private static AuditRule Rule(string name) =>
        AuditRule.Find(name)
            ?? throw new UsageException(
                $"There is no rule '{name}'. The rules are {string.Join(", ", AuditRule.All.Select(r => $"{r.Id} {r.Name}"))}.");

    private static void Write(string file, string text)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } folder) Directory.CreateDirectory(folder);
        File.WriteAllText(file, text.EndsWith('\n') ? text : text + "\n");
    }
}
