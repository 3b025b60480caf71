using System.CommandLine;
using System.Globalization;
using DocTuneLab.Cli.Arguments;
using DocTuneLab.Cli.Output;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune tokenize</c>: the tokens of a text.</summary>
internal static class Tokenize
{
    public static Command Command()
    {
        var model = new Argument<string>("TOKENIZER")
        {
            Description = "Model folder, a .gguf file, a tokenizer.json, or a model's name on the hub."
        };
        var text = new Argument<string>("TEXT")
        {
            Description = "Text to tokenize; - or none reads it from the standard input.",
            DefaultValueFactory = _ => "-"
        };
        var marks = new Option<bool>("--marks") { Description = "Put the marks around it that a whole text begins and ends with." };
        var noSpecial = new Option<bool>("--no-special") { Description = "Take special tokens in the text for what they spell." };
        var json = CommonOptions.Json();
        var command = new Command("tokenize", "Token ids of a text, with each token's piece and its place in the text.")
        {
            model, text, marks, noSpecial, json
        };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(marks) && parsed.GetValue(noSpecial))
                throw new UsageException(
                    "--marks is about whole texts, in which special tokens are recognised: --no-special does not go with it.");
            var tokenizer = ModelFiles.LoadTokenizer(ModelFolder.Of(parsed.GetRequiredValue(model)));
            var given = parsed.GetValue(text) is { } own and not "-" ? own : Console.In.ReadToEnd();
            var tokens = parsed.GetValue(marks) ? tokenizer.EncodeDocumentWithOffsets(given)
                : tokenizer.EncodeWithOffsets(given, specialTokens: !parsed.GetValue(noSpecial));
            if (parsed.GetValue(json))
            {
                JsonOutput.Write(
                    tokens.Select(t => new { t.Id, Piece = tokenizer.Piece(t.Id), t.Start, t.End, Text = given[t.Start..t.End] }));
                return ExitCodes.Ok;
            }
            foreach (var token in tokens)
            {
                Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{token.Id,7}  {$"{token.Start}-{token.End}",11}  {tokenizer.Piece(token.Id)?.ReplaceLineEndings("\\n")}"));
            }
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{tokens.Count} tokens, {given.Length} characters"));
            return ExitCodes.Ok;
        });
        return command;
    }
}
