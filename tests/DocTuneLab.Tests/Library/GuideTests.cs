using DocTuneLab.Conversations;
using DocTuneLab.Library.Guidance;
using Microsoft.CodeAnalysis.CSharp;
using static DocTuneLab.Tests.Library.GuideSteps;

namespace DocTuneLab.Tests.Library;

/// <summary>The guide that says while code is written whether it can still compile.</summary>
public sealed class GuideTests(FlowLibrary library) : IClassFixture<FlowLibrary>
{
    private CodeGuide Guide(string signature = "public static double Run(Tank tank, string? note)", GuideLayers layers = GuideLayers.All) =>
        new(library.Judge, GuideFrame.Body(signature, FlowLibrary.Usings), layers);

    [Theory]
    [InlineData("F|il|l")]
    [InlineData("Fill(3, TimeSpan.Zero)")]
    [InlineData("Drain()")]
    [InlineData("ToString()")]
    public void Members_of_the_receiver_fit(string member)
    {
        var step = Last(Guide(), ["return ", "tank.", .. member.Split('|')]);
        Assert.True(step.Verdict == GuideVerdict.Fits, step.Reason);
    }

    [Theory]
    [InlineData("Fx", "no member of Tank begins with 'Fx'")]
    [InlineData("Filler ", "'Filler' is not member of Tank")]
    [InlineData("Fillet(", "'Fillet' is not member of Tank")]
    public void What_the_receiver_has_not_is_refused_as_soon_as_nothing_begins_so(string member, string reason)
    {
        var step = Last(Guide(), "return ", "tank.", member);
        Assert.Equal((GuideVerdict.Refused, null), (step.Verdict, step.Next));
        Assert.Contains(reason.Split('\'')[1], step.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("var made = new Tank(1);\nmade.", "Fill", "Fxll")]
    [InlineData("tank.ToString().", "Length", "Lexgth")]
    [InlineData("note?.", "Length", "Lexgth")]
    [InlineData("Mode.", "Slow", "Slox")]
    [InlineData("new[] { tank }.", "Select", "Selexct")]
    [InlineData("new List<Tank>()[0].", "Fill", "Fxll")]
    [InlineData("System.Linq.", "Enumerable", "Enumexrable")]
    [InlineData("foreach (var one in new[] { tank }) one.", "Fill", "Fxll")]
    [InlineData("if (note is string text) text.", "Length", "Lexgth")]
    [InlineData("Func<Tank, double> f = t => t.", "Label", "Laxbel")]
    [InlineData("var made = new Tank(1) { ", "Label", "Laxbel")]
    public void Members_are_known_wherever_the_receiver_stands(string before, string right, string wrong)
    {
        Assert.Equal(GuideVerdict.Fits, Last(Guide(), before, right).Verdict);
        Assert.Equal(GuideVerdict.Refused, Last(Guide(), before, wrong).Verdict);
    }

    [Fact]
    public void A_name_that_nothing_declares_is_only_possible_and_refused_before_a_dot()
    {
        Assert.Equal(GuideVerdict.Fits, Last(Guide(), "return ta").Verdict);
        Assert.Equal(GuideVerdict.Unlikely, Last(Guide(), "return tankk").Verdict);
        // It may be the parameter of a lambda.
        Assert.Equal(GuideVerdict.Possible, Last(Guide(), "Func<int, int> f = tankk").Verdict);
        Assert.Equal(GuideVerdict.Refused, Last(Guide(), "return tankk", ".").Verdict);
        // A local function may be declared later.
        Assert.NotNull(Last(Guide(), "return Later", "(tank);").Next);
        Assert.Equal(GuideVerdict.Refused, Last(Guide(), "var x = new ", "Tankk(").Verdict);
    }

    [Theory]
    [InlineData("var n = 1; var n", " =")]
    [InlineData("foreach (var n in new[] { 1 }) { } return n", " +")]
    [InlineData("foreach (var tank", " in")]
    [InlineData("if (note is string note", ")")]
    public void Variables_out_of_scope_and_names_that_are_taken_are_unlikely(string before, string next)
    {
        var step = Last(Guide(), before, next);
        Assert.True(step.Verdict == GuideVerdict.Unlikely, $"{step.Verdict}: {step.Reason}");
    }

    [Theory]
    [InlineData("foreach (var one", ".F", "in")]
    [InlineData("foreach (var one in tank.Drain", ")", "not called")]
    [InlineData("return tank.Level", "(", "no method")]
    public void What_cannot_follow_is_refused_at_once(string before, string next, string reason)
    {
        var step = Last(Guide(), before, next);
        Assert.Equal(GuideVerdict.Refused, step.Verdict);
        Assert.Contains(reason, step.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_nothing_is_what_is_returned_an_answer_brings_a_type()
    {
        var frame = GuideFrame.Body("public static IBook NewBook()", [], "public interface IBook { int Count { get; } }");
        Assert.Equal(GuideVerdict.Unlikely, Last(new(library.Judge, frame), "var").Verdict);
        Assert.Equal(GuideVerdict.Fits, Last(new(library.Judge, frame), "public").Verdict);
        // Where the context has one, a body does.
        frame = frame with { Context = frame.Context + " public sealed class Book : IBook { public int Count => 1; }" };
        Assert.Equal(GuideVerdict.Fits, Last(new(library.Judge, frame), "var").Verdict);
    }

    [Fact]
    public void Declarations_of_what_a_statement_uses_are_its_grounds()
    {
        var code = Last(Guide(), "var first = 1; var other = 2; foreach (var one in new[] { first }) { ", "return one").Next!;
        Assert.Equal(["foreach (var one in new[] { first })"], code.Grounds().Select(g => code.Text[g.Start..g.End]));
        code = Last(Guide(), "var first = 1; var other = 2; ", "return first").Next!;
        Assert.Equal(["var first = 1;"], code.Grounds().Select(g => code.Text[g.Start..g.End]));
    }

    [Theory]
    [InlineData("var x = tank.Dispose();", "void")]
    [InlineData("Tank other = 3;", "int")]
    [InlineData("int n = 1; int n = 2;", "n")]
    [InlineData("if (note is null) { return tank is null;", "bool")]
    public void A_statement_that_cannot_compile_is_broken_at_its_end(string statement, string reason)
    {
        var step = Last(Guide(), statement[..^1], statement[^1..]);
        Assert.Equal(GuideVerdict.Broken, step.Verdict);
        Assert.Contains(reason, step.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("foreach (var x in new[] { 1, 2 }) { if (x > 1) return x; }")]
    [InlineData("var f = (Tank t) => { var y = t.Label; return y; };")]
    [InlineData("try { return 1; } catch (InvalidOperationException e) when (e.Message.Length > 3) { throw; }")]
    [InlineData("int Twice(int n) => 2 * n;\nreturn Twice(Later(3));\nint Later(int n) => n;")]
    [InlineData("return note switch { null => 0, { Length: > 3 } => 1, _ => 2 };")]
    [InlineData("var (a, b) = (1, 2); (b, a) = (a, b); return a;")]
    [InlineData("var q = from t in new[] { tank } where t.Label is not null select t.Label; return q.Count();")]
    [InlineData("var s = $\"{tank.Label,3:x} {{}}\"; return s.Length;")]
    [InlineData("int[] n = [1, 2, .. new[] { 3 }]; return n[^1] + n[1..].Length;")]
    [InlineData("object o = new { note, Level = 1 }; return o.GetHashCode();")]
    [InlineData("goto end; end: return 1;")]
    [InlineData("var parts = note?.Split(','); "
        + "var t = new Tank(1) { Label = (string?)parts?[0] ?? (note is null ? \"a\" : \"b\") }; return t.Level;")]
    [InlineData("switch (note) { case \"a\": goto end; case \"b\": { return 2; } } end: return 1;")]
    [InlineData("if (double.TryParse(note, out var d)) return d; return tank.Fill(litres: 3, over: TimeSpan.Zero);")]
    [InlineData("do { note += 'x'; } while (note.Length < 3); return /* so */ 1; // yes\n")]
    [InlineData("Func<int, int, int> f = (int a, int b) => a + b; return f(1, 2);")]
    [InlineData("(int a, string b) = (1, \"x\"); return a + b.Length;")]
    [InlineData("(int A, string B) pair = (1, \"x\"); List<(int, string)> l = [pair]; return l[0].Item1;")]
    [InlineData("int? n = null; int[][] m = [[1], [2]]; return n ?? m[0][0] + (n is > 3 and < 5 or 7 ? 1 : 0);")]
    [InlineData("T First<T>(IEnumerable<T> all) where T : struct => all.First(); return First<double>([1.5]);")]
    [InlineData("var d = new Dictionary<string, List<int>> { { \"a\", new() { 1 } }, { \"b\", [2] } }; return d[\"a\"].Count;")]
    [InlineData("if (note is { Length: > 1 } text && text is [var c, .., 'x']) return (double)c; return -1;")]
    [InlineData("var q = from a in new[] { 1 } join b in new[] { 2 } on a equals b let c = a + b group c by a into g "
        + "orderby g.Key descending select new { g.Key, Sum = g.Sum() }; return q.Count();")]
    [InlineData("lock (tank) { checked { return (int)tank.Level + unchecked((byte)300); } }")]
    [InlineData("switch (tank.Label) { case null: return 0; case { Length: 3 } l when l[0] == 'a': return 1; case \"b\" or \"c\": break; "
        + "default: throw new InvalidOperationException(@\"a\\b\"); } return note is not null ? note!.Length : 0;")]
    [InlineData("using var t = new Tank(1) { Label = nameof(Tank) }; t.Label ??= \"x\"; return t.Fill(0x1F + 1e3 + 1_000);")]
    [InlineData("for (int i = 0, j = 3; i < j; i++, j--) { if (i % 2 == 0) continue; } "
        + "return Enumerable.Range(0, 3).Aggregate((a, b) => a * b);")]
    [InlineData("return new[] { tank }.Sum((Tank t) => t.Level) + new[] { 1 }.Select(async x => x).Count();")]
    [InlineData("Action<int> go = static x => Console.WriteLine(x); go(1); Func<double> h = delegate { return 1; }; return h();")]
    [InlineData("object? o = note; return o switch { string s when s.Length > 2 => 1, int or long => 2, { } => 3, "
        + "_ => throw new Exception() };")]
    [InlineData("var x = \"\"\"\n  raw { text\n  \"\"\"; return x.Length;")]
    [InlineData("var x = 1; Func<int, int> f = x => x + 1; return f(x);")]
    [InlineData("foreach (var a in new[] { 1 }) { var b = a; } foreach (var a in new[] { 2 }) { var b = a; return b; } return 0;")]
    [InlineData("var n = 1; int Twice(int n) { var tank = n; return tank; } return Twice(n);")]
    [InlineData("while (note is string s) { note = null; } for (var s = 0; s < 1; s++) { } return 1;")]
    [InlineData("return tank is { Label: var l } && l is not null ? l.Length : 0;")]
    [InlineData("if (!int.TryParse(note, out var n)) return 0; return n;")]
    [InlineData("foreach (List<int> all in new[] { new List<int>() }) foreach (System.Int32 one in all) return one; return 0;")]
    [InlineData("foreach (var (k, v) in new Dictionary<int, int>()) return k + v; return 0;")]
    [InlineData("Func<int> f = () => 1; Func<Func<int>> g = () => f; return f() + g()() + new Func<int>(f)();")]
    [InlineData("try { return 1; } catch (Exception e) { return e.Message.Length; } finally { int e = 1; }")]
    [InlineData("return new[] { 1 }.Select(Later).Sum() + Wide(Later); double Later(int n) => n; "
        + "double Wide(Func<int, double> f) => f(1);")]
    [InlineData("var f = Later; return f(1); int Later(int n) => n;")]
    [InlineData("string.Concat(Tuple.Create<int, string, double>(1, \"\", 2), 1); "
        + "return tank.Fill(new List<(int, Func<int, int>)>().Count);")]
    [InlineData("var n = Run('x'); return n; double Run(char c) => c;")]
    [InlineData("Func<int, int> f = Later; return f(1); int Later(int n) => n;")]
    [InlineData("new[] { tank }.ToDictionary<Tank, Tank, int>(t => t, t => 1); return 0;")]
    public void Nothing_that_compiles_is_refused_letter_by_letter(string body)
    {
        var code = Guide().Begin();
        foreach (var letter in body)
        {
            var step = code.Follow(letter.ToString());
            Assert.True(step.Next is not null, $"{code.Text}[{letter}]: {step.Reason}");
            code = step.Next;
        }
    }

    [Fact]
    public void In_a_file_what_the_library_has_not_is_unlikely()
    {
        const string Before = "class A { double M(Tank tank) { return tank.";
        var guide = new CodeGuide(library.Judge, GuideFrame.File(FlowLibrary.Usings));
        Assert.Equal(GuideVerdict.Fits, Last(guide, Before, "Level").Verdict);
        Assert.Equal(GuideVerdict.Unlikely, Last(guide, Before, "Lexvel").Verdict);
        Assert.Equal(GuideVerdict.Possible, Last(guide, "class A { double M() { return this.", "Lexvel").Verdict);
    }

    [Theory]
    [InlineData("tank.Fill(", ")")]
    [InlineData("tank.Fill(\"much\"", ",")]
    [InlineData("tank.Fill(1, TimeSpan.Zero", ",")]
    [InlineData("tank.Fill(note", ")")]
    [InlineData("var x = new Tank(1", ",")]
    [InlineData("var x = new Tank(", ")")]
    [InlineData("tank.Fill(tank.Drain", ")")]
    [InlineData("int.TryParse(note", ")")]
    [InlineData("int.TryParse(note, 3", ")")]
    public void Arguments_that_no_overload_takes_are_refused(string before, string piece) =>
        Assert.Equal(GuideVerdict.Refused, Last(Guide(), before, piece).Verdict);

    [Theory]
    [InlineData("return tank.Level ", "ov")]
    [InlineData("return tank.Level i", "t ")]
    [InlineData("return tank.Fill(tank.Level ", "the")]
    [InlineData("return 1", " 2")]
    [InlineData("var x = tank ", "the ")]
    public void Words_that_follow_no_operator_are_refused(string code, string word) =>
        Assert.Equal(GuideVerdict.Refused, Last(Guide(), code, word).Verdict);

    /// <summary>What may go on is refused where it ends, so that it can.</summary>
    [Theory]
    [InlineData("return note", ";", ".Length;")]
    [InlineData("tank", ";", ".Drain();")]
    [InlineData("var x = Mode", ";", ".Slow;")]
    [InlineData("return tank.Fill", ";", "(1);")]
    [InlineData("if (tank", ")", " is null)")]
    [InlineData("while (note", ")", ".Length > 3)")]
    [InlineData("foreach (var x in tank.Level", ")", ".ToString())")]
    [InlineData("Console.WriteLine(Mode", ")", ".Slow)")]
    public void An_expression_that_is_not_what_is_expected_is_refused_where_it_ends(string before, string end, string right)
    {
        var step = Last(Guide(), before, end);
        Assert.True(step.Verdict == GuideVerdict.Refused, $"{step.Verdict} {step.Reason}");
        Assert.Equal(GuideVerdict.Fits, Last(Guide(), before, right).Verdict);
    }

    [Theory]
    [InlineData("Tank other = ", "tank ", "note ")]
    [InlineData("Tank other = ", "new ", "3 ")]
    [InlineData("return ", "1 ", "\"x\" ")]
    [InlineData("TimeSpan over = ", "TimeSpan.", "Console.")]
    [InlineData("TimeSpan over = ", "DateTime.", "note.")]
    [InlineData("return tank.Fill(", "tank.Level ", "\"x\" ")]
    [InlineData("return tank.Fill(1, over: ", "TimeSpan ", "note ")]
    [InlineData("tank.Fill(1, ", "TimeSpan ", "note ")]
    [InlineData("var x = tank.", "Level ", "Dispose ")]
    [InlineData("var made = new Tank(1) { Label = ", "note ", "3 ")]
    [InlineData("throw ", "new ", "tank ")]
    [InlineData("Mode m = ", "Mode.", "tank ")]
    public void What_leads_to_another_type_is_only_possible(string before, string right, string wrong)
    {
        var fits = Last(Guide(), before, right);
        Assert.True(fits.Verdict == GuideVerdict.Fits, fits.Reason);
        Assert.Equal(GuideVerdict.Possible, Last(Guide(), before, wrong).Verdict);
        Assert.Equal(GuideVerdict.Fits, Last(Guide(layers: GuideLayers.All & ~GuideLayers.Types), before, wrong).Verdict);
    }

    [Fact]
    public void An_answer_may_end_only_where_it_compiles()
    {
        var code = Guide().Begin().Follow("if (note is null) return 1;\n").Next!;
        Assert.Contains("not all code paths return", code.Objection(), StringComparison.Ordinal);
        Assert.Null(code.Follow("return 2;").Next!.Objection());
        Assert.Equal("'{' is not closed", code.Follow("while (true) {").Next!.Objection());
    }

    [Fact]
    public void Words_that_end_the_body_for_the_parser_are_no_end_of_the_guide()
    {
        // Behind a modifier the parser sees another member of the class.
        string[] layouts =
        [
            "{0} tank.Le", "{0} x = tank.Le", "var a = 1;\n{0} F() { tank.Le", "if (note is null) {0} (tank.Le", "{0} {0} Tank.Le"
        ];
        foreach (var guide in new[] { Guide(), Guide(layers: GuideLayers.All & ~GuideLayers.Syntax & ~GuideLayers.Statements) })
            foreach (var keyword in SyntaxFacts.GetReservedKeywordKinds().Concat(SyntaxFacts.GetContextualKeywordKinds()))
                foreach (var layout in layouts)
                {
                    var code = guide.Begin();
                    foreach (var piece in layout.Replace("{0}", SyntaxFacts.GetText(keyword), StringComparison.Ordinal).Split(' '))
                        code = code.Follow(piece + " ").Next ?? code;
                    Assert.NotEmpty(code.Text);
                }
    }

    [Fact]
    public void Brackets_close_what_they_opened()
    {
        Assert.Equal(GuideVerdict.Refused, Last(Guide(), "return (1", "];").Verdict);
        Assert.Equal(GuideVerdict.Refused, Last(Guide(), "return 1;\n", "}").Verdict);
    }

    [Fact]
    public void Layers_can_be_left_out()
    {
        Assert.NotNull(Last(Guide(layers: GuideLayers.All & ~GuideLayers.Members), "return ", "tank.Fxll(").Next);
        Assert.NotNull(Last(Guide(layers: GuideLayers.All & ~GuideLayers.Statements), "return note", ";").Next);
    }
}
