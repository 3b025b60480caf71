using System.Text.Json;
using DocTuneLab.Prompts;
using DocTuneLab.Storage;

namespace DocTuneLab.Experiments.Stages;

/// <summary>The templates that samples are written with and models are asked with; tuning changes them.</summary>
public sealed class Wordings
{
    // Read when first used: a kernel that starts does not wait for the template language.
    /// <summary>Wording of code tasks.</summary>
    public PromptTemplate Code { get => field ??= PromptLibrary.Default["code-task.complete"]; set; }

    /// <summary>Wording of questions.</summary>
    public PromptTemplate Qa { get => field ??= PromptLibrary.Default["doc-qa.plain"]; set; }

    /// <summary>Templates that hosted models are asked with.</summary>
    public PromptLibrary Templates { get => field ??= PromptLibrary.Default; set; }

    /// <summary>Chooses wordings by name; null leaves one as it is.</summary>
    /// <exception cref="LabException">There is no such template.</exception>
    public void Use(string? code, string? qa)
    {
        if (code is not null) Code = PromptLibrary.Default[code];
        if (qa is not null) Qa = PromptLibrary.Default[qa];
    }

    /// <summary>Takes the wordings of a lab's last evaluation, which are those that its adapter was trained with;
    /// without one they stay.</summary>
    public void Restore(Lab lab)
    {
        if (lab.Runs.List("evaluate").LastOrDefault(r => r.Status == "done") is not { } run) return;
        using var settings = JsonDocument.Parse(run.Configuration);
        string? Name(string field) =>
            settings.RootElement.ValueKind == JsonValueKind.Object && settings.RootElement.TryGetProperty(field, out var value)
                ? value.GetString()
                : null;
        Use(Name("Code"), Name("Qa"));
    }
}
