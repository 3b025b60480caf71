using DocTuneLab.Prompts;

namespace DocTuneLab.Corpus.Language;

/// <summary>A true statement about the library or its documents: values for a question, and the answer.</summary>
/// <param name="Kind">Kind, which decides the wordings.</param>
/// <param name="Values">Values of the placeholders.</param>
/// <param name="Answer">The right answer in the form of <see cref="AnswerFormat"/>.</param>
/// <param name="Symbols">Documentation ids that it is about.</param>
/// <param name="Chunks">Chunks that it comes from.</param>
/// <param name="Verbatim">Question of the documentation itself, asked as it stands; null where phrasings apply.</param>
public sealed record Fact(string Kind, IReadOnlyDictionary<string, string> Values, string Answer, IReadOnlyList<string> Symbols,
    IReadOnlyList<string> Chunks, string? Verbatim = null);
