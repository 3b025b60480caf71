using System.ComponentModel;
using DocTuneLab.Conversations;
using DocTuneLab.Library;
using DocTuneLab.Library.Guidance;
using DocTuneLab.Serving.Knowledge;
using DocTuneLab.Serving.Limits;
using DocTuneLab.Training.Inference;
using ModelContextProtocol;
using ModelContextProtocol.Server;
using ApiException = DocTuneLab.Serving.Protocol.ApiException;

namespace DocTuneLab.Serving.Editors;

/// <summary>Code by the tuned model, asked as it was trained to be and guided by the compiler, as a tool.</summary>
/// <param name="knowledge">What is known of the library.</param>
/// <param name="answering">What answers, within its limits.</param>
internal sealed class CompletionTool(LibraryKnowledge knowledge, Answering answering)
{
    private const int MostTokens = 256, LongestTask = 32_768;

    private readonly CodeCheck _check = new(knowledge.Judge, knowledge.Api);

    /// <summary>A method that does what was asked.</summary>
    [McpServerTool(Name = "complete_code", Title = "Write a method with the tuned model", ReadOnly = true, OpenWorld = false)]
    [Description("Has the model that was tuned for this library write the body of a method, guided by the compiler, and says what the "
        + "compiler thinks of it. The model is small: give one task of a few calls, and read what comes.")]
    public async Task<string> CompleteCode(
        [Description("What the method does.")] string instruction,
        [Description("Its header, such as: public static int Count(Tank tank)")] string signature,
        [Description("C# that stands beside it, such as own types. Default none.")] string? context = null,
        CancellationToken cancel = default)
    {
        context ??= "";
        if (string.IsNullOrWhiteSpace(instruction) || string.IsNullOrWhiteSpace(signature))
            throw new McpException("expected 'instruction', what the method does, and 'signature', its header.");
        if (instruction.Length + signature.Length + context.Length > LongestTask)
            throw new McpException($"expected at most {LongestTask} characters.");
        var guide = new CodeGuide(knowledge.Judge, GuideFrame.Body(signature.Trim(), knowledge.Api.Namespaces, context));
        if (guide.Problem is { } problem)
            throw new McpException($"signature and context do not compile: {problem.TrimEnd('.')}.");
        var turns = knowledge.Wording.Ask(instruction, signature, context, knowledge.Name);
        var models = answering.Models;
        models.TryGet(models.Default, out var adapter);
        var answer = await AskAsync(new()
        {
            Prompt = models.Base.Tokenizer.Encode(models.Base.ChatTemplate.Render(turns, addGenerationPrompt: true), specialTokens: true),
            Adapter = adapter,
            Guide = new AnswerGuide(guide),
            Sampling = new SamplingOptions(MostTokens),
        }, cancel);
        var asked = string.IsNullOrWhiteSpace(context) ? signature : $"{context}\n{signature}";
        var verdicts = _check.Answer(answer.Text, $"```csharp\n{asked}\n```");
        return verdicts.Count == 0 ? answer.Text : $"{answer.Text}\n\n{string.Join("\n", verdicts)}";
    }

    // What the model cannot be asked is for the agent to read, such as that the task is too long or too many wait.
    private async Task<DecodedAnswer> AskAsync(DecodingRequest request, CancellationToken cancel)
    {
        try
        {
            return (await answering.AllAsync([request], cancel))[0];
        }
        catch (Exception e) when (e is LabException or ApiException)
        {
            throw new McpException(e.Message);
        }
    }
}
