using System.CommandLine;
using DocTuneLab.Cli.Arguments;
using DocTuneLab.Cli.Output;
using DocTuneLab.Conversations;
using DocTuneLab.Evaluation.Reports;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune generate</c>: what a local model answers.</summary>
internal static class Generate
{
    public static Command Command()
    {
        var source = new ModelOptions();
        var prompt = new Option<string[]>("--prompt")
        {
            Description = "What to ask; - reads it from the standard input. May be repeated: prompts are answered together.",
            HelpName = "TEXT"
        };
        var file = new Option<string?>("--prompts")
        {
            Description = "Prompts as JSON lines: prompt, and where one is guided signature, usings and context.",
            HelpName = "FILE.jsonl"
        };
        var system = new Option<string?>("--system") { Description = "System message before the prompt.", HelpName = "TEXT" };
        var raw = new Option<bool>("--raw") { Description = "Go on from the prompt itself, without the chat template." };
        var suffix = new Option<string?>("--suffix")
        {
            Description = "Fill in what stands between the prompt and this text (models with marks for it).",
            HelpName = "TEXT"
        };
        var greedy = new Option<bool>("--greedy")
        {
            Description = "Always take the likeliest token. This is the default unless --temperature is given."
        };
        var sampling = new SettingOptions(SamplingOptions.Settings);
        var guide = new GuideOptions();
        var json = CommonOptions.Json();
        var command = new Command("generate",
            "Asks a local model. The text of one answer streams as it comes; as JSON answers are printed once they are complete, as are "
                + "guided ones: what the compiler refused is not shown twice.")
        {
            prompt, file, system, raw, suffix, greedy, json
        };
        sampling.AddTo(command);
        source.AddTo(command);
        guide.AddTo(command);
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            var options = sampling.Apply(parsed, SamplingOptions.Settings, SamplingOptions.Settings.Defaults);
            if (parsed.GetValue(greedy) && options.Temperature > 0)
                throw new UsageException("--greedy and --temperature exclude each other.");
            if (parsed.GetValue(suffix) is not null && parsed.GetValue(system) is not null)
                throw new UsageException("--suffix has no system message: --system does not go with it.");
            var settings = guide.Of(parsed);
            if (settings is not null && parsed.GetValue(raw))
                throw new UsageException(
                    "--guide guides the code in an answer, or with --suffix that in a gap: --raw does not go with it.");
            if (settings is not null && options.Stop.Count > 0)
                throw new UsageException("--guide and --stop exclude each other: guided code ends where it is whole.");
            PromptLine[] prompts =
            [
                .. (parsed.GetValue(prompt) ?? []).Select(p => new PromptLine { Prompt = p == "-" ? Console.In.ReadToEnd() : p }),
                .. parsed.GetValue(file) is { } lines ? PromptLine.Read(lines) : []
            ];
            if (prompts.Length == 0) throw new UsageException("generate needs --prompt TEXT or --prompts FILE.jsonl. What to ask.");
            IReadOnlyList<Message> Turns(string text) =>
                parsed.GetValue(system) is { } s ? [new Message("system", s), Message.User(text)] : [Message.User(text)];
            // What stands around the code is looked at before a model is loaded.
            var guides = settings is null ? [] : guide.Guides(parsed, settings, prompts, parsed.GetValue(suffix));
            return source.Use(parsed, (model, local) =>
            {
                IReadOnlyList<int>[] ids = [.. prompts.Select(p =>
                    parsed.GetValue(suffix) is { } after ? local.FillInMiddle(p.Prompt, after)
                    : parsed.GetValue(raw) ? model.Tokenizer.EncodeDocument(p.Prompt)
                    : model.Tokenizer.Encode(model.ChatTemplate.Render(Turns(p.Prompt), addGenerationPrompt: true), specialTokens: true))];
                if (settings is not null)
                {
                    var answers = local.Complete(ids, guides, options, settings.Budget, cancel: cancel);
                    return Print(prompts, ids, model, answers, parsed.GetValue(json));
                }
                var streams = !parsed.GetValue(json) && prompts.Length == 1;
                var texts = local.Complete(ids, options, streams ? (_, text) => Console.Out.Write(text) : null, null,
                    parsed.GetValue(raw) || parsed.GetValue(suffix) is not null, cancel);
                if (parsed.GetValue(json))
                    JsonOutput.Write(prompts.Select((p, i) => new
                    {
                        prompt = p.Prompt,
                        promptTokens = ids[i].Count,
                        text = texts[i],
                        tokens = model.Tokenizer.Count(texts[i])
                    }));
                else if (streams) Console.Out.WriteLine();
                else foreach (var text in texts) Console.Out.WriteLine(text + "\n");
                return ExitCodes.Ok;
            });
        }, cancel));
        return command;
    }

    private static int Print(
        PromptLine[] prompts, IReadOnlyList<int>[] ids, BaseModel model, IReadOnlyList<GuidedText> answers, bool json)
    {
        if (json)
        {
            JsonOutput.Write(prompts.Select((p, i) => new
            {
                prompt = p.Prompt,
                promptTokens = ids[i].Count,
                text = answers[i].Text,
                tokens = model.Tokenizer.Count(answers[i].Text),
                decodedTokens = answers[i].Tokens,
                gaveUpBecause = answers[i].GaveUpBecause,
                endedBecause = answers[i].EndedBecause,
                turns = answers[i].Turns
            }));
            return ExitCodes.Ok;
        }
        foreach (var answer in answers)
        {
            Console.Out.WriteLine(answers.Count == 1 ? answer.Text : answer.Text + "\n");
            Console.Error.WriteLine($"guide     {GuideView.Summary(answer)}");
        }
        return ExitCodes.Ok;
    }
}
