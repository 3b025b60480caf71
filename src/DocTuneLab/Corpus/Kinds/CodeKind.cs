using System.Text.Json.Nodes;
using DocTuneLab.Conversations;
using DocTuneLab.Corpus.Code;
using DocTuneLab.Corpus.Dialogue;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;
using DocTuneLab.Prompts;

namespace DocTuneLab.Corpus.Kinds;

/// <summary>An instruction with a method's header, and the body that follows it. A hosted model is asked for question, context and solution
/// in separate calls; where code fails, the compiler's messages are sent back.</summary>
internal sealed class CodeKind : SampleKindDefinition
{
    private const string Question = "generate.code-question", Solution = "generate.code-solution";

    /// <inheritdoc/>
    public override SampleKind Kind => SampleKind.Code;

    /// <inheritdoc/>
    public override AnswerForm Answer => AnswerForm.MethodBody;

    /// <inheritdoc/>
    public override bool MaySpeakOfPassages => true;

    /// <inheritdoc/>
    public override bool IsAskedInWords => true;

    /// <inheritdoc/>
    public override double? StructuralShare => 0.52;

    /// <inheritdoc/>
    public override double? HostedShare => 0.55;

    /// <inheritdoc/>
    public override bool TakesTheRest => true;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Templates => [Question, Solution];

    /// <inheritdoc/>
    public override bool MayBeParaphrased => true;

    /// <inheritdoc/>
    public override bool GivesMethods => true;

    /// <inheritdoc/>
    public override IReadOnlyList<string> AskedWith(PromptTemplate? task) => task is null ? Templates : [task.Name];

    /// <inheritdoc/>
    public override bool Uses(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return base.Uses(name) || name.Split('.')[0] == PromptLibrary.CodeTask;
    }

    /// <summary>Whether there are members or documented examples.</summary>
    public override bool CanDraft(DraftingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.HasMembers || context.Examples.Count > 0;
    }

    /// <inheritdoc/>
    public override Draft? Draft(DraftingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        // The documentation's own examples come first, each once.
        var examples = context.Kept(this, () => new Queue<CodeDraft>(context.Examples));
        if ((examples.TryDequeue(out var example) ? example : context.NextAnswer()) is not { } method) return null;
        // What is documented in English is asked for in Chinese by the names of what is to be used: a Chinese frame around an English
        // sentence is what nobody writes.
        var instruction = !context.Index.IsChinese && context.NextIsChinese() && InChinese(context, method) is { } chinese
            ? chinese
            : method.Instruction;
        var template = context.CodeTemplate;
        var inputs = AnswerFormat.CodeInputs(instruction, method.Signature, method.Context, context.LibraryName);
        var draft = method.Sample(Kind, [.. template.Messages(inputs), Message.Assistant(AnswerFormat.Code(method.Answer))],
            instruction, $"{template.Name}@{template.Version}") with
        {
            Inputs = inputs
        };
        return context.Reading(draft, Passages.QueryOf(instruction, method.Signature, method.Context));
    }

    private static string? InChinese(DraftingContext context, CodeDraft method)
    {
        var names = method.Symbols.Select(context.Index.Member).OfType<MemberEntry>()
            .Where(m => m.Symbol.Kind is not (ApiKind.Operator or ApiKind.Indexer))
            .Select(m => m.Symbol.Kind == ApiKind.Constructor ? $"`new {m.Owner.Path}`" : $"`{m.Owner.Path}.{m.Symbol.Name}`")
            .Distinct(StringComparer.Ordinal).ToList();
        return names.Count != 1 || method.Recipe != "direct" ? null : context.Random.Next(3) switch
        {
            0 => $"用 {names[0]} 写出下面的方法。",
            1 => $"请用 {names[0]} 完成这个方法。",
            _ => $"这个方法要用到 {names[0]}，请实现它。",
        };
    }

    /// <inheritdoc/>
    public override async Task<Draft> WriteAsync(WritingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var task = context.Desk.Options.StructuralQuestions ? FromSignatures(context) : await InventedAsync(context);
        var body = await SolvedAsync(context, task);
        var judged = await context.JudgeAsync(Drafted(context, task, body));
        for (var round = 1; round <= context.Desk.Options.RepairRounds && judged.Compiled is { Compiles: false } verdict; round++)
        {
            var answer = await context.AskAsync("generate.code-repair", ("instruction", task.Instruction),
                ("signature", task.Signature), ("context", task.Context), ("body", body),
                ("diagnostics", string.Join('\n', verdict.Errors.Take(5).Select(e => $"line {e.Line}: {e.Id}: {e.Message}"))),
                ("overloads", Overloads(context, verdict)));
            var mended = AnswerText.Body(AnswerText.Of(answer, "body"), task.Signature);
            if (mended == body) break;
            var next = await context.JudgeAsync(Drafted(context, task, mended));
            if (next.Failed is null) await MendedAsync(context, judged.Draft, verdict, next.Draft, task.Signature);
            (judged, body) = (next, mended);
        }
        context.Judged = judged;
        return judged.Draft;
    }

