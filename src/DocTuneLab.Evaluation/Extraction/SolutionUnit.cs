using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation.Extraction;

/// <summary>
/// An answer placed into a compilation unit: using directives, the task's context, what the answer declares, and
/// <c>public static class Solution</c> with the task's method. An expression or statements become the body of that method. Types,
/// functions and members are kept as they are, in a namespace of their own where they meet no name of the tests, and the method forwards
/// to the answer's of its name, whatever type it is in; where that is no static method, to the one of a new instance.
/// </summary>
/// <param name="Source">The whole unit.</param>
/// <param name="Form">What the answer was taken for.</param>
/// <param name="Parses">No syntax error in the unit.</param>
/// <param name="Usings">Number of the answer's own using directives.</param>
/// <param name="Lines">
/// For each line of the unit the one-based line of the answer's code that it is; below zero where it was not written by the model but
/// belongs to that line, 0 where it belongs to none.
/// </param>
internal sealed record SolutionUnit(string Source, CodeForm Form, bool Parses, int Usings, IReadOnlyList<int> Lines)
{
    /// <summary>Whether a line of the unit was written by the model.</summary>
    public bool IsAnswerLine(int line) => line >= 1 && line <= Lines.Count && Lines[line - 1] > 0;

    /// <summary>Line of the answer's code for a line of the unit; 0 where it lies outside.</summary>
    internal int LineOfAnswer(int line) => line >= 1 && line <= Lines.Count ? Math.Abs(Lines[line - 1]) : 0;

    /// <summary>Places <paramref name="code"/> for <paramref name="task"/>.</summary>
    /// <exception cref="LabException">The task's signature is none.</exception>
    public static SolutionUnit Compose(CodeTask task, string code) => new UnitComposer(task, code.ReplaceLineEndings("\n")).Compose();
}
