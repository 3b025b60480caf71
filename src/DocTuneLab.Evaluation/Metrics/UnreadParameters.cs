using DocTuneLab.Evaluation.Extraction;
using DocTuneLab.Evaluation.Statistics;
using DocTuneLab.Library.Guidance;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Metrics;

/// <summary>Code that compiles and does not look at all that it is given: it can hardly do what was asked.</summary>
internal sealed class UnreadParameters : IMetric
{
    public string Name => GuideMetricNames.UnreadParameters;
    public string Title => "Leaves a parameter unread";
    public string Question => "Which share of the answers that compile never reads one of the method's parameters?";
    public bool HigherIsBetter => false;

    public IEnumerable<Observation> Observe(MetricInput input)
    {
        var asked = input.Suite.Code.ToDictionary(t => t.Id, t => AskedMethod.Of(t.Signature), StringComparer.Ordinal);
        return input.Greedy.Where(r => r is { Compiles: true, Code: not null })
            .Select(r => input.Of(r.Task, LeavesUnread(asked[r.Task], r.Code!)));
    }

    private static bool LeavesUnread(AskedMethod asked, string code)
    {
        var root = AnswerCode.Script(code);
        var (parameters, within) = asked.Find(root) switch
        {
            MethodDeclarationSyntax method => (method.ParameterList, (SyntaxNode)method),
            LocalFunctionStatementSyntax function => (function.ParameterList, function),
            _ => (asked.ParameterList, root),
        };
        return ParameterUse.Unread(parameters, within).Count > 0;
    }
}
