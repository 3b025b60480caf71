using System.Text.RegularExpressions;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;
using DocTuneLab.Text;

namespace DocTuneLab.Audit;

/// <summary>What became of a code block.</summary>
internal enum BlockOutcome { Marked, Compiled, Incomplete, Signature, Failed }

/// <summary>
/// Compiles the C# blocks of a page as a reader would: each alone, then after the blocks above it. Names that the page never
/// declares make a block incomplete, not wrong; what it says of the library is checked all the same.
/// </summary>
internal sealed partial class CodeAudit(CSharpJudge judge, ApiModel api, SignatureAudit signatures)
{
    /// <summary>Faults of what is left out: undeclared names, bodies and returns that are not there.</summary>
    private static readonly HashSet<string> s_undeclared = ["CS0103", "CS0246", "CS0234", "CS0400", "CS0012"];
    private static readonly HashSet<string> s_leftOut =
        [
            "CS0161", "CS0165", "CS0501", "CS0535", "CS0534", "CS0201", "CS1002", "CS1026", "CS1501", "CS1503", "CS7036", "CS1729",
            "CS1739", "CS0818", "CS0815", "CS8030", "CS8031", "CS1643", "CS1525", "CS1513", "CS1514", "CS1022", "CS9035"
        ];
    /// <summary>Faults that follow from a name that is not declared: what it would return, assign or infer is not known.</summary>
    private static readonly HashSet<string> s_following =
    [
        "CS0119", "CS0165", "CS0305", "CS0411", "CS0121", "CS1593", "CS1660", "CS1661", "CS1662", "CS1678", "CS8129", "CS8130", "CS8781",
        "CS8917"
    ];

    /// <summary>
    /// Faults that come of how a page is read, not of what it says: members shown without their class, usage below a class, several
    /// examples in one block, all namespaces of the library in scope.
    /// </summary>
    private static readonly HashSet<string> s_reading = ["CS0026", "CS0104", "CS0106", "CS0115", "CS0128", "CS0708", "CS8803"];

    /// <summary>Namespaces tried for one name, and names for one block: more is a word of everyday, or no code at all.</summary>
    private const int NamespacesTried = 4, NamesTried = 24;

    /// <summary>Second declarations of a name, once blocks that each stand alone are put behind each other.</summary>
    private static readonly HashSet<string> s_repeated = ["CS0128", "CS0136", "CS0101", "CS0111", "CS0102", "CS1529", "CS0260"];

    public IEnumerable<(BlockOutcome Outcome, IReadOnlyList<AuditFinding> Findings, IReadOnlyList<string> Uses)> Audit(AuditPage page)
    {
        var above = new List<string>();
        var types = new List<string>();
        var usings = new List<string>(judge.LibraryNamespaces);
        foreach (var block in page.Document.CodeBlocks.Where(b => CodeSnippet.IsCSharp(b.Language)))
        {
            if (CodeSnippet.IsMarked(block.Info, block.Code))
            {
                yield return (BlockOutcome.Marked, [], []);
                continue;
            }
            var findings = new List<AuditFinding>();
            var (outcome, verdict) = Audit(block.Code, above, types, usings, findings, line => (page.File, page.LineOf(block, line)), page);
            if (verdict is not null) AddObsolete(page, block, verdict, findings);
            yield return (outcome, findings,
                verdict is null ? [] : [.. verdict.Uses.Where(u => u.IsLibrary && u.Id is not null).Select(u => u.Id!)]);
        }
    }

    /// <summary>An example outside of pages, such as a <c>code</c> element.</summary>
    public (BlockOutcome Outcome, IReadOnlyList<AuditFinding> Findings) Audit(string code, Func<int, (string File, int Line)> place)
    {
        if (CodeSnippet.IsMarked("", code)) return (BlockOutcome.Marked, []);
        var findings = new List<AuditFinding>();
        var (outcome, _) = Audit(code, [], [], [.. judge.LibraryNamespaces], findings, place, null);
        return (outcome, findings);
    }

