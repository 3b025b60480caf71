using DocTuneLab.Evaluation.Extraction;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Execution;

/// <summary>
/// A task's reference made to give one value for good: that of its first call, whatever it is given. Where the tests pass with it, so does
/// <c>return 1.5;</c>. The tests run twice, because that value comes from the first time: the second time the method has done nothing with
/// its arguments, so that tests which look at them fail.
/// </summary>
internal static class ConstantAnswer
{
    private const string Solution = "Solution";
    private const string Original = "__Original";

    /// <summary>
    /// Programs one of which passes where a constant does: in the first, the value is that at the end of the tests (a journal with what was
    /// noted since), in the second, it is as the method gave it. None where the method takes or gives nothing.
    /// </summary>
    /// <param name="reference">The reference with its tests.</param>
    /// <param name="signature">The method that the task asks for.</param>
    /// <exception cref="LabException">The signature is none.</exception>
    public static IEnumerable<ExecutionJob> Of(ExecutionJob reference, string signature)
    {
        var asked = AskedMethod.Of(signature);
        if (asked.Parameters.Count == 0 || asked.ReturnsNothing || Renamed(reference.Reference) is not { } original) yield break;
        var tests = HiddenTests.Together(reference.Tests);
        foreach (var (isKept, first) in new[] { (true, $"{{ {tests} }}"), (false, $"try {{ {tests} }} catch {{ }}") })
            yield return reference with
            {
                Tests = [first, $"{{ {tests} }}"],
                Reference = $$"""
                    {{original}}
                    public static class {{Solution}}
                    {
                        private static bool s_known;
                        private static {{asked.ReturnType}} s_first;
                        {{asked.Forwarding}}
                        {
                            if (s_known) return s_first;
                            s_first = {{asked.Call($"{Original}.{asked.Name}")}};
                            s_known = true;
                            {{(isKept ? "return s_first;" : "throw new System.InvalidOperationException();")}}
                        }
                    }
                    """,
            };
    }

    private static string? Renamed(string source)
    {
        var root = SyntaxFactory.ParseCompilationUnit(source, options: CodeExtractor.ParseOptions);
        return root.Members.OfType<ClassDeclarationSyntax>().Any(c => c.Identifier.Text == Solution)
            ? root.ReplaceTokens(root.DescendantTokens().Where(t => t.IsKind(SyntaxKind.IdentifierToken) && t.Text == Solution),
                (t, _) => SyntaxFactory.Identifier(Original).WithTriviaFrom(t)).ToFullString()
            : null;
    }
}
