using DocTuneLab.Conversations;
using DocTuneLab.Training.Export;

namespace DocTuneLab.Training.Tests;

/// <summary>The folder that Ollama takes.</summary>
public sealed class OllamaTests : IDisposable
{
    private readonly TinyModel _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public void A_model_is_written_with_its_template_in_Gos_words()
    {
        var target = Path.Combine(_tiny.Directory, "Tuned-Ollama");
        var result = ExportFormats.All["ollama"].Write(new() { Model = _tiny.Directory, Target = target },
            TestContext.Current.CancellationToken);
        Assert.True(new FileInfo(Path.Combine(target, "model.gguf")).Length > 1000);
        var text = File.ReadAllText(Path.Combine(target, "Modelfile"));
        Assert.StartsWith("FROM ./model.gguf\n", text);
        Assert.Contains("ollama create tuned-ollama -f", result.Notes[^1]);
    }

    [Fact]
    public void ChatMl_is_said_in_Gos_words()
    {
        var template = ChatTemplate.Of("t", ChatTemplate.ChatMl, new Dictionary<string, string> { ["eos_token"] = "<|im_end|>" });
        Assert.Equal("{{ if .System }}<|im_start|>system\n{{ .System }}<|im_end|>\n<|im_start|>user\n{{ else }}<|im_start|>user\n{{ end }}"
            + "{{ .Prompt }}<|im_end|>\n<|im_start|>assistant\n{{ .Response }}<|im_end|>\n", OllamaModelfile.GoTemplate(template));
        var (text, note) = OllamaModelfile.Of(template, "model.gguf");
        Assert.Null(note);
        Assert.Contains("PARAMETER stop \"<|im_end|>\"\n", text);
        Assert.EndsWith("\"\"\"\n", text);
    }

    [Theory]
    // Numbers its turns, refuses a system turn, leaves the system turn out where there is a second question.
    [InlineData("{% for m in messages %}{{ loop.index }}: {{ m.content }}\n{% endfor %}")]
    [InlineData("{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no') }}{% endif %}<{{ m.content }}>{% endfor %}")]
    [InlineData("{% for m in messages %}{% if m.role != 'system' or messages|length < 3 %}<{{ m.content }}>{% endif %}{% endfor %}")]
    public void What_cannot_be_said_so_has_no_template_and_a_note(string source)
    {
        var template = ChatTemplate.Of("t", source, new Dictionary<string, string>());
        Assert.Null(OllamaModelfile.GoTemplate(template));
        var (text, note) = OllamaModelfile.Of(template, "model.gguf");
        Assert.DoesNotContain("TEMPLATE", text);
        Assert.Contains("no TEMPLATE", note);
    }
}