    private (BlockOutcome Outcome, Verdict? Verdict) Audit(string code, List<string> above, List<string> types, List<string> usings,
        List<AuditFinding> findings, Func<int, (string File, int Line)> place, AuditPage? page)
    {
        var snippet = CodeSnippet.Of(code);
        if (string.IsNullOrWhiteSpace(snippet.Code)) return (BlockOutcome.Incomplete, null);
        if (page is not null && SignatureAudit.IsSignature(snippet.Code))
        {
            findings.AddRange(signatures.AuditBlock(snippet.Code, page, line => place(line).Line));
            return (BlockOutcome.Signature, null);
        }
        var form = CSharpJudge.DetectForm(snippet.Code);
        foreach (Match match in UsingDirective().Matches(snippet.Code))
            if (!usings.Contains(match.Groups[1].Value) && judge.Judge("0", CodeForm.Expression, [match.Groups[1].Value]).Compiles)
                usings.Add(match.Groups[1].Value);
        var alone = judge.Judge(snippet.Code, form, usings);
        // Namespaces to write at the top of a file, or only comments, are no code; what they name must exist all the same.
        if (alone.Errors is [{ Id: CSharpJudge.NoCode }])
            alone = judge.Judge($"{snippet.Code}\n_ = 0;", form = CodeForm.Statements, usings);
        var (verdict, errors) = (alone, Own(alone, snippet, 0));
        // As many pages write them without a semicolon.
        if (page is not null && !alone.Parses && snippet.Code.TrimEnd() + ";" is var declared && SignatureAudit.IsSignature(declared))
        {
            findings.AddRange(signatures.AuditBlock(declared, page, line => place(line).Line));
            return (BlockOutcome.Signature, null);
        }
        var context = types.Count == 0 ? null : string.Join('\n', types);
        if (alone.Parses && errors.Count > 0)
        {
            verdict = alone = Imported(alone, snippet, form, usings);
            errors = Own(alone, snippet, 0);
        }
        if (errors.Count > 0
            && above.Count + types.Count > 0
            && form is CodeForm.Statements or CodeForm.Expression or CodeForm.Members or CodeForm.File)
        {
            foreach (var (judged, offset) in InContext(form, above, context, snippet, usings))
            {
                // What is wrong with the blocks above was said there.
                var own = Own(judged, snippet, offset).Where(e => e.Line > 0 && !s_repeated.Contains(e.Id)).ToList();
                if (judged.Parses && own.Count < errors.Count) (verdict, errors) = (Shift(judged, offset), own);
            }
        }
        if (alone.Parses)
        {
            if (form is CodeForm.Statements or CodeForm.Expression)
                above.Add(form == CodeForm.Expression ? snippet.Code.TrimEnd().TrimEnd(';') + ";" : snippet.Code);
            else
                types.Add(form == CodeForm.File
                    ? UsingDirective().Replace(snippet.Code, "")
                    : $"static partial class PageMembers {{ {snippet.Code} }}");
        }
        return (Report(verdict, errors, snippet, findings, place), verdict);
    }

    /// <summary>
    /// Pages leave out using directives as often as they leave out declarations. Where one of the framework, the library or its
    /// dependencies makes an error go away, it is taken as there, for the blocks below too.
    /// </summary>
    private Verdict Imported(Verdict verdict, CodeSnippet snippet, CodeForm form, List<string> usings)
    {
        foreach (var name in verdict.Errors.SelectMany(e => Quoted().Matches(e.Message)).Select(m => Simple(m.Groups[1].Value)).Distinct()
            .Take(NamesTried).ToList())
        {
            var spaces = judge.NamespacesWith(name);
            if (spaces.Count > NamespacesTried || verdict.Errors.Count == 0) continue;
            foreach (var space in spaces.Where(s => !usings.Contains(s)))
            {
                var judged = judge.Judge(snippet.Code, form, [.. usings, space]);
                if (judged.Errors.Count >= verdict.Errors.Count) continue;
                usings.Add(space);
                verdict = judged;
                break;
            }
        }
        return verdict;
    }

