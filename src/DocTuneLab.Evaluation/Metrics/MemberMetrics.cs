using DocTuneLab.Evaluation.Statistics;
using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Metrics;

/// <summary>Whether answers know which members there are. One that says neither counts in no rate.</summary>
internal sealed class MemberErrors(string name, string title, string question, bool exists, MemberWording wording) : IMetric
{
    public string Name => name;
    public string Title => title;
    public string Question => question;
    public bool HigherIsBetter => false;

    public IEnumerable<Observation> Observe(MetricInput input) =>
        input.Result.Members.Where(r => r.Exists == exists && r.Wording == wording)
            .Select(r => input.Of(r.Task, r.Denies == exists ? 1 : 0, r.Denies is null ? 0 : 1));

    /// <summary>Denials of what exists and acceptances of what does not, in wordings of the corpus and in others.</summary>
    public static IReadOnlyList<MemberErrors> All { get; } =
    [
        new(MetricNames.FalseDenials, "False denials", "Which share of existing members does the answer say there are not?", true,
            MemberWording.Corpus),
        new(MetricNames.FalseAcceptances, "False acceptances", "Which share of invented members does the answer treat as existing?", false,
            MemberWording.Corpus),
        new(MetricNames.FalseDenialsOtherWording, "False denials, other wordings",
            "The same of existing members, asked in wordings that no corpus uses?", true, MemberWording.Other),
        new(MetricNames.FalseAcceptancesOtherWording, "False acceptances, other wordings",
            "The same of invented members, asked in wordings that no corpus uses?", false, MemberWording.Other),
    ];
}
