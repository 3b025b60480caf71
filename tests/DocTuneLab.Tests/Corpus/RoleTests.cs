using System.Globalization;
using System.Text.RegularExpressions;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Prompts;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Tests.Corpus;

/// <summary>What flows where, how parameters are called, which literals stand in code.</summary>
public sealed partial class RoleTests
{
    private static readonly CorpusFixture s_library = new("Sluice", RoleSource.Code);

    private static readonly Lazy<GeneratedCorpus> s_corpus = new(() => Generate(new CorpusOptions
    {
        Count = 900,
        Seed = 3,
        NearDuplicateThreshold = 1,
        Mix = new Dictionary<SampleKind, double> { [SampleKind.Code] = 1 }
    }));

    private static readonly Lazy<List<MethodDeclarationSyntax>> s_methods = new(() =>
        [.. s_corpus.Value.Samples.Where(s => !s.Checks[0].Detail!.StartsWith("class", StringComparison.Ordinal)).Select(s =>
            (MethodDeclarationSyntax)SyntaxFactory.ParseMemberDeclaration(
            $"{Header().Match(s.Messages[^2].Content).Value} {{ {AnswerFormat.BodyOf(s.Messages[^1].Content)} }}")!)]);

    private static GeneratedCorpus Generate(CorpusOptions options) =>
        new StructuralGenerator(s_library.Symbols, s_library.Batched, options).Generate([], null, TestContext.Current.CancellationToken);

    private static IEnumerable<string> Bodies => s_methods.Value.Select(m => Values(m));

    // Locals are put in their places, so that what flows where can be read.
    private static string Values(MethodDeclarationSyntax method)
    {
        var text = method.Body!.ToString();
        foreach (var local in method.Body.DescendantNodes().OfType<VariableDeclaratorSyntax>().Where(v => v.Initializer is not null))
            text = Regex.Replace(text, $@"(?<![\w.]){local.Identifier.Text}(?=\.)", local.Initializer!.Value.ToString());
        return text;
    }

