using DocTuneLab.Conversations;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus;

/// <summary>A sample before it is judged, from whatever source.</summary>
public sealed record Draft
{
    /// <summary>What it would teach.</summary>
    public required SampleKind Kind { get; init; }

    /// <summary>Turns as they would be trained on.</summary>
    public required IReadOnlyList<Message> Messages { get; init; }

    /// <summary>Instruction or question without the template around it.</summary>
    public required string Prompt { get; init; }

    /// <summary>Whether <see cref="Prompt"/> has passages of the documentation in it. Default false:
    /// what they say is then in <see cref="EvidenceText"/>, or nowhere.</summary>
    public bool ShowsPassages { get; init; }

    /// <summary>Passages before the request in <see cref="Messages"/>, which <see cref="Prompt"/> is without. Default 0.</summary>
    public int Passages { get; init; }

    /// <summary>Name of the check that a sample with passages carries.</summary>
    internal const string Reads = "reads";

    /// <summary>Inputs of the template that made the user's turn; null where it was none that is tuned.</summary>
    public IReadOnlyDictionary<string, string>? Inputs { get; init; }

    /// <summary>What it is grounded in.</summary>
    public required Evidence Evidence { get; init; }

    /// <summary>How it came to be.</summary>
    public required Provenance Provenance { get; init; }

    /// <summary>Text that the answer must be grounded in; empty where the compiler alone decides.</summary>
    public string EvidenceText { get; init; } = "";

    /// <summary>What it is true by, such as the recipe that wrote it; null where the evidence's text must show it.</summary>
    public string? Grounds { get; init; }

    /// <summary>Wording of <see cref="Prompt"/> with placeholders for the names in it; null where it was made from none.</summary>
    public string? Wording { get; init; }

    /// <summary>Words that must stand in the evidence, letter by letter but for blanks; null where none are claimed.</summary>
    public string? Quote { get; init; }

    /// <summary>Language asked for: <c>en</c> or <c>zh</c>; null where it does not matter.</summary>
    public string? Language { get; init; }

    /// <summary>Code that must compile and call only what exists; null where there is none.</summary>
    public CodeToJudge? Code { get; init; }

    /// <summary>The code with example values, to be run; null where there are none.</summary>
    public SampleProgram? Program { get; init; }

    /// <summary>Why there is no program; empty where there is one, or no code.</summary>
    public string NotRun { get; init; } = "";

    /// <summary>Whether only a run shows that the code makes sense, so that it is not kept where it could not be run.</summary>
    public bool MustRun { get; init; }

    /// <summary>The answer's code alone, for decontamination.</summary>
    public string? Body { get; init; }

    /// <summary>Code that must not compile; null where there is none.</summary>
    public CodeToJudge? Mistake { get; init; }

    /// <summary>Id of the error that the mistake must have; null for any.</summary>
    public string? MistakeError { get; init; }

    /// <summary>Writes the turns once the mistake's error is known; null where they are written already.</summary>
    public Func<CodeDiagnostic, IReadOnlyList<Message>>? Complete { get; init; }

    /// <summary>Members of which the code must use at least one; empty for any code.</summary>
    public IReadOnlyList<string> MustUse { get; init; } = [];

    /// <summary>Members that the code must not use, such as an obsolete one.</summary>
    public IReadOnlyList<string> MustNotUse { get; init; } = [];

    /// <summary>Whether the instruction may name members of the library; default true.</summary>
    public bool MayNameMembers { get; init; } = true;
}