    private IEnumerable<(Verdict Verdict, int Offset)> InContext(CodeForm form, List<string> above, string? context, CodeSnippet snippet,
        List<string> usings)
    {
        if (form is CodeForm.Members or CodeForm.File)
        {
            yield return (judge.Judge(snippet.Code, form, usings, context), 0);
            yield break;
        }
        var before = string.Concat(above.Select(a => a + "\n"));
        var offset = before.Count(c => c == '\n');
        // A value is no statement, and a call that returns nothing has no value.
        foreach (var code in form == CodeForm.Expression ? new[] { $"{snippet.Code};", $"_ = {snippet.Code};" } : [snippet.Code])
            // Using directives of a later block would stand behind statements.
            yield return (judge.Judge(UsingDirective().Replace(before + code, m => new string('\n', m.Value.Count(c => c == '\n'))),
                CodeForm.Statements, usings, context),
                offset);
    }

    private static List<CodeDiagnostic> Own(Verdict verdict, CodeSnippet snippet, int offset) =>
        [.. verdict.Errors.Where(e => !s_reading.Contains(e.Id) && (e.Line > offset || offset == 0))
            .Select(e => e with { Line = Math.Max(0, e.Line - offset) })
            .Where(e => !snippet.Elided || !s_leftOut.Contains(e.Id))];

    private static Verdict Shift(Verdict verdict, int offset) => offset == 0 ? verdict
        : verdict with { Uses = [.. verdict.Uses.Where(u => u.Line > offset).Select(u => u with { Line = u.Line - offset })] };

    private BlockOutcome Report(Verdict verdict, List<CodeDiagnostic> errors, CodeSnippet snippet, List<AuditFinding> findings,
        Func<int, (string File, int Line)> place)
    {
        if (errors.Count == 0) return snippet.Elided && !verdict.Compiles ? BlockOutcome.Incomplete : BlockOutcome.Compiled;
        if (!verdict.Parses)
        {
            // One syntax error drags others behind it.
            Add(AuditRule.Code, AuditSeverity.Error, errors[0].Line, $"{errors[0].Id}: {errors[0].Message}", null, null);
            return BlockOutcome.Failed;
        }
        var undeclared = new SortedSet<string>(errors.Where(IsUndeclared).SelectMany(e => Names(e).Take(1)), StringComparer.Ordinal);
        // Types of a package that is not given bring extension methods, of which nothing is known either.
        var isForeign = undeclared.Any(n => char.IsUpper(n[0]));
        foreach (var error in errors)
        {
            var name = Names(error);
            if (verdict.Uses.Any(u =>
                u.Line == error.Line && u.Kind == SymbolUseKind.Cascade && error.Id == "CS1061" && u.Name == name.ElementAtOrDefault(1)))
                continue;
            var missing = verdict.Uses.Where(u => u.Line == error.Line && u.Kind == SymbolUseKind.Missing && name.Contains(u.Name))
                .OrderByDescending(u => u.IsLibrary)
                .FirstOrDefault();
            var isSlip = missing is { Suggestion: { } close } && IsSlip(missing.Name, close);
            // Of a type that is not the library's, a package that is not given may extend it.
            if (missing is not null && !isSlip && error.Id == "CS1061" && (isForeign || !missing.IsLibrary))
            {
                undeclared.Add(missing.Name);
                continue;
            }
            if (missing is { IsLibrary: false }) missing = null;
            if (missing is not null && error.Id is not ("CS0103" or "CS0246"))
            {
                Add(AuditRule.Missing, AuditSeverity.Error, error.Line,
                    $"'{missing.Name}' does not exist in the given assemblies ({error.Id}: {error.Message})", Real(missing.Suggestion),
                    missing.Suggestion);
                undeclared.Remove(missing.Name);
            }
            else if (missing is { Suggestion: { } near } && isSlip)
            {
                Add(AuditRule.Missing, AuditSeverity.Warning, error.Line,
                    $"'{missing.Name}' does not exist, neither in the library nor on the page", Real(near), near);
                undeclared.Remove(missing.Name);
            }
            else if (!IsUndeclared(error))
            {
                var misused = verdict.Uses.FirstOrDefault(u => u.Line == error.Line && u.Kind == SymbolUseKind.Misuse && u.IsLibrary);
                if (undeclared.Count > 0
                    && misused is null
                    && (s_following.Contains(error.Id) || error.Message.Contains("'?'", StringComparison.Ordinal)))
                    continue;
                Add(AuditRule.Code, AuditSeverity.Error, error.Line, $"{error.Id}: {error.Message}",
                    misused?.Id is { } id ? Signatures(id) : null, misused?.Id);
            }
        }
        if (undeclared.Count > 0)
            Add(AuditRule.Incomplete, AuditSeverity.Note, errors.Find(e => Names(e).Exists(undeclared.Contains))?.Line ?? errors[0].Line,
                $"uses names that the page does not declare: {string.Join(", ", undeclared)}. Only what it says of the library "
                    + "was checked.",
                null, null);
        return findings.Any(f => f.Severity > AuditSeverity.Note) ? BlockOutcome.Failed : BlockOutcome.Incomplete;

        void Add(AuditRule rule, AuditSeverity severity, int line, string message, string? suggestion, string? symbol)
        {
            var (file, at) = place(line);
            if (findings.All(f => f.Line != at || f.Message != message))
                findings.Add(new(rule, severity, file, at, message, suggestion, symbol));
        }
    }

