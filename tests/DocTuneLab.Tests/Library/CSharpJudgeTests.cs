using DocTuneLab.Library;
using Microsoft.CodeAnalysis;

namespace DocTuneLab.Tests.Library;

public sealed class CSharpJudgeTests(FlowLibrary library) : IClassFixture<FlowLibrary>
{
    private Verdict Judge(string code, CodeForm form = CodeForm.Statements, string? context = null) =>
        library.Judge.Judge(code, form, FlowLibrary.Usings, context);

    private static SymbolUse Use(Verdict verdict, string name) => verdict.Uses.Single(u => u.Name == name);

    private static void Compiles(Verdict verdict) => Assert.True(verdict.Compiles, string.Join('\n', verdict.Errors));

    [Fact]
    public void Correct_code_compiles_and_every_library_name_has_its_id()
    {
        var verdict = Judge("using var tank = new Tank(capacity: 10) { Label = \"a\" };\nvar x = tank.Fill(3, TimeSpan.Zero);\n"
            + "await foreach (var r in tank.ReadAllAsync(mode: Mode.Slow)) Console.WriteLine(r.Value + tank[2].Value);\n"
            + "_ = tank.Drain() + tank;");
        Compiles(verdict);
        Assert.All(verdict.Uses, u => Assert.Equal(SymbolUseKind.Resolved, u.Kind));
        Assert.Equal(
            [
                "F:Acme.Flow.Mode.Slow", "M:Acme.Flow.Extensions.TankExtensions.Drain(Acme.Flow.Tank)",
                "M:Acme.Flow.Tank.#ctor(System.Double)",
             "M:Acme.Flow.Tank.Fill(System.Double,System.TimeSpan)",
             "M:Acme.Flow.Tank.ReadAllAsync(System.Int32,System.String,Acme.Flow.Mode,System.Threading.CancellationToken)",
             "M:Acme.Flow.Tank.op_Addition(Acme.Flow.Tank,Acme.Flow.Tank)",
             "P:Acme.Flow.Reading.Value", "P:Acme.Flow.Tank.Item(System.Int32)", "P:Acme.Flow.Tank.Label", "T:Acme.Flow.Mode",
             "T:Acme.Flow.Tank"
         ],
            verdict.Uses.Where(u => u.IsLibrary).Select(u => u.Id).OfType<string>().Distinct().Order(StringComparer.Ordinal));
        Assert.DoesNotContain(verdict.Uses, u => u.Name is "var" or "_");
    }

    [Fact]
    public void An_invented_member_is_missing_with_line_and_suggestion()
    {
        var verdict = Judge("var tank = new Tank(1);\n\ntank.Fil(2);");
        Assert.True(verdict.Parses);
        Assert.False(verdict.Compiles);
        Assert.Equal(new SymbolUse("Fil", SymbolUseKind.Missing, null, true, 3, "Fill") { On = "Tank" }, Use(verdict, "Fil"));
        Assert.Equal(("CS1061", 3), (verdict.Errors[0].Id, verdict.Errors[0].Line));
    }

    [Fact]
    public void What_follows_an_invented_member_is_cascade_and_not_counted()
    {
        var verdict = Judge("var tank = new Tank(1);\nvar p = tank.GetPump();\np.Start().Wait();");
        Assert.Equal(SymbolUseKind.Missing, Use(verdict, "GetPump").Kind);
        Assert.Equal(SymbolUseKind.Cascade, Use(verdict, "Start").Kind);
        Assert.Equal(SymbolUseKind.Cascade, Use(verdict, "Wait").Kind);
    }

    [Fact]
    public void A_wrong_argument_count_is_misuse()
    {
        var use = Use(Judge("new Tank(1).Fill(1, TimeSpan.Zero, 3);"), "Fill");
        Assert.Equal((SymbolUseKind.Misuse, true), (use.Kind, use.IsLibrary));
        Assert.StartsWith("M:Acme.Flow.Tank.Fill", use.Id);
    }

