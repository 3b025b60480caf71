using DocTuneLab.Library;
using DocTuneLab.Library.Composition;

namespace DocTuneLab.Tests.Library;

/// <summary>What the search over types finds in a library made for it and in the sample library.</summary>
public sealed class CompositionSearchTests : IDisposable
{
    private readonly CompiledLibrary _library = new("""
        using System;
        using System.Collections.Generic;
        namespace Mill
        {
            public readonly record struct Weight : IComparable<Weight>
            {
                public Weight(long grams) { Grams = grams; }
                public long Grams { get; }
                public static Weight Zero => default;
                public static Weight OfKilos(double kilos) => new((long)(kilos * 1000));
                public static Weight operator +(Weight a, Weight b) => new(a.Grams + b.Grams);
                public static bool operator <(Weight a, Weight b) => a.Grams < b.Grams;
                public static bool operator >(Weight a, Weight b) => a.Grams > b.Grams;
                public int CompareTo(Weight other) => Grams.CompareTo(other.Grams);
                public bool TryHalve(out Weight half) { half = new(Grams / 2); return true; }
            }
            public abstract class Vessel { public Weight Held { get; protected set; } protected void Hide() { } }
            public sealed record SackOptions { public required string Name { get; init; } public int Plies { get; init; } = 1; }
            public sealed class Sack : Vessel
            {
                public Sack(SackOptions options) { Name = options.Name; }
                public string Name { get; }
                public bool IsFull { get; set; }
                public Sack? Next { get; set; }
                public Weight Fill(Weight weight, int times = 1) { Held += weight; return Held; }
                public bool Holds(Weight weight) => Held > weight;
                [Obsolete("Use Held.")] public Weight Load => Held;
                public void Tie() { }
                public IReadOnlyList<Weight> Parts(int n) => [];
            }
            public sealed class Pile<T> where T : struct
            {
                public Pile(int size) { Size = size; }
                public int Size { get; }
                public T Top => default;
                public T this[int at] => default;
            }
            public class Feed<T>
            {
                public T Scoop { get; set; } = default!;
                public int Rate { get; set; }
                public bool IsCoarse { get; set; }
            }
            public sealed class OatFeed : Feed<Weight>;
            public static class Weights
            {
                public static Weight Sum(this IEnumerable<Weight> weights) => default;
                public static IEnumerable<TItem> EverySecond<TItem>(this IEnumerable<TItem> items) => items;
            }
        }
        """, "Mill");

    private readonly CSharpJudge _judge;
    private readonly ApiModel _api;
    private readonly CompositionSearch _search;

    public CompositionSearchTests()
    {
        var references = ReferenceSet.Load(_library.AssemblyPath);
        (_judge, _api) = (new(references), ApiModel.Load(references));
        _search = new(_api);
    }

    public void Dispose() => _library.Dispose();

    private List<string> Codes(string goal, params (string Name, string Type)[] given) =>
        [.. _search.Find(goal, [.. given.Select(g => new GivenValue(g.Name, g.Type))]).Select(c => c.Code)];

    [Theory]
    // A property after a method; an optional parameter takes its default.
    [InlineData("long", "sack.Fill(weight).Grams", "sack:Sack", "weight:Weight")]
    // A factory and an operator, in parentheses where something follows.
    [InlineData("Weight", "Weight.OfKilos(kilos) + weight", "kilos:double", "weight:Weight")]
    [InlineData("long", "(one + two).Grams", "one:Weight", "two:Weight")]
    // What an initialiser must set; a base's property.
    [InlineData("Sack", "new Sack(new SackOptions { Name = name })", "name:string")]
    [InlineData("long", "sack.Held.Grams", "sack:Sack")]
    // A number where a wider one is asked for.
    [InlineData("long", "Weight.OfKilos(n).Grams", "n:int")]
    // LINQ, extension methods, and what they are gathered in.
    [InlineData("Weight", "sacks.Select(x => x.Held).Sum()", "sacks:IReadOnlyList<Sack>")]
    [InlineData("IReadOnlyList<string>", "sacks.Where(x => x.IsFull).Select(x => x.Name).ToList()", "sacks:IEnumerable<Sack>")]
    [InlineData("string", "sacks.MaxBy(x => x.Held)!.Name", "sacks:Sack[]")]
    [InlineData("int", "sacks.Where(x => x.IsFull).Count(x => x.Holds(weight))", "sacks:List<Sack>", "weight:Weight")]
    [InlineData("Weight", "sack.Parts(n).EverySecond().Sum()", "sack:Sack", "n:int")]
    // Generic types by the types that are there.
    [InlineData("long", "pile.Top.Grams", "pile:Pile<Weight>")]
    [InlineData("Weight", "pile[pile.Size]", "pile:Pile<Weight>")]
    // What a generic base declares, with the types that are named there.
    [InlineData("long", "feed.Scoop.Grams", "feed:OatFeed")]
    [InlineData("int", "feeds.Where(x => x.IsCoarse).Sum(x => x.Rate)", "feeds:IReadOnlyList<OatFeed>")]
    public void It_finds(string goal, string code, params string[] given) =>
        Assert.Contains(code, Codes(goal, [.. given.Select(g => (g.Split(':')[0], g.Split(':')[1]))]));

