using DocTuneLab.Conversations;
using DocTuneLab.Corpus.Kinds;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Prompts;
using DocTuneLab.Prompts.Tuning;
using DocTuneLab.Settings;
using DocTuneLab.Tokenization;

namespace DocTuneLab.Corpus.Structural;

/// <summary>What to generate. The same options, library and chunks give the same corpus, byte for byte.</summary>
public sealed record CorpusOptions : IDraftingOptions
{
    /// <summary>Names, ranges and words of these settings.</summary>
    public static SettingTable<CorpusOptions> Settings => SettingTable<CorpusOptions>.Instance;

    /// <summary>Share of each kind unless told otherwise.</summary>
    public static IReadOnlyDictionary<SampleKind, double> DefaultMix { get; } = SampleKinds.BuiltIn.StructuralMix();

    /// <summary>Definitions of the kinds that can be drafted; default those that ship. A program adds its own:
    /// <c>Kinds = [.. SampleKinds.BuiltIn, new ItsKind()]</c>.</summary>
    public IReadOnlyList<SampleKindDefinition> Kinds { get; init; } = SampleKinds.BuiltIn;

    /// <summary>Accepted samples wanted; default 4,000.</summary>
    [Setting("Accepted samples wanted.", Min = 1)]
    public int Count { get; init; } = 4000;

    /// <summary>Relative share of each kind. What a kind cannot fill (a small library has few facts) goes to code. Default: what the
    /// definitions of <see cref="Kinds"/> say.</summary>
    public IReadOnlyDictionary<SampleKind, double> Mix { get => field ?? Kinds.StructuralMix(); init; }

    /// <summary>Seed of every choice; default 1.</summary>
    [Setting("Seed of everything random.")]
    public int Seed { get; init; } = 1;

    /// <summary>Longest accepted sample in tokens, all turns together. Default 512, what training takes by default: a task with a class to
    /// write has its interface in the prompt and takes nearly as much.</summary>
    [Setting("Tokens of the longest sample that is accepted, all turns together.", Option = "sample-tokens", Field = "sample_tokens",
        Min = 16)]
    public int MaxTokens { get; init; } = 512;

    /// <summary>Counts tokens; without one, four characters count as one token.</summary>
    public ITokenizer? Tokenizer { get; init; }

    /// <summary>Share of questions and instructions in Chinese;
    /// default the share of the library's summaries that are, at most 0.9: none where all are in English.</summary>
    [Setting("Share of questions and instructions in Chinese. Without one, about the share of the library's summaries that are.",
        Placeholder = "SHARE", Min = 0, Max = 1)]
    public double? ChineseShare { get; init; }

    /// <summary>Share of questions drawn from the pages (tables, definitions, FAQ, sentences) where there are any; default 0.4.</summary>
    [Setting("Share of questions drawn from the pages where there are any, not from members.", Placeholder = "SHARE", Min = 0, Max = 1)]
    public double DocumentShare { get; init; } = 0.4;

    /// <summary>Name of the library, for templates that mention it; may be empty.</summary>
    public string LibraryName { get; init; } = "";

    /// <summary>Template of code samples; evaluation must use the same. Default <c>code-task.complete</c>.</summary>
    public PromptTemplate CodeTemplate { get; init; } = PromptLibrary.Default["code-task.complete"];

    /// <summary>Template of questions; evaluation must use the same. Default <c>doc-qa.plain</c>.</summary>
    public PromptTemplate QaTemplate { get; init; } = PromptLibrary.Default["doc-qa.plain"];

    /// <summary>Similarity from which two samples count as the same; default 0.92.</summary>
    [Setting("Similarity from which two samples count as the same.", Option = "near-duplicate", Placeholder = "SHARE", Above = 0, Max = 1)]
    public double NearDuplicateThreshold { get; init; } = 0.92;

    /// <summary>Drafts made per wanted sample before a kind gives up; default 8.</summary>
    [Setting("Drafts made for each sample wanted before a kind gives up.", Option = "max-drafts", Min = 1)]
    public int MaxDraftsPerSample { get; init; } = 8;

    /// <summary>Held-out items that no sample may copy; default none.</summary>
    public Decontamination? HeldOut { get; init; }

    /// <summary>Share of questions and tasks that show passages of train pages before the request, as the arms with documents of an
    /// evaluation do, where <see cref="Passages"/> finds some; default 0.</summary>
    [Setting("Share of questions and tasks that show passages before the request, as arms with documents do, distractors among them.",
        Placeholder = "SHARE", Min = 0, Max = 1)]
    public double RetrievedShare { get; init; }

    /// <summary>Finds passages for samples that read, in train pages alone; null for none. Default none.</summary>
    public Passages? Passages { get; init; }

    /// <summary>Longest accepted sample with passages in tokens, all turns together: as long as training takes. Default 512.</summary>
    public int MaxReadingTokens { get; init; } = 512;

    /// <summary>Where samples of general knowledge come from, replayed so that tuning forgets less; null for none. Default none, since a
    /// source reads .NET's own assemblies: a program that wants them says <c>new GeneralSamples()</c>, as the verb and the magic do, and
    /// only then counts <see cref="ReplayShare"/>.</summary>
    public GeneralSamples? General { get; init; }