    private void AddObsolete(AuditPage page, CodeBlock block, Verdict verdict, List<AuditFinding> findings)
    {
        if (page.IsHistory || AuditPage.SpeaksOfTheEnd(page.SectionAround(block.Span.Start))) return;
        foreach (var use in verdict.Uses.Where(u => u is { Kind: SymbolUseKind.Resolved, IsLibrary: true, Id: not null })
            .DistinctBy(u => u.Id))
            if (api.Find(use.Id!) is { Obsolete: { } message } symbol)
                findings.Add(new(AuditRule.Obsolete, AuditSeverity.Warning, page.File, page.LineOf(block, use.Line),
                    $"{symbol.DisplayName} is obsolete and the section does not say so{(message.Length == 0 ? "" : $": {message}")}", null,
                    symbol.Id));
    }

    private string? Real(string? name)
    {
        if (name is null) return null;
        var found = api.FindByName(name[(name.LastIndexOf('.') + 1)..]);
        return found.Count == 0 ? name : found[0].Signature;
    }

    private string? Signatures(string id)
    {
        if (api.Find(id) is not { } symbol) return null;
        var all = api.TypeOf(symbol) is { } type
            ? api.MembersOf(type.Id).Where(m => m.Name == symbol.Name).Select(m => m.Signature).ToList()
            : [symbol.Signature];
        return string.Join(" | ", all.Take(3));
    }

    /// <summary>
    /// A type of the reader's own is likelier than a slip, unless the names are nearly the same word for word: MyClient is no slip of
    /// Client, nor NoteParser of QuoteParser.
    /// </summary>
    private static bool IsSlip(string name, string near)
    {
        near = near[(near.LastIndexOf('.') + 1)..];
        var distance = NearestName.Distance(name, near);
        if (name.EndsWith(near, StringComparison.Ordinal) || distance > Math.Max(1, name.Length / 6)) return false;
        var (words, others) = (Word().Matches(name), Word().Matches(near));
        return words.Count != others.Count
            ? distance <= 1
            : words.Zip(others).All(p => NearestName.Distance(p.First.Value, p.Second.Value) <= Math.Max(1, p.First.Length / 4));
    }

    /// <summary>Whether an error says that a name is not declared, here or with that many type parameters.</summary>
    private bool IsUndeclared(CodeDiagnostic error) =>
        s_undeclared.Contains(error.Id)
            || (error.Id == "CS0305" && Names(error) is [var name, ..] && judge.NamespacesWith(name).Count == 0);

    private static List<string> Names(CodeDiagnostic error) => [.. Quoted().Matches(error.Message).Select(m => Simple(m.Groups[1].Value))];

    private static string Simple(string name)
    {
        var generic = name.IndexOf('<');
        return (generic < 0 ? name : name[..generic]) is var plain ? plain[(plain.LastIndexOf('.') + 1)..] : name;
    }

    [GeneratedRegex(@"^[ \t]*using\s+(?:static\s+)?([\w.]+)\s*;[ \t]*\n?", RegexOptions.Multiline)]
    private static partial Regex UsingDirective();

    [GeneratedRegex(@"[A-Z]?[^A-Z]+|[A-Z]+(?![^A-Z])")]
    private static partial Regex Word();

    [GeneratedRegex(@"'([^']+)'")]
    private static partial Regex Quoted();
}
