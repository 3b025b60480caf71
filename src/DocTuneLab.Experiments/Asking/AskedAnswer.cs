using DocTuneLab.Conversations;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;

namespace DocTuneLab.Experiments.Asking;

/// <summary>What is asked.</summary>
/// <param name="Text">The question, or what a method does.</param>
/// <param name="Signature">Header of the method that is asked for; null for a question.</param>
public sealed record AskedQuestion(string Text, string? Signature = null)
{
    /// <summary>C# that stands beside the method. Default none.</summary>
    public string Context { get; init; } = "";

    /// <summary>Greedy, 256 tokens.</summary>
    public static SamplingOptions Usual { get; } = new(256);

    /// <summary>How tokens are chosen. Default as <see cref="Usual"/>.</summary>
    public SamplingOptions Sampling { get; init; } = Usual;
}

/// <summary>An answer, with what the compiler says of it.</summary>
/// <param name="Arm">Who answered.</param>
/// <param name="Text">The answer.</param>
/// <param name="Prompt">What the model read, as text.</param>
/// <param name="Code">The C# in the answer; none where no library is known.</param>
/// <param name="Sources">Passages that stood in the prompt.</param>
/// <param name="Guided">What the compiler did while it was written; null where the model was free.</param>
public sealed record AskedAnswer(string Arm, string Text, string Prompt, IReadOnlyList<CheckedCode> Code, IReadOnlyList<Chunk> Sources,
    GuidedText? Guided);
