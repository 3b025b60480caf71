using DocTuneLab.Corpus;
using DocTuneLab.Evaluation.Execution;

namespace DocTuneLab.Evaluation.Tests;

public sealed class ProgramSandboxTests : IDisposable
{
    private readonly ProgramSandbox _sandbox = new(TinyLibrary.References, allowWithoutIsolation: true);

    public void Dispose() => _sandbox.Dispose();

    private IReadOnlyList<ProgramOutcome> Run(params SampleProgram[] programs) =>
        _sandbox.Run(programs, TestContext.Current.CancellationToken);

    private static SampleProgram Program(string signature, string body, params string[] arguments) =>
        new($"public static {signature} {{ {body} }}", ["Brine"], [arguments]);

    [Fact]
    public void Says_of_each_program_how_it_ended()
    {
        var outcomes = Run(
            Program("double M(Vat vat)", "return vat.Dose(3).Salinity();", "new Vat(2)"),
            Program("string? M()", "return null;"),
            Program("double M(double capacity)", "return new Vat(capacity).Capacity;", "-1"),
            Program("async Task<int> M(Vat vat)", "return await vat.SettleAsync();", "new Vat(2)"),
            Program("void M(Vat vat)", "vat.Dose(1);", "new Vat(2)"),
            Program("int M(ref int n)", "return ++n;", "1"),
            Program("IEnumerable<int> M()", "yield return 1; throw new InvalidOperationException();"));
        Assert.Equal(
            [
                ProgramEnd.Value, ProgramEnd.Nothing, ProgramEnd.Threw, ProgramEnd.Value, ProgramEnd.Value, ProgramEnd.Value,
                ProgramEnd.Threw
            ],
            outcomes.Select(o => o.End));
        Assert.StartsWith("ArgumentOutOfRangeException", outcomes[2].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void What_goes_wrong_with_the_example_values_is_not_the_programs_fault()
    {
        var outcomes = Run(
            Program("double M(Vat vat)", "return vat.Capacity;", "new Vat(-1)"),
            Program("double M(Vat vat)", "return vat.Capacity;", "new Vat(\"two\")"),
            Program("double M(Vat vat)", "return vat.Capacity;"),
            Program("double M(Vat vat)", "return vat.Capacity;", "new Vat(2)"));
        Assert.Equal([ProgramEnd.NotRun, ProgramEnd.NotRun, ProgramEnd.NotRun, ProgramEnd.Value], outcomes.Select(o => o.End));
        Assert.Contains("cannot be made", outcomes[0].Detail, StringComparison.Ordinal);
        Assert.Contains("do not compile", outcomes[1].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_list_of_arguments_is_tried_where_the_first_gives_no_value()
    {
        var program = new SampleProgram("public static string? M(int n) { return n > 1 ? \"many\" : null; }", [], [["1"], ["2"]]);
        Assert.Equal(ProgramEnd.Value, Run(program).Single().End);
    }

    [Fact]
    public void One_that_ends_or_blocks_its_process_costs_only_itself()
    {
        var fine = Program("double M(Vat vat)", "return vat.Capacity;", "new Vat(2)");
        var outcomes = Run(fine, Program("void M()", "Environment.Exit(0);"), fine,
            Program("int M(int n)", "return n == 0 ? 0 : M(n + 1) + M(n + 2);", "1"), fine,
            Program("void M()", "new ManualResetEvent(false).WaitOne();"), fine, Program("void M()", "while (true) { }"), fine);
        Assert.Equal(
            [
                ProgramEnd.Value, ProgramEnd.Threw, ProgramEnd.Value, ProgramEnd.Threw, ProgramEnd.Value, ProgramEnd.Timeout,
                ProgramEnd.Value, ProgramEnd.Timeout, ProgramEnd.Value
            ],
            outcomes.Select(o => o.End));
    }

    [Fact]
    public void A_program_that_works_for_a_while_or_waits_for_a_while_is_not_taken_for_one_that_never_ends()
    {
        var outcomes = Run(Program("long M()", "long n = 0; for (var i = 0; i < 50_000_000; i++) n += i; return n;"),
            Program("async Task<int> M()", "await Task.Delay(60); return 1;"));
        Assert.All(outcomes, o => Assert.Equal(ProgramEnd.Value, o.End));
    }

    [Fact]
    public void Programs_see_no_network_and_write_only_into_their_own_folder()
    {
        if (!Sandbox.Isolation.IsSandbox) return;
        var home = Path.Combine(Path.GetTempPath(), $"doctune-{Guid.NewGuid():n}");
        var outcomes = Run(Program("void M()", "new System.Net.Sockets.TcpClient(\"192.0.2.1\", 80).Dispose();"),
            Program("bool M(string path)", "File.WriteAllText(path, \"x\"); return true;", $"\"{home}\""));
        Assert.Equal(ProgramEnd.Threw, outcomes[0].End);
        Assert.False(File.Exists(home));
    }

    [Fact]
    public void Many_programs_are_run_in_few_processes_and_come_back_in_their_order()
    {
        var programs = Enumerable.Range(0, 600).Select(i => i % 7 == 0
            ? Program("string? M()", "return null;")
            : Program("int M(int n)", "return n;", i.ToString(System.Globalization.CultureInfo.InvariantCulture))).ToArray();
        var outcomes = Run(programs);
        Assert.Equal(Enumerable.Range(0, 600).Select(i => i % 7 == 0 ? ProgramEnd.Nothing : ProgramEnd.Value), outcomes.Select(o => o.End));
    }
}