    [Fact]
    public void A_wrong_constructor_call_is_misuse_of_the_constructor()
    {
        var uses = Judge("var tank = new Tank();").Uses.Where(u => u.Name == "Tank").ToList();
        Assert.Equal([SymbolUseKind.Misuse, SymbolUseKind.Resolved], uses.Select(u => u.Kind).Order().Reverse());
        Assert.Equal("M:Acme.Flow.Tank.#ctor(System.Double)", uses.Single(u => u.Kind == SymbolUseKind.Misuse).Id);
    }

    [Fact]
    public void A_required_member_left_out_is_misuse_of_the_constructor()
    {
        Assert.Contains(Judge("var o = new FlowOptions { Retries = 1 };").Uses,
            u => u is { Kind: SymbolUseKind.Misuse, Id: "M:Acme.Flow.FlowOptions.#ctor" });
        Compiles(Judge("var o = new FlowOptions { Name = \"n\" };"));
    }

    [Fact]
    public void Writing_to_a_read_only_property_is_misuse()
    {
        Assert.Equal(SymbolUseKind.Misuse, Use(Judge("var t = new Tank(1); t.Capacity = 3;"), "Capacity").Kind);
        Assert.Equal(SymbolUseKind.Misuse, Use(Judge("var t = new Tank(1); t.Level = 3;"), "Level").Kind);
        Assert.Equal(SymbolUseKind.Misuse, Use(Judge("var t = new Tank(1); t.OnFilled();"), "OnFilled").Kind);
        Assert.Equal(SymbolUseKind.Misuse, Use(Judge("var t = new Tank(1); var x = t.Capacity();"), "Capacity").Kind);
    }

    [Fact]
    public void Object_initialisers_patterns_and_with_know_their_receiver()
    {
        Assert.Equal(new SymbolUse("Lable", SymbolUseKind.Missing, null, true, 1, "Label") { On = "Tank" },
            Use(Judge("var t = new Tank(1) { Lable = \"x\" };"), "Lable"));
        Assert.Equal((SymbolUseKind.Missing, true), Kind(Use(Judge("object o = 1; var b = o is Tank { Volume: 3 };"), "Volume")));
        Assert.Equal((SymbolUseKind.Missing, true), Kind(Use(Judge("var r = new Reading(1, \"l\") with { Units = \"x\" };"), "Units")));
        Assert.Equal((SymbolUseKind.Missing, true), Kind(Use(Judge("Tank? t = null; var b = t?.Volume;"), "Volume")));
        Assert.Equal(SymbolUseKind.Cascade, Use(Judge("var t = new Tnak(1) { Label = \"x\" };"), "Label").Kind);
    }

    private static (SymbolUseKind, bool) Kind(SymbolUse use) => (use.Kind, use.IsLibrary);

    [Fact]
    public void Named_arguments_are_checked_against_the_parameters()
    {
        Assert.Equal(new SymbolUse("liters", SymbolUseKind.Missing, null, true, 1, "litres") { On = "Fill" },
            Use(Judge("new Tank(1).Fill(liters: 3);"), "liters"));
        Assert.Equal(SymbolUseKind.Resolved, Use(Judge("new Tank(1).Fill(litres: 3);"), "litres").Kind);
    }

    [Fact]
    public void Generics_lambdas_and_inference_bind()
    {
        var verdict = Judge("var pipe = new Pipe<List<int>>();\nvar n = pipe.Send([1]).Map(x => x.Count + x.Bogus);");
        Assert.Equal(new SymbolUse("Bogus", SymbolUseKind.Missing, null, false, 2, null) { On = "List<int>" }, Use(verdict, "Bogus"));
        Assert.Equal("M:Acme.Flow.Pipe`1.Send(`0)", Use(verdict, "Send").Id);
        Compiles(Judge("var pipe = new Pipe<List<int>>();\nint n = pipe.Map(x => x.Count);"));
        Assert.Equal("M:Acme.Flow.Extensions.TankExtensions.Halve``1(System.Collections.Generic.IReadOnlyList{``0})",
            Use(Judge("var h = new List<int>().Halve();"), "Halve").Id);
    }

