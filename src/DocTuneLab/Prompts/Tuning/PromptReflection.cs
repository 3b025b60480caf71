using System.Globalization;
using DocTuneLab.Endpoints;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Endpoints.Retrying;

namespace DocTuneLab.Prompts.Tuning;

/// <summary>
/// Lets a hosted model read failed answers with what was wrong with them and propose another wording (the reflective step of GEPA,
/// arXiv 2507.19457). A proposal that is no valid template with the same inputs is dropped.
/// </summary>
/// <param name="engine">Asks the endpoint.</param>
/// <param name="templates">Holds <c>generate.reflect</c>.</param>
public sealed class PromptReflection(RequestEngine engine, PromptLibrary templates)
{
    private const int Shown = 6, LongestAnswer = 600;

    /// <summary>Why proposals were dropped, in order.</summary>
    public IReadOnlyList<string> Dropped => _dropped;

    private readonly List<string> _dropped = [];

    /// <summary>A new wording; null where nothing failed or no usable proposal came.</summary>
    /// <param name="template">The wording that failed.</param>
    /// <param name="outcomes">What it did.</param>
    /// <param name="round">Number of the proposal, for another answer each time.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<PromptTemplate?> ProposeAsync(PromptTemplate template, IReadOnlyList<PromptOutcome> outcomes, int round,
        CancellationToken cancel = default)
    {
        var failures =
            outcomes.Where(o => o.Accepted == false && o.Diagnosis is not null).DistinctBy(o => o.Diagnosis).Take(Shown).ToList();
        if (failures.Count == 0) return null;
        var ask = templates["generate.reflect"];
        var text = string.Join("\n\n",
            failures.Select(f => $"Answer:\n{(f.Answer is { Length: > LongestAnswer } a ? a[..LongestAnswer] + " …" : f.Answer ?? "none")}"
                + $"\nWrong: {f.Diagnosis}"));
        var inputs = new Dictionary<string, string>(StringComparer.Ordinal) { ["template"] = template.Body, ["failures"] = text };
        var model = engine.ModelFor(template.Hash);
        var outcome = await engine.AskAsync(ChatRequest.Create(template.Hash, ask.Hash, model, ask.Messages(inputs),
            ask.Sampling with { Seed = round }, engine.HoldsSchema(model) ? ask.Schema : null), cancel);
        if (outcome.Text is null) return Drop(outcome.Detail ?? outcome.Failure.Name());
        if (JsonAnswer.Read(outcome.Text, ask.Schema, out var wrong) is not { } json) return Drop(wrong!);
        try
        {
            var proposed = template.Derive($"{template.Name}+reflected{(round + 1).ToString(CultureInfo.InvariantCulture)}",
                body: ((string)json["body"]!).Trim());
            // An input that the wording forgot would leave the model without what it needs.
            return template.RequiredInputs.FirstOrDefault(i => !ShowsInput(proposed, i)) is { } forgotten && ShowsInput(template, forgotten)
                ? Drop($"the proposal leaves out the input '{forgotten}'")
                : proposed;
        }
        catch (LabException e)
        {
            return Drop(e.Message);
        }
    }

    private PromptTemplate? Drop(string why)
    {
        _dropped.Add(why);
        return null;
    }

    private static bool ShowsInput(PromptTemplate template, string input)
    {
        const string Mark = "\u2045mark\u2046";
        return template.Render(template.Inputs.ToDictionary(i => i, i => i == input ? Mark : "x", StringComparer.Ordinal))
            .Contains(Mark, StringComparison.Ordinal);
    }
}
