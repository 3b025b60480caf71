using DocTuneLab.Evaluation.Drafting;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;
using DocTuneLab.Tests.Library;

namespace DocTuneLab.Evaluation.Tests;

/// <summary>The tasks that a search over the types of a small library finds, and its unit tests.</summary>
public abstract class FoundTasks : IDisposable
{
    private static readonly ExecutionOptions s_execution = new() { AllowUntrustedCode = true };

    private readonly CompiledLibrary _library;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("doctune-search-");

    /// <summary>Searches.</summary>
    /// <param name="code">The library.</param>
    /// <param name="name">Its name.</param>
    /// <param name="tests">Its unit tests; none where empty.</param>
    protected FoundTasks(string code, string name, string tests = "")
    {
        _library = new(code, name);
        if (!IsIsolated) return;
        var references = ReferenceSet.Load(_library.AssemblyPath);
        var source = Path.Combine(_folder.FullName, "Tests.cs");
        File.WriteAllText(source, tests);
        SuiteDrafting.Run(_folder.FullName, new(ApiModel.Load(references), new(references)) { Sources = tests.Length > 0 ? [source] : [] },
            60, ["tests", "search"], s_execution, cancel: TestContext.Current.CancellationToken);
        Entries = DraftLedger.Read(_folder.FullName);
        Tasks = Suite.Load(_folder.FullName).Code;
    }

    /// <summary>Whether answers can be run here.</summary>
    public bool IsIsolated { get; } = Sandbox.Refusal(s_execution) is null;

    /// <summary>The tasks; none where nothing isolates them.</summary>
    public IReadOnlyList<CodeTask> Tasks { get; } = [];

    /// <summary>What became of each draft.</summary>
    public IReadOnlyList<DraftEntry> Entries { get; } = [];

    public void Dispose()
    {
        _folder.Delete(recursive: true);
        _library.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>Of settings that are asked and pots that are made.</summary>
public sealed class KilnTasks() : FoundTasks("""
        namespace Kiln
        {
            /// <summary>Settings of a firing.</summary>
            /// <typeparam name="TGlaze">What the pots are glazed with.</typeparam>
            public abstract class FiringOptions<TGlaze>
            {
                /// <summary>Gets or sets the number of turns of the wheel, which is never negative.</summary>
                public int Turns { get; set; } = 1;
                /// <summary>Gets or sets a value indicating whether the door stays open.</summary>
                public bool IsDoorOpen { get; set; }
                /// <summary>Gets or sets the heat in the middle of the kiln.</summary>
                public double Heat { get; set; } = 20;
                /// <summary>Gets or sets the glaze.</summary>
                public TGlaze? Glaze { get; set; }
            }
            /// <summary>Settings of a firing with a glaze that has a name.</summary>
            public class FiringOptions : FiringOptions<string>;
            /// <summary>A pot.</summary>
            public sealed class Pot
            {
                private readonly int _clay, _coats;
                private Pot(int clay, int coats) => (_clay, _coats) = (clay, coats);
                /// <summary>Makes a pot of so much clay.</summary>
                /// <param name="clay">Kilograms.</param>
                public static Pot Throw(int clay) => new(clay, 0);
                /// <summary>Adds a coat of slip.</summary>
                public Pot Slipped() => new(_clay, _coats + 1);
                /// <inheritdoc/>
                public override string ToString() => $"{_clay} kg, {_coats} coats";
            }
        }
        """, "Kiln");

/// <summary>Tasks that a search over types finds.</summary>
public sealed class SearchDraftingTests(KilnTasks found) : IClassFixture<KilnTasks>
{
    [Fact]
    public void Objects_differ_in_what_is_asked_and_the_words_say_what_is_done_with_each()
    {
        Assert.SkipUnless(found.IsIsolated, "nothing isolates answers here");
        var open = Assert.Single(found.Tasks, t => t.Reference == "return firingOptionsList.Where(x => x.IsDoorOpen).Sum(x => x.Turns);");
        Assert.StartsWith("Take `firingOptionsList`; then keep the items where the door stays open; then return the sum of the number of "
            + "turns of the wheel over all items.", open.Instruction);
        // Both are set, and what is not asked for is not.
        Assert.All(open.Tests, t => Assert.Contains("new FiringOptions { Turns = ", t));
        Assert.All(open.Tests, t => Assert.Contains("IsDoorOpen = ", t));
        Assert.All(open.Tests, t => Assert.DoesNotContain("Heat", t));
        // An example that names a property gives it away.
        Assert.DoesNotContain("IsDoorOpen", open.Instruction);
        // An order that is lost at once is no task.
        Assert.DoesNotContain(found.Tasks, t => t.Reference.Contains("OrderBy(x => x.Heat).Sum", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_made_of_data_is_asked_for_by_its_text()
    {
        Assert.SkipUnless(found.IsIsolated, "nothing isolates answers here");
        var pot = Assert.Single(found.Tasks, t => t.Reference == "return Pot.Throw(clay).Slipped().ToString();");
        Assert.Equal("public static string Solve(int clay)", pot.Signature);
        Assert.EndsWith("the text.", pot.Instruction.Split('\n')[0]);
        Assert.Contains(pot.Tests, t => t.Contains("kg, 1 coats\"", StringComparison.Ordinal));
    }
}
