using DocTuneLab.Library;
using DocTuneLab.Prompts;
using DocTuneLab.Storage;

namespace DocTuneLab.Serving.Knowledge;

/// <summary>What is known of a library: its members, the compiler with it, and its pages.</summary>
/// <param name="Name">The library's name.</param>
/// <param name="Api">Its members with their documentation.</param>
/// <param name="Judge">The compiler with the library.</param>
/// <param name="Search">Passages of its pages for some words, best first, at most so many; null where there are no pages.</param>
public sealed record LibraryKnowledge(
    string Name, ApiModel Api, CSharpJudge Judge, Func<string, int, IReadOnlyList<SearchHit>>? Search = null)
{
    /// <summary>How the model was trained to be asked. Default the wordings that ship.</summary>
    public QuestionWording Wording { get; init; } = QuestionWording.Default;
}
