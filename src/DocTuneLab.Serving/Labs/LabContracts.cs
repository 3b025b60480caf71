using DocTuneLab.Experiments.Flow;

namespace DocTuneLab.Serving.Labs;

/// <summary>A lab that is to be made.</summary>
internal sealed record NewLabRequest
{
    public string? Name { get; init; }

    /// <summary>Folder or file of pages.</summary>
    public string? Docs { get; init; }

    /// <summary>The library: a <c>.nupkg</c>, the name of a package, a <c>.csproj</c> or an assembly.</summary>
    public string? Library { get; init; }

    /// <summary>C# to learn usages from and to draft tasks from.</summary>
    public string? Source { get; init; }

    public PlanFields? Plan { get; init; }
}

/// <summary>What is chosen for a run.</summary>
internal sealed record PlanFields
{
    public string? Base { get; init; }

    public int? HeldOut { get; init; }

    public bool? MayRun { get; init; }

    public int? Seed { get; init; }

    public Dictionary<string, string>? Settings { get; init; }
}

/// <summary>A setting as a form shows it.</summary>
/// <param name="Name">Name of its option.</param>
/// <param name="Words">What it is.</param>
/// <param name="Default">Where nothing is given.</param>
/// <param name="Expected">What values it takes.</param>
/// <param name="Allowed">Its values, where they are few.</param>
internal sealed record SettingField(string Name, string Words, string Default, string Expected, IReadOnlyList<string> Allowed);

/// <summary>Settings that belong together.</summary>
internal sealed record SettingFields(string Title, IReadOnlyList<SettingField> Settings);

/// <summary>What a page needs to know before a lab is made.</summary>
/// <param name="Folder">Where labs are made.</param>
/// <param name="Plan">What a run is made of where nothing is chosen.</param>
/// <param name="IsSampleBase">Whether its base is the sample model.</param>
/// <param name="Groups">The settings.</param>
internal sealed record LabChoices(string Folder, LabPlan Plan, bool IsSampleBase, IReadOnlyList<SettingFields> Groups);

/// <summary>A folder to choose from.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Parent">The folder above; null at the top.</param>
/// <param name="Folders">Names of the folders in it.</param>
/// <param name="Files">Names of the files in it that something can be made of.</param>
internal sealed record FolderView(string Path, string? Parent, IReadOnlyList<string> Folders, IReadOnlyList<string> Files);

/// <summary>A stage as a page shows it.</summary>
internal sealed record StageView
{
    public required string Stage { get; init; }

    /// <summary><c>waiting</c>, <c>running</c>, <c>done</c>, <c>stopped</c> or <c>failed</c>.</summary>
    public required string State { get; init; }

    public string Text { get; init; } = "";

    public int? Done { get; init; }

    public int? Total { get; init; }

    /// <summary>Seconds that it has taken so far.</summary>
    public double Seconds { get; init; }

    /// <summary>What was found, such as why samples were rejected.</summary>
    public IReadOnlyDictionary<string, string> Figures { get; init; } = new Dictionary<string, string>();
}

/// <summary>How a lab stands.</summary>
internal sealed record LabView
{
    public required string Name { get; init; }

    /// <summary><c>new</c>, <c>queued</c>, <c>running</c>, <c>done</c>, <c>stopped</c> or <c>failed</c>.</summary>
    public required string State { get; init; }

    public required IReadOnlyList<StageView> Stages { get; init; }

    /// <summary>Points of the loss; where a reader says how many it has, those that follow.</summary>
    public IReadOnlyList<FlowLoss> Losses { get; init; } = [];

    /// <summary>Number of the first of these points.</summary>
    public int LossesFrom { get; init; }

    /// <summary>Whether there is a report.</summary>
    public bool HasReport { get; init; }

    /// <summary>Rises with every change.</summary>
    public long Version { get; init; }
}

/// <summary>A lab, how it stands, what was chosen for it, and what is worth knowing of it.</summary>
internal sealed record LabDetails(LabView Lab, LabPlan Plan, string Folder, IReadOnlyList<string> Found);

/// <summary>What can be done with an adapter, and the command.</summary>
internal sealed record NextStep(string What, string Command);

/// <summary>Part of a list.</summary>
internal sealed record Part<T>(int Total, int From, IReadOnlyList<T> Items);

/// <summary>A sample as it is read.</summary>
internal sealed record SampleView(string Kind, string Split, IReadOnlyList<TurnView> Turns);

/// <summary>A turn of it.</summary>
internal sealed record TurnView(string Role, string Text);

/// <summary>What was asked, and what each arm answered.</summary>
internal sealed record TaskView(string Task, string Asked, IReadOnlyList<ArmAnswer> Answers);

/// <summary>An answer and what became of it.</summary>
internal sealed record ArmAnswer(string Arm, string Text, bool Compiles, bool? Passes, string Note);
