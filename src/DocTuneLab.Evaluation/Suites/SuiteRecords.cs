using DocTuneLab.Documents;

namespace DocTuneLab.Evaluation.Suites;

/// <summary>
/// A held-out programming task (one line of <c>code.jsonl</c>). An answer is the body of <see cref="Signature"/>, or the
/// whole method; it is placed into <c>public static class Solution</c>, compiled, and run with the hidden asserts.
/// </summary>
/// <param name="Id">Unique in the suite.</param>
/// <param name="Instruction">What to write, in the words of a colleague.</param>
/// <param name="Signature">Header of the method to write, such as <c>public static int Count(Tank tank)</c>.</param>
/// <param name="Context">Optional C# (types) placed before the solution class and shown to the model; may be empty.</param>
/// <param name="Usings">Namespaces in scope besides the implicit ones.</param>
/// <param name="GoldSymbols">Documentation ids of library members that a right solution uses.</param>
/// <param name="Reference">A body that passes.</param>
/// <param name="Stub">A body that compiles and must fail.</param>
/// <param name="Tests">Hidden statements; they call <c>Solution.…</c> and <c>Check.Equal/True/Throws</c>; await is allowed.</param>
/// <param name="Documents">Pages that teach it; the first decides the split.</param>
/// <param name="Split">Split of the first document.</param>
public sealed record CodeTask(
    string Id,
    string Instruction,
    string Signature,
    string Context,
    IReadOnlyList<string> Usings,
    IReadOnlyList<string> GoldSymbols,
    string Reference,
    string Stub,
    IReadOnlyList<string> Tests,
    IReadOnlyList<string> Documents,
    Split Split);

/// <summary>A held-out question with a closed answer (one line of <c>docqa.jsonl</c>), graded by code.</summary>
/// <param name="Id">Unique in the suite.</param>
/// <param name="Question">The question.</param>
/// <param name="Answers">Accepted answers: identifiers, literals or short phrases.</param>
/// <param name="Documents">Pages, or <c>xml:</c> documentation ids, that hold the fact.</param>
/// <param name="Split">Split of the question.</param>
public sealed record QaTask(string Id, string Question, IReadOnlyList<string> Answers, IReadOnlyList<string> Documents, Split Split);
