using System.Text.Json;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Extraction;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Suites.Import;

/// <summary>
/// Reads C# tasks of two public formats, one JSON object a line. HumanEval-style (Chen et al. 2021, arXiv:2107.03374): <c>task_id</c>,
/// <c>prompt</c>, <c>canonical_solution</c>, <c>test</c>, <c>entry_point</c>. MultiPL-E (Cassano et al. 2022, arXiv:2208.08227):
/// <c>name</c>, <c>language</c>, <c>prompt</c>, <c>tests</c>, no solution. Prompt, solution and tests together are one program;
/// it is taken apart by its syntax.
/// </summary>
/// <remarks>
/// MultiPL-E compares lists, dictionaries and tuples of lists by <c>Equals</c>, which in C# compares references: such an assertion can
/// never hold. Here <c>Debug.Assert(a == b)</c> and <c>Debug.Assert(a.Equals(b))</c> become structural comparisons.
/// </remarks>
public static class BenchmarkImport
{
    private const string Stub = "throw new NotImplementedException();";

    /// <summary>Reads a file.</summary>
    /// <returns>The tasks, and those that were left out with the reason.</returns>
    /// <exception cref="LabException">No such file, a line is not JSON, or its fields are those of neither format.</exception>
    public static (IReadOnlyList<CodeTask> Tasks, IReadOnlyList<(string Task, string Why)> Skipped) Read(string path)
    {
        if (!File.Exists(path)) throw new LabException($"{path}: no such file; expected JSON Lines of HumanEval-style or MultiPL-E tasks.");
        List<CodeTask> tasks = [];
        List<(string, string)> skipped = [];
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line)) continue;
            var where = $"{path}:{number}";
            using var json = Parse(where, line);
            string? Text(string field) =>
                json.RootElement.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
            var (id, prompt, test) = (Text("task_id") ?? Text("name"), Text("prompt"), Text("test") ?? Text("tests"));
            if (id is null || prompt is null || test is null)
                throw new LabException($"{where}: expected the fields task_id, prompt, canonical_solution, test (HumanEval-style) or name, "
                    + $"prompt, tests (MultiPL-E); found {string.Join(", ", json.RootElement.EnumerateObject().Select(p => p.Name))}.");
            if (Text("language") is { } language && language.ToLowerInvariant() is not ("cs" or "csharp" or "c#"))
                skipped.Add((id, $"language is {language}"));
            else if (Convert(id, prompt, Text("canonical_solution") ?? "", test, Text("entry_point"), out var task) is { } why)
                skipped.Add((id, why));
            else tasks.Add(task!);
        }
        return (tasks, skipped);
    }

    /// <summary>Writes tasks as a suite file.</summary>
    public static void Write(IReadOnlyList<CodeTask> tasks, string path)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder) Directory.CreateDirectory(folder);
        EvaluationJson.WriteLines(path, tasks);
    }

    private static JsonDocument Parse(string where, string line)
    {
        try
        {
            var json = JsonDocument.Parse(line);
            return json.RootElement.ValueKind == JsonValueKind.Object ? json : throw new LabException($"{where}: expected a JSON object.");
        }
        catch (JsonException e)
        {
            throw new LabException($"{where}: not JSON: expected one object per line.", e);
        }
    }

    private static string? Convert(string id, string prompt, string solution, string test, string? entry, out CodeTask? task)
    {
        task = null;
        var root = SyntaxFactory.ParseCompilationUnit(Program(prompt, solution, test), options: CodeExtractor.ParseOptions);
        var methods = root.DescendantNodes().OfType<MethodDeclarationSyntax>().ToList();
        var method = entry is null
            ? methods.LastOrDefault(m => m.SpanStart < prompt.Length && m.Identifier.Text != "Main")
            : methods.FirstOrDefault(m => m.Identifier.Text == entry);
        if (method is null) return entry is null ? "the prompt declares no method" : $"there is no method {entry}";
        if (method.Body is null) return "the method has no body";
        if (!method.Modifiers.Any(SyntaxKind.StaticKeyword)) return "the method is not static";
        var main = methods.FirstOrDefault(m => m.Identifier.Text == "Main" && m != method);
        var statements = main?.Body?.Statements.ToList() ?? root.Members.OfType<GlobalStatementSyntax>().Select(g => g.Statement).ToList();
        if (statements.Count == 0) return "the tests hold no statement";
        if (root.GetDiagnostics().FirstOrDefault(d => d.Severity == DiagnosticSeverity.Error) is { } error)
            return $"does not parse: {error.GetMessage()}";

        var name = method.Identifier.Text;
        // What else the class or the file declares is part of the task: helpers that tests or prompt refer to.
        var helpers = method.Parent is TypeDeclarationSyntax type
            ? type.Members.Where(m => m != method && m != main).Select(m => m.ToString()).ToList()
            : [];
        var types = root.DescendantNodes(n => n is not TypeDeclarationSyntax)
            .OfType<BaseTypeDeclarationSyntax>()
            .Where(t => t != method.Parent && !t.Contains(main))
            .Select(t => t.ToString());
        if (helpers.Count > 0) return "the class of the method has other members";
        var usings = root.DescendantNodes()
            .OfType<UsingDirectiveSyntax>()
            .Where(u => u.Alias is null && u.StaticKeyword.IsKind(SyntaxKind.None))
            .Select(u => u.NamespaceOrType.ToString());
        var tests = statements.Select(s => Rewrite(s, name, (method.Parent as TypeDeclarationSyntax)?.Identifier.Text)).ToList();
        task = new CodeTask
        {
            Id = id,
            Instruction = Instruction(method, prompt),
            Signature = method.WithBody(null).WithSemicolonToken(default).WithoutTrivia().ToString().Trim(),
            Context = string.Join("\n\n", types),
            Usings = [.. usings.Append("System.Diagnostics").Distinct(StringComparer.Ordinal)],
            GoldSymbols = [],
            Reference = solution.Trim().Length == 0 ? "" : Body(method.Body),
            Stub = Stub,
            Tests = tests,
            Documents = [id],
            Split = Split.Test,
        };
        return null;
    }

    /// <summary>The task as one program; a function that stands alone gets a class around it, and its tests a method.</summary>
    private static string Program(string prompt, string solution, string test)
    {
        var head = SyntaxFactory.ParseCompilationUnit(prompt, options: CodeExtractor.ParseOptions);
        if (head.DescendantNodes().Any(n => n is TypeDeclarationSyntax)) return $"{prompt}{solution}\n{test}";
        var at = head.Usings.LastOrDefault()?.FullSpan.End ?? 0;
        return $"{prompt[..at]}\nclass Problem\n{{\n{prompt[at..]}{solution}\npublic static void Main()\n{{\n{test}\n}}\n}}\n";
    }

    private static string Body(BlockSyntax block) =>
        string.Concat(block.Statements.Select(s => s.ToFullString())).Trim('\r', '\n').TrimEnd();

    /// <summary>The comment before the method, without its marks; the method's name where it has none.</summary>
    private static string Instruction(MethodDeclarationSyntax method, string prompt)
    {
        var comments = method.GetLeadingTrivia().Where(t => t.IsKind(SyntaxKind.SingleLineCommentTrivia)
            || t.IsKind(SyntaxKind.MultiLineCommentTrivia)
            || t.IsKind(SyntaxKind.SingleLineDocumentationCommentTrivia)).SelectMany(t => t.ToFullString().Split('\n'));
        var lines = comments.Select(l => l.Trim().TrimStart('/', '*').Replace("*/", "", StringComparison.Ordinal).Replace("<summary>", "",
            StringComparison.Ordinal).Replace("</summary>", "", StringComparison.Ordinal).Trim());
        var text = string.Join('\n', lines).Trim();
        return text.Length > 0 ? text : $"Write {method.Identifier.Text}. {prompt.Split('\n')[0]}".Trim();
    }

    private static string Rewrite(StatementSyntax statement, string method, string? type)
    {
        var qualified = (StatementSyntax)new Qualifier(method, type).Visit(statement);
        if (qualified
            is ExpressionStatementSyntax { Expression: InvocationExpressionSyntax { ArgumentList.Arguments: [var argument, ..] } call }
            && call.Expression.ToString() is "Debug.Assert" or "System.Diagnostics.Debug.Assert" or "Trace.Assert")
        {
            var condition = Bare(
                ((InvocationExpressionSyntax)((ExpressionStatementSyntax)qualified).Expression).ArgumentList.Arguments[0].Expression);
            return condition switch
            {
                BinaryExpressionSyntax { RawKind: (int)SyntaxKind.EqualsExpression } equal =>
                    $"Check.Equal((object?)({equal.Right}), (object?)({equal.Left}), 1e-6);",
                InvocationExpressionSyntax
                {
                    Expression: MemberAccessExpressionSyntax { Name.Identifier.Text: "Equals" } member,
                    ArgumentList.Arguments: [var other]
                } =>
                    $"Check.Equal((object?)({other.Expression}), (object?)({member.Expression}), 1e-6);",
                _ => $"Check.True({condition});",
            };
        }
        return qualified.ToString();
    }

    private static ExpressionSyntax Bare(ExpressionSyntax expression) =>
        expression is ParenthesizedExpressionSyntax inner ? Bare(inner.Expression) : expression;

    /// <summary>Calls of the task's method, bare or by its class, become calls of <c>Solution</c>.</summary>
    private sealed class Qualifier(string method, string? type) : CSharpSyntaxRewriter
    {
        public override SyntaxNode? VisitInvocationExpression(InvocationExpressionSyntax node)
        {
            var visited = (InvocationExpressionSyntax)base.VisitInvocationExpression(node)!;
            var mine = visited.Expression switch
            {
                IdentifierNameSyntax bare => bare.Identifier.Text == method,
                MemberAccessExpressionSyntax { Expression: IdentifierNameSyntax owner } member =>
                    member.Name.Identifier.Text == method && owner.Identifier.Text == type,
                _ => false,
            };
            return mine ? visited.WithExpression(SyntaxFactory.ParseExpression($"Solution.{method}")) : visited;
        }
    }
}
