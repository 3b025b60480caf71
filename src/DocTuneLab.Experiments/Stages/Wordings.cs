using System.Text.Json;
using DocTuneLab.Prompts;
using DocTuneLab.Storage;

namespace DocTuneLab.Experiments.Stages;

/// <summary>The templates that samples are written with and models are asked with; tuning changes them.</summary>
public sealed class Wordings
{
    private const string Generate = "generate";

    // Read when first used: a kernel that starts does not wait for the template language.
    /// <summary>Wording of code tasks.</summary>
    public PromptTemplate Code { get => field ??= PromptLibrary.Default["code-task.complete"]; set; }

    /// <summary>Wording of questions.</summary>
    public PromptTemplate Qa { get => field ??= PromptLibrary.Default["doc-qa.plain"]; set; }

    /// <summary>Both, as models are asked with them.</summary>
    public QuestionWording Asked => new(Code, Qa);

    /// <summary>Templates that hosted models are asked with.</summary>
    public PromptLibrary Templates { get => field ??= PromptLibrary.Default; set; }

    /// <summary>Takes templates by file or name; those of files are kept in the lab, so that an evaluation finds them again.</summary>
    /// <param name="lab">Where names are looked up first.</param>
    /// <param name="options">Which.</param>
    /// <exception cref="LabException">There is no such template, it is wrong, its kind has one wording only, or the lab holds another text
    /// of its name and version.</exception>
    public void Use(Lab lab, WordingOptions options)
    {
        ArgumentNullException.ThrowIfNull(lab);
        ArgumentNullException.ThrowIfNull(options);
        foreach (var template in options.Templates.SelectMany(given => Read(lab, given)).ToList())
        {
            Take(template);
            if (PromptLibrary.Default.Templates.Any(t => t.Hash == template.Hash)) continue;
            if (lab.Templates.Find(template.Name, template.Version) is { } kept && kept != template.Source)
                throw new LabException($"{template.Path}: the lab holds another text of {template.Name} in version {template.Version}; "
                    + "give this one another 'version', so that samples of the two can be told apart");
            lab.Templates.Save(template.Name, template.Version, template.Source);
        }
    }

    /// <summary>Takes the wordings of a lab's last evaluation, which are those that its adapter was trained with;
    /// without one they stay.</summary>
    public void Restore(Lab lab)
    {
        if (lab.Runs.LastDone("evaluate") is not { } run) return;
        using var settings = JsonDocument.Parse(run.Configuration);
        string? Text(string field) =>
            settings.RootElement.ValueKind == JsonValueKind.Object && settings.RootElement.TryGetProperty(field, out var value)
                ? value.GetString()
                : null;
        // A run of before versions were written names one that ships.
        PromptTemplate? Of(string field) => Text(field) is not { } name ? null
            : Text(field + "Version") is { } version && lab.Templates.Find(name, version) is { } kept ? PromptTemplate.Parse(kept, name)
            : PromptLibrary.Default[name];
        Code = Of("Code") ?? Code;
        Qa = Of("Qa") ?? Qa;
    }

    private static IReadOnlyList<PromptTemplate> Read(Lab lab, string given)
    {
        if (Directory.Exists(given))
        {
            var files = Directory.EnumerateFiles(given, "*.liquid").Order(StringComparer.Ordinal).ToList();
            return files.Count > 0 ? [.. files.Select(PromptTemplate.Load)]
                : throw new LabException($"{given}: no prompt template in it; expected .liquid files, as 'prompts tune --out' writes them");
        }
        if (File.Exists(given) || given.EndsWith(".liquid", StringComparison.Ordinal) || given.Contains('/', StringComparison.Ordinal))
            return [PromptTemplate.Load(given)];
        var shipped = PromptLibrary.Default.Templates
            .Where(t => t.Kind is PromptLibrary.CodeTask or PromptLibrary.DocQa or Generate)
            .ToList();
        return [lab.Templates.Newest(given) ?? shipped.Find(t => t.Name == given)
            ?? throw new LabException($"template is '{given}'; expected a .liquid file, a folder of them, or a name: of one that tuning "
                + $"left in this lab, or {string.Join(", ", shipped.Select(t => t.Name))}")];
    }

    private void Take(PromptTemplate template)
    {
        // A template that was made from another has its name up to the plus.
        var name = template.Name.Split('+')[0];
        var likes = template.Kind == Generate
            ? [.. Templates.OfKind(Generate).Where(t => t.Name.Split('+')[0] == name)]
            : template.Kind is PromptLibrary.CodeTask or PromptLibrary.DocQa ? PromptLibrary.Default.OfKind(template.Kind) : [];
        if (likes.Count == 0)
            throw new LabException($"{template.Path}: there is no other wording for '{template.Name}' of the kind '{template.Kind}'; "
                + $"expected the kind {PromptLibrary.CodeTask} or {PromptLibrary.DocQa}, or one of "
                + string.Join(", ", Templates.OfKind(Generate).Select(t => t.Name)));
        var inputs = likes.SelectMany(t => t.Inputs).Distinct(StringComparer.Ordinal).ToList();
        if (template.RequiredInputs.FirstOrDefault(i => !inputs.Contains(i)) is { } unknown)
            throw new LabException($"{template.Path}: the template needs the input '{unknown}', which is not given here; expected "
                + string.Join(", ", inputs));
        if (template.Kind == PromptLibrary.CodeTask) Code = template;
        else if (template.Kind == PromptLibrary.DocQa) Qa = template;
        else Templates = Templates.With(name, template);
    }
}
