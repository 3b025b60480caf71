using System.Globalization;
using System.Text;
using System.Xml.Linq;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Text;

namespace DocTuneLab.Evaluation.Reports;

/// <summary>An arm's tasks as test results, so that a build server shows them:
/// a task that passes is a test that passes, a gate is a test too.</summary>
internal static class TestReports
{
    private sealed record Case(string Suite, string Name, bool Passed, string Message, string Detail, bool Ran = true);

    /// <summary>JUnit's XML, as Jenkins, GitLab and Azure DevOps read it: a suite for each arm and kind of task.</summary>
    public static string JUnit(EvaluationReport report)
    {
        var suites = Cases(report).GroupBy(c => c.Suite, StringComparer.Ordinal).Select(g => new XElement("testsuite",
            new XAttribute("name", g.Key), new XAttribute("tests", g.Count()),
            new XAttribute("failures", g.Count(c => c is { Ran: true, Passed: false })), new XAttribute("errors", 0),
            new XAttribute("skipped", g.Count(c => !c.Ran)), new XAttribute("time", "0"),
            g.Select(c => new XElement("testcase", new XAttribute("classname", g.Key), new XAttribute("name", Clean(c.Name)),
                new XAttribute("time", "0"),
                !c.Ran ? new XElement("skipped", new XAttribute("message", Clean(c.Message)))
                    : c.Passed ? null
                    : new XElement("failure", new XAttribute("message", Clean(c.Message)), Clean(c.Detail))))));
        return Write(new XElement("testsuites", suites));
    }

    /// <summary>Visual Studio's TRX.</summary>
    /// <param name="report">The report.</param>
    /// <param name="time">When it was made.</param>
    public static string Trx(EvaluationReport report, DateTimeOffset time)
    {
        XNamespace ns = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";
        var stamp = time.ToString("O", CultureInfo.InvariantCulture);
        var cases = Cases(report).Select(c => (Case: c, Id: Id("test", c), Execution: Id("execution", c))).ToList();
        var list = Guid("list").ToString();
        var type = "13cdc9d9-ddb5-4fa4-a97d-d965ccfc6d4b"; // the format's own id of a unit test
        string Outcome(Case c) => !c.Ran ? "NotExecuted" : c.Passed ? "Passed" : "Failed";
        return Write(new XElement(ns + "TestRun", new XAttribute("id", Guid("run" + report.Settings["Suite"])),
            new XAttribute("name", "evaluation"),
            new XElement(ns + "Times", new XAttribute("creation", stamp), new XAttribute("start", stamp), new XAttribute("finish", stamp)),
            new XElement(ns + "Results", cases.Select(c => new XElement(ns + "UnitTestResult",
                new XAttribute("executionId", c.Execution), new XAttribute("testId", c.Id),
                new XAttribute("testName", Clean($"{c.Case.Suite}.{c.Case.Name}")), new XAttribute("computerName", "localhost"),
                new XAttribute("testType", type), new XAttribute("outcome", Outcome(c.Case)), new XAttribute("testListId", list),
                c.Case.Passed
                    ? null
                    : new XElement(ns + "Output",
                        new XElement(ns + "ErrorInfo", new XElement(ns + "Message", Clean(c.Case.Message)),
                            new XElement(ns + "StackTrace", Clean(c.Case.Detail))))))),
            new XElement(ns + "TestDefinitions", cases.Select(c => new XElement(ns + "UnitTest",
                new XAttribute("name", Clean($"{c.Case.Suite}.{c.Case.Name}")), new XAttribute("id", c.Id),
                new XElement(ns + "Execution", new XAttribute("id", c.Execution)),
                new XElement(ns + "TestMethod", new XAttribute("codeBase", "suite"), new XAttribute("className", c.Case.Suite),
                    new XAttribute("name", Clean(c.Case.Name)))))),
            new XElement(ns + "TestEntries",
                cases.Select(c => new XElement(ns + "TestEntry", new XAttribute("testId", c.Id), new XAttribute("executionId", c.Execution),
                    new XAttribute("testListId", list)))),
            new XElement(ns + "TestLists", new XElement(ns + "TestList", new XAttribute("name", "All tasks"), new XAttribute("id", list))),
            new XElement(ns + "ResultSummary",
                new XAttribute("outcome", cases.Any(c => c.Case is { Ran: true, Passed: false }) ? "Failed" : "Completed"),
                new XElement(ns + "Counters", new XAttribute("total", cases.Count),
                    new XAttribute("executed", cases.Count(c => c.Case.Ran)), new XAttribute("passed", cases.Count(c => c.Case.Passed)),
                    new XAttribute("failed", cases.Count(c => c.Case is { Ran: true, Passed: false }))))));
    }

    private static IEnumerable<Case> Cases(EvaluationReport report)
    {
        foreach (var result in report.Results)
        {
            foreach (var (kind, answers) in new[] { ("code", result.Code.Where(c => c.Sample == 0)), ("general", result.General) })
                foreach (var c in answers)
                    yield return new($"{result.Arm}.{kind}", c.Task, c.Status is null ? c.Compiles : c.Passes,
                        c.Status is { } s and not ExecutionStatus.CompileError ? $"{s}: {c.Message}" : c.Compiles ? "" : "does not compile",
                        string.Join('\n',
                            c.Errors.Select(e => $"line {e.Line}: {e.Id}: {e.Message}").Append("").Append(c.Code ?? c.Extraction)),
                        Ran: c.Status is not null || !c.Compiles);
            foreach (var q in result.Qa) yield return new($"{result.Arm}.questions", q.Task, q.Correct, "wrong", q.Given);
            foreach (var m in result.Members)
                yield return new($"{result.Arm}.members", m.Task, m.Denies is { } denies && denies != m.Exists,
                    m.Exists ? "denies a member that exists" : "takes an invented member for real", m.Given, Ran: m.Denies is not null);
            foreach (var c in result.Completion)
                yield return new($"{result.Arm}.completion", c.Task, c.Compiles, "does not compile", c.Given);
        }
        foreach (var gate in report.Gates)
            foreach (var c in gate.Checks)
                yield return new($"{gate.Arm}.retention", c.Metric, c.Passes,
                    $"loss {Figures.Signed(c.Change, Figures.IsShare(c))}, limit {Figures.Signed(c.Limit, Figures.IsShare(c))}",
                    $"95% interval {Figures.Range(c.Interval, Figures.IsShare(c))}");
    }

    private static string Id(string what, Case c) => Guid($"{what}\n{c.Suite}\n{c.Name}").ToString();

    // The same task has the same id in every run, so that a server can follow it.
    private static System.Guid Guid(string text) => new(System.Convert.FromHexString(ContentHash.Of(text)));

    // XML has no way to write control characters and halves of surrogate pairs, which models emit.
    private static string Clean(string text)
    {
        var kept = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
            if (rune.Value is 9 or 10 or 13 or >= 32 and not (0xFFFE or 0xFFFF)) kept.Append(rune);
        return kept.ToString();
    }

    private static string Write(XElement root) => "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n" + root + "\n";
}
