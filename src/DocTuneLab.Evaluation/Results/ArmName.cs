using DocTuneLab.Library.Guidance;

namespace DocTuneLab.Evaluation.Results;

/// <summary>What the name of an arm says: a model, and behind it what is added to it.</summary>
/// <param name="Model">The model: base, tuned or another name.</param>
/// <param name="HasDocuments">Whether passages stand in the prompt (<c>+docs</c>).</param>
/// <param name="Guided">How the compiler guides; null where it does not.</param>
public sealed record ArmName(string Model, bool HasDocuments, GuidedArm? Guided)
{
    /// <summary>Behind the name of an arm with passages in its prompts.</summary>
    public const string Documents = "docs";

    /// <summary>What tells results apart that have one name, such as <c> (earlier)</c>; else empty.</summary>
    private string Which { get; init; } = "";

    /// <summary>The arm that is the same but for the compiler.</summary>
    public string Unguided => Model + (HasDocuments ? $"+{Documents}" : "") + Which;

    /// <summary>Reads a name, such as <c>tuned+docs+compiler</c>. Other additions belong to the model's name.</summary>
    /// <exception cref="LabException">The compiler guides it in two ways.</exception>
    public static ArmName Of(string arm)
    {
        ArgumentNullException.ThrowIfNull(arm);
        var which = arm.EndsWith(')') && arm.LastIndexOf(" (", StringComparison.Ordinal) is var from and > 0 ? arm[from..] : "";
        var parts = arm[..^which.Length].Split('+').ToList();
        var (hasDocuments, guided) = (false, (GuidedArm?)null);
        for (; parts.Count > 1; parts.RemoveAt(parts.Count - 1))
        {
            var guide = GuidedArm.All.FirstOrDefault(g => g.Name == parts[^1]);
            if (guide is null && parts[^1] != Documents) break;
            if (guide is not null && guided is not null)
                throw new LabException($"arm '{arm}': it is guided by one of +{guide.Name} and +{guided.Name}, not by both.");
            (hasDocuments, guided) = (hasDocuments || guide is null, guide ?? guided);
        }
        return new(string.Join('+', parts), hasDocuments, guided) { Which = which };
    }
}

/// <summary>How far the compiler guides an arm. Arms beside <c>+compiler</c> are an ablation: each looks at what those before it do, and
/// at one thing more.</summary>
/// <param name="Name">What stands behind the model's name.</param>
/// <param name="Layers">What the guide looks at; null is what the settings say.</param>
public sealed record GuidedArm(string Name, GuideLayers? Layers)
{
    /// <summary>As far as the settings say: by default all the way.</summary>
    public static GuidedArm Whole { get; } = new("compiler", null);

    /// <summary>All of them, from what looks at least on.</summary>
    public static IReadOnlyList<GuidedArm> All { get; } =
    [
        new("syntax", GuideLayers.Syntax),
        new("names", GuideLayers.Syntax | GuideLayers.Names),
        new("members", GuideLayers.Syntax | GuideLayers.Names | GuideLayers.Members),
        new("arguments", GuideLayers.All & ~(GuideLayers.Types | GuideLayers.Statements)),
        new("types", GuideLayers.All & ~GuideLayers.Statements),
        Whole,
    ];
}
