using DocTuneLab.Library;

namespace DocTuneLab.Tests.Library;

/// <summary>Pairs of one shape and pairs of two, and what leaves no choice.</summary>
public class CodeShapeTests
{
    [Theory]
    // Layout, comments, names, literals.
    [InlineData("return level.Above(sill);", "return a . Above( /* what */ b ); // done")]
    [InlineData("return wanted.Clamp(low, high);", "return level.Clamp(from, to);")]
    [InlineData("return rate * TimeSpan.FromMinutes(15);", "return flow * TimeSpan.FromMinutes(30.5);")]
    [InlineData("plan.AddGate(\"NB\", -1);", "builder.AddGate(@\"south\", 2_000);")]
    [InlineData("return $\"{a.Name}: {b}\";", "return $\"{x.Name} has {y:F2} left\";")]
    // Trivial locals.
    [InlineData("return gate.Free();", "var was = gate.Free(); return was;")]
    [InlineData("return gate.Free();", "bool was = gate.Free(); return was;")]
    [InlineData("return H(F(), G());", "var a = F(); var b = G(); return H(a, b);")]
    [InlineData("return new Ditch(new Options { Name = name });",
        "var options = new Options() { Name = name }; return new Ditch(options);")]
    [InlineData("return new Ditch(new Options { Name = name });", "Options o = new() { Name = n }; var d = new Ditch(o); return d;")]
    [InlineData("ditch.Pour(ditch.Room);", "var d = ditch; d.Pour(d.Room);")]
    [InlineData("return rate * TimeSpan.FromMinutes(15);", "const int quarter = 15; return rate * TimeSpan.FromMinutes(quarter);")]
    [InlineData("foreach (var gate in plan.GatesFrom(d)) gate.Shut();",
        "var gates = plan.GatesFrom(d); foreach (var g in gates) { g.Shut(); }")]
    [InlineData("if (ditch.Pour(lot).IsEmpty) return 0; return 1;",
        "var over = ditch.Pour(lot); if (over.IsEmpty) { return 0; } return 1;")]
    // Bodies, parentheses, braces, this, usings, declared types.
    [InlineData("return tank.Level;", "public static double Of(Tank t) => t.Level;")]
    [InlineData("return tank.Level;", "using Fenmark;\npublic static double Of(Tank t) { return (t.Level); }")]
    [InlineData("return tank.Level;", "public static class Solution { public static double Of(Tank t) => t.Level; }")]
    [InlineData("return tank.Level;", "tank.Level")]
    [InlineData("gate.Shut();", "public static void Close(Gate g) => g.Shut();")]
    [InlineData("await desk.CloseAsync();", "public static async Task Close(Desk d) => await d.CloseAsync();")]
    [InlineData("return await desk.CountAsync();", "static async Task<int> Count(Desk d) => await d.CountAsync();")]
    [InlineData("if (a.IsOpen) a.Shut(); else b.Shut();", "if ((x.IsOpen)) { x.Shut(); } else { y.Shut(); }")]
    [InlineData("if (a.B) a.C(); else if (a.D) a.E();", "if (q.B) q.C(); else { if (q.D) q.E(); }")]
    [InlineData("int sum = 0; foreach (Tank t in tanks) sum += t.Litres; return sum;",
        "var total = 0; foreach (var x in all) { total += x.Litres; } return total;")]
    [InlineData("return t.TryRead(out double value) ? value : null;", "return reader.TryRead(out var v) ? v! : null;")]
    [InlineData("return desk.Notes.Where(n => n.Rank == rank).Select(n => n.Text).ToList();",
        "return d.Notes.Where((WatchNote note) => { return note.Rank == r; }).Select(x => x.Text).ToList();")]
    [InlineData("gate.Moved += (_, before) => history.Add(before);", "g.Moved += (sender, e) => { list.Add(e); };")]
    [InlineData("try { d.Build(); return null; } catch (PlanFault f) { return f.Problems; }",
        "try { p.Build(); return null; } catch (PlanFault e) { return e.Problems; }")]
    [InlineData("return Do(1); static int Do(int n) => n * 2;", "return Twice(5); static int Twice(int x) { return x * 2; }")]
    [InlineData("return String.Join(\",\", names);", "return string.Join(\";\", all);")]
    [InlineData("_ = gate.Free(); gate.Shut();", "gate.Free(); { gate.Shut(); } return;")]
    [InlineData("return a.Clamp(b, c);", "return a.Clamp(low: b, high: c);")]
    public void One_shape(string first, string second) => Assert.Equal(CodeShape.Of(first)!.Text, CodeShape.Of(second)!.Text);

