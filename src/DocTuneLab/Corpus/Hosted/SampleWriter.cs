using DocTuneLab.Conversations;
using DocTuneLab.Corpus.Code;
using DocTuneLab.Corpus.Dialogue;
using DocTuneLab.Corpus.Grounding;
using DocTuneLab.Corpus.Kinds;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Endpoints;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Hosted;

/// <summary>What a planned sample became.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Judged">The judged draft; null where no usable answer came.</param>
/// <param name="None">Why there is none.</param>
/// <param name="Extra">Drafts that came of it besides: repair samples and paraphrases.</param>
/// <param name="Preferences">Refused answers beside mended ones.</param>
/// <param name="Calls">Calls that it took.</param>
internal sealed record WrittenSample(PlannedSample Plan, Judged? Judged, NoAnswerException? None, IReadOnlyList<Judged> Extra,
    IReadOnlyList<PreferencePair> Preferences, IReadOnlyList<DialogueCall> Calls);

/// <summary>Writes one planned sample as its kind is written; grades it and asks for it in other words, where that is wanted.</summary>
internal sealed class SampleWriter
{
    private readonly RequestEngine _engine;
    private readonly CompileQueue _compiler;
    private readonly GenerationOptions _options;
    private readonly WritingDesk _desk;

    public SampleWriter(RequestEngine engine, ApiModel api, EvidenceAssembler evidence, CompileQueue compiler, GenerationOptions options,
        ValidationOptions validation)
    {
        (_engine, _compiler, _options) = (engine, compiler, options);
        _desk = new WritingDesk(api, new ApiIndex(api.Symbols), evidence, options, compiler.JudgeAsync)
        {
            MaxTokens = validation.MaxTokens,
            CountTokens = validation.CountTokens
        };
    }

    /// <summary>Writes a sample.</summary>
    /// <param name="plan">What to write.</param>
    /// <param name="accepted">Accepted code so far, for fusing and deriving; not changed while it is used.</param>
    /// <param name="cancel">Stops between calls.</param>
    public async Task<WrittenSample> WriteAsync(PlannedSample plan, IReadOnlyList<CodeDraft> accepted, CancellationToken cancel)
    {
        var random = new Random(plan.Seed);
        var about = _desk.Evidence.For(plan.Symbols, _options.EvidenceTokens, random);
        var dialogue = new ModelDialogue(_engine, _options.Templates, about.Main?.Id ?? plan.Symbols[0].Id, plan.Seed,
            _options.AnswerTokens, cancel);
        var context = new WritingContext(_desk, plan, about, dialogue, random, accepted, cancel);
        var kind = _options.Kinds.Find(plan.Kind) ?? throw new InvalidOperationException($"No definition of {plan.Kind}.");
        try
        {
            var draft = await kind.WriteAsync(context);
            var judged = context.Judged ?? await _compiler.JudgeAsync(draft, cancel);
            if (judged.Failed is null && _options.Judge) judged = await GradedAsync(context, judged);
            if (judged.Failed is null && kind.MayBeParaphrased && random.NextDouble() < _options.ParaphraseShare)
                await ParaphraseAsync(context, judged.Draft);
            return Written(judged, null);
        }
        catch (NoAnswerException e)
        {
            return Written(null, e);
        }

        WrittenSample Written(Judged? judged, NoAnswerException? none) =>
            new(plan, judged, none, context.Extra, context.Preferences, dialogue.Calls);
    }

    private static async Task<Judged> GradedAsync(WritingContext context, Judged judged)
    {
        var grade = await context.AskAsync("generate.judge", ("question", judged.Draft.Prompt),
            ("answer", judged.Draft.Messages[^1].Content));
        var lowest = ((string[])["grounded", "selfContained", "useful"]).MinBy(axis => (int)grade[axis]!)!;
        var passed = (int)grade[lowest]! >= 3;
        return judged with
        {
            Checks = [.. judged.Checks, new Check("judge", passed, $"{lowest} {grade[lowest]} of 5: {AnswerText.Of(grade, "reason")}")]
        };
    }

    private static async Task ParaphraseAsync(WritingContext context, Draft draft)
    {
        var said = await context.AskAsync("generate.paraphrase", ("text", draft.Prompt));
        foreach (var text in said["texts"]!.AsArray().Select(t => ((string)t!).Trim()))
        {
            // The request stands once in the user's turn; its other wording takes its place, answer and code stay.
            var user = draft.Messages[^2].Content.Replace(draft.Prompt, text, StringComparison.Ordinal);
            if (text == draft.Prompt || user == draft.Messages[^2].Content) continue;
            context.Extra.Add(await context.JudgeAsync(draft with
            {
                Messages = [.. draft.Messages.SkipLast(2), Message.User(user), draft.Messages[^1]],
                Prompt = text,
                Provenance = context.Provenance,
            }));
        }
    }
}
