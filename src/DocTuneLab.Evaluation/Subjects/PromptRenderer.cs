using DocTuneLab.Conversations;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Prompts;

namespace DocTuneLab.Evaluation.Subjects;

/// <summary>How tasks become conversations. An arm with documents is another renderer: see <see cref="WithDocuments"/>.</summary>
/// <param name="Code">Turns before the answer of a programming task; the last is the user's.</param>
/// <param name="Qa">Turns before the answer of a closed question.</param>
public sealed record PromptRenderer(Func<CodeTask, IReadOnlyList<Message>> Code, Func<QaTask, IReadOnlyList<Message>> Qa)
{
    /// <summary>Turns before the answer of an open question; by default the question alone.</summary>
    public Func<OpenTask, IReadOnlyList<Message>> Open { get; init; } = t => [Message.User(t.Question)];

    /// <summary>Turns before the answer to a question about a member; by default as closed questions are asked.</summary>
    public IReadOnlyList<Message> Member(MemberTask task) =>
        Qa(new QaTask(task.Id, task.Question, [task.Member], task.Documents, task.Split));

    /// <summary>Turns before the text of a gap; by default as in training, by <c>completion.fim</c>.</summary>
    public Func<CompletionTask, IReadOnlyList<Message>> Completion { get; init; } = t =>
        PromptLibrary.Default["completion.fim"].Messages(
            new Dictionary<string, string>(StringComparer.Ordinal) { ["prefix"] = t.Prefix, ["suffix"] = t.Suffix });

    /// <summary>The answer whose likelihood is measured; by default the reference in a <c>csharp</c> fence.</summary>
    public Func<CodeTask, string> CodeAnswer { get; init; } = t => $"```csharp\n{t.Reference.Trim('\n')}\n```";

    /// <summary>The answer whose likelihood is measured; by default the first accepted one.</summary>
    public Func<QaTask, string> QaAnswer { get; init; } = t => t.Answers[0];

    /// <summary>
    /// The same prompts after the passages that a search finds for them: the arm against which tuning has to show that it is worth
    /// its cost.
    /// Tasks that need no library get none.
    /// </summary>
    /// <param name="passages">How they are found and shown.</param>
    public PromptRenderer WithDocuments(Passages passages) => this with
    {
        Code = t => t.GoldSymbols.Count == 0
            ? Code(t)
            : passages.Before(Code(t), Passages.QueryOf(t.Instruction, t.Signature, t.Context)),
        Qa = t => passages.Before(Qa(t), t.Question),
        Open = t => passages.Before(Open(t), t.Question),
        Completion = t => passages.Before(Completion(t), t.Prefix + t.Suffix),
    };
}
