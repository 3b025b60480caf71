using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json.Serialization;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Results;

namespace DocTuneLab.Evaluation;

/// <summary>What came of a task: how far a program got, how its run ended, or how an answer was graded.</summary>
public enum TaskOutcome
{
    /// <summary>The extraction rule found no code.</summary>
    [JsonStringEnumMemberName("no code")] NoCode,
    /// <summary>The code does not compile; nothing is run.</summary>
    [JsonStringEnumMemberName("does not compile")] DoesNotCompile,
    /// <summary>The code compiles and was not run.</summary>
    [JsonStringEnumMemberName("compiles")] Compiles,
    /// <summary>All hidden checks hold.</summary>
    [JsonStringEnumMemberName("Pass")] Pass,
    /// <summary>A hidden check does not hold.</summary>
    [JsonStringEnumMemberName("WrongAnswer")] WrongAnswer,
    /// <summary>The answer, or the hidden tests against it, did not compile where programs were run.</summary>
    [JsonStringEnumMemberName("CompileError")] CompileError,
    /// <summary>An exception escaped, or the process ended without a report.</summary>
    [JsonStringEnumMemberName("Exception")] Exception,
    /// <summary>The wall-clock or processor limit was reached.</summary>
    [JsonStringEnumMemberName("Timeout")] Timeout,
    /// <summary>The memory limit was reached.</summary>
    [JsonStringEnumMemberName("OutOfMemory")] OutOfMemory,
    /// <summary>The harness failed, not the answer.</summary>
    [JsonStringEnumMemberName("HarnessError")] HarnessError,
    /// <summary>A question answered right.</summary>
    [JsonStringEnumMemberName("right")] Right,
    /// <summary>A question answered wrong.</summary>
    [JsonStringEnumMemberName("wrong")] Wrong,
    /// <summary>A gap filled with what stood there.</summary>
    [JsonStringEnumMemberName("exact")] Exact,
    /// <summary>An answer that says neither that a member exists nor that it does not.</summary>
    [JsonStringEnumMemberName("says neither")] SaysNeither,
}

/// <summary>Outcomes in words.</summary>
internal static class TaskOutcomes
{
    private static readonly FrozenDictionary<TaskOutcome, string> s_words = Enum.GetValues<TaskOutcome>().ToFrozenDictionary(
        o => o, o => typeof(TaskOutcome).GetField(o.ToString())!.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()!.Name);

    /// <summary>The outcome as files and reports write it.</summary>
    public static string Text(this TaskOutcome outcome) => s_words[outcome];

    internal static TaskOutcome Of(CodeResult r) => r switch
    {
        { Code: null } => TaskOutcome.NoCode,
        { Status: null } => r.Compiles ? TaskOutcome.Compiles : TaskOutcome.DoesNotCompile,
        _ => r.Status.Value switch
        {
            ExecutionStatus.Pass => TaskOutcome.Pass,
            ExecutionStatus.WrongAnswer => TaskOutcome.WrongAnswer,
            ExecutionStatus.CompileError => TaskOutcome.CompileError,
            ExecutionStatus.Exception => TaskOutcome.Exception,
            ExecutionStatus.Timeout => TaskOutcome.Timeout,
            ExecutionStatus.OutOfMemory => TaskOutcome.OutOfMemory,
            _ => TaskOutcome.HarnessError,
        },
    };

    internal static TaskOutcome Of(QaResult r) => r.Correct ? TaskOutcome.Right : TaskOutcome.Wrong;

    internal static TaskOutcome Of(MemberResult r) =>
        r.Denies is not { } denies ? TaskOutcome.SaysNeither : denies == r.Exists ? TaskOutcome.Wrong : TaskOutcome.Right;

    internal static TaskOutcome Of(CompletionResult r) =>
        r.Exact ? TaskOutcome.Exact : r.Compiles ? TaskOutcome.Compiles : TaskOutcome.DoesNotCompile;
}
