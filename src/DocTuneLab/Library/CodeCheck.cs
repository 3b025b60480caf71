using System.Text.RegularExpressions;
using Markdig;
using Markdig.Syntax;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Library;

/// <summary>What is wrong with code, for whoever wrote it.</summary>
/// <param name="Line">One-based line of the code as given; 0 where it lies outside.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Nearest">Declaration of the real member that is nearest, or of the one that is used otherwise; null where none is.</param>
public sealed record CodeFault(int Line, string Message, string? Nearest);

/// <summary>What the compiler says of code that was written against the library.</summary>
/// <param name="Code">The code as given.</param>
/// <param name="Compiles">Whether it compiles.</param>
/// <param name="Invented">Names of library members that do not exist.</param>
/// <param name="Faults">What is wrong, in order; none where it compiles.</param>
/// <param name="Used">Members of the library that it uses, as documentation ids.</param>
public sealed record CheckedCode(
    string Code, bool Compiles, IReadOnlyList<string> Invented, IReadOnlyList<CodeFault> Faults, IReadOnlyList<string> Used)
{
    /// <summary>In words: a line for the verdict, then one for each fault.</summary>
    public override string ToString() => Compiles ? "Compiles." : string.Join('\n', Faults
        .Select(f => (f.Line > 0 ? $"line {f.Line}: " : "") + f.Message + (f.Nearest is null ? "" : $" There is: {f.Nearest}"))
        .Prepend(Invented.Count == 0 ? "Does not compile." : $"Does not compile; invented: {string.Join(", ", Invented)}."));
}

/// <summary>
/// Checks code that somebody wrote against the library, a person or a model: the judge's verdict in words, with the real members that
/// are nearest to what was invented. Namespaces of the library are in scope. Thread safe; nothing is run.
/// </summary>
/// <param name="judge">The judge.</param>
/// <param name="api">The library, with its documentation.</param>
public sealed class CodeCheck(CSharpJudge judge, ApiModel api)
{
    // Of an answer that repeats itself, the rest is no different.
    private const int MostBlocks = 16;

    // What the compiler says of names that are told better with what is near to them.
    private static readonly HashSet<string> s_names = ["CS0103", "CS0117", "CS0234", "CS0246", "CS1061"];

    private static readonly Regex s_using = new(@"^[ \t]*using[ \t]+[\w.]+[ \t]*;", RegexOptions.Multiline);

    private static readonly MarkdownPipeline s_markdown = new MarkdownPipelineBuilder().Build();

    /// <summary>The C# blocks of an answer, in order; blocks of other languages are left out.</summary>
    /// <param name="answer">Markdown.</param>
    /// <param name="question">What was asked, as Markdown: a method header in it takes a body as its answer.</param>
    public IReadOnlyList<CheckedCode> Answer(string answer, string? question = null)
    {
        var asked = question is null ? null : Blocks(question).LastOrDefault();
        return [.. Blocks(answer).Select(code => Check(code, asked))];
    }

    /// <summary>Checks code.</summary>
    /// <param name="code">A file, members, statements or an expression.</param>
    /// <param name="asked">C# that the code goes on from: types that stand beside it, and last a method header without a body. Default
    /// none.</param>
    public CheckedCode Check(string code, string? asked = null)
    {
        var (header, context) = asked is null || CSharpJudge.IsTooDeep(asked) ? (null, null) : Asked(asked);
        var form = CSharpJudge.DetectForm(code);
        var (text, first) = (code, 0);
        if (header is not null && form is CodeForm.Statements or CodeForm.Expression)
        {
            // Alone a value is what the method returns. Using directives stay in front, and keep their lines' count with empty ones.
            var body = form == CodeForm.Expression ? $"return {code.TrimEnd().TrimEnd(';')}\n;" : s_using.Replace(code, "");
            var usings = form == CodeForm.Expression ? "" : string.Concat(s_using.Matches(code).Select(m => m.Value.Trim() + "\n"));
            (text, form) = ($"{usings}{header}\n{{\n{body}\n}}", CodeForm.Members);
            first = usings.Count(c => c == '\n') + header.Count(c => c == '\n') + 2;
        }
        var verdict = judge.Judge(text, form, judge.LibraryNamespaces, context);
        // Of two namespaces with the same name, only one was meant: that which the code itself says.
        if (verdict.Errors.Any(e => e.Id == "CS0104") && judge.Judge(text, form, null, context) is { Compiles: true } own) verdict = own;
        int Line(int line) => line <= first ? 0 : line - first;
        var missing = verdict.Uses.Where(u => u.Kind == SymbolUseKind.Missing && u.IsLibrary).ToList();
        var misused = verdict.Uses.Where(u => u.Kind == SymbolUseKind.Misuse && u.IsLibrary).ToList();
        var faults = missing.Select(u => new CodeFault(Line(u.Line),
                u.On is null ? $"there is no '{u.Name}'." : $"{u.On} has no '{u.Name}'.", Nearest(u)))
            .Concat(verdict.Errors.Where(e => !(s_names.Contains(e.Id) && missing.Exists(u => u.Line == e.Line)))
                .Select(e => new CodeFault(Line(e.Line), $"{e.Message.TrimEnd('.')} ({e.Id}).",
                    misused.FirstOrDefault(u => u.Line == e.Line) is { Id: { } id } ? api.Find(id)?.Signature : null)))
            .DistinctBy(f => (f.Line, f.Message)).OrderBy(f => f.Line).ToList();
        var used = verdict.Uses.Where(u => u is { Kind: SymbolUseKind.Resolved, IsLibrary: true, Id: not null }).Select(u => u.Id!);
        return new(code, verdict.Compiles, [.. missing.Select(u => u.On is null ? u.Name : $"{u.On}.{u.Name}").Distinct()],
            verdict.Compiles ? [] : faults, [.. used.Distinct()]);
    }

