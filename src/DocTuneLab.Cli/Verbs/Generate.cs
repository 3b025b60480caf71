using System.CommandLine;
using DocTuneLab.Cli.Arguments;
using DocTuneLab.Cli.Output;
using DocTuneLab.Conversations;
using DocTuneLab.Extension.Arguments;

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
            Required = true,
            HelpName = "TEXT"
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
        var json = CommonOptions.Json();
        var command = new Command("generate",
            "Asks a local model. The text of one answer streams as it comes; as JSON answers are printed once they are complete.")
        {
            prompt, system, raw, suffix, greedy, json
        };
        sampling.AddTo(command);
        source.AddTo(command);
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            var options = sampling.Apply(parsed, SamplingOptions.Settings, SamplingOptions.Settings.Defaults);
            if (parsed.GetValue(greedy) && options.Temperature > 0)
                throw new UsageException("--greedy and --temperature exclude each other.");
            if (parsed.GetValue(suffix) is not null && parsed.GetValue(system) is not null)
                throw new UsageException("--suffix has no system message: --system does not go with it.");
            var prompts = parsed.GetRequiredValue(prompt).Select(p => p == "-" ? Console.In.ReadToEnd() : p).ToArray();
            return source.Use(parsed, (model, local) =>
            {
                var ids = prompts.Select(p => parsed.GetValue(suffix) is { } after ? local.FillInMiddle(p, after)
                    : parsed.GetValue(raw) ? model.Tokenizer.EncodeDocument(p)
                    : model.Tokenizer.Encode(model.ChatTemplate.Render(
                        parsed.GetValue(system) is { } s ? [new Message("system", s), Message.User(p)] : [Message.User(p)],
                        addGenerationPrompt: true), specialTokens: true))
                    .ToArray();
                var streams = !parsed.GetValue(json) && prompts.Length == 1;
                var texts = local.Complete(ids, options, streams ? (_, text) => Console.Out.Write(text) : null, null, cancel);
                if (parsed.GetValue(json))
                    JsonOutput.Write(
                        prompts.Select((p, i) =>
                            new { prompt = p, promptTokens = ids[i].Count, text = texts[i], tokens = model.Tokenizer.Count(texts[i]) }));
                else if (streams) Console.Out.WriteLine();
                else foreach (var text in texts) Console.Out.WriteLine(text + "\n");
                return ExitCodes.Ok;
            });
        }, cancel));
        return command;
    }
}
