using DocTuneLab.Documents.Model;

namespace DocTuneLab.Evaluation.Suites;

/// <summary>
/// A held-out programming task (one line of <c>code.jsonl</c>). An answer is the body of <see cref="Signature"/>, or the
/// whole method; it is placed into <c>public static class Solution</c>, compiled, and run with the hidden asserts.
/// </summary>
public sealed record CodeTask
{
    /// <summary>Unique in the suite.</summary>
    public required string Id { get; init; }

    /// <summary>What to write, in the words of a colleague.</summary>
    public required string Instruction { get; init; }

    /// <summary>Header of the method to write, such as <c>public static int Count(Tank tank)</c>.</summary>
    public required string Signature { get; init; }

    /// <summary>Optional C# (types) placed before the solution class and shown to the model; may be empty.</summary>
    public required string Context { get; init; }

    /// <summary>Namespaces in scope besides the implicit ones.</summary>
    public required IReadOnlyList<string> Usings { get; init; }

    /// <summary>Documentation ids of library members that a right solution uses; empty for a task that is not about the library.</summary>
    public required IReadOnlyList<string> GoldSymbols { get; init; }

    /// <summary>A body that passes; empty for an imported task that came without one.</summary>
    public required string Reference { get; init; }

    /// <summary>A body that compiles and must fail.</summary>
    public required string Stub { get; init; }

    /// <summary>Hidden statements; they call <c>Solution.…</c> and <c>Check.Equal/True/Throws</c>; await is allowed.</summary>
    public required IReadOnlyList<string> Tests { get; init; }

    /// <summary>Pages that teach it; the first decides the split.</summary>
    public required IReadOnlyList<string> Documents { get; init; }

    /// <summary>Split of the first document.</summary>
    public required Split Split { get; init; }
}

/// <summary>A held-out question with a closed answer (one line of <c>docqa.jsonl</c>), graded by code.</summary>
/// <param name="Id">Unique in the suite.</param>
/// <param name="Question">The question.</param>
/// <param name="Answers">Accepted answers: identifiers, literals or short phrases.</param>
/// <param name="Documents">Pages, or <c>xml:</c> documentation ids, that hold the fact.</param>
/// <param name="Split">Split of the question.</param>
public sealed record QaTask(string Id, string Question, IReadOnlyList<string> Answers, IReadOnlyList<string> Documents, Split Split);

/// <summary>A held-out question with an open answer (one line of <c>open.jsonl</c>), graded by a judge.</summary>
/// <param name="Id">Unique in the suite.</param>
/// <param name="Question">The question.</param>
/// <param name="Reference">An answer that meets the rubric.</param>
/// <param name="Rubric">Facts that a full answer states; each counts the same.</param>
/// <param name="Documents">Pages that hold the facts.</param>
/// <param name="Split">Split of the question.</param>
public sealed record OpenTask(
    string Id, string Question, string Reference, IReadOnlyList<string> Rubric, IReadOnlyList<string> Documents, Split Split);

/// <summary>A piece of held-out code with a gap (one line of <c>completion.jsonl</c>): fill in the middle.</summary>
/// <param name="Id">Unique in the suite.</param>
/// <param name="Prefix">Code before the gap.</param>
/// <param name="Middle">What stood there.</param>
/// <param name="Suffix">Code after the gap.</param>
/// <param name="Usings">Namespaces in scope besides the implicit ones.</param>
/// <param name="Documents">The page that it was taken from.</param>
/// <param name="Split">Its split.</param>
public sealed record CompletionTask(
    string Id, string Prefix, string Middle, string Suffix, IReadOnlyList<string> Usings, IReadOnlyList<string> Documents, Split Split)
{
    /// <summary>The code with an answer in the gap.</summary>
    public string With(string middle) => Prefix + middle + Suffix;
}

/// <summary>Whose wording a question about a member has.</summary>
public enum MemberWording
{
    /// <summary>One in which corpora ask, too.</summary>
    Corpus,
    /// <summary>One that no corpus uses.</summary>
    Other,
}

/// <summary>A question that takes a member for granted (one line of <c>members.jsonl</c>): does the answer notice whether it exists?
/// </summary>
/// <param name="Id">Unique in the suite.</param>
/// <param name="Question">The question.</param>
/// <param name="Member">The member as the question names it: <c>WaterHead.Above</c>.</param>
/// <param name="Exists">Whether the library has it.</param>
/// <param name="Wording">Whose wording it is.</param>
/// <param name="Documents">The page that documents the type, or its <c>xml:</c> documentation id.</param>
/// <param name="Split">Split of the question.</param>
public sealed record MemberTask(
    string Id, string Question, string Member, bool Exists, MemberWording Wording, IReadOnlyList<string> Documents, Split Split);

/// <summary>What a retention text is made of.</summary>
public enum RetentionKind
{
    /// <summary>English prose.</summary>
    Text,
    /// <summary>C# that has nothing to do with the library.</summary>
    CSharp,
}

/// <summary>Frozen text that a tuned model must still find as likely as its base did (one line of <c>retention.jsonl</c>).</summary>
/// <param name="Id">Unique in the suite.</param>
/// <param name="Kind">Prose or C#.</param>
/// <param name="Text">The text.</param>
/// <param name="Source">Where it is from; texts of one source are drawn together.</param>
public sealed record RetentionText(string Id, RetentionKind Kind, string Text, string Source);