    [Fact]
    public void The_corpus_is_large_enough_to_tell()
    {
        Assert.True(s_methods.Value.Count > 400, $"{s_methods.Value.Count} methods");
        Assert.Contains(Bodies, b => b.Contains("MetresHigh()", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(@"\.Millimetres\.(?:TimeForLitres|MetresHigh)")]   // a length in millimetres is no amount in litres, and no metres
    [InlineData(@"\.(?:MoveCount|Opening)\.\w*(?:High|TimeForLitres)")] // neither is a count or a percentage
    [InlineData(@"\.(?:AreaSquareMetres|Behind)\.MetresHigh")]        // square and cubic metres are no metres
    [InlineData(@"(?:FromMetres|MoveTo)\([^()]*\.(?:Millimetres|MoveCount)\)")]
    [InlineData(@"FlowLitresPerSecond\([^()]*\)\.MetresHigh")]    // a rate is no height
    [InlineData(@"CompareTo\([^()]*\)\.")]                         // an order leads nowhere
    [InlineData(@"\(\w*\.?CompareTo\(")]
    public void Values_go_only_where_their_role_and_unit_fit(string wrong)
    {
        var found = Bodies.FirstOrDefault(b => Regex.IsMatch(b, wrong));
        Assert.True(found is null, found);
    }

    [Fact]
    public void A_length_in_the_unit_that_is_asked_for_does_go_there() =>
        // Metres into metres make sense, and are not lost with the others.
        Assert.Contains(Bodies, b => b.Contains(".WidthMetres.MetresHigh", StringComparison.Ordinal));

    [Fact]
    public void What_a_value_was_measured_in_does_not_make_it_again() =>
        Assert.DoesNotContain(Bodies, b => Regex.IsMatch(b, @"\.Metres\.MetresHigh|\.Millimetres\.MillimetresHigh"));

    [Fact]
    public void Parameters_are_called_by_what_they_are()
    {
        string[] ofNumbers = ["percent", "metres", "millimetres", "litres", "share", "name", "text", "number", "amount", "count", "limit"];
        foreach (var parameter in s_methods.Value.SelectMany(m => m.ParameterList.Parameters))
        {
            var words = NamePart().Matches(parameter.Identifier.Text).Select(m => m.Value.ToLowerInvariant()).ToList();
            if (parameter.Type!.ToString() is "WeirGate" or "Height" or "GateState")
                Assert.True(!words.Exists(ofNumbers.Contains), parameter.ToString());
            else if (parameter.Type.ToString() is "int" or "double")
                Assert.True(!words.Exists(w => w is "gate" or "height" or "weir" or "sill" or "state"), parameter.ToString());
        }
    }

    [Fact]
    public void Literals_stay_in_the_documented_range_and_in_that_of_their_quantity()
    {
        var calls = s_methods.Value.SelectMany(m => m.DescendantNodes().OfType<InvocationExpressionSyntax>()).ToList();
        var percents = Literals("MoveTo", 0);
        var shares = Literals("FlowLitresPerSecond", 1);
        Assert.True(percents.Count > 5 && shares.Count > 5, $"{percents.Count} and {shares.Count} literals");
        Assert.All(percents, p => Assert.InRange(p, 0, 100));
        Assert.All(shares, p => Assert.InRange(p, 0, 1));
        Assert.True(percents.Distinct().Count() > 3);

        List<double> Literals(string method, int at) =>
            [.. calls.Where(c => c.Expression is MemberAccessExpressionSyntax m && m.Name.Identifier.Text == method)
                .Select(c => c.ArgumentList.Arguments)
                .Where(a => a.Count > at && a[at].Expression is LiteralExpressionSyntax)
                .Select(a => double.Parse(a[at].Expression.ToString(), CultureInfo.InvariantCulture))];
    }

    [Fact]
    public void A_limit_that_is_checked_is_the_documented_one()
    {
        var checks = s_corpus.Value.Samples.Where(s => s.Checks.Any(c => c is { Name: "grounded", Detail: "range" }))
            .Select(s => AnswerFormat.BodyOf(s.Messages[^1].Content)!).ToList();
        Assert.Contains(checks, c => c.Contains("is < 0 or > 100", StringComparison.Ordinal));
        // "Not more than zero" is the condition that fails: neither a largest value nor, of a real number, one from 1.
        Assert.DoesNotContain(checks, c => c.Contains("LimitTo", StringComparison.Ordinal));
    }

    [Fact]
    public void Methods_of_several_steps_and_decisions_are_many()
    {
        var methods = s_methods.Value;
        var decides = methods.Count(m => m.DescendantNodes().Any(n => n is IfStatementSyntax or ForEachStatementSyntax or ForStatementSyntax
            or SwitchExpressionSyntax or TryStatementSyntax or WhileStatementSyntax));
        var one = methods.Count(m => m.Body!.Statements.Count == 1
            && m.Body.Statements[0] is not (TryStatementSyntax or ForEachStatementSyntax));
        Assert.True(decides >= 0.15 * methods.Count, $"{decides} of {methods.Count} decide");
        Assert.True(one < 0.4 * methods.Count, $"{one} of {methods.Count} are one statement");
    }

    [Fact]
    public void What_a_run_shows_to_fail_is_rejected_by_name_and_the_account_closes()
    {
        var runner = new ScriptedRunner(p => p.Method.Contains("Broken", StringComparison.Ordinal)
            ? new(ProgramEnd.Threw, "InvalidOperationException: broken")
            : p.Method.Contains("IsShut", StringComparison.Ordinal) ? new(ProgramEnd.Nothing, "null")
            : p.Method.Contains("MoveCount", StringComparison.Ordinal) ? new(ProgramEnd.Timeout, "late")
            : p.Method.Contains("Sill", StringComparison.Ordinal) ? new(ProgramEnd.NotRun, "its example values cannot be made")
            : ProgramOutcome.Value);
        var corpus = Generate(new CorpusOptions { Count = 400, Seed = 2, Runner = runner });
        Assert.NotEmpty(runner.Seen);
        Assert.All(corpus.Accounts, a => Assert.True(a.Closes, $"{a}"));
        var code = corpus.Accounts.Single(a => a.Kind == SampleKind.Code);
        Assert.True(code.Rejected["threw"] > 0 && code.Rejected["gave nothing"] > 0 && code.Rejected["did not end"] > 0);
        // What was accepted was run, or there is a reason.
        Assert.Equal(code.Accepted, code.Runs.Ran + code.Runs.NotRun.Values.Sum());
        Assert.True(code.Runs.Ran > 0 && code.Runs.NotRun["one member alone"] > 0 && code.Runs.NotRun["example values fail"] > 0);
        Assert.Contains(corpus.Rejected, s => s.Checks.Any(c => c is { Name: "threw", Detail: "InvalidOperationException: broken" }));
        Assert.DoesNotContain(corpus.Samples, s => s.Checks.Any(c => c.Name == "runs")
            && s.Messages[^1].Content.Contains("Broken", StringComparison.Ordinal));
    }

    [Fact]
    public void Where_nothing_may_run_the_compiler_alone_judges_and_the_account_says_so()
    {
        var runner = new ScriptedRunner(_ => throw new InvalidOperationException("nothing is to be run")) { Refusal = "no isolation" };
        var corpus = Generate(new CorpusOptions { Count = 120, Seed = 2, Runner = runner });
        Assert.Equal("no isolation", corpus.RunRefusal);
        var code = corpus.Accounts.Single(a => a.Kind == SampleKind.Code);
        Assert.Equal(0, code.Runs.Ran);
        Assert.Equal(code.Accepted, code.Runs.NotRun["nothing isolates it"]);
    }

    [Fact]
    public void The_same_seed_and_outcomes_give_the_same_corpus()
    {
        GeneratedCorpus Once() => Generate(new CorpusOptions
        {
            Count = 200,
            Seed = 9,
            Runner = new ScriptedRunner(p => p.Method.Length % 5 == 0 ? new(ProgramEnd.Threw, "x") : ProgramOutcome.Value)
        });
        Assert.Equal(Once().Samples.Select(s => s.Id), Once().Samples.Select(s => s.Id));
    }

    private sealed class ScriptedRunner(Func<SampleProgram, ProgramOutcome> outcome) : IProgramRunner
    {
        public List<SampleProgram> Seen { get; } = [];

        public string? Refusal { get; init; }

        public IReadOnlyList<ProgramOutcome> Run(IReadOnlyList<SampleProgram> programs, CancellationToken cancel)
        {
            Seen.AddRange(programs);
            return [.. programs.Select(outcome)];
        }
    }

    [GeneratedRegex(@"^public static [^\n]*\)", RegexOptions.Multiline)]
    private static partial Regex Header();
    [GeneratedRegex("[A-Z]?[a-z]+|[A-Z]+")]
    private static partial Regex NamePart();
}
