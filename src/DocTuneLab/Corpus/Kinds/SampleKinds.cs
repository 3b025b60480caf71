namespace DocTuneLab.Corpus.Kinds;

/// <summary>Definitions of kinds of samples, and how they are looked up.</summary>
public static class SampleKinds
{
    /// <summary>The kinds that ship. A program adds its own with <c>[.. SampleKinds.BuiltIn, new ItsKind()]</c>.</summary>
    public static IReadOnlyList<SampleKindDefinition> BuiltIn { get; } =
    [
        new CodeKind(),
        new QaKind(),
        new ExplainKind(),
        new CompletionKind(),
        new RepairKind(),
        new UnanswerableKind(),
        new MigrationKind(),
    ];

    /// <summary>The definition of a kind; null where there is none.</summary>
    public static SampleKindDefinition? Find(this IReadOnlyList<SampleKindDefinition> kinds, SampleKind kind) =>
        kinds.FirstOrDefault(k => k.Kind == kind);

    /// <summary>What answers of a kind hold; prose where nobody has defined it.</summary>
    public static AnswerForm AnswerOf(this IReadOnlyList<SampleKindDefinition> kinds, SampleKind kind) =>
        kinds.Find(kind)?.Answer ?? AnswerForm.Prose;

    /// <summary>Share of each kind that has one in a corpus drafted from the library alone.</summary>
    internal static IReadOnlyDictionary<SampleKind, double> StructuralMix(this IReadOnlyList<SampleKindDefinition> kinds) =>
        kinds.Where(k => k.StructuralShare > 0).ToDictionary(k => k.Kind, k => k.StructuralShare!.Value);

    /// <summary>Share of each kind that has one in a corpus that hosted models write.</summary>
    internal static IReadOnlyDictionary<SampleKind, double> HostedMix(this IReadOnlyList<SampleKindDefinition> kinds) =>
        kinds.Where(k => k.HostedShare > 0).ToDictionary(k => k.Kind, k => k.HostedShare!.Value);

    /// <exception cref="LabException">Two definitions have one name.</exception>
    internal static void Validate(this IReadOnlyList<SampleKindDefinition> kinds, string option)
    {
        if (kinds.GroupBy(k => k.Kind).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new LabException($"{option} Kinds defines {twice.Key.FieldName} twice ("
                + $"{string.Join(" and ", twice.Select(k => k.GetType().Name))}); give each kind a name of its own.");
    }
}
