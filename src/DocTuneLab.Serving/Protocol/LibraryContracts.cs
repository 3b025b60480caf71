using DocTuneLab.Documents.Model;

namespace DocTuneLab.Serving.Protocol;

/// <summary>How the compiler guides an answer: an extension of the protocol.</summary>
/// <param name="Signature">Header of the method whose body is guided; without one, code is guided as a file, by its names alone.</param>
/// <param name="Context">C# that stands beside the code.</param>
internal sealed record GuideFields(string? Signature, string? Context);

/// <summary>What is served, and which library is known.</summary>
/// <param name="Library">The library's name; null where none is known.</param>
/// <param name="Pages">Whether there are pages to search.</param>
/// <param name="Votes">Whether votes are kept.</param>
/// <param name="Models">Names of models.</param>
/// <param name="Default">The one that answers where none is named.</param>
internal sealed record ServedLab(string? Library, bool Pages, bool Votes, IReadOnlyCollection<string> Models, string Default);

/// <summary>An answer whose code is to be checked.</summary>
internal sealed record CheckRequest(string? Answer, string? Question);

/// <summary>Verdicts on the C# of an answer, in order.</summary>
internal sealed record CheckAnswer(IReadOnlyList<CheckedBlock> Blocks);

/// <summary>A question that is to be put as the model was trained to be asked.</summary>
/// <param name="Question">The question, or what a method does.</param>
/// <param name="Signature">Header of the method; null for a question.</param>
internal sealed record WordingRequest(string? Question, string? Signature);

/// <summary>The question as turns: the last is the question, those before stand before every question.</summary>
internal sealed record WordedQuestion(IReadOnlyList<WordedTurn> Messages);

/// <summary>A turn.</summary>
internal sealed record WordedTurn(string Role, string Content);

/// <summary>The verdict on a piece of code, which is given as it was found in the answer.</summary>
internal sealed record CheckedBlock(string Code, bool Compiles, IReadOnlyList<string> Invented, IReadOnlyList<CheckedFault> Faults);

/// <summary>What is wrong in a line, and what there is instead.</summary>
internal sealed record CheckedFault(int Line, string Message, string? Nearest);

/// <summary>A conversation whose prompt is to be shown.</summary>
internal sealed record PromptRequest(List<ChatTurn>? Messages, bool? Docs);

/// <summary>The prompt as the model reads it, and the passages in it.</summary>
internal sealed record PromptAnswer(string Text, int Tokens, IReadOnlyList<PromptSource> Sources);

/// <summary>A passage of a page.</summary>
internal sealed record PromptSource(string Page, string Heading, string Text)
{
    /// <summary>Of passages.</summary>
    public static IReadOnlyList<PromptSource> Of(IReadOnlyList<Chunk> passages) =>
        [.. passages.Select(c => new PromptSource(c.DocumentPath, string.Join(" > ", c.HeadingPath), c.Text.Trim()))];
}

/// <summary>What somebody thinks of an answer.</summary>
internal sealed record VoteRequest
{
    public string? Model { get; init; }

    /// <summary>Whether pages stood in the prompt.</summary>
    public bool? Docs { get; init; }

    /// <summary>Whether the compiler guided the answer.</summary>
    public bool? Guided { get; init; }

    public string? Question { get; init; }

    public string? Answer { get; init; }

    /// <summary><c>up</c> or <c>down</c>.</summary>
    public string? Vote { get; init; }
}