    [Fact]
    public void An_invented_type_is_missing_and_claims_to_be_the_librarys_only_where_the_library_is_in_scope()
    {
        Assert.Equal(new SymbolUse("TankBuilder", SymbolUseKind.Missing, null, true, 1, null),
            Use(Judge("var t = new TankBuilder().Build();"), "TankBuilder"));
        Assert.Equal("Tank", Use(Judge("Tanks t = null!;"), "Tanks").Suggestion);
        Assert.False(Use(library.Judge.Judge("var t = new TankBuilder();", CodeForm.Statements), "TankBuilder").IsLibrary);
        Assert.Equal((SymbolUseKind.Missing, false), Kind(Use(Judge("return volume;"), "volume")));
    }

    [Fact]
    public void A_type_without_its_using_is_misuse_not_invention()
    {
        Assert.Equal(
            new SymbolUse("Stopwatch", SymbolUseKind.Misuse, "T:System.Diagnostics.Stopwatch", false, 1, "System.Diagnostics.Stopwatch"),
            Use(Judge("var w = Stopwatch.StartNew();"), "Stopwatch"));
        Assert.Equal(("T:Acme.Flow.Tank", true), library.Judge.Judge("Tank t = null!;", CodeForm.Statements).Uses
            .Where(u => u.Name == "Tank")
            .Select(u => (u.Id, u.IsLibrary))
            .Single());
    }

    [Fact]
    public void A_namespace_typo_is_missing_on_the_library()
    {
        var verdict = Judge("using Acme.Flwo;\nvar x = 1;");
        Assert.Equal(new SymbolUse("Flwo", SymbolUseKind.Missing, null, true, 1, "Flow") { On = "Acme" }, Use(verdict, "Flwo"));
        Assert.Equal((SymbolUseKind.Missing, true), Kind(Use(Judge("using Acne.Flow;\nclass C;", CodeForm.File), "Acne")));
    }

    [Fact]
    public void Leading_usings_stay_in_front_and_lines_hold()
    {
        var verdict = Judge("// a comment\nusing System.Diagnostics;\n\nvar w = Stopwatch.StartNew();\nw.Foo();");
        Assert.Equal(5, Assert.Single(verdict.Errors).Line);
        Assert.Equal(2, Use(verdict, "Diagnostics").Line);
        Assert.Equal(4, Use(verdict, "StartNew").Line);
    }

    [Theory]
    [InlineData(CodeForm.Members, "public static double Twice(Tank t) => t.Level * 2;\n\npublic sealed class Inner;")]
    [InlineData(CodeForm.Statements, "if (DateTime.UtcNow.Year > 1) return new Tank(1);\nreturn 3.5;")]
    [InlineData(CodeForm.Statements, "await Task.Delay(1);\nint Local(int x) { return x; }\nLocal(1);")]
    [InlineData(CodeForm.Statements, "yield return 1;")]
    [InlineData(CodeForm.Expression, "new Tank(1).Fill(2)")]
    [InlineData(CodeForm.Expression, "new Tank(1).Dispose()")]
    [InlineData(CodeForm.Expression, "(int x) => x + 1")]
    [InlineData(CodeForm.Expression, "1 + 2 // sum")]
    [InlineData(CodeForm.Expression, "null")]
    [InlineData(CodeForm.File, "Console.WriteLine(new Tank(1).Level);")]
    [InlineData(CodeForm.File, "namespace A;\n#nullable enable\npublic class B : Tank { public B() : base(2) { OnFilled(); } }")]
    [InlineData(CodeForm.Members, "#region r\npublic static string N => nameof(Tank.Fill);\n#endregion")]
    public void Every_form_compiles(CodeForm form, string code)
    {
        var verdict = Judge(code, form);
        Compiles(verdict);
        Assert.All(verdict.Uses, u => Assert.Equal(SymbolUseKind.Resolved, u.Kind));
    }