    [Theory]
    // Members, types and operators.
    [InlineData("return tank.Level;", "return tank.Room;")]
    [InlineData("return WaterHead.Parse(text);", "return WaterLot.Parse(text);")]
    [InlineData("return a + b;", "return a - b;")]
    [InlineData("return new Ditch(o);", "return new Tank(o);")]
    [InlineData("return (Ditch)o;", "return (Tank)o;")]
    [InlineData("return list.OfType<Ditch>();", "return list.OfType<Tank>();")]
    // Which variable stands where.
    [InlineData("return a.Clamp(b, c);", "return a.Clamp(b, b);")]
    [InlineData("a.Pour(b.Room);", "a.Pour(a.Room);")]
    [InlineData("return xs.Where(x => x.Of(y));", "return xs.Where(x => x.Of(x));")]
    // What is done with it, and in which order.
    [InlineData("gate.Free();", "return gate.Free();")]
    [InlineData("gate.Free(); gate.Shut();", "gate.Shut(); gate.Free();")]
    [InlineData("return H(F(), G());", "var b = G(); var a = F(); return H(a, b);")]
    [InlineData("return x.Level;", "var level = x.Level; x.Pour(lot); return level;")]
    [InlineData("return H(F(), F());", "var a = F(); return H(a, a);")]
    [InlineData("return G(F(), F());", "var a = F(); var b = a; return G(b, b);")]
    [InlineData("return xs.Select(x => x.Of(F()));", "var a = F(); return xs.Select(x => x.Of(a));")]
    [InlineData("while (F()) G();", "var a = F(); while (a) G();")]
    [InlineData("if (c) G(F());", "var a = F(); if (c) G(a);")]
    [InlineData("return Do(x.Level);", "var n = x.Level; n = 2; return Do(n);")]
    // Structure that braces and parentheses hold.
    [InlineData("return (a + b) * c;", "return a + b * c;")]
    [InlineData("return !(a.B && c);", "return !a.B && c;")]
    [InlineData("if (a.B) { if (a.C) a.D(); } else a.E();", "if (a.B) if (a.C) a.D(); else a.E();")]
    [InlineData("if (a.B) a.C(); a.D();", "if (a.B) { a.C(); a.D(); }")]
    [InlineData("return null;", "return 0;")]
    [InlineData("return \"\";", "return 'a';")]
    public void Two_shapes(string first, string second) => Assert.NotEqual(CodeShape.Of(first)!.Text, CodeShape.Of(second)!.Text);

    [Theory]
    [InlineData("return wanted.Clamp(lowest, highest);")]
    [InlineData("return gate.Nudge(10);")]
    [InlineData("var held = tank.Level; return held;")]
    [InlineData("return tank.Level;")]
    [InlineData("return TideTable.Period;")]
    [InlineData("return new SiltGauge(limit);")]
    [InlineData("return rate * time;")]
    [InlineData("gate.Shut();")]
    [InlineData("gate.Moved += handler;")]
    [InlineData("return !gate.IsOpen;")]
    public void A_single_step_leaves_no_choice(string code) => Assert.True(CodeShape.Of(code)!.LeavesNoChoice);

    [Theory]
    [InlineData("ditch.Pour(ditch.Room);")]
    [InlineData("gate.Free(); gate.Shut();")]
    [InlineData("return gates.InState(GateState.Open);")]
    [InlineData("return new Ditch(new Options { Name = name });")]
    [InlineData("return new Options { Name = name };")]
    [InlineData("return rate * TimeSpan.FromMinutes(15);")]
    [InlineData("foreach (var gate in gates) gate.Shut();")]
    [InlineData("return gauges.Where(g => g.IsOpen);")]
    [InlineData("return Head.TryParse(text, out var head) ? head : null;")]
    public void A_composition_leaves_one(string code) => Assert.False(CodeShape.Of(code)!.LeavesNoChoice);

    [Fact]
    public void A_header_tells_the_names_of_parameters_and_what_is_made()
    {
        const string Header = "public static Tide Made(DateTimeOffset High, double low)";
        var known = CodeShape.Of("return new(High, Head.FromMetres(low));", Header)!.Text;
        Assert.Equal(CodeShape.Of("return new Tide(first, Head.FromMetres(depth));")!.Text, known);
        Assert.Equal(CodeShape.Of(Header + "\n{\n    Tide tide = new(High, Head.FromMetres(low));\n    return tide;\n}")!.Text, known);
        Assert.Contains("self", CodeShape.Of("return n == 0 ? 0 : Count(n - 1);", "public static int Count(int n)")!.Text,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("// only a comment")]
    [InlineData("return level.;")]
    [InlineData("public static int Count(Tank tank)")]
    [InlineData("This is prose.")]
    public void What_is_no_code_has_none(string text) => Assert.Null(CodeShape.Of(text));

    [Fact]
    public void Deep_code_has_none_and_types_have_one()
    {
        Assert.Null(CodeShape.Of($"return {new string('(', 400)}1{new string(')', 400)};"));
        Assert.NotNull(CodeShape.Of($"return 1{string.Concat(Enumerable.Repeat(" + 1", 40))};"));
        const string Types = "class Meter { int _n; public Meter(int n) { _n = n; } public int Twice() => _n * 2; } class Other { }";
        var shape = CodeShape.Of(Types)!;
        Assert.Equal(shape, CodeShape.Of(Types.Replace("int n)", "int count)", StringComparison.Ordinal)
            .Replace("= n;", "= count;", StringComparison.Ordinal)));
        Assert.NotEqual(shape, CodeShape.Of(Types.Replace("Twice", "Half", StringComparison.Ordinal)));
    }

    [Fact]
    public void Fourteen_thousand_shapes_take_a_few_seconds_at_most()
    {
        const string Code = "var windows = tide.WindowsBelow(limit, from, until);\nreturn windows.Count == 0 ? null : windows[{0}].Start;";
        CodeShape.Of(Code.Replace("{0}", "0", StringComparison.Ordinal));
        var watch = System.Diagnostics.Stopwatch.StartNew();
        for (var i = 0; i < 14_000; i++) CodeShape.Of(Code.Replace("{0}", $"{i}", StringComparison.Ordinal));
        // 0.6 s alone on one core; the bound leaves room for a busy machine.
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 20);
    }
}
