using System.Data;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Notebooks.Formatting;
using Microsoft.AspNetCore.Html;
using Microsoft.DotNet.Interactive.Formatting;

namespace DocTuneLab.Notebooks.Tests;

public class FormatterTests
{
    private static readonly Person s_ada = new("Ada", 36, new Address("1 St", "London"), ["a", "b"]);

    [Fact]
    public void Sequences_of_objects_are_tables_of_columns()
    {
        var html = Html(new[] { new Row("a<b", 1), new Row("c", 2), null });
        Assert.Contains("<th>Name</th><th class=\"n\">Count</th>", html);
        Assert.Contains("<td>a&lt;b</td><td class=\"n\">1</td>", html);
        Assert.Contains("<td>x</td>", Html(new[] { new { A = "x", B = 2 } }));
        Assert.Contains("… 10 more", Html(Enumerable.Range(0, 60).Select(i => new Row("r", i)).ToList()));
        Assert.Contains("<th class=\"n\">Item1</th><th>Item2</th>", Html(new[] { (1, "a"), (2, "b") }));
        Assert.Equal("Name  Count\na         1\nlong     22", Plain(new[] { new Row("a", 1), new Row("long", 22) }));
    }

    [Fact]
    public void Objects_in_objects_unfold()
    {
        var html = Html(s_ada);
        Assert.Contains("<th colspan=\"2\">Person</th>", html);
        Assert.Contains("<details><summary>Address { Street = 1 St, City = London }</summary><table", html);
        Assert.Contains("<td>Tags</td><td>[a, b]</td>", html);
        Assert.Equal("Person { Name = Ada, Age = 36, Home = Address { Street = 1 St, City = London }, Tags = [a, b] }", Plain(s_ada));
        Assert.Equal(
            "Person\n  Name: " + new string('A', 90) + "\n  Age: 36\n  Home: Address { Street = 1 St, City = London }\n  Tags: [a, b]",
            Plain(s_ada with { Name = new string('A', 90) }));
    }

    [Fact]
    public void Sequences_of_scalars_are_text_that_wraps()
    {
        Assert.Equal("[1, 2, 3]", OnlyPlain(new[] { 1, 2, 3 }));
        Assert.Equal("[]", OnlyPlain(new List<int>()));
        Assert.Equal("{}", OnlyPlain(new Dictionary<string, int>()));
        Assert.Equal("(1, two)", OnlyPlain((1, "two")));
        Assert.All(OnlyPlain(Enumerable.Range(1000, 60).ToList()).Split('\n'), line => Assert.InRange(line.Length, 1, 100));
        Assert.EndsWith("… 10 more]", OnlyPlain(Enumerable.Range(1000, 60).ToList()));
    }

    [Fact]
    public void Dictionaries_have_keys_and_values()
    {
        var html = Html(new Dictionary<string, object> { ["k"] = 1, ["list"] = new[] { 1, 2 }, ["who"] = s_ada });
        Assert.Contains("<td>k</td><td>1</td>", html);
        Assert.Contains("<td>list</td><td>[1, 2]</td>", html);
        Assert.Contains("<details><summary>Person {", html);
        Assert.Equal("{ k: 1 }", Plain(new Dictionary<string, int> { ["k"] = 1 }));
    }

    [Fact]
    public void An_endless_sequence_is_read_once_and_only_as_far_as_it_is_shown()
    {
        var taken = 0;
        Assert.EndsWith("… more]", OnlyPlain(Endless()));
        Assert.InRange(taken, 50, 51);

        IEnumerable<int> Endless()
        {
            while (true)
                yield return taken++;
        }
    }

    [Fact]
    public void A_sequence_that_fails_shows_what_came_before()
    {
        Assert.Equal("[1, … ended by InvalidOperationException: no more]", OnlyPlain(Failing()));

        static IEnumerable<int> Failing()
        {
            yield return 1;
            throw new InvalidOperationException("no more");
        }
    }

    [Fact]
    public void Cycles_and_deep_graphs_end()
    {
        var node = new Node { Name = "n" };
        node.Next = node;
        Assert.Equal("Node { Name = n, Next = ↺ Node }", Plain(node));
        Node? chain = null;
        for (var i = 0; i < 1000; i++)
            chain = new Node { Name = $"{i}", Next = chain };
        Assert.InRange(Html(chain).Length, 100, 5_000);
        Assert.InRange(Html(System.Diagnostics.Process.GetCurrentProcess()).Length, 100, 300_000);
    }

    [Fact]
    public void Long_texts_are_cut_with_a_note()
    {
        var text = OnlyPlain(new string('x', 200_000));
        Assert.InRange(text.Length, 50_000, 51_000);
        Assert.EndsWith("… 150,000 more characters", text);
    }

    [Fact]
    public void Pictures_are_known_by_their_first_bytes()
    {
        var picture = ValueFormatter.Format(new byte[] { 0x89, 0x50, 0x4E, 0x47, 1 });
        Assert.Equal("iVBORwE=", picture["image/png"]!.GetValue<string>());
        Assert.Equal("byte[3] 01 02 FF", OnlyPlain(new byte[] { 1, 2, 255 }));
    }

