using DocTuneLab.Conversations;
using DocTuneLab.Library.Guidance;

namespace DocTuneLab.Tests.Library;

/// <summary>What a guide says of whole answers: prose, fences, directives, and the code between them.</summary>
public sealed class AnswerGuideTests(FlowLibrary library) : IClassFixture<FlowLibrary>
{
    private CodeGuide Guide(string signature = "public static double Run(Tank tank, string? note)") =>
        new(library.Judge, GuideFrame.Body(signature, FlowLibrary.Usings));

    [Theory]
    [InlineData("return tank.Level;", "'note' is never read")]
    [InlineData("return note is null ? 0 : tank.Level;", null)]
    [InlineData("note = \"\"; return tank.Level;", "'note' is never read")]
    [InlineData("var other = tank; var text = note; return 3;", "nothing is made of what is given")]
    public void An_answer_that_makes_nothing_of_its_parameters_falls_short(string body, string? expected)
    {
        var guide = new AnswerGuide(Guide()).Begin();
        Assert.Equal(GuideVerdict.Fits, guide.Follow($"```csharp\n{body}\n```", out var whole, out _));
        Assert.Equal(expected, whole!.Shortfall());
        Assert.Null(whole.Objection());
    }

    [Theory]
    [InlineData("public static double Run(Tank tank")]
    [InlineData("public static Tankk Run()")]
    public void A_header_that_does_not_compile_is_said_and_guides_nothing(string signature)
    {
        var guide = Guide(signature);
        Assert.NotNull(guide.Problem);
        Assert.Equal(GuideVerdict.Fits, new AnswerGuide(guide).Begin().Follow("```csharp\nreturn tank.Nonsense(", out var longer, out _));
        Assert.Null(longer!.Objection());
    }

    [Theory]
    [InlineData("using Acme.Flow;\nreturn tank.Level;")]
    [InlineData("using Acme.Flow; using System.Text;\n\nreturn new StringBuilder(note).Length;")]
    [InlineData("using static System.Math;\nreturn Max(tank.Level, 1);")]
    [InlineData("using Box = Acme.Flow.Tank;\nreturn new Box(3).Level;")]
    [InlineData("using System.Text;\npublic static double Run(Tank tank, string? note) => new StringBuilder(note).Length;")]
    [InlineData("using var more = new Tank(3);\nreturn more.Level;")]
    [InlineData("using (var more = new Tank(3)) { return more.Level; }")]
    [InlineData("using Tank more = new Tank(3);\nreturn more.Level;")]
    public void Using_directives_may_stand_before_the_code(string code)
    {
        foreach (var length in new[] { 1, 3, 400 })
        {
            var answer = new AnswerGuide(Guide()).Begin();
            foreach (var piece in $"```csharp\n{code}\n```".Chunk(length).Select(c => new string(c)))
            {
                answer.Follow(piece, out var longer, out var reason);
                Assert.True(longer is not null, $"{piece}: {reason}");
                answer = longer;
            }
            Assert.Null(answer.Objection());
        }
    }

    [Theory]
    [InlineData("using Acme.Fl", "ux")]
    [InlineData("using Acme.", "Pond")]
    [InlineData("using static Acme.Flow.Pond", ";")]
    [InlineData("using System.Text;\nreturn new StringBuilder(note).", "Pond")]
    [InlineData("using System.Text;\n", "```")]
    public void Behind_using_directives_all_is_as_before(string code, string piece)
    {
        new AnswerGuide(Guide()).Begin().Follow("```csharp\n" + code, out var longer, out var reason);
        Assert.True(longer is not null, reason);
        longer.Follow(piece, out longer, out _);
        Assert.Null(longer);
    }

    [Fact]
    public void Ends_are_sought_behind_using_directives_too()
    {
        new AnswerGuide(Guide("public static double Run(Tank tank)")).Begin().Follow("```\nusing System.Text;", out var longer, out _);
        Assert.Contains("\nreturn tank.Level;\n```", longer!.Endings(isFull: false));
    }

    [Fact]
    public void An_answer_of_members_has_the_one_that_is_asked_for()
    {
        new AnswerGuide(Guide()).Begin().Follow("```csharp\nsealed class Pond;\n", out var longer, out var reason);
        Assert.True(longer is not null, reason);
        Assert.Null(longer.Follow("```", out var whole, out reason) == GuideVerdict.Fits ? whole : null);
        Assert.Equal("'Run' is asked for", reason);
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("// Fill the tank.\n")]
    public void Comments_alone_are_no_answer(string code)
    {
        var guide = new AnswerGuide(Guide("public static void Fill(Tank tank, string? note)")).Begin();
        Assert.Equal(GuideVerdict.Fits, guide.Follow($"```csharp\n{code}", out var longer, out _));
        Assert.Equal(GuideVerdict.Broken, longer!.Follow("```", out _, out var reason));
        Assert.Equal("no code is written", reason);
        Assert.DoesNotContain("```", longer.Endings(isFull: false));
    }

    [Fact]
    public void Only_the_code_in_a_fence_is_guided()
    {
        var answer = new AnswerGuide(Guide()).Begin();
        void Go(string piece)
        {
            Assert.Equal(GuideVerdict.Fits, answer.Follow(piece, out var longer, out var reason));
            Assert.True(longer is not null, reason);
            answer = longer;
        }
        Go("Use `tank.Nonsense` as");
        Go(" follows:\n``");
        Go("`csharp\nreturn tank.");
        Assert.Equal(GuideVerdict.Refused, answer.Follow("Nonsense", out _, out _));
        Go("Fill(3, TimeSpan.Zero)");
        Assert.NotNull(answer.Objection());
        Go(" + note.Length");
        Go(";");
        Go("\n`");
        Go("``");
        Assert.Null(answer.Objection());
        Go("\nIt calls tank.Nonsense(.");
    }
}