    private static CodeTask FromSignatures(WritingContext context) => context.MethodFromSignatures() is { } method
        ? new CodeTask(method.Instruction, method.Signature, "")
        : throw new NoAnswerException("nothing to ask about");

    private static async Task<CodeTask> InventedAsync(WritingContext context)
    {
        var (random, accepted) = (context.Random, context.Accepted);
        JsonObject question;
        if (accepted.Count >= 8 && random.NextDouble() < context.Desk.Options.FusionShare)
        {
            var (first, second) = (accepted[random.Next(accepted.Count)], accepted[random.Next(accepted.Count)]);
            question = await context.AskAsync("generate.fuse", ("first", $"{first.Instruction}\n{first.Method}"),
                ("second", $"{second.Instruction}\n{second.Method}"));
            context.MustUse = [.. first.Symbols.Concat(second.Symbols).Distinct(StringComparer.Ordinal)];
            context.Evidence = context.EvidenceFor(context.MustUse);
        }
        else question = await context.AskAsync(Question);
        var (instruction, signature) = (AnswerText.Of(question, "instruction"), AnswerText.Header(AnswerText.Of(question, "signature")));
        if (random.NextDouble() >= context.Desk.Options.ContextShare) return new CodeTask(instruction, signature, "");
        var around = await context.AskAsync("generate.code-context", ("instruction", instruction), ("signature", signature));
        return new CodeTask(AnswerText.Of(around, "instruction"), AnswerText.Header(AnswerText.Of(around, "signature")),
            AnswerText.Of(around, "context"));
    }

    private static async Task<string> SolvedAsync(WritingContext context, CodeTask task)
    {
        if (!context.Desk.Options.StructuralQuestions)
        {
            var solution = await context.AskAsync(Solution, ("instruction", task.Instruction), ("signature", task.Signature),
                ("context", task.Context));
            return AnswerText.Body(AnswerText.Of(solution, "body"), task.Signature);
        }
        var inputs = AnswerFormat.CodeInputs(task.Instruction, task.Signature, task.Context, context.LibraryName);
        var template = context.CodeTemplate;
        return AnswerText.Body(await context.Dialogue.TextAsync(template, template.Messages(inputs), inputs, 0, null,
            new SamplingOptions(192, 0.6, 0.95)), task.Signature);
    }

    private Draft Drafted(WritingContext context, CodeTask task, string body)
    {
        var fromSignatures = context.Desk.Options.StructuralQuestions;
        var user = context.CodeTemplate.Messages(
            AnswerFormat.CodeInputs(task.Instruction, task.Signature, task.Context, context.LibraryName));
        var method = CodeDraft.Compose(task.Signature, body);
        var query = Passages.QueryOf(task.Instruction, task.Signature, task.Context);
        return context.Draft(Kind, context.Shown(user, query), AnswerFormat.Code(body), task.Instruction) with
        {
            Code = new CodeToJudge(task.Context.Length > 0 ? $"{task.Context}\n{method}" : method, CodeForm.Members, context.Usings),
            Body = body,
            MustUse = fromSignatures ? [] : context.MustUse,
            MayNameMembers = fromSignatures,
            Language = fromSignatures ? null : context.Language,
            EvidenceText = "",
        };
    }

    // The failed answer and the one that compiles teach mending, and which of two answers is better.
    private static async Task MendedAsync(WritingContext context, Draft failed, Verdict verdict, Draft mended, string signature)
    {
        var message = RepairKind.CompilerMessage(verdict.Errors[0]);
        context.Extra.Add(await context.JudgeAsync(RepairKind.Mended(context, failed, mended, signature, message)));
        context.Preferences.Add(
            new PreferencePair([.. mended.Messages.SkipLast(1)], mended.Messages[^1].Content, failed.Messages[^1].Content, message));
    }

    private static string Overloads(WritingContext context, Verdict verdict)
    {
        var api = context.Desk.Api;
        var names = verdict.Uses.Where(u => u.Kind is SymbolUseKind.Missing or SymbolUseKind.Misuse)
            .SelectMany(u => new[] { u.Suggestion, u.Name })
            .OfType<string>()
            .SelectMany(n => api.FindByName(n.Split('.')[^1]));
        var types = verdict.Uses.Where(u => u is { IsLibrary: true, Id: not null }).Select(u => api.Find(u.Id!)).OfType<ApiSymbol>()
            .Where(s => s.ContainingType is null).SelectMany(t => api.MembersOf(t.Id).Take(12));
        return string.Join('\n',
            names.Concat(context.Symbols).Concat(types).DistinctBy(s => s.Id).Take(24).Select(s =>
                s.ContainingType is null ? s.Signature : $"{s.ContainingType}: {s.Signature}"));
    }

    /// <summary>What is asked: the instruction, the method's header, and code of the caller's own beside it, or nothing.</summary>
    private sealed record CodeTask(string Instruction, string Signature, string Context);
}