    [Fact]
    public void Errors_say_their_causes()
    {
        var html = Html(new InvalidOperationException("outer", new ArgumentException("<inner>")));
        Assert.Contains("<strong>InvalidOperationException</strong>: outer", html);
        Assert.Contains("caused by <strong>ArgumentException</strong>: &lt;inner&gt;", html);
    }

    [Fact]
    public void Json_is_json()
    {
        var node = ValueFormatter.Format(JsonNode.Parse("{\"a\":[1,null]}"));
        Assert.Equal("{\"a\":[1,null]}", node["application/json"]!.ToJsonString());
        Assert.Equal("1", ValueFormatter.Format(JsonDocument.Parse("{\"a\":1}"))["application/json"]!["a"]!.ToJsonString());
    }

    [Fact]
    public void Tables_and_matrices_are_grids()
    {
        using var table = new DataTable();
        table.Columns.Add("a", typeof(object));
        table.Columns.Add("b", typeof(object));
        table.Rows.Add(1L, "x<y");
        table.Rows.Add(2L, DBNull.Value);
        Assert.Contains("<td class=\"n\">1</td><td>x&lt;y</td>", Html(table));
        Assert.Contains("<span class=\"z\">null</span>", Html(table));
        Assert.Equal("a  b\n1  x<y\n2  null", Plain(table));
        Assert.Equal("0  1\n1  2\n3  4", Plain(new[,] { { 1, 2 }, { 3, 4 } }));
    }

    [Fact]
    public void What_says_little_says_it_in_a_word()
    {
        Assert.Equal("Task<int> (RanToCompletion)", OnlyPlain(Task.FromResult(1)));
        Assert.Equal("Func<int, int>", OnlyPlain((Func<int, int>)(x => x)));
        Assert.Equal("MemoryStream", OnlyPlain(new MemoryStream()));
        Assert.Equal("Dictionary<string, int?>", OnlyPlain(typeof(Dictionary<string, int?>)));
        Assert.Equal("2026-01-02", OnlyPlain(new DateOnly(2026, 1, 2)));
    }

    [Fact]
    public void A_registered_formatter_wins_for_derived_types_and_inside_of_other_values()
    {
        ValueFormatter.Register<Shape>("text/html", shape => $"<i>{shape.Name}</i>");
        Assert.Equal("<i>c</i>", Html(new Circle("c")));
        Assert.Contains("<td><i>c</i></td>", Html(new { What = new Circle("c") }));
        Assert.Contains("<td>", Html(new Row("a", 1)));
    }

    [Fact]
    public void Registered_formatters_that_ask_for_each_other_end()
    {
        Formatter.Register<Member>((member, writer) => writer.Write($"<i>{member.Friends.ToDisplayString("text/html")}</i>"), "text/html");
        var (one, two) = (new Member(), new Member());
        one.Friends.AddRange([two, one]);
        two.Friends.AddRange([one, two]);
        Assert.StartsWith("<i>", Html(one));
        Assert.Contains("<i>", Html(new[] { one, two }));
        Assert.InRange(Plain(new { one, two }).Length, 1, 1000);
    }

    [Fact]
    public void Formatters_of_cells_may_be_reset()
    {
        Formatter.Register<Row>(row => "mine", "text/html");
        Assert.Equal("mine", Html(new Row("a", 1)));
        Formatter.ResetToDefault();
        Assert.Contains("doctune-table", Html(new Row("a", 1)));
    }

    [Fact]
    public void Formatters_end_after_a_reset_too()
    {
        Formatter.ResetToDefault();
        Registered_formatters_that_ask_for_each_other_end();
    }

    [Fact]
    public void Html_content_is_shown_as_it_is() => Assert.Equal("<b>x</b>", Html(new HtmlString("<b>x</b>")));

    [Fact]
    public void A_getter_that_throws_does_not_take_the_result_away() =>
        Assert.Contains("(InvalidOperationException)", Html(new[] { new Broken() }));

    private static string Plain(object? value) => ValueFormatter.Format(value)["text/plain"]!.GetValue<string>();

    private static string Html(object? value) => ValueFormatter.Format(value)["text/html"]!.GetValue<string>();

    private static string OnlyPlain(object value)
    {
        var bundle = ValueFormatter.Format(value);
        Assert.Equal(["text/plain"], bundle.Select(pair => pair.Key));
        return bundle["text/plain"]!.GetValue<string>();
    }

    private sealed record Row(string Name, int Count);

    private sealed record Address(string Street, string City);

    private sealed record Person(string Name, int Age, Address Home, string[] Tags);

    private sealed class Member
    {
        public List<Member> Friends { get; } = [];
    }

    private record Shape(string Name);

    private sealed record Circle(string Name) : Shape(Name);

    private sealed class Node
    {
        public string Name { get; set; } = "";

        public Node? Next { get; set; }
    }

    [SuppressMessage("Performance", "CA1822", Justification = "Formatters show the members of an instance.")]
    private sealed class Broken
    {
        public int Ok => 1;

        public int Bad => throw new InvalidOperationException();
    }
}
