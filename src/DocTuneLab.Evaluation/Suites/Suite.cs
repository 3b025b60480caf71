using System.Text.Json;

namespace DocTuneLab.Evaluation.Suites;

/// <summary>A set of held-out tasks: programming tasks with hidden tests and closed questions.</summary>
/// <param name="Code">Programming tasks, in file order.</param>
/// <param name="Qa">Closed questions, in file order.</param>
public sealed record Suite(IReadOnlyList<CodeTask> Code, IReadOnlyList<QaTask> Qa)
{
    /// <summary>File name of the programming tasks in a suite's folder.</summary>
    public const string CodeFile = "code.jsonl";

    /// <summary>File name of the closed questions in a suite's folder.</summary>
    public const string QaFile = "docqa.jsonl";

    /// <summary>Content hash of all tasks, independent of white space and field order in the files.</summary>
    public string Hash { get; } = ContentHash.Of([
        .. Code.Select(t => JsonSerializer.Serialize(t, EvaluationJson.Compact)),
        .. Qa.Select(t => JsonSerializer.Serialize(t, EvaluationJson.Compact))]);

    /// <summary>Number of tasks.</summary>
    public int Count => Code.Count + Qa.Count;

    /// <summary>The tasks of one split only.</summary>
    public Suite Where(Documents.Split split) => new([.. Code.Where(t => t.Split == split)], [.. Qa.Where(t => t.Split == split)]);

    /// <summary>The first tasks of each kind: a quick look, never a result.</summary>
    public Suite Take(int code, int qa) => new([.. Code.Take(code)], [.. Qa.Take(qa)]);

    /// <summary>
    /// Reads a suite from a folder with <c>code.jsonl</c> and/or <c>docqa.jsonl</c>, or from one such file
    /// (any name: a line with a <c>question</c> is a closed question).
    /// </summary>
    /// <exception cref="LabException">Nothing to read, or a line is wrong; the message says <c>file:line: field</c>.</exception>
    public static Suite Load(string path) => SuiteReader.Load(path);
}