    [Fact]
    public void It_leaves_out_what_cannot_stand_in_an_expression()
    {
        var all = string.Join('\n', Everything());
        foreach (var name in new[] { "Tie", "Load", "TryHalve", "Hide", "new Vessel" }) Assert.DoesNotContain(name, all);
        // Twice the same member, and one value against itself, are rarely meant.
        Assert.DoesNotContain("sack.Next!.Next", all);
        Assert.DoesNotContain("weight + weight", all);
    }

    [Fact]
    public void Whatever_it_gives_compiles_to_the_type_it_says_and_uses_the_members_it_names()
    {
        GivenValue[] given = [new("sack", "Sack"), new("sacks", "IReadOnlyList<Sack>"), new("weight", "Weight"), new("n", "int"),
            new("pile", "Pile<Weight>")];
        var found = _search.FindAll(given, new() { Breadth = 12, Results = 400, FewestMembers = 1 });
        Assert.True(found.Count > 150, $"{found.Count}");
        AssertCompile(_judge, found, given, ["Mill"]);
    }

    [Fact]
    public void What_it_gives_for_the_sample_library_compiles()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root!.FullName, "DocTuneLab.sln"))) root = root.Parent;
        var sample = ReferenceSet.Load(Path.Combine(root.FullName, "data", "private-library", "bin", "Fenmark.dll"));
        var judge = new CSharpJudge(sample);
        var api = ApiModel.Load(sample);
        GivenValue[] given = [new("ditches", "IReadOnlyList<Ditch>"), new("gate", "WeirGate"), new("rate", "SpillRate"),
            new("time", "TimeSpan"), new("log", "GaugeLog<WaterHead>"), new("plan", "FenPlan"), new("name", "string")];
        var found = new CompositionSearch(api).FindAll(given, new() { Breadth = 6, Results = 400 });
        Assert.True(found.Count > 150, $"{found.Count}");
        AssertCompile(judge, found, given, api.Namespaces);
        var goal = new CompositionSearch(api).Find("double", [new("plan", "FenPlan"), new("name", "string")]);
        Assert.Contains("plan.DitchNamed(name).Stored.CubicMetres", goal.Select(c => c.Code));
    }

    [Fact]
    public void A_search_is_repeatable_stays_in_its_bounds_and_begins_with_what_is_short()
    {
        GivenValue[] given = [new("sack", "Sack"), new("weight", "Weight")];
        var bounds = new CompositionBounds { FewestMembers = 2, MostMembers = 3, Breadth = 5, Results = 20 };
        var found = _search.FindAll(given, bounds);
        Assert.Equal(found.Select(c => c.Code), new CompositionSearch(_api).FindAll(given, bounds).Select(c => c.Code));
        Assert.InRange(found.Count, 10, 20);
        Assert.All(found, c => Assert.InRange(c.Members.Count, 2, 3));
        Assert.Equal(found.Select(c => c.Members.Count).Order(), found.Select(c => c.Members.Count));
        Assert.All(found.GroupBy(c => (c.Type, c.Members.Count)), g => Assert.InRange(g.Count(), 1, 5));
        Assert.Contains("expected 1 or more",
            Assert.Throws<LabException>(() => _search.FindAll(given, bounds with { MostMembers = 1 })).Message);
    }

    [Fact]
    public void Several_arguments_may_come_by_the_same_member()
    {
        Assert.Contains("Weight.OfKilos(one) + Weight.OfKilos(two)", Codes("Weight", ("one", "double"), ("two", "double")));
        Assert.Contains("one.Held + two.Held", Codes("Weight", ("one", "Sack"), ("two", "Sack")));
    }

    [Fact]
    public void What_returns_nothing_is_found_where_nothing_else_is_wanted()
    {
        GivenValue[] given = [new("sack", "Sack"), new("next", "Sack"), new("full", "bool")];
        var found = _search.Find(CompositionSearch.Nothing, given, new() { FewestMembers = 1 }).Select(c => c.Code).ToList();
        foreach (var code in new[] { "sack.Tie()", "sack.IsFull = full", "next.Next = sack" }) Assert.Contains(code, found);
        Assert.DoesNotContain("sack.Next", found);
        Assert.DoesNotContain(found, c => c.Contains("Hide", StringComparison.Ordinal));
    }

    [Fact]
    public void What_must_be_used_is_used()
    {
        GivenValue[] given = [new("sack", "Sack"), new("n", "int"), new("weight", "Weight")];
        var found = _search.Find("Weight", given, new() { FewestMembers = 1, MostMembers = 2, MustUse = ["weight", "sack"] });
        Assert.Contains("sack.Held + weight", found.Select(c => c.Code));
        Assert.All(found, c => Assert.True(c.Code.Contains("weight", StringComparison.Ordinal)
            && c.Code.Contains("sack", StringComparison.Ordinal), c.Code));
    }

    [Fact]
    public void Shapes_that_training_data_shows_are_left_out_whatever_their_names()
    {
        GivenValue[] given = [new("sack", "Sack")];
        Assert.Contains("sack.Held.Grams", Codes("long", ("sack", "Sack")));
        var shown = CodeShape.Of("var h = s.Held;\nreturn h.Grams;")!.Text;
        Assert.DoesNotContain("sack.Held.Grams", _search.Find("long", given, known: new HashSet<string> { shown }).Select(c => c.Code));
    }

    [Theory]
    [InlineData("Weight", 0, "Weight")]
    [InlineData("long", 0, "int")]
    [InlineData("long", 1, "Weight")]
    [InlineData("long", 2, "double")]
    [InlineData("long", 2, "Sack")]
    [InlineData("IReadOnlyList<Weight>", 1, "IReadOnlyList<Sack>")]
    [InlineData("Sack", 1, "Sack[]")]
    [InlineData("List<string>", 1, "IEnumerable<Sack>")]
    [InlineData("Weight", 1)]
    [InlineData("Sack", 3, "string")]
    [InlineData("string", null, "Weight")]
    [InlineData("Weight", 1, "Pile<Weight>")]
    public void The_fewest_steps_to_a_type_are_counted(string goal, int? steps, params string[] from) =>
        Assert.Equal(steps, _search.StepsTo(goal, from, 4));

    [Fact]
    public void What_is_farther_than_the_limit_cannot_be_reached()
    {
        Assert.Equal(3, _search.StepsTo("Sack", ["string"], 3));
        Assert.Null(_search.StepsTo("Sack", ["string"], 2));
    }

    private IEnumerable<string> Everything() => _search.FindAll(
        [new("sack", "Sack"), new("weight", "Weight"), new("options", "SackOptions")],
        new() { Breadth = 30, Results = 5000, FewestMembers = 1 }).Select(c => c.Code);

    private static void AssertCompile(
        CSharpJudge judge, IReadOnlyList<Composition> found, IReadOnlyList<GivenValue> given, IReadOnlyList<string> usings)
    {
        // One unit for all: a method each.
        var parameters = string.Join(", ", given.Select(g => $"{g.Type} {g.Name}"));
        var code = string.Join('\n', found.Select((c, i) => $"public static {c.Type} M{i}({parameters}) => {c.Code};"));
        var verdict = judge.Judge(code, CodeForm.Members, usings);
        Assert.True(verdict.Compiles,
            string.Join('\n', verdict.Errors.Select(e => $"{found[Math.Clamp(e.Line - 1, 0, found.Count - 1)].Code}: {e.Message}")));
        for (var i = 0; i < found.Count; i++)
        {
            var used = verdict.Uses.Where(u => u.Line == i + 1).Select(u => u.Id).ToHashSet();
            Assert.All(found[i].Members, m => Assert.Contains(m, used));
        }
    }
}
