using System.Reflection;
using PublicApiGenerator;

namespace DocTuneLab.Architecture.Tests;

/// <summary>What others can use of each library, as text that is reviewed with the change that makes it.</summary>
public class PublicApiTests
{
    private const string Accept = "DOCTUNE_ACCEPT_API";

    private static readonly ApiGeneratorOptions s_options = new()
    {
        IncludeAssemblyAttributes = false,
        ExcludeAttributes =
        [
            // Of the compiler, not of the author.
            "System.Runtime.CompilerServices.CompilerFeatureRequiredAttribute", "System.Runtime.CompilerServices.RequiredMemberAttribute",
        ],
    };

    /// <summary>Compares the built assembly with <c>Approved/NAME.txt</c>.</summary>
    [Theory]
    [InlineData("DocTuneLab")]
    [InlineData("DocTuneLab.Training")]
    [InlineData("DocTuneLab.Evaluation")]
    [InlineData("DocTuneLab.Experiments")]
    [InlineData("DocTuneLab.Notebooks")]
    [InlineData("DocTuneLab.Extension")]
    [InlineData("DocTuneLab.Jupyter")]
    public void The_public_api_is_the_approved_one(string assembly)
    {
        var approvedFile = Path.Combine(Repository.Root, "tests", "DocTuneLab.Architecture.Tests", "Approved", assembly + ".txt");
        var receivedFile = Path.Combine(AppContext.BaseDirectory, assembly + ".received.txt");
        var received = Assembly.Load(assembly).GeneratePublicApi(s_options).ReplaceLineEndings("\n").TrimEnd('\n') + "\n";
        if (Environment.GetEnvironmentVariable(Accept) == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(approvedFile)!);
            File.WriteAllText(approvedFile, received);
        }
        var approved = File.Exists(approvedFile) ? File.ReadAllText(approvedFile).ReplaceLineEndings("\n") : "";
        if (approved == received)
        {
            File.Delete(receivedFile);
            return;
        }
        File.WriteAllText(receivedFile, received);
        Assert.Fail($"""
            The public API of {assembly} is not the approved one:
            {Difference(approved, received)}
            What need not be public is internal. If the change is meant, run this test once with {Accept}=1, or copy
            {receivedFile} over {Repository.Relative(approvedFile)}.
            """);
    }

    [Fact]
    public void A_difference_names_the_lines_that_went_and_came() =>
        Assert.Equal("  - b\n  + c", Difference("a\nb\n", "a\nc\n"));

    // Lines that only one side has, as often as it has them more; up to 20 of each.
    private static string Difference(string approved, string received)
    {
        var (before, after) = (Count(approved), Count(received));
        var gone = Only(before, after).Select(l => $"  - {l}").Take(20);
        var come = Only(after, before).Select(l => $"  + {l}").Take(20);
        var lines = gone.Concat(come).ToList();
        return lines.Count == 0 ? "  the same lines in another order" : string.Join('\n', lines);

        static Dictionary<string, int> Count(string text) =>
            text.Split('\n').GroupBy(l => l.Trim()).ToDictionary(g => g.Key, g => g.Count());
        static IEnumerable<string> Only(Dictionary<string, int> one, Dictionary<string, int> other) =>
            one.Where(l => l.Value > other.GetValueOrDefault(l.Key)).Select(l => l.Key);
    }
}
