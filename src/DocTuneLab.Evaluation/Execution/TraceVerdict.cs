namespace DocTuneLab.Evaluation.Execution;

/// <summary>
/// What the parent says of a run. The checks of an answer must be those of the reference, in their order, and what each found must be what
/// the reference's check expects. An answer that writes the record itself gains nothing: it would have to know the values.
/// </summary>
/// <param name="memory">The limit of memory in words.</param>
/// <param name="ask">The library's own answer for two objects of it; null where it is not asked.</param>
internal sealed class TraceVerdict(string memory, Func<ThingNode, ThingNode, bool>? ask)
{
    /// <summary>What is said of a run in which no check was reached.</summary>
    public const string NothingChecked = "no check is reached";

    private const string OfAnotherKind = "it makes a check of another kind than the test";

    /// <summary>The verdict.</summary>
    /// <param name="trace">What the tests saw.</param>
    /// <param name="reference">What they see with the reference; null where there is none, or this is it: then each check says itself
    /// what it expects.</param>
    /// <param name="end">How the process ended.</param>
    public (ExecutionStatus Status, string Message, int Test) Of(Trace trace, ReferenceRun? reference, ChildEnd end)
    {
        if (FirstFailure(trace, reference) is { } failure) return (ExecutionStatus.WrongAnswer, failure.Message, failure.Step);
        var (status, message) = trace.End switch
        {
            TraceEnd.Complete when trace.Checks.Count == 0 => (ExecutionStatus.WrongAnswer, NothingChecked),
            TraceEnd.Complete => (ExecutionStatus.Pass, ""),
            TraceEnd.Fault => (ExecutionStatus.Exception, trace.Fault),
            TraceEnd.OutOfMemory => (ExecutionStatus.OutOfMemory, memory),
            TraceEnd.TooLarge => (ExecutionStatus.WrongAnswer, "its values take more room than the record of a run may have"),
            TraceEnd.Damaged => (ExecutionStatus.WrongAnswer, "what its checks wrote down is damaged"),
            // What an answer prints says nothing here; these only the parent and the kernel know.
            _ when end.TimedOut => (ExecutionStatus.Timeout, $"stopped after {end.Limit.TotalSeconds:0.#} s"),
            _ when end.OutOfMemory => (ExecutionStatus.OutOfMemory, $"{memory} with all that it started"),
            _ when end.ExitCode == ChildEnd.ProcessorTime => (ExecutionStatus.Timeout, "processor-time limit reached"),
            _ => (ExecutionStatus.Exception, end.Died),
        };
        return (status, message, trace.Step);
    }

    private (int Step, string Message)? FirstFailure(Trace trace, ReferenceRun? reference)
    {
        for (var i = 0; i < trace.Checks.Count; i++)
        {
            var check = trace.Checks[i];
            if (reference is null)
            {
                if (Failure(check, check, ofAnswer: true) is { } own) return (check.Step, own);
                continue;
            }
            var known = reference.Trace.Checks;
            if (i >= known.Count || known[i].Site != check.Site)
                return (check.Step, "it reaches a check that the reference does not reach here");
            if (Failure(known[i], check, reference.Kept.Contains(check.Site)) is { } message) return (check.Step, message);
        }
        return reference is not null && trace.End == TraceEnd.Complete && trace.Checks.Count < reference.Trace.Checks.Count
            ? (reference.Trace.Checks[trace.Checks.Count].Step, $"it reaches {trace.Checks.Count} of {reference.Trace.Checks.Count} checks")
            : null;
    }

    /// <summary>Why a check does not hold; null where it does.</summary>
    /// <param name="reference">The check as the reference met it.</param>
    /// <param name="check">The check as the answer met it.</param>
    /// <param name="ofAnswer">The expected value depends on the answer, so both sides are the answer's; of any other check, an expected
    /// value that comes from there is forged.</param>
    private string? Failure(TraceCheck reference, TraceCheck check, bool ofAnswer)
    {
        var both = check.Kind is CheckKind.Equal or CheckKind.NotEqual;
        if (both != (ofAnswer && reference.Kind is (CheckKind.Equal or CheckKind.NotEqual))) return OfAnotherKind;
        var expected = both ? check.Expected : reference.Expected;
        switch (reference.Kind, check.Kind)
        {
            case (CheckKind.Equal, CheckKind.Value or CheckKind.Equal):
                return new TraceComparison(reference.Tolerance, ask).Same(expected, check.Actual)
                    ? null
                    : Difference(expected, check.Actual);
            case (CheckKind.NotEqual, CheckKind.Value or CheckKind.NotEqual):
                return new TraceComparison(0, ask).Same(expected, check.Actual)
                    ? $"expected anything but {TraceComparison.Show(check.Actual)}" : null;
            case (CheckKind.Condition, CheckKind.Value or CheckKind.Condition):
                return new TraceComparison(0, ask).Same(reference.Expected, check.Actual) ? null
                    : reference.Words.Length > 0 ? reference.Words : $"expected {TraceComparison.Show(reference.Expected)}";
            case (CheckKind.Throws, CheckKind.Thrown or CheckKind.Throws):
                if (check.ThrownTypes.Contains(reference.ExpectedType, StringComparer.Ordinal)) return null;
                var wanted = TraceComparison.Simple(reference.ExpectedType);
                return check.ThrownTypes.Count == 0
                    ? $"expected {wanted}, nothing was thrown"
                    : $"expected {wanted}, got {TraceComparison.Simple(check.ThrownTypes[0])}";
            default:
                return OfAnotherKind;
        }
    }

    private static string Difference(TraceNode expected, TraceNode actual)
    {
        var (wanted, got) = (TraceComparison.Show(expected), TraceComparison.Show(actual));
        return $"expected {wanted}, got {got}{(wanted == got ? " of another type or with other members" : "")}";
    }
}
