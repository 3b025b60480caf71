using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Extraction;
using DocTuneLab.Evaluation.Tests;

namespace DocTuneLab.RedTeam.Tests;

/// <summary>One answer cannot spoil another, under any kind of isolation.</summary>
public class DamageTests
{
    public static TheoryData<string> Kinds => new(Isolation.Working().Select(kind => kind.Name));

    [Theory, MemberData(nameof(Kinds))]
    public void An_answer_that_deletes_the_library_spoils_no_other(string kind)
    {
        var task = TinyLibrary.Task();
        var reference = SolutionUnit.Compose(task, task.Reference).Source;
        ExecutionJob Job(string answer) => new(SolutionUnit.Compose(task, answer).Source, task.Usings, task.Tests, reference);
        using var sandbox = new Sandbox(TinyLibrary.References,
            new() { AllowUntrustedCode = true, AllowWithoutIsolation = true, Parallelism = 1 }, new(),
            Isolation.Working().First(k => k.Name == kind));
        const string Damage = """
            foreach (var file in Directory.GetFiles(AppContext.BaseDirectory).OrderBy(f => f.EndsWith("Brine.dll") ? 0 : 1))
                try { File.WriteAllText(file, ""); File.Delete(file); }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException) { }
            return 0;
            """;
        var results = sandbox.RunAll([Job(task.Reference), Job(Damage), .. Enumerable.Repeat(Job(task.Reference), 3), Job(Damage),
            .. Enumerable.Repeat(Job(task.Reference), 3)]);
        Assert.All(results.Where((_, i) => i is not (1 or 5)), r => Assert.True(r.Status == ExecutionStatus.Pass, r.ToString()));
        Assert.All([results[1], results[5]], r => Assert.NotEqual(ExecutionStatus.Pass, r.Status));
    }

    [Fact]
    public void What_a_run_uses_is_compared_with_what_was_written()
    {
        var folder = Directory.CreateTempSubdirectory("doctune-damage-");
        try
        {
            var program = new ChildProgram(TinyLibrary.References, ChildHost.Best!);
            var host = new HostFolder(folder.FullName, program, ChildHost.Best!, readOnly: false);
            var path = host.For(folder.CreateSubdirectory("run").FullName);
            Assert.True(host.IsWhole(path));
            File.AppendAllText(Path.Combine(Path.GetDirectoryName(path)!, "Brine.dll"), "x");
            Assert.False(host.IsWhole(path));
            Assert.True(host.IsWhole(host.For(folder.CreateSubdirectory("next").FullName)));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
