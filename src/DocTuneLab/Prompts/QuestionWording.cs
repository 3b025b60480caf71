using DocTuneLab.Conversations;

namespace DocTuneLab.Prompts;

/// <summary>How a model was trained to be asked: for a method, and about the library.</summary>
/// <param name="Code">Asks for a method.</param>
/// <param name="Question">Asks a question.</param>
public sealed record QuestionWording(PromptTemplate Code, PromptTemplate Question)
{
    /// <summary>The wordings that ship.</summary>
    public static QuestionWording Default { get; } =
        new(PromptLibrary.Default["code-task.complete"], PromptLibrary.Default["doc-qa.plain"]);

    /// <summary>The turns of a question: what stands before every question, such as a system turn and examples, and last the question.
    /// </summary>
    /// <param name="text">The question, or what a method does.</param>
    /// <param name="signature">Header of the method that is asked for; null or blank for a question.</param>
    /// <param name="context">C# that stands beside the method.</param>
    /// <param name="library">The library's name; empty where none is known.</param>
    public IReadOnlyList<Message> Ask(string text, string? signature, string context, string library) =>
        string.IsNullOrWhiteSpace(signature) ? Question.Messages(AnswerFormat.QaInputs(text, library))
            : Code.Messages(AnswerFormat.CodeInputs(text, signature.Trim(), context, library));
}
