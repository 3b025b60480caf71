using System.CommandLine;
using DocTuneLab.Corpus;
using DocTuneLab.Prompts;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune generate</c>: what a local model answers.</summary>
internal static class Generate
{
    public static Command Command()
    {
        var source = new ModelOptions();
        var prompt = new Option<string[]>("--prompt") { Description = "What to ask; - reads it from the standard input. May be repeated: prompts are answered together.", Required = true, HelpName = "TEXT" };
        var system = new Option<string?>("--system") { Description = "System message before the prompt.", HelpName = "TEXT" };
        var raw = new Option<bool>("--raw") { Description = "Go on from the prompt itself, without the chat template." };
        var suffix = new Option<string?>("--suffix") { Description = "Fill in what stands between the prompt and this text (models with marks for it).", HelpName = "TEXT" };
        var greedy = new Option<bool>("--greedy") { Description = "Always take the likeliest token. This is the default unless --temperature is given." };
        var temperature = new Option<double>("--temperature") { Description = "0 is greedy; 1 draws from the model's own probabilities.", HelpName = "T" };
        var topK = new Option<int>("--top-k") { Description = "Draw from so many of the likeliest tokens only; 0 keeps all.", HelpName = "K" };
        var topP = new Option<double>("--top-p") { Description = "Draw from the likeliest tokens that make up this probability.", DefaultValueFactory = _ => 1, HelpName = "P" };
        var minP = new Option<double>("--min-p") { Description = "Leave out tokens less likely than this share of the likeliest.", HelpName = "P" };
        var stop = new Option<string[]>("--stop") { Description = "Text that ends the answer. May be repeated.", HelpName = "TEXT" };
        var tokens = new Option<int>("--max-tokens") { Description = "Upper bound of new tokens.", DefaultValueFactory = _ => 256, HelpName = "N" };
        var seed = new Option<int>("--seed") { Description = "Seed of sampling.", DefaultValueFactory = _ => 1, HelpName = "N" };
        var json = new Option<bool>("--json") { Description = "Print the answers as JSON once they are complete; without it one answer streams as it comes." };
        var command = new Command("generate", "Asks a local model. The text streams as it comes.") { prompt, system, raw, suffix, greedy, temperature, topK, topP, minP, stop, tokens, seed, json };
        source.AddTo(command);
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            if (parsed.GetValue(greedy) && parsed.GetValue(temperature) > 0) throw new UsageException("--greedy and --temperature exclude each other.");
            if (parsed.GetValue(suffix) is not null && parsed.GetValue(system) is not null) throw new UsageException("--suffix has no system message: --system does not go with it.");
            var prompts = parsed.GetRequiredValue(prompt).Select(p => p == "-" ? Console.In.ReadToEnd() : p).ToArray();
            var options = new SamplingOptions(parsed.GetValue(tokens), parsed.GetValue(temperature), parsed.GetValue(topP), parsed.GetValue(seed))
            {
                TopK = parsed.GetValue(topK), MinP = parsed.GetValue(minP), Stop = parsed.GetValue(stop) ?? [],
            };
            return source.Use(parsed, (model, local) =>
            {
                var ids = prompts.Select(p => parsed.GetValue(suffix) is { } after ? local.FillInMiddle(p, after)
                    : parsed.GetValue(raw) ? model.Tokenizer.EncodeDocument(p)
                    : model.Tokenizer.Encode(model.ChatTemplate.Render(parsed.GetValue(system) is { } s ? [new Message("system", s), Message.User(p)] : [Message.User(p)], addGenerationPrompt: true), specialTokens: true)).ToArray();
                var streams = !parsed.GetValue(json) && prompts.Length == 1;
                var texts = local.Complete(ids, options, streams ? (_, text) => Console.Out.Write(text) : null, null, cancel);
                if (parsed.GetValue(json)) JsonOutput.Write(prompts.Select((p, i) => new { prompt = p, promptTokens = ids[i].Count, text = texts[i], tokens = model.Tokenizer.Count(texts[i]) }));
                else if (streams) Console.Out.WriteLine();
                else foreach (var text in texts) Console.Out.WriteLine(text + "\n");
                return ExitCodes.Ok;
            });
        }, cancel));
        return command;
    }
}
