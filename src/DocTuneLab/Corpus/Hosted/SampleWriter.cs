using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DocTuneLab.Conversations;
using DocTuneLab.Corpus.Code;
using DocTuneLab.Corpus.Grounding;
using DocTuneLab.Corpus.Kinds;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Documents.Model;
using DocTuneLab.Endpoints;
using DocTuneLab.Library;
using DocTuneLab.Prompts;

namespace DocTuneLab.Corpus.Hosted;

/// <summary>What a planned sample became.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Judged">The judged draft; null where no usable answer came.</param>
/// <param name="Failure">Why there is none.</param>
/// <param name="IsPending">Whether it was not asked at all.</param>
/// <param name="Extra">Drafts that came of it besides: repair samples and paraphrases.</param>
/// <param name="Preferences">Refused answers beside mended ones.</param>
/// <param name="Calls">Calls that it took.</param>
internal sealed record WrittenSample(PlannedSample Plan, Judged? Judged, string? Failure, bool IsPending, IReadOnlyList<Judged> Extra,
    IReadOnlyList<PreferencePair> Preferences, IReadOnlyList<DialogueCall> Calls);

/// <summary>Writes one planned sample: question, context and solution in separate calls, the compiler's messages sent back
/// where code fails.</summary>
internal sealed partial class SampleWriter(RequestEngine engine, ApiModel api, ApiIndex index, EvidenceAssembler evidence,
    CompileQueue compiler, GenerationOptions options, ValidationOptions validation)
{
    private const int AnswerRoom = 120;
    private readonly Recipes _recipes = new(index);
    private readonly DerivedSamples _derived = new(index);

    /// <summary>Writes a sample.</summary>
    /// <param name="plan">What to write.</param>
    /// <param name="accepted">Accepted code so far, for fusing and deriving; not changed while it is used.</param>
    /// <param name="cancel">Stops between calls.</param>
    public async Task<WrittenSample> WriteAsync(PlannedSample plan, IReadOnlyList<CodeDraft> accepted, CancellationToken cancel)
    {
        var random = new Random(plan.Seed);
        var about = evidence.For(plan.Symbols, options.EvidenceTokens, random);
        var work = new Work(plan, about with { Text = Untagged(about.Text) },
            new ModelDialogue(engine, options.Templates, about.Main?.Id ?? plan.Symbols[0].Id, plan.Seed, cancel), random, cancel);
        try
        {
            var draft = plan.Kind switch
            {
                SampleKind.Code => await CodeAsync(work, accepted),
                SampleKind.Qa => await QuestionAsync(work),
                SampleKind.Explain => await ExplainAsync(work, accepted),
                SampleKind.Completion => Completion(work, accepted),
                SampleKind.Unanswerable => await UnanswerableAsync(work),
                SampleKind.Migration => await MigrationAsync(work),
                _ => throw new InvalidOperationException($"No writer for {plan.Kind}."),
            };
            var judged = work.Judged ?? await compiler.JudgeAsync(draft, cancel);
            if (judged.Failed is null && options.Judge) judged = await GradedAsync(work, judged);
            if (judged.Failed is null && plan.Kind is SampleKind.Code or SampleKind.Qa && random.NextDouble() < options.ParaphraseShare)
                await ParaphraseAsync(work, judged.Draft);
            return new WrittenSample(plan, judged, null, false, work.Extra, work.Preferences, work.Dialogue.Calls);
        }
        catch (NoAnswerException e)
        {
            return new WrittenSample(plan, null, e.Reason, e.IsPending, work.Extra, work.Preferences, work.Dialogue.Calls);
        }
    }

    private async Task<Draft> CodeAsync(Work w, IReadOnlyList<CodeDraft> accepted)
    {
        string instruction, signature, context = "";
        if (options.StructuralQuestions)
        {
            var task = Structural(w) ?? throw new NoAnswerException("nothing to ask about", false);
            (instruction, signature) = (task.Instruction, task.Signature);
        }
        else
        {
            JsonObject question;
            if (accepted.Count >= 8 && w.Random.NextDouble() < options.FusionShare)
            {
                var (first, second) = (accepted[w.Random.Next(accepted.Count)], accepted[w.Random.Next(accepted.Count)]);
                question = await w.Dialogue.AskAsync("generate.fuse",
                    Inputs(w, ("first", $"{first.Instruction}\n{first.Method}"), ("second", $"{second.Instruction}\n{second.Method}")));
                w.MustUse = [.. first.Symbols.Concat(second.Symbols).Distinct(StringComparer.Ordinal)];
                w.Evidence = evidence.For([.. w.MustUse.Select(api.Find).OfType<ApiSymbol>()], options.EvidenceTokens, w.Random);
            }
            else question = await w.Dialogue.AskAsync("generate.code-question", Inputs(w));
            (instruction, signature) = (Text(question, "instruction"), Header(Text(question, "signature")));
            if (w.Random.NextDouble() < options.ContextShare)
            {
                var around = await w.Dialogue.AskAsync("generate.code-context",
                    Inputs(w, ("instruction", instruction), ("signature", signature)));
                (context, instruction, signature) =
                    (Text(around, "context"), Text(around, "instruction"), Header(Text(around, "signature")));
            }
        }
        string body;
        if (options.StructuralQuestions)
        {
            var inputs = AnswerFormat.CodeInputs(instruction, signature, context, options.LibraryName);
            body = Body(await w.Dialogue.TextAsync(options.CodeTemplate, options.CodeTemplate.Messages(inputs), inputs, 0, null,
                new SamplingOptions(192, 0.6, 0.95)), signature);
        }
        else
            body = Body(Text(await w.Dialogue.AskAsync("generate.code-solution",
                Inputs(w, ("instruction", instruction), ("signature", signature), ("context", context))), "body"), signature);
        var draft = CodeDraftOf(w, instruction, signature, context, body);
        var judged = await compiler.JudgeAsync(draft, w.Cancel);
        for (var round = 1; round <= options.RepairRounds && judged.Compiled is { Compiles: false } verdict; round++)
        {
            var mended = Body(Text(await w.Dialogue.AskAsync("generate.code-repair", Inputs(w, ("instruction", instruction),
                ("signature", signature), ("context", context), ("body", body),
                ("diagnostics", string.Join('\n', verdict.Errors.Take(5).Select(e => $"line {e.Line}: {e.Id}: {e.Message}"))),
                ("overloads", Overloads(verdict, w)))),
                "body"), signature);
            if (mended == body) break;
            var next = await compiler.JudgeAsync(CodeDraftOf(w, instruction, signature, context, mended), w.Cancel);
            if (next.Failed is null) await MendedAsync(w, judged.Draft, verdict, next.Draft, signature, body, mended);
            (judged, body) = (next, mended);
        }
        w.Judged = judged;
        return judged.Draft;
    }

    private Draft CodeDraftOf(Work w, string instruction, string signature, string context, string body)
    {
        var user = options.CodeTemplate.Messages(AnswerFormat.CodeInputs(instruction, signature, context, options.LibraryName));
        var method = CodeDraft.Compose(signature, body);
        return Draft(w, SampleKind.Code, Shown(w, user), AnswerFormat.Code(body), instruction) with
        {
            Code = new CodeToJudge(context.Length > 0 ? $"{context}\n{method}" : method, CodeForm.Members, Usings(w)), Body = body,
            MustUse = options.StructuralQuestions ? [] : w.MustUse, MayNameMembers = options.StructuralQuestions,
            Language = options.StructuralQuestions ? null : w.Plan.Language, EvidenceText = "",
        };
    }

    // The failed answer and the one that compiles teach mending, and which of two answers is better.
    private async Task MendedAsync(Work w, Draft failed, Verdict verdict, Draft mended, string signature, string wrong, string right)
    {
        var message = DerivedSamples.CompilerMessage(verdict.Errors[0]);
        var user = PromptLibrary.Default["repair.plain"].Render(
            new Dictionary<string, string> { ["signature"] = signature, ["body"] = wrong, ["diagnostic"] = message });
        var draft = Draft(w, SampleKind.Repair, [Message.User(user)], AnswerFormat.Code(right), mended.Prompt) with
        {
            Code = mended.Code,
            Body = right,
            Mistake = failed.Code,
            EvidenceText = "",
            Language = null
        };
        w.Extra.Add(await compiler.JudgeAsync(draft, w.Cancel));
        w.Preferences.Add(
            new PreferencePair([.. mended.Messages.SkipLast(1)], mended.Messages[^1].Content, failed.Messages[^1].Content, message));
    }

    private async Task<Draft> QuestionAsync(Work w)
    {
        var question = Text(await w.Dialogue.AskAsync("generate.qa-question", Inputs(w)), "question");
        var answer = await w.Dialogue.AskAsync("generate.qa-answer", Inputs(w, ("question", question)));
        var user = options.QaTemplate.Messages(AnswerFormat.QaInputs(question, options.LibraryName));
        return Draft(w, SampleKind.Qa, Shown(w, user), Text(answer, "answer"), question) with
        {
            Quote = Text(answer, "quote"),
            Language = w.Plan.Language
        };
    }

    private async Task<Draft> ExplainAsync(Work w, IReadOnlyList<CodeDraft> accepted)
    {
        var code = Given(w, accepted);
        var about = evidence.For([.. code.Symbols.Select(api.Find).OfType<ApiSymbol>()], options.EvidenceTokens, w.Random);
        var explanation = Text(
            await w.Dialogue.AskAsync("generate.explain", Inputs(w, ("code", code.Method), ("evidence", Untagged(about.Text)))),
            "explanation");
        var user = PromptLibrary.Default["explain.plain"].Render(new Dictionary<string, string> { ["code"] = code.Method });
        return Draft(w, SampleKind.Explain, [Message.User(user)], explanation, code.Method) with
        {
            Code = new CodeToJudge(code.Method, CodeForm.Members, code.Usings),
            EvidenceText = about.Text,
            Evidence = new Evidence(about.Chunks, code.Symbols),
        };
    }

    private Draft Completion(Work w, IReadOnlyList<CodeDraft> accepted)
    {
        var code = Given(w, accepted);
        var draft = _derived.Completion(code, w.Random) ?? throw new NoAnswerException("nothing to complete", false);
        return draft with { Provenance = Provenance(w) };
    }

    private async Task<Draft> UnanswerableAsync(Work w)
    {
        var member = index.Members.First(m => m.Symbol.Id == w.Plan.Symbols[0].Id);
        if (_derived.Invent(member, w.Random) is not { } invented
            || new Scope(index, w.Random).Fill(member.Owner.TypeParameters) is not { } map)
            throw new NoAnswerException("nothing to invent", false);
        var type = SymbolFacts.Display(member.Owner);
        var question = Text(await w.Dialogue.AskAsync("generate.unanswerable",
            Inputs(w, ("type", type), ("member", invented.Name), ("nearest", invented.Nearest.Symbol.Name))), "question");
        if (!question.Contains(invented.Name, StringComparison.Ordinal))
            throw new NoAnswerException("does not name the invented member", false);
        var answer = w.Plan.Language == "zh"
            ? $"`{type}` 没有成员 `{invented.Name}`；最接近的是 `{invented.Nearest.Symbol.Name}`。"
            : $"`{type}` has no member `{invented.Name}`; the nearest is `{invented.Nearest.Symbol.Name}`.";
        return Draft(w, SampleKind.Unanswerable, options.QaTemplate.Messages(AnswerFormat.QaInputs(question, options.LibraryName)), answer,
            question) with
        {
            Mistake = new CodeToJudge($"public static string Probe() => nameof({member.Owner.Filled(map)}.{invented.Name});",
                CodeForm.Members, Usings(w)),
            Language = w.Plan.Language,
            EvidenceText = "",
        };
    }

    private async Task<Draft> MigrationAsync(Work w)
    {
        var old = w.Plan.Symbols[0];
        var pair = await w.Dialogue.AskAsync("generate.migration",
            Inputs(w, ("obsolete", old.DisplayName), ("message", old.Obsolete ?? "")));
        var signature = Header(Text(pair, "signature"));
        var (before, after) = (Body(Text(pair, "before"), signature), Body(Text(pair, "after"), signature));
        var usesOld = await compiler.JudgeAsync(Draft(w, SampleKind.Migration, [Message.User(before)], after, before) with
        {
            Code = new CodeToJudge(CodeDraft.Compose(signature, before), CodeForm.Members, Usings(w)),
            MustUse = [old.Id],
            EvidenceText = ""
        }, w.Cancel);
        if (usesOld.Compiled?.Compiles != true || usesOld.Checks.Any(c => c is { Name: "uses the member", Passed: false }))
            throw new NoAnswerException("the code before does not use the old member", false);
        var user = PromptLibrary.Default["migration.plain"].Render(new Dictionary<string, string>
        {
            ["signature"] = signature,
            ["body"] = before,
            ["message"] = $"{old.DisplayName}: {old.Obsolete}"
        });
        return Draft(w, SampleKind.Migration, [Message.User(user)], AnswerFormat.Code(after), user) with
        {
            Code = new CodeToJudge(CodeDraft.Compose(signature, after), CodeForm.Members, Usings(w)),
            Body = after,
            MustNotUse = [old.Id],
            EvidenceText = ""
        };
    }

    private async Task<Judged> GradedAsync(Work w, Judged judged)
    {
        var grade = await w.Dialogue.AskAsync("generate.judge",
            Inputs(w, ("question", judged.Draft.Prompt), ("answer", judged.Draft.Messages[^1].Content)));
        var lowest = ((string[])["grounded", "selfContained", "useful"]).MinBy(axis => (int)grade[axis]!)!;
        var passed = (int)grade[lowest]! >= 3;
        return judged with
        {
            Checks = [.. judged.Checks, new Check("judge", passed, $"{lowest} {grade[lowest]} of 5: {Text(grade, "reason")}")]
        };
    }

    private async Task ParaphraseAsync(Work w, Draft draft)
    {
        var said = await w.Dialogue.AskAsync("generate.paraphrase", Inputs(w, ("text", draft.Prompt)));
        foreach (var text in said["texts"]!.AsArray().Select(t => ((string)t!).Trim()))
        {
            // The request stands once in the user's turn; its other wording takes its place, answer and code stay.
            var user = draft.Messages[^2].Content.Replace(draft.Prompt, text, StringComparison.Ordinal);
            if (text == draft.Prompt || user == draft.Messages[^2].Content) continue;
            w.Extra.Add(await compiler.JudgeAsync(
                draft with
                {
                    Messages = [.. draft.Messages.SkipLast(2), Message.User(user), draft.Messages[^1]],
                    Prompt = text,
                    Provenance = Provenance(w)
                },
                w.Cancel));
        }
    }

    // Samples for a model that is used with retrieval: passages before the question, the right one missing from a fifth of them.
    private IReadOnlyList<Message> Shown(Work w, IReadOnlyList<Message> user)
    {
        if (w.Retrieved is null)
        {
            var shows = w.Random.NextDouble() < options.RetrievedShare;
            var right = w.Random.NextDouble() < 0.8 ? w.Evidence.Main : null;
            // What question and answer leave of the longest sample.
            var room = validation.MaxTokens - user.Sum(m => validation.CountTokens(m.Content)) - AnswerRoom;
            w.Retrieved = shows ? string.Join("\n\n", evidence.Retrieved(right, 3, room, w.Random).Select(c => c.Text.Trim())) : "";
        }
        if (w.Retrieved.Length == 0) return user;
        return [.. user.SkipLast(1), Message.User(PromptLibrary.Default["retrieved.plain"].Render(
            new Dictionary<string, string> { ["passages"] = w.Retrieved, ["request"] = user[^1].Content }))];
    }

    private CodeDraft Given(Work w, IReadOnlyList<CodeDraft> accepted) =>
        (accepted.Count > 0 ? accepted[w.Random.Next(accepted.Count)] : Structural(w))
            ?? throw new NoAnswerException("nothing to derive from", false);

    private CodeDraft? Structural(Work w) =>
        w.Plan.Symbols.Select(s => index.Members.FirstOrDefault(m => m.Symbol.Id == s.Id))
            .OfType<MemberEntry>()
            .Select(m => _recipes.Draft(m, w.Random))
            .FirstOrDefault(d => d is not null);

    private string Overloads(Verdict verdict, Work w)
    {
        var names = verdict.Uses.Where(u => u.Kind is SymbolUseKind.Missing or SymbolUseKind.Misuse)
            .SelectMany(u => new[] { u.Suggestion, u.Name })
            .OfType<string>()
            .SelectMany(n => api.FindByName(n.Split('.')[^1]));
        var types = verdict.Uses.Where(u => u is { IsLibrary: true, Id: not null }).Select(u => api.Find(u.Id!)).OfType<ApiSymbol>()
            .Where(s => s.ContainingType is null).SelectMany(t => api.MembersOf(t.Id).Take(12));
        return string.Join('\n',
            names.Concat(w.Plan.Symbols).Concat(types).DistinctBy(s => s.Id).Take(24).Select(s =>
                s.ContainingType is null ? s.Signature : $"{s.ContainingType}: {s.Signature}"));
    }

    private Draft Draft(Work w, SampleKind kind, IReadOnlyList<Message> user, string answer, string prompt) => new()
    {
        Kind = kind,
        Messages = [.. user, Message.Assistant(answer)],
        Prompt = prompt,
        Evidence = new Evidence(w.Evidence.Chunks, [.. w.Plan.Symbols.Select(s => s.Id)]),
        EvidenceText = w.Evidence.Text,
        Provenance = Provenance(w),
    };

    private static Provenance Provenance(Work w) =>
        new("model", w.Dialogue.Model, [.. w.Dialogue.Templates], w.Evidence.Main?.DocumentPath ?? "", w.Evidence.Main?.HeadingPath ?? []);

    private Dictionary<string, string> Inputs(Work w, params (string Name, string Value)[] more)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["library"] = options.LibraryName,
            ["symbols"] = string.Join('\n', w.Plan.Symbols.Select(EvidenceAssembler.Describe)),
            ["evidence"] = w.Evidence.Text,
            ["persona"] = w.Plan.Persona,
            ["language"] = w.Plan.Language == "zh" ? "Chinese" : "English",
        };
        foreach (var (name, value) in more) all[name] = value;
        return all;
    }

    private IReadOnlyList<string> Usings(Work w) => index.UsingsFor(w.Plan.Symbols.Select(s => s.Id), []);

    private static string Text(JsonObject json, string name) => ((string)json[name]!).ReplaceLineEndings("\n").Trim();

    // A page must not be able to close the tag that it stands in.
    private static string Untagged(string text) => Tag().Replace(text, "");

    private static string Header(string signature) => signature.TrimEnd('{', ';', ' ', '\n');

    // Models fence what they are told not to fence, and repeat the header that they were given.
    private static string Body(string text, string signature)
    {
        var body = Fence().Match(text) is { Success: true } fenced ? fenced.Groups[1].Value : text;
        body = body.Trim('\n', ' ');
        if (body.StartsWith(signature, StringComparison.Ordinal)) body = body[signature.Length..].Trim();
        else return body;
        if (body.StartsWith('{') && body.EndsWith('}')) body = body[1..^1].Trim('\n');
        var lines = body.Split('\n');
        var indent = lines.Where(l => l.Trim().Length > 0).Select(l => l.Length - l.TrimStart().Length).DefaultIfEmpty(0).Min();
        return string.Join('\n', lines.Select(l => l.Length >= indent ? l[indent..] : l.TrimStart())).Trim();
    }

    [GeneratedRegex("</?evidence>", RegexOptions.IgnoreCase)]
    private static partial Regex Tag();
    [GeneratedRegex(@"```(?:csharp|cs|c#)?\s*\n(.*?)\n?```", RegexOptions.Singleline)]
    private static partial Regex Fence();

    private sealed class Work(
        PlannedSample plan, AssembledEvidence evidence, ModelDialogue dialogue, Random random, CancellationToken cancel)
    {
        public PlannedSample Plan => plan;
        public AssembledEvidence Evidence { get; set; } = evidence;
        public ModelDialogue Dialogue => dialogue;
        public Random Random => random;
        public CancellationToken Cancel => cancel;
        public IReadOnlyList<string> MustUse { get; set; } = [.. plan.Symbols.Select(s => s.Id)];
        public string? Retrieved { get; set; }
        public Judged? Judged { get; set; }
        public List<Judged> Extra { get; } = [];
        public List<PreferencePair> Preferences { get; } = [];
    }
}
