using System.Text.RegularExpressions;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Extraction;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation;

/// <summary>
/// What is wrong with a suite by reading it: pages, repetitions, instructions that give the answer away, tests that ask for nothing.
/// </summary>
internal static partial class SuiteReading
{
    /// <summary>The problems, in the order of the tasks.</summary>
    /// <param name="suite">All tasks.</param>
    /// <param name="api">The library's symbols.</param>
    /// <param name="pages">The library's pages; null where they are not known.</param>
    public static IEnumerable<SuiteProblem> Problems(Suite suite, ApiModel api, IReadOnlyList<Document>? pages) =>
        [.. pages is null ? [] : Pages(suite, api, pages), .. Repetitions(suite), .. suite.Code.SelectMany(t => Given(t, api)),
            .. suite.Code.Concat(suite.General).Where(t => !AsksForSomething(t)).Select(t => new SuiteProblem(t.Id,
                "tests: no check looks at what the answer does, so all they need is that nothing is thrown; expected a check of a value"))];

    private static IEnumerable<SuiteProblem> Pages(Suite suite, ApiModel api, IReadOnlyList<Document> pages)
    {
        var known = pages.ToDictionary(p => p.Path.Replace('\\', '/'), p => p.Split, StringComparer.Ordinal);
        // A question may ask what train pages say; code must not have been shown to whoever was trained.
        var cited = suite.Code.Select(t => (t.Id, t.Documents, t.Split, IsCode: true))
            .Concat(suite.Completion.Select(t => (t.Id, t.Documents, t.Split, IsCode: true)))
            .Concat(suite.Qa.Select(t => (t.Id, t.Documents, t.Split, IsCode: false)))
            .Concat(suite.Open.Select(t => (t.Id, t.Documents, t.Split, IsCode: false)))
            .Concat(suite.Members.Select(t => (t.Id, t.Documents, t.Split, IsCode: false)));
        foreach (var (id, documents, split, isCode) in cited)
        {
            for (var i = 0; i < documents.Count; i++)
            {
                var name = documents[i];
                if (name.StartsWith("xml:", StringComparison.Ordinal))
                {
                    if (api.Find(name[4..]) is null) yield return new(id, $"documents[{i}]: {name[4..]} does not exist in the library");
                }
                else if (!known.TryGetValue(name, out var its))
                    yield return new(id, $"documents[{i}]: there is no page {name}");
                else if (isCode && its != split)
                    yield return new(id, $"documents[{i}]: {name} is a {Name(its)} page, and the task is of the {Name(split)} split; "
                        + (its == Split.Train ? "what is asked about it may have been trained" : "its figures would stand in both splits"));
            }
        }
    }

    private static IEnumerable<SuiteProblem> Repetitions(Suite suite)
    {
        static IEnumerable<SuiteProblem> Again(IEnumerable<(string Id, string Key)> tasks, string what) =>
            tasks.Where(t => t.Key.Length > 0).GroupBy(t => t.Key, StringComparer.Ordinal).Where(g => g.Count() > 1)
                .SelectMany(g => g.Skip(1).Select(t => new SuiteProblem(t.Id, $"{what} as {g.First().Id}")));
        return
        [
            .. Again(suite.Code.Concat(suite.General).Select(t => (t.Id, Words(t.Instruction))), "instruction: asks the same"),
            .. Again(suite.Code.Select(t => (t.Id, Key: Solution(t))), "reference: solves the same, but for names and literals,"),
            .. Again(suite.Qa.Select(t => (t.Id, Words(t.Question))).Concat(suite.Open.Select(t => (t.Id, Words(t.Question)))),
                "question: asks the same"),
            .. Again(suite.Completion.Select(t => (t.Id, Words(t.Prefix + "\0" + t.Suffix))), "prefix: has the same gap"),
        ];
    }

    /// <summary>What a reference does to values of which types; empty where it cannot be read.</summary>
    private static string Solution(CodeTask task)
    {
        if (task.Reference.Length == 0 || CodeShape.Of(task.Reference, task.Signature) is not { } shape) return "";
        var header = SyntaxFactory.ParseMemberDeclaration(task.Signature.TrimEnd().TrimEnd(';', '{') + ";") as MethodDeclarationSyntax;
        return header is null ? "" : $"{header.ReturnType} ({string.Join(", ", header.ParameterList.Parameters.Select(p => p.Type))}) "
            + $"{Words(task.Context)} {shape.Text}";
    }

    /// <summary>Members of the solution that the instruction names as code: then there is little left to know.</summary>
    public static IEnumerable<SuiteProblem> Given(CodeTask task, ApiModel api)
    {
        var members = task.GoldSymbols.Select(api.Find).OfType<ApiSymbol>().Where(s => s.ContainingType is not null)
            .Select(s => s.Name).Distinct(StringComparer.Ordinal);
        // Where the task declares a type of that name, the type is what is named.
        var declared = SyntaxFactory.ParseCompilationUnit(task.Context).DescendantNodes().OfType<BaseTypeDeclarationSyntax>()
            .Select(t => t.Identifier.ValueText).ToHashSet(StringComparer.Ordinal);
        foreach (var name in members.Where(m => !declared.Contains(m)))
        {
            // A word such as Close stands in ordinary sentences, too; SetOpening does not.
            var looksLikeCode = name.Skip(1).Any(char.IsUpper);
            var escaped = Regex.Escape(name);
            if (Regex.IsMatch(task.Instruction, $@"(?<=[`.]){escaped}(?=[`(.])|\b{escaped}\(|\.{escaped}\b(?!\s*$)")
                || (looksLikeCode && Regex.IsMatch(task.Instruction, $@"\b{escaped}\b")))
                yield return new(task.Id, $"instruction: names the member {name} of its own solution");
        }
    }

    /// <summary>Whether any check looks at the answer: at <c>Solution</c> itself, or at what it may have made or changed.</summary>
    private static bool AsksForSomething(CodeTask task)
    {
        var touched = TouchedNames.Of(task.Tests);
        var nodes = task.Tests.Select(t => SyntaxFactory.ParseCompilationUnit(t, options: CodeExtractor.ParseOptions))
            .SelectMany(r => r.DescendantNodes()).ToList();
        // What a function of the tests does to its arguments is not followed.
        if (nodes.OfType<LocalFunctionStatementSyntax>().Any(f =>
            f.DescendantNodes().OfType<IdentifierNameSyntax>().Any(n => n.Identifier.Text == "Solution")))
            return true;
        return nodes.OfType<InvocationExpressionSyntax>()
            .Where(i => i.Expression is MemberAccessExpressionSyntax { Expression: IdentifierNameSyntax { Identifier.Text: "Check" } })
            .SelectMany(i => i.ArgumentList.DescendantNodes().OfType<IdentifierNameSyntax>())
            .Any(n => n.Identifier.Text == "Solution" || touched.Contains(n.Identifier.Text));
    }

    private static string Name(Split split) => split.ToString().ToLowerInvariant();

    private static string Words(string text) =>
        string.Join(' ', Word().Matches(text.ToLowerInvariant()).Select(m => m.Value));

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();
}
