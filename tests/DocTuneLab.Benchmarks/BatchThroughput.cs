using System.Diagnostics;
using System.Globalization;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Benchmarks;

/// <summary>Tokens a second of many answers side by side against one alone, and how long each waits for its first, all in one run.
/// </summary>
internal static class BatchThroughput
{
    private const string Question = "Write a method that reads every line of a file and counts those that begin with a hash sign.";

    /// <summary>Measures a model.</summary>
    /// <param name="arguments">The model, and <c>tokens=N</c> of each answer (128 by default).</param>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var tokens = arguments.Skip(1).Select(a => a.Split('=')).Where(a => a[0] == "tokens")
            .Select(a => int.Parse(a[1], CultureInfo.InvariantCulture)).FirstOrDefault(128);
        using var model = BaseModel.Load(arguments[0]);
        var prompt = model.Tokenizer.Encode(model.ChatTemplate.Render([Conversations.Message.User(Question)], addGenerationPrompt: true),
            specialTokens: true);
        // None ends before the others, so that what is counted is the same.
        var endless = model.EndTokens.ToDictionary(id => id, _ => -100.0);
        Console.WriteLine($"{"at once",8} {"tokens/s",9} {"ratio",6} {"first token p50",16} {"p99",8}");
        var alone = 0.0;
        foreach (var count in (int[])[1, 1, 2, 4, 8, 16, 32])
        {
            using var batch = new ContinuousBatch(model, most: 32);
            var (begun, first) = (Stopwatch.GetTimestamp(), new double[count]);
            var answers = await Task.WhenAll(Enumerable.Range(0, count).Select(i => batch.AskAsync(new()
            {
                Prompt = prompt,
                Bias = endless,
                Sampling = new(tokens, Temperature: 1, Seed: i),
                OnPiece = _ =>
                {
                    if (first[i] == 0) first[i] = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
                },
            })));
            var rate = answers.Sum(a => a.Decoded) / Stopwatch.GetElapsedTime(begun).TotalSeconds;
            Array.Sort(first);
            // The first run warms up.
            alone = count == 1 ? rate : alone;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{count,8} {rate,9:0} {rate / alone,6:0.00} {first[count / 2],13:0} ms {first[count * 99 / 100],5:0} ms"));
        }
        return 0;
    }
}
