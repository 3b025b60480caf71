using DocTuneLab.Text;

namespace DocTuneLab.Audit;

/// <summary>How much a finding weighs.</summary>
public enum AuditSeverity { Note, Warning, Error }

/// <summary>A kind of fault that the audit looks for.</summary>
/// <param name="Id">Such as <c>DTA001</c>.</param>
/// <param name="Name">Such as <c>code-compiles</c>.</param>
/// <param name="Severity">Of its findings, unless a finding says otherwise.</param>
/// <param name="Description">What must hold.</param>
public sealed record AuditRule(string Id, string Name, AuditSeverity Severity, string Description)
{
    /// <summary>A code block is correct C# against the library.</summary>
    public static AuditRule Code { get; } = new("DTA001", "code-compiles", AuditSeverity.Error, "Code blocks compile against the library.");

    /// <summary>What code names exists.</summary>
    public static AuditRule Missing { get; } = new("DTA002", "member-exists", AuditSeverity.Error,
        "Code names only types and members that the library has.");

    /// <summary>A signature as written is one that the library has.</summary>
    public static AuditRule Signature { get; } = new("DTA003", "signature-current", AuditSeverity.Error,
        "Signatures that the docs write out are those of the library.");

    /// <summary>What is documented exists.</summary>
    public static AuditRule Gone { get; } = new("DTA004", "documented-exists", AuditSeverity.Error,
        "What XML documentation, uids and API pages document exists in the library.");

    /// <summary>An obsolete member is called so where it is used.</summary>
    public static AuditRule Obsolete { get; } = new("DTA005", "obsolete-announced", AuditSeverity.Warning,
        "Where an obsolete member is used, its section says that it is obsolete.");

    /// <summary>A public member is mentioned somewhere.</summary>
    public static AuditRule Undocumented { get; } = new("DTA006", "member-mentioned", AuditSeverity.Note,
        "Every public type and member is mentioned on some page.");

    /// <summary>A code block is complete enough to be compiled.</summary>
    public static AuditRule Incomplete { get; } = new("DTA007", "code-complete", AuditSeverity.Note,
        "Code blocks declare what they use, so that the compiler can check all of them.");

    /// <summary>Links lead somewhere.</summary>
    public static AuditRule Link { get; } = new("DTA008", "link-resolves", AuditSeverity.Warning,
        "Links between pages lead to a page, heading or file.");

    /// <summary>All rules, by id.</summary>
    public static IReadOnlyList<AuditRule> All { get; } = [Code, Missing, Signature, Gone, Obsolete, Undocumented, Incomplete, Link];

    /// <summary>The rule of an id or name, or null.</summary>
    public static AuditRule? Find(string idOrName) =>
        All.FirstOrDefault(r => string.Equals(r.Id, idOrName, StringComparison.OrdinalIgnoreCase)
            || string.Equals(r.Name, idOrName, StringComparison.OrdinalIgnoreCase));
}

/// <summary>A place where docs and library disagree.</summary>
/// <param name="Rule">Which rule.</param>
/// <param name="Severity">How much it weighs.</param>
/// <param name="File">Path as a user would open it.</param>
/// <param name="Line">One-based line, 0 where there is none.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Suggestion">The real signature or member that is nearest, or null.</param>
/// <param name="Symbol">Documentation id of the member concerned, or null.</param>
public sealed record AuditFinding(
    AuditRule Rule, AuditSeverity Severity, string File, int Line, string Message, string? Suggestion = null, string? Symbol = null)
{
    /// <summary>The same for the same fault in the same file, wherever it moves in it.</summary>
    public string Fingerprint => ContentHash.Of(Rule.Id, File.Replace('\\', '/'), Message);

    /// <summary><c>file:line: severity DTA001: message</c>, as compilers write it.</summary>
    public override string ToString() =>
        $"{File}{(Line > 0 ? $":{Line}" : "")}: {Severity.ToString().ToLowerInvariant()} {Rule.Id}: "
            + $"{Message}{(Suggestion is null ? "" : $" Nearest: {Suggestion}")}";
}

/// <summary>What was looked at.</summary>
/// <param name="Pages">Pages.</param>
/// <param name="CodeBlocks">C# blocks, and examples in XML documentation.</param>
/// <param name="Compiled">Blocks that compile as they stand or with what their page declares before.</param>
/// <param name="Incomplete">Blocks of which only the library's names could be checked.</param>
/// <param name="Marked">Blocks that are marked as not to be compiled.</param>
/// <param name="Members">Public types and members of the library.</param>
/// <param name="Mentioned">How many of them some page mentions.</param>
public sealed record AuditCounts(int Pages, int CodeBlocks, int Compiled, int Incomplete, int Marked, int Members, int Mentioned);

/// <summary>The result of an audit.</summary>
/// <param name="Findings">By file and line; what is suppressed is not among them.</param>
/// <param name="Suppressed">Findings that a comment in the page or the baseline excuses.</param>
/// <param name="Counts">What was looked at.</param>
public sealed record AuditReport(IReadOnlyList<AuditFinding> Findings, IReadOnlyList<AuditFinding> Suppressed, AuditCounts Counts)
{
    /// <summary>Findings at or above a severity.</summary>
    public int CountAtLeast(AuditSeverity severity) => Findings.Count(f => f.Severity >= severity);
}