    /// <summary>Share of samples that are general, where <see cref="General"/> is a source of them; default 0.1.</summary>
    [Setting("Share of samples about .NET itself, so that tuning forgets less.", Option = "general-share", Field = "general_share",
        Placeholder = "SHARE", Min = 0, Below = 1)]
    public double ReplayShare { get; init; } = 0.1;

    /// <summary>Files and folders of C#, of the library (its tests, samples, own code) or of those who use it, to be mined for usages;
    /// default none.</summary>
    [Setting("Files or folders of C#, the library's own tests, samples and code or what uses it, to be mined for usages.",
        Option = "source", Field = "source", Placeholder = "PATH", MayHoldCommas = true)]
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>Runs the code of samples with example values; one of several steps that throws, gives null or does not end is rejected.
    /// Default none: the compiler alone judges.</summary>
    public IProgramRunner? Runner { get; init; }

    /// <summary>
    /// Run the code of samples even where neither bubblewrap nor namespaces keep it from the network and from other processes. Default
    /// false: then nothing runs there, and the account says so.
    /// </summary>
    [Setting("Runs the samples' code even where neither bubblewrap nor namespaces isolate it.")]
    public bool AllowWithoutIsolation { get; init; }

    /// <summary>The share of Chinese for a library whose summaries are in Chinese to <paramref name="documented"/>.</summary>
    double IDraftingOptions.ChineseShareOf(double documented) => ChineseShare ?? Math.Min(documented, 0.9);

    /// <summary>What every sample must hold under these options.</summary>
    internal ValidationOptions Validation => new()
    {
        MaxTokens = MaxTokens,
        MaxReadingTokens = MaxReadingTokens,
        CountTokens = Tokens,
        HeldOut = HeldOut,
        NearDuplicateThreshold = NearDuplicateThreshold,
        Kinds = Kinds,
    };

    /// <exception cref="LabException">An option is out of range.</exception>
    internal CorpusOptions Validated()
    {
        Settings.Validate(this, "Corpus: ");
        Kinds.Validate("Corpus option");
        if (Mix.Values.Any(w => w < 0) || Mix.Values.Sum() <= 0)
            throw new LabException("Corpus option Mix needs weights of at least 0, and one above 0.");
        return this;
    }

    internal int Tokens(IReadOnlyList<Message> messages) => messages.Sum(m => 4 + Tokens(m.Content));

    private int Tokens(string text) => Tokenizer?.Count(text) ?? (text.Length + 3) / 4;

    int IDraftingOptions.Tokens(string text) => Tokens(text);

    int IDraftingOptions.Tokens(IReadOnlyList<Message> messages) => Tokens(messages);
}

/// <summary>Progress of a generation.</summary>
/// <param name="Kind">Kind being made.</param>
/// <param name="Accepted">Samples accepted so far.</param>
/// <param name="Wanted">Samples wanted in all.</param>
/// <param name="Drafts">Drafts made so far.</param>
public readonly record struct CorpusProgress(SampleKind Kind, int Accepted, int Wanted, int Drafts);

/// <summary>Where the drafts of one kind went. <see cref="Drafts"/> = <see cref="Accepted"/> + all of <see cref="Rejected"/>.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Wanted">Accepted samples wanted.</param>
/// <param name="Drafts">Drafts made.</param>
/// <param name="Accepted">Drafts that passed everything.</param>
/// <param name="Rejected">The others by reason: the name of the first check that failed (<c>compiles</c>, <c>not held out</c>,
/// <c>length</c>, …), <c>duplicate</c>, <c>near-duplicate</c>, <c>nothing to write</c>, and of code that was run <c>threw</c>,
/// <c>gave nothing</c>, <c>did not end</c> or <c>not shown to work</c>.</param>
public sealed record KindAccount(SampleKind Kind, int Wanted, int Drafts, int Accepted, IReadOnlyDictionary<string, int> Rejected)
{
    /// <summary>Name in tables; default the kind's.</summary>
    public string Label { get => field ?? Kind.ToString(); init; }

    /// <summary>What became of the accepted samples' code when it was run.</summary>
    public ProgramAccount Runs { get; init; } = new(0, new Dictionary<string, int>());

    /// <summary>Every draft is accounted for.</summary>
    public bool Closes => Drafts == Accepted + Rejected.Values.Sum();

    /// <summary>Samples wanted and not made.</summary>
    public int Shortfall => Math.Max(0, Wanted - Accepted);
}

/// <summary>A generated corpus.</summary>
/// <param name="Samples">Accepted samples, shuffled by the seed.</param>
/// <param name="Rejected">Drafts that failed a check, with the failed check; duplicates are only counted.</param>
/// <param name="Accounts">Accounting per kind.</param>
/// <param name="Coverage">What the samples teach per symbol.</param>
/// <param name="Tokens">Tokens of all accepted samples.</param>
public sealed record GeneratedCorpus(IReadOnlyList<Sample> Samples, IReadOnlyList<Sample> Rejected, IReadOnlyList<KindAccount> Accounts,
    CoverageLedger Coverage, long Tokens)
{
    /// <summary>Questions and tasks as inputs of their template with the right answer, in order of acceptance;
    /// the same samples otherwise.</summary>
    public IReadOnlyList<PromptExample> Examples { get; init; } = [];

    /// <summary>Why the code of no sample was run on this machine; null where it was, or nobody asked for it.</summary>
    public string? RunRefusal { get; init; }
}
