using System.Diagnostics;
using System.Globalization;
using DocTuneLab.Conversations;
using DocTuneLab.Documents.Model;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Benchmarks;

/// <summary>
/// <c>guide-share LAB [--every 3]</c>: the guide's time beside that of a model of 0.5B parameters. The guide's is that of all that a search
/// asks while the lab's tuned model answers dev tasks, for each token that is decoded; the model's is that of one token of a random model
/// of Qwen2.5-0.5B's shape, one answer at a time, but for its vocabulary, which is the sample model's: so it is faster than the real one.
/// </summary>
internal static class GuideShare
{
    private const int Tokens = 64;

    public static int Run(string[] args)
    {
        var every = Array.IndexOf(args, "--every") is var at and >= 0 ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : 3;
        var asked = new Stopwatch();
        int decoded;
        using (var tasks = new GuidedTasks(args[0], Split.Dev, every))
        {
            // What is compiled and cached once in a process is not an answer's.
            tasks.Guided(0.5);
            decoded = tasks.Guided(6, guide => new Timed(guide, asked)).Sum(w => w.Answer.Tokens);
        }
        var guide = asked.Elapsed.TotalMilliseconds / decoded;
        var model = Decoding();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"guide {guide:0.00} ms a token of {decoded}; a model of 0.5B "
            + $"{model:0.0} ms a token: {(model + guide) / model:0.000} times the time without a guide"));
        return 0;
    }

    private static double Decoding()
    {
        var folder = Directory.CreateTempSubdirectory("doctune-guide-share-");
        try
        {
            foreach (var file in Directory.GetFiles(Path.Combine("data", "models", "nano"), "tokenizer*.json"))
                File.Copy(file, Path.Combine(folder.FullName, Path.GetFileName(file)));
            using var nano = BaseModel.Load(Path.Combine("data", "models", "nano"), new ModelLoadOptions { Device = "cpu" });
            using var model = BaseModel.Create(folder.FullName,
                FullModelRun.Shape with { VocabularySize = nano.Config.VocabularySize, EndTokens = nano.Config.EndTokens }, 1,
                ActivationType.Float32, "cpu");
            var local = new LocalModel(model);
            IReadOnlyList<Message>[] prompt = [[Message.User("Return the higher of two water heads.")]];
            double Time(int tokens)
            {
                var clock = Stopwatch.StartNew();
                var count = local.Generate(prompt, [null], new(tokens), new()).Sum(a => a.Tokens);
                return clock.Elapsed.TotalMilliseconds / Math.Max(1, count);
            }
            Time(4);
            return Time(Tokens);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>A guide whose answers are timed.</summary>
    private sealed class Timed(IAnswerGuide guide, Stopwatch asked) : IAnswerGuide
    {
        public IGuidedAnswer Begin() => new TimedAnswer(guide.Begin(), asked);
    }

    private sealed class TimedAnswer(IGuidedAnswer answer, Stopwatch asked) : IGuidedAnswer
    {
        public int ReturnTo => answer.ReturnTo;

        public bool IsFree => answer.IsFree;

        public GuideVerdict Follow(string piece, out IGuidedAnswer? longer, out string reason)
        {
            asked.Start();
            var verdict = answer.Follow(piece, out longer, out reason);
            asked.Stop();
            longer = longer is null ? null : new TimedAnswer(longer, asked);
            return verdict;
        }

        public string? Objection() => Time(answer.Objection);

        public string? Shortfall() => Time(answer.Shortfall);

        public IReadOnlyList<(int Start, int End)> Grounds() => Time(answer.Grounds);

        public IReadOnlyList<string> Endings(bool isFull) => Time(() => answer.Endings(isFull));

        private T Time<T>(Func<T> ask)
        {
            asked.Start();
            try
            {
                return ask();
            }
            finally
            {
                asked.Stop();
            }
        }
    }
}
