using System.CommandLine;
using System.Globalization;
using DocTuneLab.Cli.Arguments;
using DocTuneLab.Cli.Output;
using DocTuneLab.Extension.Arguments;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune score</c>: how likely a local model finds a text.</summary>
internal static class Score
{
    public static Command Command()
    {
        var source = new ModelOptions();
        var text = new Option<string?>("--text")
        {
            Description = "Text to score; - reads it from the standard input. Special tokens in it are recognised.",
            HelpName = "TEXT"
        };
        var ids = new Option<string?>("--ids") { Description = "Token ids to score, separated by commas.", HelpName = "1,2,3" };
        var json = CommonOptions.Json();
        var command = new Command("score", "Log-probability (in nats) of every token given those before it; the first has none.")
        {
            text, ids, json
        };
        source.AddTo(command);
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            if (parsed.GetValue(text) is null == parsed.GetValue(ids) is null) throw new UsageException("Give either --text or --ids.");
            var given = parsed.GetValue(ids)
                ?.Split(',')
                .Select(part => int.TryParse(part.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                ? id
                : throw new UsageException($"--ids takes token ids separated by commas; '{part}' is none.")).ToArray();
            return source.Use(parsed, (model, local) =>
            {
                var tokens = given
                    ?? [.. model.Tokenizer.EncodeDocument(parsed.GetValue(text) is "-" ? Console.In.ReadToEnd() : parsed.GetValue(text)!)];
                var values = local.LogProbabilities(tokens);
                var sum = values.Sum();
                var nll = values.Count == 0 ? (double?)null : -sum / values.Count;
                if (parsed.GetValue(json))
                {
                    JsonOutput.Write(new
                    {
                        ids = tokens,
                        pieces = tokens.Select(Piece),
                        logProbabilities = values.Select(v => (double?)v).Prepend(tokens.Length == 0 ? null : (double?)null),
                        sum,
                        nll,
                        perplexity = nll is { } n ? Math.Exp(n) : (double?)null
                    });
                    return ExitCodes.Ok;
                }
                for (var i = 0; i < tokens.Length; i++)
                    Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                        $"{tokens[i],7}  {(i == 0 ? "" : values[i - 1].ToString("0.0000", CultureInfo.InvariantCulture)),9}  "
                            + $"{Piece(tokens[i]).ReplaceLineEndings("\\n")}"));
                Console.Out.WriteLine(nll is { } mean
                    ? string.Create(CultureInfo.InvariantCulture,
                        $"{tokens.Length} tokens, {sum:0.000} nats in all, {mean:0.0000} a token, perplexity {Math.Exp(mean):0.00}")
                    : "one token or none: nothing to score");
                return ExitCodes.Ok;

                string Piece(int id) => model.Tokenizer.Decode([id], skipSpecialTokens: false);
            });
        }, cancel));
        return command;
    }
}
