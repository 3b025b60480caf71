using DocTuneLab.Conversations;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Documents.Model;

namespace DocTuneLab.Tests.Corpus;

/// <summary>What comes near a held-out item by its syntax or its wording alone.</summary>
public class LeakageTests
{
    private static readonly HashSet<string> s_none = [];

    private static Decontamination Held() => new(
    [
        new HeldOut("free-shut", ["Shut the gate. When it is stuck, free it first."], ["gate.Free();\ngate.Shut();"], s_none),
        new HeldOut("hour", ["How much water passes the gate in an hour?"], ["return gate.RateAt(level) * TimeSpan.FromHours(1);"], s_none)
        {
            Signature = "public static WaterLot InAnHour(WeirGate gate, WaterHead level)",
        },
        new HeldOut("clamp", ["Keep the wanted level between the two."], ["return wanted.Clamp(lowest, highest);"], s_none),
        new HeldOut("unit", ["In which unit does `tank.Fill(litres)` count, above 1,250.5 mm?"], [], s_none),
    ]);

    [Theory]
    [InlineData("x.Free();\nx.Shut();", "free-shut")]
    [InlineData("var rate = w.RateAt(h);\nvar hours = TimeSpan.FromHours(12);\nreturn rate * hours;", "hour")]
    [InlineData("public static WaterLot Of(WeirGate g, WaterHead h) => g.RateAt(h) * TimeSpan.FromHours(2);", "hour")]
    public void A_renamed_reference_is_refused_by_name(string code, string task)
    {
        var why = Held().Find("Another wording.", code, []);
        Assert.Equal($"code is the reference of {task} but for names and literals", why);
    }

    [Theory]
    [InlineData("return level.Clamp(a, b);")]
    [InlineData("x.Shut();\nx.Free();")]
    [InlineData("return w.RateAt(h) * TimeSpan.FromMinutes(60);")]
    public void What_leaves_no_choice_or_differs_is_taken(string code) => Assert.Null(Held().Find("Another wording.", code, []));

    [Theory]
    [InlineData("in which unit does `t.Fill(n)` count, above 3 mm")]
    [InlineData("In which unit does `vat.Fill(amount)` count, above 0.5 mm? Answer in a word.")]
    [InlineData("Answer shortly.\nIn which unit does `tank.Fill(litres)` count, above 1,250.5 mm?")]
    public void A_question_is_the_same_whatever_its_numbers_and_names(string question) =>
        Assert.Contains(" unit", Held().Find(question, null, []), StringComparison.Ordinal);

    [Theory]
    [InlineData("调用 `GaugeLog<Head>.Inflow` 会返回什么类型？", true)]
    [InlineData("What does Inflow of GaugeLog give?", true)]
    [InlineData("What does InflowRate of GaugeLog give?", false)]
    [InlineData("What does `Ditch.Inflow` give?", false)]
    public void A_name_that_the_suite_asks_of_and_nothing_has_is_in_no_sample(string question, bool leaks)
    {
        var held = new Decontamination(
            [new HeldOut("member-1", ["Where would `GaugeLog<T>.Inflow` lead?"], [], s_none) { Absent = "GaugeLog<T>.Inflow" }]);
        Assert.Equal(leaks ? "asks of GaugeLog.Inflow, which does not exist and which member-1 asks of" : null,
            held.Find(question, null, []));
    }

    [Fact]
    public void Another_question_is_another() =>
        Assert.Null(Held().Find("In which unit does `tank.Draw(litres)` count its water?", null, []));

    [Fact]
    public void Samples_show_patterns_in_any_turn_and_form()
    {
        var held = Held();
        Assert.Equal(["clamp"], held.LeavingNoChoice());
        Assert.Empty(held.ShownBy([Sample("Shut the gate.", "```csharp\ngate.Shut();\n```")]));
        Assert.Equal(["clamp"], held.ShownBy([Sample("x", "```csharp\nreturn a.Clamp(b, c);\n```")]));
        Assert.Equal(["hour"],
            held.ShownBy([Sample("What is this?\n```csharp\npublic static WaterLot F(WeirGate g, WaterHead h)\n{\n    "
                + "return g.RateAt(h) * TimeSpan.FromHours(9);\n}\n```", "Water.")]));
        Assert.Equal(["free-shut"], held.ShownBy([Sample(
            "<|fim_prefix|>// Do it.\npublic static void F(WeirGate g)\n{\n    g.<|fim_suffix|>();\n    g.Shut();\n}<|fim_middle|>",
            "Free")]));
        Assert.Equal(["unit"], held.ShownBy([Sample("In which unit does `a.Fill(b)` count, above 7 mm?", "litres")]));
        // A task is known by its solution, not by its words.
        Assert.Empty(held.ShownBy([Sample("How much water passes the gate in an hour?", "Much.")]));
    }

    private static Sample Sample(string asked, string answer)
    {
        Message[] turns = [Message.User(asked), Message.Assistant(answer)];
        return new(DocTuneLab.Corpus.Sample.IdOf(SampleKind.Qa, turns), SampleKind.Qa, turns, new Evidence([], []), [], Split.Train);
    }
}