    private string? Nearest(SymbolUse use)
    {
        var type = use.On is null ? null : api.FindByName(use.On).FirstOrDefault(s => s.ContainingType is null);
        var members = type is null ? [] : api.MembersOf(type.Id, inherited: true);
        var name = use.Suggestion ?? api.FindNearest(use.Name, type?.Id)?.Name;
        var found = name is null ? Akin(use.Name, members)
            : members.FirstOrDefault(s => s.Name == name) ?? (api.FindByName(name) is [var first, ..] ? first : null);
        return found is null ? name : found.ContainingType is null ? found.Signature : $"{found.ContainingType}: {found.Signature}";
    }

    // FromGallons is nothing like FromLitres letter by letter, but begins with the same word.
    private static ApiSymbol? Akin(string name, IReadOnlyList<ApiSymbol> members)
    {
        var words = Words(name);
        return members.Select(m => (Member: m, Shared: Words(m.Name).Intersect(words).Count())).Where(m => m.Shared > 0)
            .OrderByDescending(m => m.Shared).ThenBy(m => m.Member.Name.Length).Select(m => m.Member).FirstOrDefault();
    }

    private static HashSet<string> Words(string name) =>
        [.. Regex.Matches(name, @"[A-Z]+(?![a-z])|[A-Z]?[a-z]+").Select(m => m.Value.ToLowerInvariant())];

    private static IEnumerable<string> Blocks(string text)
    {
        try
        {
            return Markdown.Parse(text, s_markdown).Descendants<FencedCodeBlock>()
                .Where(b => b.Info?.ToLowerInvariant() is null or "" or "csharp" or "cs" or "c#")
                .Select(b => b.Lines.ToString()).Where(c => c.Trim().Length > 0).Take(MostBlocks);
        }
        catch (ArgumentException e) when (e.Message.Contains("depth limit", StringComparison.Ordinal))
        {
            // A model that repeats itself writes a quotation of a quotation of …: there is no code to look for.
            return [];
        }
    }

    // Of "record Own(int N);  public static int Solve(Own own)" the header, and what stands before it.
    private static (string? Header, string? Context) Asked(string asked)
    {
        var open = asked.TrimEnd().TrimEnd(';', '{').TrimEnd();
        var unit = SyntaxFactory.ParseCompilationUnit($"{open}\n{{\n}}");
        var method = unit.Members.OfType<GlobalStatementSyntax>().Select(g => g.Statement).OfType<LocalFunctionStatementSyntax>()
            .Select(m => (m.SpanStart, m.Body)).Concat(unit.Members.OfType<MethodDeclarationSyntax>().Select(m => (m.SpanStart, m.Body)))
            .LastOrDefault();
        if (method.Body is null || method.Body.Statements.Count > 0 || method.SpanStart >= open.Length) return (null, asked);
        var before = open[..method.SpanStart].Trim();
        // Own types may be internal, which a public method must not show.
        return (Regex.Replace(open[method.SpanStart..], @"^\s*(?:(?:public|internal|protected|private)\s+)+", ""),
            before.Length > 0 ? before : null);
    }
}
