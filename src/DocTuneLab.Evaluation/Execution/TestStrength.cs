namespace DocTuneLab.Evaluation.Execution;

/// <summary>What hidden tests prove, by what they see of the reference.</summary>
internal static class TestStrength
{
    private static readonly string[] s_truths = ["true", "false"];

    /// <summary>What is wrong with tests that the reference passes.</summary>
    /// <param name="tests">The hidden tests.</param>
    /// <param name="reference">What they see of the reference.</param>
    public static IEnumerable<string> Weaknesses(IReadOnlyList<string> tests, ReferenceRun reference)
    {
        var checks = reference.Trace.Checks;
        for (var i = 0; i < tests.Count; i++)
        {
            // A statement that only prepares what the next ones check is none.
            if (tests[i].Contains("Check.", StringComparison.Ordinal) && checks.All(c => c.Step != i + 1))
                yield return $"test {i + 1}: its checks are never reached, so it tests nothing";
        }
        foreach (var check in checks.Where(c => c.Expected is OpaqueNode))
            yield return $"test {check.Step}: expects {TraceComparison.Show(check.Expected)}, of which nothing can be compared";
        if (s_truths.Any(truth => checks.All(c => reference.Kept.Contains(c.Site) || IsGuessable(c, truth))))
            yield return "tests: every check holds for a program that gives always the same truth value or throws, so they can be guessed; "
                + "expected at least one value";
    }

    /// <summary>Whether a program that reports one truth value for everything satisfies the check.</summary>
    private static bool IsGuessable(TraceCheck check, string truth) => check.Kind switch
    {
        CheckKind.NotEqual or CheckKind.Throws => true,
        CheckKind.Condition or CheckKind.Equal => check.Expected is ScalarNode { Type: var type, Key: var key } && key == truth
            && TraceComparison.Simple(type) == nameof(Boolean),
        _ => false,
    };
}
