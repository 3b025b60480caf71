using System.Text.Json.Nodes;
using DocTuneLab.Conversations;

namespace DocTuneLab.Tests.Conversations;

/// <summary>What stands around a chat template: where it comes from, what it sees, and what it may cost.</summary>
public sealed class ChatTemplateTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("template-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_file_chat_template_jinja_goes_before_tokenizer_config_json_and_refusals_name_it()
    {
        var path = Write("old");
        Assert.Equal("old", Render(path));
        var beside = Path.Combine(_folder, "chat_template.jinja");
        File.WriteAllText(beside, "new{{ eos_token }}\n");
        Assert.Equal("new</s>", Render(path));
        File.WriteAllText(path, """{ "eos_token": "</s>", "chat_template": [{ "name": "default", "template": "listed" }] }""");
        Assert.Equal("new</s>", Render(path));
        File.Delete(beside);
        Assert.Equal("listed", Render(path));
        File.WriteAllText(beside, "a\n{% include 'x' %}");
        Assert.Contains("chat_template.jinja: chat template, line 2: the statement 'include'",
            Assert.Throws<LabException>(() => Render(path)).Message);
    }

    [Fact]
    public void Fields_that_are_null_are_not_there_and_names_of_reasoning_stand_for_each_other()
    {
        var template = ChatTemplate.Load(Write(
            "{% for m in messages %}[{{ m.content is defined }}{{ m.reasoning_content }},{{ m.thinking }},{{ m.calls }}]{% endfor %}"));
        var messages = JsonNode.Parse("""
            [{ "role": "assistant", "content": null, "reasoning": "r", "calls": { "inner": null } },
             { "role": "assistant", "content": "", "thinking": "t", "reasoning_content": null }]
            """)!.AsArray();
        Assert.Equal("[Falser,r,{'inner': None}][Truet,t,]", template.Render(messages, addGenerationPrompt: false));
    }

    [Fact]
    public void Variables_may_be_json_and_what_a_template_cannot_see_is_refused_by_name()
    {
        var template = ChatTemplate.Load(Write("{{ tools | tojson }}{{ n + 1 }}{{ f }}{{ on }}{{ tools is defined }}"));
        Assert.Equal("""[{"a": 1}]22.5True""" + "True", template.Render([Message.User("x")], false, new Dictionary<string, object?>
        {
            ["tools"] = JsonNode.Parse("""[{ "a": 1 }]"""),
            ["n"] = 1,
            ["f"] = 2.5f,
            ["on"] = true,
        }));
        Assert.Contains("the variable 'of' is a Version", Assert.Throws<LabException>(() =>
            template.Render([Message.User("x")], false, new Dictionary<string, object?> { ["of"] = new Version(1, 2) })).Message);
    }

    [Theory]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "nested too deeply")]
    [InlineData("{% set n = namespace(a=[]) %}{% for i in range(99999) %}{% set n.a = [n.a] %}{% endfor %}{{ n.a }}", "nested too deeply")]
    [InlineData("{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}", "its loops turn more than")]
    [InlineData("{% set n = namespace(a='x') %}{% for i in range(99) %}{% set n.a = n.a ~ n.a %}{% endfor %}", "a text has more than")]
    [InlineData("{{ 'x' * 99999999999 }}", "the product is too long")]
    [InlineData("{{ 9 ** 99999999 }}", "the power is too large")]
    [InlineData("{{ '%999999999d' % 1 }}", "is not supported")]
    [InlineData("{{ range(0, 2000000) }}", "is too long")]
    public void A_template_that_would_never_end_or_fill_the_memory_is_refused(string template, string says)
    {
        var message = Assert.Throws<LabException>(() => Render(Write(template))).Message;
        Assert.Contains(says, message);
        Assert.Contains("chat template, line 1: ", message);
    }

    [Fact]
    public void Brackets_within_brackets_without_measure_are_refused_when_the_template_is_read()
    {
        var template = $"{{{{ {new string('(', 5000)}{new string(')', 5000)} }}}}";
        Assert.Contains("nested too deeply", Assert.Throws<LabException>(() => Render(Write(template))).Message);
    }

    private static string Render(string path) => ChatTemplate.Load(path).Render([Message.User("x")], addGenerationPrompt: false);

    private string Write(string template)
    {
        var path = Path.Combine(_folder, "tokenizer_config.json");
        File.WriteAllText(path, new JsonObject { ["chat_template"] = template, ["eos_token"] = "</s>" }.ToJsonString());
        return path;
    }
}
