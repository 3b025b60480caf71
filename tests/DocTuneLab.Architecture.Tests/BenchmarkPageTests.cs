using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Architecture.Tests;

/// <summary>The page of benchmarks lists the words that the program knows, no more and no fewer.</summary>
public partial class BenchmarkPageTests
{
    private static readonly string s_folder = Path.Combine(Repository.Root, "tests", "DocTuneLab.Benchmarks");

    // Begun by 'corpus kill' and 'corpus throughput' themselves.
    private static readonly string[] s_ownProcesses = ["corpus child", "corpus server"];

    [Fact]
    public void Every_word_of_the_program_is_on_the_page_and_no_other()
    {
        var known = Words("Program.cs").Where(w => w != "corpus")
            .Concat(Words("CorpusBenchmarks.cs").Select(w => $"corpus {w}")).Except(s_ownProcesses);
        var rows = Row().Matches(File.ReadAllText(Path.Combine(s_folder, "README.md"))).Select(m => m.Groups[1].Value);
        var listed = rows.SelectMany(r => Quoted().Matches(r)).Select(m => m.Groups[1].Value)
            .Where(w => !w.StartsWith('-')).Select(w => w.Split(' '))
            .Select(w => w[0] == "corpus" ? $"corpus {w[1]}" : w[0]);
        Assert.Equal(known.Distinct().Order(StringComparer.Ordinal), listed.Distinct().Order(StringComparer.Ordinal));
    }

    /// <summary>First words of the lists of arguments that a file has patterns for.</summary>
    private static IEnumerable<string> Words(string file) =>
        from list in CSharpSyntaxTree.ParseText(File.ReadAllText(Path.Combine(s_folder, file))).GetRoot().DescendantNodes()
            .OfType<ListPatternSyntax>()
        let first = list.Patterns.FirstOrDefault() as ConstantPatternSyntax
        where first?.Expression is LiteralExpressionSyntax { Token.Value: string }
        select (string)((LiteralExpressionSyntax)first.Expression).Token.Value!;

    [GeneratedRegex(@"^\| (`[^|]+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();
}
