using System.Text.Json;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Documents.Model;
using DocTuneLab.Text;

namespace DocTuneLab.Evaluation.Suites;

/// <summary>A set of held-out tasks.</summary>
/// <param name="Code">Programming tasks about the library, in file order.</param>
/// <param name="Qa">Closed questions, in file order.</param>
public sealed record Suite(IReadOnlyList<CodeTask> Code, IReadOnlyList<QaTask> Qa)
{
    /// <summary>File name of the programming tasks in a suite's folder.</summary>
    public const string CodeFile = "code.jsonl";

    /// <summary>File name of the closed questions.</summary>
    public const string QaFile = "docqa.jsonl";

    /// <summary>File name of the open questions.</summary>
    public const string OpenFile = "open.jsonl";

    /// <summary>File name of the code with gaps.</summary>
    public const string CompletionFile = "completion.jsonl";

    /// <summary>File name of the questions that take members for granted.</summary>
    public const string MembersFile = "members.jsonl";

    /// <summary>File name of the programming tasks that need no library.</summary>
    public const string GeneralFile = "general.jsonl";

    /// <summary>File name of the retention texts.</summary>
    public const string RetentionFile = "retention.jsonl";

    /// <summary>File name of what a suite shares with others and of its lock.</summary>
    public const string ManifestFile = "suite.json";

    /// <summary>No tasks: nothing is held out.</summary>
    public static Suite Empty { get; } = new([], []);

    /// <summary>Open questions.</summary>
    public IReadOnlyList<OpenTask> Open { get; init; } = [];

    /// <summary>Code with gaps.</summary>
    public IReadOnlyList<CompletionTask> Completion { get; init; } = [];

    /// <summary>Questions that take a member for granted.</summary>
    public IReadOnlyList<MemberTask> Members { get; init; } = [];

    /// <summary>Programming tasks in plain C#, which a tuned model must not have forgotten.</summary>
    public IReadOnlyList<CodeTask> General { get; init; } = [];

    /// <summary>Frozen texts.</summary>
    public IReadOnlyList<RetentionText> Retention { get; init; } = [];

    /// <summary>Ids of drafted tasks that nobody has decided on. Default none.</summary>
    public IReadOnlySet<string> Unreviewed { get; init; } = new HashSet<string>();

    /// <summary>Content hash of all tasks, independent of white space and field order in the files.</summary>
    public string Hash => ContentHash.Of([.. Hashes().SelectMany(h => new[] { h.Kind.ToString(), h.Hash })]);

    /// <summary>Number of tasks.</summary>
    public int Count => Code.Count + Qa.Count + Open.Count + Completion.Count + Members.Count + General.Count + Retention.Count;

    /// <summary>Number and content hash of the tasks of each kind that the suite has.</summary>
    public IReadOnlyList<(TaskKind Kind, int Count, string Hash)> Hashes()
    {
        (TaskKind Kind, int Count, string Hash) Of<T>(TaskKind kind, IReadOnlyList<T> tasks) =>
            (kind, tasks.Count, ContentHash.Of([.. tasks.Select(t => JsonSerializer.Serialize(t, EvaluationJson.Compact))]));
        return
        [
            .. new[]
            {
                Of(TaskKind.Code, Code), Of(TaskKind.Qa, Qa), Of(TaskKind.Open, Open), Of(TaskKind.Completion, Completion),
                Of(TaskKind.Members, Members), Of(TaskKind.General, General), Of(TaskKind.Retention, Retention),
            }.Where(h => h.Count > 0),
        ];
    }

    /// <summary>The tasks of one split only. What measures retention belongs to every split.</summary>
    public Suite Where(Split split) => this with
    {
        Code = [.. Code.Where(t => t.Split == split)],
        Qa = [.. Qa.Where(t => t.Split == split)],
        Open = [.. Open.Where(t => t.Split == split)],
        Completion = [.. Completion.Where(t => t.Split == split)],
        Members = [.. Members.Where(t => t.Split == split)],
    };

    /// <summary>The tasks of some kinds only.</summary>
    public Suite Only(IReadOnlyCollection<TaskKind> kinds) => this with
    {
        Code = kinds.Contains(TaskKind.Code) ? Code : [],
        Qa = kinds.Contains(TaskKind.Qa) ? Qa : [],
        Open = kinds.Contains(TaskKind.Open) ? Open : [],
        Completion = kinds.Contains(TaskKind.Completion) ? Completion : [],
        Members = kinds.Contains(TaskKind.Members) ? Members : [],
        General = kinds.Contains(TaskKind.General) ? General : [],
        Retention = kinds.Contains(TaskKind.Retention) ? Retention : [],
    };

    /// <summary>The tasks with these ids only.</summary>
    public Suite Named(IReadOnlySet<string> ids) => this with
    {
        Code = [.. Code.Where(t => ids.Contains(t.Id))],
        Qa = [.. Qa.Where(t => ids.Contains(t.Id))],
        Open = [.. Open.Where(t => ids.Contains(t.Id))],
        Completion = [.. Completion.Where(t => ids.Contains(t.Id))],
        Members = [.. Members.Where(t => ids.Contains(t.Id))],
        General = [.. General.Where(t => ids.Contains(t.Id))],
        Retention = [.. Retention.Where(t => ids.Contains(t.Id))],
    };

    /// <summary>The first programming tasks and closed questions: a quick look, never a result.</summary>
    public Suite Take(int code, int qa) => new([.. Code.Take(code)], [.. Qa.Take(qa)]) { Unreviewed = Unreviewed };

    /// <summary>What no training sample may come near.</summary>
    public IReadOnlyList<HeldOut> HeldOut() =>
    [
        .. Code.Concat(General).Select(t => new HeldOut(
            t.Id, [t.Instruction], t.Reference.Length > 0 ? [t.Reference] : [], t.GoldSymbols.ToHashSet(StringComparer.Ordinal))
        {
            Signature = t.Signature,
        }),
        .. Qa.Select(t => new HeldOut(t.Id, [t.Question], [], Commented(t.Documents)) { Answers = t.Answers }),
        .. Open.Select(t => new HeldOut(t.Id, [t.Question], [], new HashSet<string>())),
        .. Completion.Select(t => new HeldOut(t.Id, [], [t.With(t.Middle)], new HashSet<string>())),
        .. Members.Select(t => new HeldOut(t.Id, [t.Question], [], new HashSet<string>()) { Absent = t.Exists ? null : t.Member }),
    ];

    // What is asked about: the last documentation comment that holds the fact. One before it is that of the type.
    private static HashSet<string> Commented(IReadOnlyList<string> documents) =>
        [.. documents.Where(d => d.StartsWith("xml:", StringComparison.Ordinal)).TakeLast(1).Select(d => d[4..])];

    /// <summary>
    /// Reads a suite from a folder with any of <c>code.jsonl</c>, <c>docqa.jsonl</c>, <c>open.jsonl</c>, <c>completion.jsonl</c>,
    /// <c>members.jsonl</c>, <c>general.jsonl</c>,
    /// <c>retention.jsonl</c>, and the files that a <c>suite.json</c> there names in <c>include</c>, relative to the folder; or from
    /// one such file (any
    /// name: the fields of a line say what it is).
    /// A folder whose <c>suite.json</c> holds hashes is read only while its files are those that were frozen; see <see cref="SuiteLock"/>.
    /// </summary>
    /// <exception cref="LabException">Nothing to read, a line is wrong (the message says <c>file:line: field</c>), or a file is not as it
    /// was frozen.</exception>
    public static Suite Load(string path) => SuiteReader.Load(path);
}
