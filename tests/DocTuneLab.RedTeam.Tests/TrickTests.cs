using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Extraction;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Evaluation.Tests;

namespace DocTuneLab.RedTeam.Tests;

/// <summary>One sandbox for each kind of isolation that works here, and one that also refuses by name.</summary>
public sealed class TrickFixture : IDisposable
{
    private static readonly ExecutionOptions s_options = new()
    {
        AllowUntrustedCode = true,
        AllowWithoutIsolation = true,
        WallTime = TimeSpan.FromSeconds(10),
        MemoryBytes = 256 << 20,
        OutputBytes = 4096,
    };

    internal static IReadOnlyList<Isolation> Kinds { get; } = [.. Isolation.Working()];

    internal IReadOnlyDictionary<string, Sandbox> Open { get; } = Kinds.ToDictionary(
        kind => kind.Name, kind => new Sandbox(TinyLibrary.References, s_options, new(), kind) { Refuses = false }, StringComparer.Ordinal);

    internal Sandbox Locked { get; } = new(TinyLibrary.References, s_options);

    public void Dispose()
    {
        foreach (var sandbox in Open.Values) sandbox.Dispose();
        Locked.Dispose();
    }
}

/// <summary>
/// Every trick that is known, run under every kind of isolation that works here. None passes; each ends as its file says. A new trick is a
/// file in <c>Tricks</c>.
/// </summary>
public class TrickTests(TrickFixture fixture) : IClassFixture<TrickFixture>
{
    public static TheoryData<string> Names => new(Trick.Names);

    public static TheoryData<string, string> NamesAndKinds =>
        new(TrickFixture.Kinds.SelectMany(kind => Covered.Select(name => (kind.Name, name))));

    // What only the second lock holds, as the page in Execution says.
    private static IEnumerable<string> Covered => Trick.Names.Where(name => Trick.Load(name).FirstLock != "not covered");

    private static ExecutionJob Job(CodeTask task, string answer) => new(SolutionUnit.Compose(task, answer).Source, task.Usings, task.Tests,
        SolutionUnit.Compose(task, task.Reference).Source);

    [Theory, MemberData(nameof(NamesAndKinds))]
    public void It_does_not_pass_where_it_is_run(string kind, string name)
    {
        var trick = Trick.Load(name);
        var result = fixture.Open[kind].Run(Job(trick.Task, trick.Code));
        Assert.True(trick.FirstLock.Split(" or ").Contains(result.Status.ToString()), $"{trick.What}\n{result}");
        Assert.False(result.Refused);
    }

    [Theory, MemberData(nameof(Names))]
    public void It_does_not_pass_where_it_may_be_refused(string name)
    {
        var trick = Trick.Load(name);
        var result = fixture.Locked.Run(Job(trick.Task, trick.Code));
        Assert.True(result.Refused == (trick.Refused != "no"), $"{trick.What}\n{result}");
        Assert.NotEqual(ExecutionStatus.Pass, result.Status);
        Assert.NotEqual(ExecutionStatus.HarnessError, result.Status);
        if (trick.Refused != "no") Assert.Contains(trick.Refused, result.Message);
    }

    [Fact]
    public void The_tasks_pass_with_their_references()
    {
        foreach (var (name, task) in Trick.Tasks)
            foreach (var sandbox in fixture.Open.Values.Append(fixture.Locked))
            {
                var result = sandbox.Run(Job(task, task.Reference));
                Assert.True(result.Status == ExecutionStatus.Pass, $"{name}: {result}");
            }
    }

    /// <summary>What right answers use must not be refused.</summary>
    [Theory]
    [InlineData("var type = typeof(int); return type.Name.Length + n.GetType().FullName!.Length > 0 ? 2 * n + 1 : 0;")]
    [InlineData("using System.Reflection;\nreturn 2 * n + 1;")]
    [InlineData("IQueryable<int> all = new[] { n }.AsQueryable(); return all.Where(x => x == n).Select(x => 2 * x + 1).Single();")]
    [InlineData("Span<int> some = [n, n, 1]; var sum = 0; foreach (var x in some) sum += x; return sum;")]
    [InlineData("dynamic x = n; return 2 * x + 1;")]
    [InlineData("var kinds = Enum.GetValues<DayOfWeek>(); return kinds.Length == 7 ? n + n + 1 : 0;")]
    [InlineData("var t = System.Diagnostics.Stopwatch.StartNew(); return t.IsRunning ? 2 * n + 1 : 0;")]
    public void What_a_right_answer_uses_is_not_refused(string answer)
    {
        var result = fixture.Locked.Run(Job(Trick.Tasks["value"], answer));
        Assert.True(result.Status == ExecutionStatus.Pass, result.ToString());
    }

    [Fact]
    public void What_the_reference_itself_uses_is_not_refused()
    {
        var task = Trick.Tasks["value"] with { Reference = "return typeof(Solution).GetMethod(\"F\") is null ? 0 : 2 * n + 1;" };
        var result = fixture.Locked.Run(Job(task, "return typeof(Solution).GetMethod(\"F\")!.Name == \"F\" ? 2 * n + 1 : 0;"));
        Assert.True(result.Status == ExecutionStatus.Pass, result.ToString());
    }
}