    [Theory]
    [InlineData(CodeForm.Members, "")]
    [InlineData(CodeForm.Statements, "  \n // nothing to see\n/* here */")]
    [InlineData(CodeForm.Statements, ";;{ }")]
    [InlineData(CodeForm.File, "using System;\nusing Acme.Flow;")]
    [InlineData(CodeForm.Members, "#if false\nint x;\n#endif")]
    [InlineData(CodeForm.Expression, "// x")]
    public void Silence_is_not_code(CodeForm form, string code)
    {
        var verdict = Judge(code, form);
        Assert.False(verdict.Parses || verdict.Compiles);
        Assert.Equal(CSharpJudge.NoCode, Assert.Single(verdict.Errors).Id);
    }

    [Theory]
    [InlineData(CodeForm.Members, "public static int F() { return 1; } }\npublic static class Other {")]
    [InlineData(CodeForm.Statements, "return; }\npublic static void G() {")]
    [InlineData(CodeForm.Expression, "1; int y = 2")]
    [InlineData(CodeForm.Members, "public static int F() { return 1;")]
    [InlineData(CodeForm.Statements, "Sure, here is how you fill the tank:")]
    public void Code_that_breaks_out_or_breaks_off_does_not_parse(CodeForm form, string code)
    {
        var verdict = Judge(code, form);
        Assert.False(verdict.Parses || verdict.Compiles);
        Assert.NotEmpty(verdict.Errors);
        Assert.Empty(verdict.Uses);
    }

    [Fact]
    public void Syntax_errors_have_lines_of_the_code_as_given() =>
        Assert.Contains(Judge("public static int F()\n{\n    return 1\n}", CodeForm.Members).Errors, e => e is { Id: "CS1002", Line: 3 });

    [Fact]
    public void Context_is_in_scope_but_not_judged()
    {
        var verdict = Judge("public static double L(Plant p) => p.Main.Level;", CodeForm.Members,
            "public sealed class Plant { public Tank Main { get; } = new(3); }");
        Compiles(verdict);
        Assert.Equal(["Plant", "p", "Main", "Level"], verdict.Uses.Select(u => u.Name));
    }

    [Fact]
    public void Deep_nesting_is_reported_not_fatal()
    {
        var verdict = Judge(new string('(', 20_000) + "1" + new string(')', 20_000), CodeForm.Expression);
        Assert.False(verdict.Compiles);
    }

    [Fact]
    public void Parallel_calls_agree_with_sequential_ones()
    {
        var codes = Enumerable.Range(0, 60)
            .Select(i => i % 3 == 0 ? $"new Tank({i}).Fil({i});" : i % 3 == 1 ? $"new Tank({i}).Fill({i});" : $"new Tank({i}, {i});")
            .ToList();
        var expected = codes.Select(c => string.Join('|', Judge(c).Uses)).ToList();
        var actual = codes.AsParallel().AsOrdered().WithDegreeOfParallelism(4).Select(c => string.Join('|', Judge(c).Uses)).ToList();
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void Emit_gives_an_image_or_errors()
    {
        var made = library.Judge.Emit(
            ["public static class A { public static int F() => B.G(); }", "public static class B { public static int G() => 42; }"],
            OutputKind.DynamicallyLinkedLibrary, out var none, assemblyName: "Made");
        Assert.Empty(none);
        Assert.Equal(42, System.Reflection.Assembly.Load(made!.Image).GetType("A")!.GetMethod("F")!.Invoke(null, null));
        Assert.Null(library.Judge.Emit(["class A;", "\nclass B { int X => Y; }"], OutputKind.DynamicallyLinkedLibrary, out var errors));
        Assert.Equal(("CS0103", 2), (Assert.Single(errors).Id, errors[0].Line));
    }

    [Theory]
    [InlineData("tank.Fill(3)", CodeForm.Expression)]
    [InlineData("var x = 1;\nFill(x);", CodeForm.Statements)]
    [InlineData("public static int F() => 1;", CodeForm.Members)]
    [InlineData("static int F() { return 1; }", CodeForm.Members)]
    [InlineData("using System;\nnamespace A { class B; }", CodeForm.File)]
    [InlineData("var t = new Tank(1);\nclass B;", CodeForm.File)]
    public void Forms_are_told_apart(string code, CodeForm form) => Assert.Equal(form, CSharpJudge.DetectForm(code));
}
