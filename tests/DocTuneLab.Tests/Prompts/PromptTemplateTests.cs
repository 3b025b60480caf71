using DocTuneLab.Prompts;

namespace DocTuneLab.Tests.Prompts;

public sealed class PromptTemplateTests
{
    private const string Front = "---\nname: a\nversion: 1\nkind: k\ninputs: [question, hint?]\n---\n";

    [Fact]
    public void Shipped_templates_render_as_agreed()
    {
        var inputs = AnswerFormat.CodeInputs("Open the valve.", "public static void Run(Valve valve)", "", "Waterworks");
        var rendered = string.Join("\n=====\n",
            PromptLibrary.Default.OfKind(PromptLibrary.CodeTask).Select(t => $"{t.Name}\n{t.Render(inputs)}"));
        Assert.Equal("""
            code-task.comment
            ```csharp
            /// Open the valve.
            public static void Run(Valve valve)
            ```
            =====
            code-task.complete
            Complete the method. Open the valve.
            ```csharp
            public static void Run(Valve valve)
            ```
            =====
            code-task.library
            Using Waterworks, write the body of this C# method. Open the valve.
            ```csharp
            public static void Run(Valve valve)
            ```
            =====
            code-task.terse
            Open the valve.
            public static void Run(Valve valve)
            """, rendered);
        rendered = string.Join("\n=====\n",
            PromptLibrary.Default.OfKind(PromptLibrary.DocQa).Select(t => $"{t.Name}\n{t.Render(AnswerFormat.QaInputs("Why?"))}"));
        Assert.Equal("""
            doc-qa.label
            Question: Why?
            Answer:
            =====
            doc-qa.library
            About the library: Why?
            =====
            doc-qa.plain
            Why?
            =====
            doc-qa.short
            Answer briefly. Why?
            """, rendered);
    }

    [Fact]
    public void Context_stands_before_the_signature()
    {
        var text = PromptLibrary.Default["code-task.complete"].Render(AnswerFormat.CodeInputs("Do it.", "public static int F(R r)",
            "public record R(int X);"));
        Assert.Equal("Complete the method. Do it.\n```csharp\npublic record R(int X);\n\npublic static int F(R r)\n```", text);
    }

    [Fact]
    public void A_body_comes_back_out_of_its_answer()
    {
        Assert.Equal("return a\n    .B();", AnswerFormat.BodyOf(AnswerFormat.Code("return a\n    .B();\n")));
        Assert.Null(AnswerFormat.BodyOf("return a;"));
    }

    [Fact]
    public void Values_are_text_and_never_templates_or_html()
    {
        var template = PromptTemplate.Parse(Front + "{{ question }}{{ hint }}", "t.liquid");
        Assert.Equal("List<int> & {{ x }}", template.Render(new Dictionary<string, string> { ["question"] = "List<int> & {{ x }}" }));
    }

    [Fact]
    public void The_hash_follows_the_content()
    {
        var a = PromptTemplate.Parse(Front + "{{ question }}", "a");
        Assert.Equal(a.Hash, PromptTemplate.Parse(Front.Replace("\n", "\r\n", StringComparison.Ordinal) + "{{ question }}", "b").Hash);
        Assert.NotEqual(a.Hash, PromptTemplate.Parse(Front + "{{ question }}!", "a").Hash);
    }

    [Fact]
    public void Examples_become_turns()
    {
        var template = PromptTemplate.Parse(
            "---\nname: a\nversion: 1\nkind: k\ninputs: [question]\nexamples:\n- question: 1+1?\n  answer: 2\n---\nQ: {{ question }}", "a");
        Assert.Equal([("user", "Q: 1+1?"), ("assistant", "2"), ("user", "Q: 2+2?")],
            template.Messages(AnswerFormat.QaInputs("2+2?")).Select(m => (m.Role, m.Content)));
    }

    [Theory]
    [InlineData("no front matter", "t.liquid:1:")]
    [InlineData("---\nname: a\nversion: 1\nkind: k\ninputs: [a\n---\nx", "t.liquid:")]
    [InlineData("---\nname: a\nversion: 1\nkind: k\n---\nx", "'inputs' must be a list")]
    [InlineData("---\nname: a\nversion: 1\ninputs: [q]\n---\nx", "lacks 'kind'")]
    [InlineData("---\nname: a\nversion: 1\nkind: k\ninputs: [\"a b\"]\n---\nx", "t.liquid:5: an input is a name")]
    [InlineData(Front + "one\n{% if question %}x", "t.liquid:")]
    [InlineData(Front + "one\ntwo {{ qustion }}", "t.liquid:8: 'qustion' is not an input")]
    [InlineData("---\nname: a\nversion: 1\nkind: k\ninputs: [question]\nexamples:\n- answer: 2\n---\nx",
        "the example lacks the input 'question'")]
    public void A_wrong_file_is_named_with_its_line(string source, string expected)
    {
        var message = Assert.Throws<LabException>(() => PromptTemplate.Parse(source, "t.liquid")).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_input_is_named()
    {
        var message = Assert.Throws<LabException>(() =>
            PromptTemplate.Parse(Front + "{{ question }}", "t.liquid").Render(new Dictionary<string, string> { ["hint"] = "h" })).Message;
        Assert.Contains("needs the input 'question'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_overrides_what_ships()
    {
        var folder = Directory.CreateTempSubdirectory().FullName;
        File.WriteAllText(Path.Combine(folder, "own.liquid"),
            "---\nname: doc-qa.plain\nversion: 2\nkind: doc-qa\ninputs: [question]\n---\nAsk: {{ question }}");
        var library = PromptLibrary.LoadFolder(folder);
        Assert.Equal("Ask: x", library["doc-qa.plain"].Render(AnswerFormat.QaInputs("x")));
        Assert.Equal(PromptLibrary.Default.Templates.Count, library.Templates.Count);
        Assert.Contains("There is no prompt template 'none'", Assert.Throws<LabException>(() => library["none"]).Message,
            StringComparison.Ordinal);
        Assert.Throws<LabException>(() => PromptLibrary.LoadFolder(folder + "-absent"));
    }
}
