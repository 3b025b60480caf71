namespace DocTuneLab.Architecture.Tests;

public class ProjectTests
{
    // Each project and those of ours that it may be compiled against, directly or through another.
    private static readonly Dictionary<string, string[]> s_below = new()
    {
        ["DocTuneLab"] = [],
        ["DocTuneLab.Training"] = ["DocTuneLab"],
        ["DocTuneLab.Evaluation"] = ["DocTuneLab"],
        ["DocTuneLab.Experiments"] = ["DocTuneLab", "DocTuneLab.Training", "DocTuneLab.Evaluation"],
        ["DocTuneLab.Serving"] = ["DocTuneLab", "DocTuneLab.Training", "DocTuneLab.Evaluation", "DocTuneLab.Experiments"],
        ["DocTuneLab.Notebooks"] = [],
        ["DocTuneLab.Jupyter"] = ["DocTuneLab.Notebooks"],
        ["DocTuneLab.Extension"] =
            ["DocTuneLab", "DocTuneLab.Training", "DocTuneLab.Evaluation", "DocTuneLab.Experiments", "DocTuneLab.Notebooks"],
        ["DocTuneLab.DotNetInteractive"] =
        [
            "DocTuneLab", "DocTuneLab.Training", "DocTuneLab.Evaluation", "DocTuneLab.Experiments", "DocTuneLab.Notebooks",
            "DocTuneLab.Extension",
        ],
        ["DocTuneLab.Cli"] =
        [
            "DocTuneLab", "DocTuneLab.Training", "DocTuneLab.Evaluation", "DocTuneLab.Experiments", "DocTuneLab.Notebooks",
            "DocTuneLab.Extension", "DocTuneLab.Jupyter", "DocTuneLab.Serving",
        ],
    };

    [Theory]
    [MemberData(nameof(Repository.Names), MemberType = typeof(Repository))]
    public void A_project_uses_only_those_below_it(string name)
    {
        var project = Repository.Project(name);
        // Tests and benchmarks may use all but each other.
        string[]? allowed = project.IsTest ? [.. s_below.Keys] : s_below.GetValueOrDefault(name);
        Assert.True(allowed is not null, $"{name} has no row in the table of what a project may use. Give it one.");
        var wrong = project.Closure().Except(allowed).Order(StringComparer.Ordinal).ToList();
        var may = allowed.Length == 0 ? "none of ours" : string.Join(", ", allowed);
        Assert.True(wrong.Count == 0, $"{name}.csproj refers to {string.Join(", ", wrong)}; it may use {may}.");
    }

    [Fact]
    public void The_table_itself_goes_one_way() =>
        Assert.Empty(Cycles.Shortest(s_below.SelectMany(row => row.Value.Select(to => (row.Key, to)))));

    /// <summary>Documents and samples can be used where no model is trained, no cell runs and nothing is served.</summary>
    [Theory]
    [InlineData("torch")]
    [InlineData("Interactive")]
    [InlineData("Scripting")]
    [InlineData("NetMQ")]
    [InlineData("Plotly")]
    [InlineData("AspNetCore")]
    [InlineData("System.CommandLine")]
    public void Core_knows_no_torch_no_notebook_and_no_server(string part)
    {
        var core = Repository.Project("DocTuneLab");
        var asked = core.Packages.Where(p => p.Contains(part, StringComparison.OrdinalIgnoreCase));
        // What the compiler wrote into the assembly, so that a package's own packages count where they are used.
        var used = System.Reflection.Assembly.Load(core.AssemblyName).GetReferencedAssemblies().Select(a => a.Name!)
            .Where(a => a.Contains(part, StringComparison.OrdinalIgnoreCase));
        var wrong = asked.Concat(used).Distinct().ToList();
        Assert.True(wrong.Count == 0, $"DocTuneLab uses {string.Join(", ", wrong)}: move what needs it into a project above.");
    }
}
