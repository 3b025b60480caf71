namespace DocTuneLab.Prompts.Tuning;

/// <summary>Makes candidates from a template without a model:
/// the same wording in other formats, and with demonstrations in front.</summary>
internal static class PromptCandidates
{
    /// <summary>The template's user turn under headings, and between tags.</summary>
    public static IReadOnlyList<PromptTemplate> Formats(PromptTemplate template) =>
    [
        template.Derive($"{template.Name}+headed", body: $"### Request\n{template.Body}\n\n### Answer"),
        template.Derive($"{template.Name}+tagged", body: $"<request>\n{template.Body}\n</request>"),
    ];

    /// <summary>The template with demonstrations, in so many different sets; the template's own examples stay before them.</summary>
    /// <param name="template">The template.</param>
    /// <param name="validated">Examples whose answers hold.</param>
    /// <param name="count">Demonstrations in a set, at most.</param>
    /// <param name="sets">Sets.</param>
    /// <param name="seed">Seed of the choice.</param>
    public static IReadOnlyList<PromptTemplate> Demonstrated(
        PromptTemplate template, IReadOnlyList<FewShot> validated, int count, int sets, int seed)
    {
        // Short demonstrations leave room for the question.
        var pool = validated.OrderBy(v => v.Answer.Length + v.Inputs.Values.Sum(i => i.Length))
            .Take(Math.Max(count * sets, (validated.Count + 1) / 2))
            .ToArray();
        new Random(seed).Shuffle(pool);
        return [.. Enumerable.Range(0, sets).Select(s => pool.Skip(s * count).Take(count).ToList()).Where(set => set.Count > 0)
            .Select((set, i) =>
                template.Derive($"{template.Name}+{set.Count}shot{(char)('a' + i)}", examples: [.. template.Examples, .. set]))];
    }
}
