using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Extraction;

/// <summary>
/// An answer placed into a compilation unit: using directives, the task's context, <c>public static class Solution</c>. The form is found
/// by parsing: a function or type that names the task's method makes it members; one expression becomes an expression body; all else
/// is the method's body.
/// </summary>
/// <param name="Source">The whole unit.</param>
/// <param name="Form">What the answer was taken for.</param>
/// <param name="Parses">No syntax error in the unit.</param>
/// <param name="Usings">Number of lines at the start that hold the answer's own using directives.</param>
/// <param name="FirstLine">One-based first line of the answer's code in the unit.</param>
/// <param name="LastLine">Its last line.</param>
public sealed record SolutionUnit(string Source, CodeForm Form, bool Parses, int Usings, int FirstLine, int LastLine)
{
    /// <summary>Whether a line of the unit was written by the model.</summary>
    public bool IsAnswerLine(int line) => (line >= 1 && line <= Usings) || (line >= FirstLine && line <= LastLine);

    /// <summary>Line of the answer's code (its using directives left out) for a line of the unit; 0 where it lies outside.</summary>
    internal int LineOfAnswer(int line) => line >= FirstLine && line <= LastLine ? line - FirstLine + 1 : 0;

    /// <summary>Places <paramref name="code"/> for <paramref name="task"/>.</summary>
    public static SolutionUnit Compose(CodeTask task, string code)
    {
        code = code.ReplaceLineEndings("\n");
        var context = Parse(task.Context.ReplaceLineEndings("\n"));
        var answer = Parse(code);
        var known = CSharpJudge.ImplicitUsings.Concat(task.Usings).Select(u => $"using {u};").Concat(context.Usings.Select(Text))
            .Distinct(StringComparer.Ordinal).ToArray();
        var own = answer.Usings.Select(Text).Except(known, StringComparer.Ordinal).ToArray();
        var contextTypes = Types(context).Select(t => t.Identifier.Text).ToHashSet(StringComparer.Ordinal);
        var (form, body, outside) = Shape(task, code, answer, contextTypes);

        var writer = new Lines();
        writer.Add(own);
        writer.Add(known);
        writer.Add(string.Concat(context.Members.Select(m => m.ToFullString())));
        writer.Add("public static class Solution", "{");
        if (form != CodeForm.Members) writer.Add(task.Signature.TrimEnd().TrimEnd(';', '{').TrimEnd());
        var first = writer.Count + 1;
        if (body is not null)
        {
            if (form == CodeForm.Statements) writer.Add("{");
            if (form == CodeForm.Expression) writer.Add("=>");
            first = form == CodeForm.Members ? first : first + 1;
            writer.Add(body);
            if (form == CodeForm.Statements) writer.Add("}");
            if (form == CodeForm.Expression) writer.Add(";");
        }
        writer.Add("}");
        writer.Add([.. outside]);
        var last = outside.Count > 0 ? writer.Count : first + body!.Count(c => c == '\n');
        var source = writer.ToString();
        return new(source, form, !Parse(source).ContainsDiagnostics, own.Length, first, last);
    }

    private static (CodeForm Form, string Body, IReadOnlyList<string> Outside) Shape(
        CodeTask task, string code, CompilationUnitSyntax answer, HashSet<string> contextTypes)
    {
        var method = MethodName(task.Signature);
        var rest = answer.Usings.Count == 0 ? code : code[answer.Usings.FullSpan.End..];

        // A lone expression would otherwise be a statement without its semicolon.
        var expression = SyntaxFactory.ParseExpression(rest, options: CodeExtractor.ParseOptions, consumeFullText: true);
        if (!expression.ContainsDiagnostics && !expression.IsMissing) return (CodeForm.Expression, rest.Trim('\n'), []);

        var types = Types(answer).Where(t => !contextTypes.Contains(t.Identifier.Text)).ToList();
        var holder = types.OfType<TypeDeclarationSyntax>()
            .FirstOrDefault(t => t.Members.OfType<MethodDeclarationSyntax>().Any(m => m.Identifier.Text == method));
        if (holder is not null)
        {
            var others = types.Where(t => t != holder).Select(t => t.ToFullString()).ToList();
            // Other names for the class would put the method out of the tests' reach.
            return (CodeForm.Members, string.Concat(holder.Members.Select(m => m.ToFullString())).Trim('\n'), others);
        }

        var statements = answer.Members.OfType<GlobalStatementSyntax>().ToList();
        var functions = statements.Where(s => s.Statement is LocalFunctionStatementSyntax).ToList();
        var outside = types.Select(t => t.ToFullString()).ToList();
        if (functions.Any(f => ((LocalFunctionStatementSyntax)f.Statement).Identifier.Text == method))
        {
            // Usage examples after the method are no part of it.
            var members = functions.Concat<MemberDeclarationSyntax>(answer.Members.Where(
                m => m is BaseFieldDeclarationSyntax or BasePropertyDeclarationSyntax or BaseMethodDeclarationSyntax));
            return (CodeForm.Members, string.Concat(members.OrderBy(m => m.SpanStart).Select(m => m.ToFullString())).Trim('\n'), outside);
        }
        if (statements.Count > 0 && functions.Count == statements.Count)
            return (CodeForm.Members, string.Concat(functions.Select(f => f.ToFullString())).Trim('\n'), outside);
        if (statements.Count == 0 && types.Count > 0) return (CodeForm.Members, "", outside);
        return outside.Count == 0
            ? (CodeForm.Statements, rest.Trim('\n'), [])
            : (CodeForm.Statements, string.Concat(statements.Select(s => s.ToFullString())).Trim('\n'), outside);
    }

    /// <summary>Name of the method that a signature declares.</summary>
    /// <exception cref="LabException">It is not a method's header.</exception>
    internal static string MethodName(string signature)
    {
        var header = signature.TrimEnd().TrimEnd(';', '{').TrimEnd();
        var declared = SyntaxFactory.ParseMemberDeclaration(header + ";", options: CodeExtractor.ParseOptions);
        return declared is MethodDeclarationSyntax { ContainsDiagnostics: false } method
            ? method.Identifier.Text
            : throw new LabException(
                $"\"{signature}\" is not the header of a method; expected such as: public static int Count(Tank tank).");
    }

    private static CompilationUnitSyntax Parse(string code) =>
        SyntaxFactory.ParseCompilationUnit(code, options: CodeExtractor.ParseOptions);

    private static IEnumerable<BaseTypeDeclarationSyntax> Types(CompilationUnitSyntax unit) =>
        unit.Members.Concat(unit.Members.OfType<BaseNamespaceDeclarationSyntax>().SelectMany(n => n.Members))
            .OfType<BaseTypeDeclarationSyntax>();

    private static string Text(UsingDirectiveSyntax directive) => directive.WithoutTrivia().NormalizeWhitespace().ToString();

    private sealed class Lines
    {
        private readonly List<string> _lines = [];

        public int Count => _lines.Count;

        public void Add(params IReadOnlyList<string> texts)
        {
            foreach (var text in texts) _lines.AddRange(text.Split('\n'));
        }

        public override string ToString() => string.Join('\n', _lines) + "\n";
    }
}
