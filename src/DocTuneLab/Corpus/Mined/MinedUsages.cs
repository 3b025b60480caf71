using DocTuneLab.Corpus.Code;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Corpus.Mined;

/// <summary>
/// Usages in C# that others wrote: the library's own tests, samples and code, applications. A method keeps its name, header, comment and
/// result. One without a result keeps the statements that compile against the library alone; assertions, mocks and helpers fall away,
/// fields become locals or parameters.
/// </summary>
internal sealed class MinedUsages(ApiIndex index)
{
    private const int LongestMethod = 30, Rounds = 4;
    private readonly RequestForm _form = new(index.Symbols);
    private static readonly string[] s_assertions = ["Assert", "Should", "Expect", "Verify", "Throws", "ThrowsAsync"];

    // Of a file's usings those that are there wherever the framework is; a test's own are not.
    private static readonly string[] s_framework =
    [
        "System", "System.Buffers", "System.Collections", "System.Collections.Concurrent", "System.Collections.Generic",
        "System.Collections.Immutable", "System.Diagnostics", "System.Globalization", "System.IO", "System.Linq", "System.Linq.Expressions",
        "System.Net", "System.Net.Http", "System.Numerics", "System.Reflection", "System.Text", "System.Text.Json",
        "System.Text.RegularExpressions", "System.Threading", "System.Threading.Tasks", "System.Xml", "System.Xml.Linq",
    ];
    private readonly HashSet<string> _namespaces = [.. index.Symbols.Select(s => s.Namespace), .. s_framework];

    /// <summary>One draft a method that uses the library; what does not compile in the end is left to the checks.</summary>
    /// <exception cref="LabException">A file or folder is missing, or holds no C#.</exception>
    public IReadOnlyList<CodeDraft> Drafts(IReadOnlyList<string> paths, ICodeJudge judge, Random random, CancellationToken cancel)
    {
        var methods = paths.SelectMany(Files).SelectMany(Methods).ToList();
        var examples = new DocumentedExamples(index);
        for (var round = 0; ; round++)
        {
            var drafts = examples.Methods(methods.ConvertAll(m => m.Example), judge, random, cancel);
            var verdicts = judge.Judge([.. drafts.Select(d => new CodeToJudge(d.Method, CodeForm.Members, d.Usings))], cancel);
            var changed = false;
            for (var i = methods.Count - 1; i >= 0; i--)
            {
                if (verdicts[i].Compiles) continue;
                // Lines of the method: header, brace, then the body.
                // A statement with an error goes, and what needs it goes in the next round.
                var wrong = verdicts[i].Errors.Select(e => e.Line - 3).ToHashSet();
                var kept = round < Rounds && verdicts[i].Parses ? methods[i].Without(wrong) : null;
                if (kept is null) methods.RemoveAt(i);
                else methods[i] = kept;
                changed = true;
            }
            if (!changed) return [.. drafts.Where((d, i) => UsesLibrary(verdicts[i], d))];
        }
    }

    private bool UsesLibrary(Verdict verdict, CodeDraft draft) => verdict.Uses.Count > 0
        ? verdict.Uses.Any(u =>
            u is { IsLibrary: true, Kind: SymbolUseKind.Resolved, Id: not null } && !u.Id.StartsWith("T:", StringComparison.Ordinal))
        : SyntaxFactory.ParseCompilationUnit(draft.Body).DescendantNodes().OfType<MemberAccessExpressionSyntax>().Any(a =>
            index.MemberNames.Contains(a.Name.Identifier.Text));

