using System.Globalization;
using DocTuneLab.Conversations;
using DocTuneLab.Library;
using DocTuneLab.Library.Guidance;

namespace DocTuneLab.Tests.Library;

/// <summary>What nobody should write, or hand to a guide: it ends, with a word that says why.</summary>
public sealed class GuideBoundsTests(FlowLibrary library) : IClassFixture<FlowLibrary>
{
    private const string Signature = "public static int Run(int n, string text)";

    private CodeGuide Guide(string signature = Signature, string context = "") =>
        new(library.Judge, GuideFrame.Body(signature, ["Acme.Flow"], context));

    private static string Repeat(string text, int times) => string.Concat(Enumerable.Repeat(text, times));

    /// <summary>Follows letters in groups until something is refused.</summary>
    private static (GuidedCode Code, GuideStep Last) Follow(CodeGuide guide, string text, int letters)
    {
        var code = guide.Begin();
        foreach (var piece in text.Chunk(letters))
        {
            var step = code.Follow(new(piece));
            if (step.Next is null) return (code, step);
            code = step.Next;
        }
        return (code, new(GuideVerdict.Fits, "", code));
    }

    [Theory]
    [InlineData("public class Held { public Nowhere Is; }", "Nowhere")]
    [InlineData("public class Held { public int Is => \"text\"; }", "int")]
    [InlineData("public class Held {", "}")]
    [InlineData("not C# at all", "Preprocessor")]
    public void A_context_that_does_not_compile_is_said_and_guides_nothing(string context, string word)
    {
        var guide = Guide(context: context);
        Assert.StartsWith("context: ", guide.Problem, StringComparison.Ordinal);
        Assert.Contains(word, guide.Problem, StringComparison.Ordinal);
        Assert.Equal(GuideVerdict.Fits, new AnswerGuide(guide).Begin().Follow("```csharp\nreturn text.Nonsense(", out _, out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("}")]
    [InlineData("no C# at all (")]
    [InlineData("public static int Run(int n")]
    [InlineData("public static int Run(int n) { return 1; }")]
    [InlineData("public static int Run(int n) => 1;")]
    [InlineData("class Held {")]
    [InlineData("\"")]
    [InlineData("/*")]
    public void A_signature_that_does_not_parse_is_said_and_guides_nothing(string signature)
    {
        var guide = Guide(signature);
        Assert.NotEmpty(guide.Problem ?? "");
        Assert.Equal(GuideVerdict.Fits, new AnswerGuide(guide).Begin().Follow("```csharp\nreturn text.Nonsense(", out _, out _));
    }

    [Fact]
    public void A_library_of_20_000_members_is_guided()
    {
        using var wide = new CompiledLibrary("namespace Wide; public static class All {\n" + string.Concat(Enumerable.Range(0, 20_000)
            .Select(i => string.Create(CultureInfo.InvariantCulture, $"public static int Member{i}(int n) => n;\n"))) + "}");
        var guide = new CodeGuide(new CSharpJudge(ReferenceSet.Load([wide.AssemblyPath])), GuideFrame.Body(Signature, ["Wide"]));
        var (code, last) = Follow(guide, "return All.Member12(n) + All.Member9999(All.Member19999(n));", 4);
        Assert.True(last.Next is not null, last.Reason);
        Assert.Null(code.Objection());
        Assert.Equal(GuideVerdict.Refused, Follow(guide, "return All.Member20000(", 4).Last.Verdict);
    }

    [Fact]
    public void Of_code_of_2_000_lines_the_rest_is_followed_by_tokens_and_its_end_is_judged()
    {
        const string Line = "n = n + 1; // one more, and a word on it that makes the line as long as others are\n";
        var (code, last) = Follow(Guide(), Repeat(Line, 2000) + "return n", 500);
        Assert.True(last.Next is not null, last.Reason);
        Assert.Equal(GuideVerdict.Refused, code.Follow(" + 1);").Verdict);
        Assert.Null(code.Follow(";").Next!.Objection());
        Assert.NotNull(code.Follow(".Nonsense;").Next!.Objection());
    }

    [Fact]
    public void Code_of_2_000_lines_around_a_gap_is_taken_as_it_is()
    {
        var line = Repeat("Console.WriteLine(new Tank(1).Level);\n", 2000);
        var gap = new GapGuide(library.Judge, line + "var tank = new Ta", "nk(1);\n" + line, ["Acme.Flow"]).Begin();
        Assert.Null(gap.Objection());
        Assert.Equal(GuideVerdict.Refused, gap.Follow(")", out _, out _));
    }

    [Theory]
    [InlineData("return ", "(")]
    [InlineData("return ", "text.Substring(")]
    [InlineData("", "{ ")]
    [InlineData("return ", "new List<int>() { ")]
    [InlineData("return n switch { ", "1 => n switch { ")]
    [InlineData("return $\"", "{$\"")]
    public void Brackets_that_never_close_are_refused_where_no_compiler_goes(string before, string open)
    {
        var (_, last) = Follow(Guide(), before + Repeat(open, 400), 20);
        Assert.Equal(GuideVerdict.Refused, last.Verdict);
        Assert.True(last.Reason.Contains("250 brackets are open", StringComparison.Ordinal)
            || last.Reason.Contains("too deeply", StringComparison.Ordinal), last.Reason);
    }

    [Theory(Timeout = 120_000)]
    [InlineData("return ", "!")]
    [InlineData("return ", "- ")]
    [InlineData("return ", "(int)")]
    [InlineData("", "if (n > 1) ")]
    [InlineData("", "if (n > 1) n = 1; else ")]
    [InlineData("Func<int, int> f = ", "x => ")]
    [InlineData("return ", "n > 1 ? 1 : ")]
    [InlineData("return n is ", "not ")]
    [InlineData("", "List<")]
    [InlineData("return text", ".Trim()")]
    [InlineData("int", "*")]
    [InlineData("int", "[]")]
    [InlineData("var x = new a", ".a")]
    public async Task Code_that_goes_on_for_ever_ends_in_a_word_of_the_compiler(string before, string more)
    {
        var (code, last) = await Task.Run(() => Follow(Guide(), before + Repeat(more, 4000 / more.Length), 200),
            TestContext.Current.CancellationToken);
        Assert.NotEmpty((last.Next is null ? last.Reason : code.Objection()) ?? "");
    }
}
