using DocTuneLab.Conversations;
using DocTuneLab.Corpus.Code;
using DocTuneLab.Corpus.Dialogue;
using DocTuneLab.Library;
using DocTuneLab.Prompts;

namespace DocTuneLab.Corpus.Kinds;

/// <summary>Code that uses an obsolete member, and the same with what replaces it.</summary>
internal sealed class MigrationKind : SampleKindDefinition
{
    private const string Template = "generate.migration";

    /// <inheritdoc/>
    public override SampleKind Kind => SampleKind.Migration;

    /// <inheritdoc/>
    public override AnswerForm Answer => AnswerForm.MethodBody;

    /// <inheritdoc/>
    public override bool MayRepeatPrompt => true;

    /// <inheritdoc/>
    public override double? HostedShare => 0.02;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Templates => [Template];

    /// <inheritdoc/>
    public override bool IsAboutObsolete => true;

    /// <inheritdoc/>
    public override async Task<Draft> WriteAsync(WritingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var old = context.Symbols[0];
        var pair = await context.AskAsync(Template, ("obsolete", old.DisplayName), ("message", old.Obsolete ?? ""));
        var signature = AnswerText.Header(AnswerText.Of(pair, "signature"));
        var (before, after) = (AnswerText.Body(AnswerText.Of(pair, "before"), signature),
            AnswerText.Body(AnswerText.Of(pair, "after"), signature));
        var usesOld = await context.JudgeAsync(context.Draft(Kind, [Message.User(before)], after, before) with
        {
            Code = new CodeToJudge(CodeDraft.Compose(signature, before), CodeForm.Members, context.Usings),
            MustUse = [old.Id],
            EvidenceText = ""
        });
        if (usesOld.Compiled?.Compiles != true || usesOld.Checks.Any(c => c is { Name: "uses the member", Passed: false }))
            throw new NoAnswerException("the code before does not use the old member");
        var user = PromptLibrary.Default["migration.plain"].Render(new Dictionary<string, string>
        {
            ["signature"] = signature,
            ["body"] = before,
            ["message"] = $"{old.DisplayName}: {old.Obsolete}"
        });
        return context.Draft(Kind, [Message.User(user)], AnswerFormat.Code(after), user) with
        {
            Code = new CodeToJudge(CodeDraft.Compose(signature, after), CodeForm.Members, context.Usings),
            Body = after,
            MustNotUse = [old.Id],
            EvidenceText = ""
        };
    }
}