    private static IEnumerable<(string Path, string Text)> Files(string path)
    {
        if (File.Exists(path)) return [(path, File.ReadAllText(path))];
        if (!Directory.Exists(path)) throw new LabException($"{path}: no such file or folder of C# to mine usages from.");
        var files = Directory.EnumerateFiles(path, "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin"))
            .Order(StringComparer.Ordinal)
            .ToList();
        return files.Count > 0
            ? files.Select(f => (f, File.ReadAllText(f)))
            : throw new LabException($"{path}: holds no .cs files to mine usages from.");
    }

    private IEnumerable<Mined> Methods((string Path, string Text) file)
    {
        var root = SyntaxFactory.ParseCompilationUnit(file.Text.ReplaceLineEndings("\n"));
        var usings = string.Concat(InScope(root).Where(_namespaces.Contains).Distinct(StringComparer.Ordinal).Select(n => $"using {n};\n"));
        foreach (var method in root.DescendantNodes().OfType<MethodDeclarationSyntax>()
            .Where(m => m.Body is { Statements.Count: > 0 } || m.ExpressionBody is not null))
        {
            var fields = (method.Parent as TypeDeclarationSyntax)?.Members.OfType<FieldDeclarationSyntax>()
                .SelectMany(f => f.Declaration.Variables.Select(v => (Name: v.Identifier.Text, f.Declaration.Type, v.Initializer)))
                .ToList()
                ?? [];
            var statements = Statements(method).Where(s => !IsAssertion(s))
                .Select(s => s.WithoutTrivia().NormalizeWhitespace(eol: "\n").ToFullString())
                .ToList();
            if (statements.Count is 0 or > LongestMethod) continue;
            var words = (method.Body ?? (SyntaxNode)method.ExpressionBody!).DescendantTokens()
                .Where(t => t.IsKind(SyntaxKind.IdentifierToken))
                .Select(t => t.Text)
                .ToHashSet(StringComparer.Ordinal);
            // A field with a value becomes a local; its type must be named, as `new(...)` stands in it.
            var locals = fields.Where(f => words.Contains(f.Name) && f.Initializer is not null)
                .Select(f => $"{f.Type} {f.Name} {f.Initializer};");
            yield return new Mined(Instruction(method), usings, Header(method), [.. locals, .. statements], Path.GetFileName(file.Path))
            {
                GivesValue = GivesValue(method),
            };
        }
    }

    /// <summary>Namespaces that a file uses or stands in: code in <c>Acme.Tests</c> sees what is in <c>Acme</c>.</summary>
    private static IEnumerable<string> InScope(CompilationUnitSyntax root)
    {
        foreach (var node in root.DescendantNodes(n => n is CompilationUnitSyntax or BaseNamespaceDeclarationSyntax))
            if (node is UsingDirectiveSyntax { Alias: null, Name: { } used } directive && directive.StaticKeyword.RawKind == 0)
                yield return used.ToString();
            else if (node is BaseNamespaceDeclarationSyntax space)
                for (var name = space.Name.ToString(); name.Length > 0; name = name[..Math.Max(0, name.LastIndexOf('.'))])
                    yield return name;
    }

    private static bool GivesValue(MethodDeclarationSyntax method) =>
        method.ReturnType.ToString() is not ("void" or "Task" or "ValueTask");

    private static SyntaxList<StatementSyntax> Statements(MethodDeclarationSyntax method) => method.Body?.Statements
        ?? [GivesValue(method)
            ? SyntaxFactory.ReturnStatement(method.ExpressionBody!.Expression)
            : SyntaxFactory.ExpressionStatement(method.ExpressionBody!.Expression)];

    // The method's own name, result and parameters: what whoever wrote it asked for.
    private static string Header(MethodDeclarationSyntax method)
    {
        var isAsync = method.Modifiers.Any(SyntaxKind.AsyncKeyword);
        var parameters = method.ParameterList.Parameters.Select(p =>
            p.WithAttributeLists([]).WithModifiers([.. p.Modifiers.Where(m => !m.IsKind(SyntaxKind.ThisKeyword))])
                .NormalizeWhitespace().ToString());
        return $"{(isAsync ? "async " : "")}{method.ReturnType.ToString().Trim()} {method.Identifier.Text}"
            + method.TypeParameterList?.ToString().Trim()
            + $"({string.Join(", ", parameters)})"
            + $"{(method.ConstraintClauses.Count > 0 ? " " + method.ConstraintClauses.ToString().Trim() : "")}";
    }

    private static bool IsAssertion(StatementSyntax statement) => statement is ExpressionStatementSyntax
        && statement.DescendantTokens().Any(t => t.IsKind(SyntaxKind.IdentifierToken) && s_assertions.Contains(t.Text));

    // The comment above, or the name in words: tests are named for what they show. What tells nobody what to do names the method.
    private string Instruction(MethodDeclarationSyntax method)
    {
        var comment = method.GetLeadingTrivia()
            .Where(t => t.IsKind(SyntaxKind.SingleLineCommentTrivia))
            .Select(t => t.ToString().TrimStart('/', ' '))
            .LastOrDefault();
        var summary = method.GetLeadingTrivia().Select(t => t.GetStructure()).OfType<DocumentationCommentTriviaSyntax>()
            .SelectMany(d => d.Content).OfType<XmlElementSyntax>().FirstOrDefault(e => e.StartTag.Name.ToString() == "summary");
        var said = summary is not null
            ? string.Join(' ', summary.Content.ToString().Split('\n').Select(l => l.Trim().TrimStart('/').Trim())).Trim()
            : comment;
        var text = said is { Length: > 12 }
            ? said
            : string.Join(' ', method.Identifier.Text.Split('_', StringSplitOptions.RemoveEmptyEntries).Select(Prose.Words));
        if (Prose.IsChinese(text)) return text.TrimEnd('。') + "。";
        var sentence = Prose.FirstSentence(text) ?? method.Identifier.Text;
        if (said is { Length: > 12 } && Prose.Imperative(sentence, true) is { } request) return Prose.UpperFirst(request) + ".";
        return _form.IsImperative(sentence) ? $"{Prose.UpperFirst(sentence)}."
            : sentence.Split(' ').Length >= 4 ? $"Show in code: {Prose.LowerFirst(sentence)}."
            : $"Write the method `{method.Identifier.Text}`.";
    }

    private sealed record Mined(string Instruction, string Usings, string Header, List<string> Statements, string File)
    {
        /// <summary>Whether it has a result, which stands on all of its statements.</summary>
        public bool GivesValue { get; init; }

        public DocumentedExamples.Example Example =>
            new(Instruction, $"{Usings}{Header}\n{{\n{string.Join('\n', Statements)}\n}}", [], [], $"usage in {File}");

        /// <summary>Without the statements that these lines (from 0) are of; null where nothing would be left, nothing goes, or what is
        /// left may give another result.</summary>
        public Mined? Without(IReadOnlySet<int> lines)
        {
            if (GivesValue) return null;
            var (kept, at) = (new List<string>(), 0);
            foreach (var statement in Statements)
            {
                var height = 1 + statement.AsSpan().Count('\n');
                if (!Enumerable.Range(at, height).Any(lines.Contains)) kept.Add(statement);
                at += height;
            }
            return kept.Count == 0 || kept.Count == Statements.Count ? null : this with { Statements = kept };
        }
    }
}
