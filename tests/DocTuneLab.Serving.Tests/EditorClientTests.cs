using System.Text;
using System.Text.Json.Nodes;

namespace DocTuneLab.Serving.Tests;

/// <summary>Requests as editors send them: each is answered, or refused by the name of the field that asks for what a model here cannot do.
/// </summary>
/// <remarks>Continue's headless requests were recorded from its own program (npm <c>@continuedev/cli</c> 1.5.47); what else it sends, and
/// what VS Code's Copilot Chat sends to models of one's own, stands in their public sources. Texts are shortened.</remarks>
public sealed class EditorClientTests(ServedNano served) : IClassFixture<ServedNano>
{
    private const string Chat = "/v1/chat/completions", Completions = "/v1/completions", Gap = "/v1/fim/completions",
        Responses = "/v1/responses";

    private const string Tools = """
        "tools":[{"type":"function","function":{"name":"Read","description":"Read the contents of a file","parameters":{"type":"object",
        "required":["filepath"],"properties":{"filepath":{"type":"string","description":"The path to the file to read"}}}}}]
        """;

    private static readonly Dictionary<string, string> s_headers = new()
    {
        // Of OpenAI's library, which Continue uses, and of VS Code.
        ["Authorization"] = "Bearer none",
        ["X-Api-Key"] = "none",
        ["Api-Key"] = "none",
        ["X-Stainless-Lang"] = "js",
        ["X-Stainless-Retry-Count"] = "0",
        ["X-Request-Id"] = "0a1b2c",
        ["X-GitHub-Api-Version"] = "2025-05-01",
        ["X-Interaction-Type"] = "conversation-panel",
        ["OpenAI-Intent"] = "conversation-panel",
    };

    public static TheoryData<string, string, string> Answered => new()
    {
        { "Continue, a question", Chat, """
            {"model":"nano","messages":[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"Why?"}],
             "stream":true,"tools":[],"max_tokens":24,"stream_options":{"include_usage":true}}
            """ },
        { "Continue, an edit that predicts what stays", Chat, """
            {"messages":[{"role":"user","content":"Rename it."},{"role":"assistant","content":" "},{"role":"user","content":"Go on."}],
             "model":"nano","max_tokens":24,"temperature":0.5,"stream":true,"stop":["```"],
             "prediction":{"type":"content","content":"int a = 1;"},"stream_options":{"include_usage":true}}
            """ },
        { "Continue, a newer name's role and limit", Chat, """
            {"messages":[{"role":"developer","content":"Be brief."},{"role":"user","content":"Why?"}],"model":"nano",
             "max_completion_tokens":24,"stream":true,"parallel_tool_calls":false,"stream_options":{"include_usage":true}}
            """ },
        { "Continue, what stands at the cursor, by a template", Completions, """
            {"prompt":"<|fim_prefix|>int a = <|fim_suffix|>;<|fim_middle|>","model":"nano","max_tokens":24,"temperature":0.01,"stream":true,
             "stop":["<|endoftext|>","<|fim_prefix|>","<|fim_middle|>","<|fim_suffix|>","<|fim_pad|>","<|repo_name|>","<|file_sep|>",
             "<|im_start|>","<|im_end|>","/src/","#- coding: utf-8","```"]}
            """ },
        { "Continue, what stands at the cursor, by Mistral's protocol", Gap, """
            {"model":"nano","prompt":"int a = ","suffix":";","max_tokens":24,"temperature":0.01,"stop":["\n\n"],"stream":true}
            """ },
        { "VS Code, a question", Chat, """
            {"messages":[{"role":"system","content":"You are an assistant."},{"role":"user","content":[{"type":"text","text":"Why?"},
             {"type":"text","text":"In C#."}]}],"model":"nano","temperature":0.1,"top_p":1,"n":1,"stream":true,"max_tokens":24,
             "snippy":{"enabled":false},"intent":true,"stream_options":{"include_usage":true}}
            """ },
        { "VS Code, a model that thinks", Chat, """
            {"messages":[{"role":"user","content":[{"type":"text","text":"Why?"}]},{"role":"assistant","content":"So.","cot_id":"c1",
             "cot_summary":"thought"},{"role":"user","content":"And?"}],"model":"nano","top_p":1,"n":1,"stream":true,
             "max_completion_tokens":24,"stream_options":{"include_usage":true}}
            """ },
        { "VS Code, by responses", Responses, """
            {"model":"nano","input":[{"role":"system","content":[{"type":"input_text","text":"You are an assistant."}]},
             {"role":"user","content":[{"type":"input_text","text":"Why?"}]},{"role":"assistant","type":"message","status":"completed",
             "id":"msg_1","content":[{"type":"output_text","text":"So.","annotations":[]}]},{"role":"user","content":[{"type":"input_text",
             "text":"And?"}]}],"stream":true,"store":false,"truncation":"disabled","include":["reasoning.encrypted_content"],
             "max_output_tokens":24,"tools":[],"top_logprobs":0,"text":{"verbosity":"medium"}}
            """ },
    };

