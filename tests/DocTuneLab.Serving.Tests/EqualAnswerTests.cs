using System.Text.Json.Nodes;
using DocTuneLab.Conversations;
using DocTuneLab.Experiments.Asking;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Inference;

namespace DocTuneLab.Serving.Tests;

/// <summary>Whoever asks, the answer at temperature 0 is the same.</summary>
public sealed class EqualAnswerTests(ServedNano served) : IClassFixture<ServedNano>
{
    private const int Tokens = 48;

    [Theory]
    [InlineData("nano", "What does a lot hold?")]
    [InlineData("nano-a", "Write a C# method that sums the litres of all lots.")]
    [InlineData("nano-b", "Ein Satz über Wasser, 水?")]
    public async Task The_server_a_cell_and_an_evaluation_answer_alike(string name, string question)
    {
        var (status, answer) = await served.PostAsync("/v1/chat/completions", new JsonObject
        {
            ["model"] = name,
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = question }),
            ["temperature"] = 0,
            ["max_tokens"] = Tokens,
        }.ToJsonString());
        Assert.Equal(200, status);
        var text = (string?)answer["choices"]![0]!["message"]!["content"];

        served.Models.TryGet(name, out LoraAdapter? adapter);
        var sampling = new SamplingOptions(Tokens);
        // As an evaluation and 'generate' ask, alone and beside others.
        var model = new LocalModel(served.Models.Base, adapter, name);
        Assert.Equal(text, model.Generate([[Message.User(question)]], sampling)[0]);
        // As a cell and a terminal ask.
        var talk = new Conversation(served.Models.Base, adapter, null, null, new Wordings());
        Assert.Equal(text, talk.Ask(adapter is null ? "base" : "tuned", new(question) { Sampling = sampling }).Text);
        // As a completion of the rendered prompt.
        var prompt = served.Models.Base.ChatTemplate.Render([Message.User(question)], addGenerationPrompt: true);
        var (_, completed) = await served.PostAsync("/v1/completions", new JsonObject
        {
            ["model"] = name,
            ["prompt"] = prompt,
            ["temperature"] = 0,
            ["max_tokens"] = Tokens,
        }.ToJsonString());
        Assert.Equal(text, (string?)completed["choices"]![0]!["text"]);
    }
}
