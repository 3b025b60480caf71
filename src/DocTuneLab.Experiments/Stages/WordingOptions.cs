using DocTuneLab.Settings;

namespace DocTuneLab.Experiments.Stages;

/// <summary>Which templates take the place of those that ship.</summary>
public sealed record WordingOptions
{
    /// <summary>Names, ranges and words of these settings.</summary>
    public static SettingTable<WordingOptions> Settings => SettingTable<WordingOptions>.Instance;

    /// <summary>
    /// Files in the form of <see cref="Prompts.PromptTemplate"/>, such as tuning writes, folders of them, or names; the lab's newest
    /// version of a name comes before the one that ships. Of the kind <c>code-task</c> or <c>doc-qa</c> one words tasks or questions, of
    /// the kind <c>generate</c> it stands in for the one of its name. Default none: wordings stay.
    /// </summary>
    [Setting(
        "Wordings in the place of those in use: a .liquid file, a folder of them, or the name of a template that tuning left in the lab or "
            + "that ships.",
        Option = "template", Field = "template", Placeholder = "NAME|FILE", MayHoldCommas = true)]
    public IReadOnlyList<string> Templates { get; init; } = [];
}