    public static TheoryData<string, string, string, string, string> Refused => new()
    {
        { "Continue, its agent", Chat, $$"""
            {"model":"nano","messages":[{"role":"user","content":"Why?"}],"stream":true,"max_tokens":24,
             "stream_options":{"include_usage":true},{{Tools}} }
            """, "tools", "unsupported_parameter" },
        { "VS Code, its agent", Chat, $$"""
            {"messages":[{"role":"user","content":[{"type":"text","text":"Why?"}]}],"model":"nano","temperature":0.1,"top_p":1,"n":1,
             "stream":true,"tool_choice":"auto","stream_options":{"include_usage":true},{{Tools}} }
            """, "tools", "unsupported_parameter" },
        { "VS Code, one tool that must be called", Chat, $$"""
            {"messages":[{"role":"user","content":"Why?"}],"model":"nano","stream":true,
             "tool_choice":{"type":"function","function":{"name":"Read"} },{{Tools}} }
            """, "tool_choice", "unsupported_parameter" },
        { "both, a picture", Chat, """
            {"messages":[{"role":"user","content":[{"type":"text","text":"What is this?"},{"type":"image_url",
             "image_url":{"url":"data:image/png;base64,iVBORw0KGgo=","detail":"auto"}}]}],"model":"nano","stream":true}
            """, "messages[0].content[1].type", "unsupported_parameter" },
        // At this word it sends the whole conversation.
        { "VS Code, by responses, going on", Responses, """
            {"model":"nano","input":[{"role":"user","content":[{"type":"input_text","text":"And?"}]}],"stream":true,"store":true,
             "previous_response_id":"resp_1"}
            """, "previous_response_id", "previous_response_not_found" },
        { "Continue, an index of code", "/v1/embeddings", """{"model":"nano","input":["int a;"]}""", "", "unsupported_endpoint" },
    };

    [Theory]
    [MemberData(nameof(Answered))]
    public async Task What_an_editor_asks_is_answered_as_it_reads_it(string editor, string path, string body)
    {
        using var response = await SendAsync(path, body);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"{editor}: {text}");
        var events = text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(e => e.Split('\n')[^1]["data: ".Length..]).ToList();
        if (path == Responses)
        {
            Assert.Matches("^response\\.(completed|incomplete)$", (string?)JsonNode.Parse(events[^1])!["type"]);
            return;
        }
        Assert.Equal("[DONE]", events[^1]);
        var choices = events.SkipLast(1).SelectMany(e => JsonNode.Parse(e)!["choices"]!.AsArray()).ToList();
        // Each has what the editors read without asking whether it is there.
        Assert.All(choices, c => Assert.NotNull(path == Completions ? c!["text"] : c!["delta"]));
        Assert.NotNull(choices[^1]!["finish_reason"]);
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task What_a_model_here_cannot_do_is_refused_by_its_field(
        string editor, string path, string body, string field, string code)
    {
        using var response = await SendAsync(path, body);
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["error"]!;
        Assert.Equal((editor, 400, field, code),
            (editor, (int)response.StatusCode, (string?)error["param"] ?? "", (string?)error["code"]));
    }

    [Fact]
    public async Task A_gap_is_filled_by_either_protocol_alike()
    {
        const string Body = """{"model":"nano","prompt":"int a = ","suffix":";","max_tokens":8,"temperature":0}""";
        var (_, completion) = await served.PostAsync(Completions, Body);
        var (status, gap) = await served.PostAsync(Gap, Body);
        Assert.Equal((200, (string?)completion["choices"]![0]!["text"]),
            (status, (string?)gap["choices"]![0]!["message"]!["content"]));
        var (wrong, error) = await served.PostAsync(Gap, """{"prompt":["a"]}""");
        Assert.Equal((400, "prompt"), (wrong, (string?)error["error"]!["param"]));
    }

    [Fact]
    public async Task Models_are_listed_to_whoever_sends_a_key_that_nobody_asked_for()
    {
        using var response = await SendAsync("/v1/models", null);
        var list = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        Assert.Contains("nano", list["data"]!.AsArray().Select(m => (string?)m!["id"]));
    }

    private Task<HttpResponseMessage> SendAsync(string path, string? body)
    {
        var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, path);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        foreach (var (name, value) in s_headers) request.Headers.Add(name, value);
        return served.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
