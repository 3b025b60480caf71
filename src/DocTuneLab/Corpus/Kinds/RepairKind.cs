using DocTuneLab.Conversations;
using DocTuneLab.Corpus.Code;
using DocTuneLab.Library;
using DocTuneLab.Prompts;

namespace DocTuneLab.Corpus.Kinds;

/// <summary>A method with a mistake, the compiler's message, and the method as it should be. Hosted models are not asked for such samples:
/// they come of answers that had to be mended (<see cref="CodeKind"/>).</summary>
internal sealed class RepairKind : SampleKindDefinition
{
    /// <inheritdoc/>
    public override SampleKind Kind => SampleKind.Repair;

    /// <inheritdoc/>
    public override AnswerForm Answer => AnswerForm.MethodBody;

    /// <inheritdoc/>
    public override bool MayRepeatPrompt => true;

    /// <inheritdoc/>
    public override double? StructuralShare => 0.04;

    /// <inheritdoc/>
    public override int Turn => 2;

    /// <inheritdoc/>
    public override Draft? Draft(DraftingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.NextMethod() is not { } method) return null;
        var mistakes = context.Kept(this, () => new Mistakes(context.Index));
        if (mistakes.Break(method, context.Random) is not { } mistake) return null;
        var template = mistake.MissingUsing is null ? "repair.plain" : "repair.using";
        var right = mistake.MissingUsing is { } space ? $"using {space};" : method.Body;
        return method.Sample(Kind, [], method.Instruction, template) with
        {
            Grounds = $"{mistake.Kind}: {method.Recipe}",
            Mistake = mistake.Code,
            MistakeError = mistake.Error,
            Complete = error =>
                [Asking(template, method.Signature, mistake.Body, CompilerMessage(error)), Message.Assistant(AnswerFormat.Code(right))],
        };
    }

    /// <summary>A draft of a hosted answer that does not compile and the one that mends it.</summary>
    internal static Draft Mended(WritingContext context, Draft failed, Draft mended, string signature, string message) =>
        context.Draft(SampleKind.Repair, [Asking("repair.plain", signature, failed.Body!, message)], AnswerFormat.Code(mended.Body!),
            mended.Prompt) with
        {
            Code = mended.Code,
            Body = mended.Body,
            Mistake = failed.Code,
            EvidenceText = "",
            Language = null
        };

    /// <summary>The compiler's message without its advice, which names what a model is to find by itself.</summary>
    internal static string CompilerMessage(CodeDiagnostic error) =>
        $"{error.Id}: {error.Message.Split(" (are you missing")[0].Split(" and no accessible extension")[0]}";

    private static Message Asking(string template, string signature, string body, string message) =>
        Message.User(PromptLibrary.Default[template].Render(
            new Dictionary<string, string> { ["signature"] = signature, ["body"] = body, ["diagnostic"] = message }));
}
