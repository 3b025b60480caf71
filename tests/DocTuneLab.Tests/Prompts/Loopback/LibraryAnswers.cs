using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Library;
using DocTuneLab.Prompts;

namespace DocTuneLab.Tests.Prompts.Loopback;

/// <summary>
/// Answers the lab's generation prompts as a fair model would: tasks and solutions come from the structural generator's compiled samples
/// of the library, and a share of the solutions calls a member that does not exist, which the model mends when it sees
/// the compiler's message.
/// </summary>
public sealed partial class LibraryAnswers
{
    private readonly ApiModel _api;
    private readonly Dictionary<string, List<(string Instruction, string Signature, string Body)>> _tasks = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _bodies = new(StringComparer.Ordinal);

    /// <summary>Every how many solutions one is wrong at first; 0 for never.</summary>
    public int WrongEvery { get; set; } = 5;

    public LibraryAnswers(ApiModel api, CSharpJudge judge, int tasks = 1200)
    {
        _api = api;
        var corpus = new StructuralGenerator(api, judge, new CorpusOptions
        {
            Count = tasks,
            ChineseShare = 0,
            CodeTemplate = PromptLibrary.Default["code-task.terse"],
            Mix = new Dictionary<SampleKind, double> { [SampleKind.Code] = 1 }
        })
            .Generate([]);
        foreach (var sample in corpus.Samples)
        {
            var turn = sample.Messages[^2].Content;
            var cut = turn.LastIndexOf('\n');
            var task = (turn[..cut], turn[(cut + 1)..], AnswerFormat.BodyOf(sample.Messages[^1].Content)!);
            _bodies[task.Item1] = task.Item3;
            foreach (var id in sample.Evidence.Symbols)
            {
                if (!_tasks.TryGetValue(id, out var list)) _tasks[id] = list = [];
                list.Add(task);
            }
        }
    }

    public string Answer(JsonNode body)
    {
        var messages = body["messages"]!.AsArray();
        var system = (string?)messages[0]!["content"] ?? "";
        // The question, also where the server was told that its first answer did not fit.
        var user = (string)messages.Last(m => (string?)m!["role"] == "user"
            && !((string)m["content"]!).StartsWith("That does not fit", StringComparison.Ordinal))!["content"]!;
        var seed = (int?)body["seed"] ?? 0;
        if (system.StartsWith("You write programming tasks", StringComparison.Ordinal)) return Task(user, seed);
        if (system.StartsWith("You write correct C#", StringComparison.Ordinal)) return Solution(user, seed);
        if (system.StartsWith("You mend C#", StringComparison.Ordinal))
            return Json("body", _bodies.GetValueOrDefault(First(user, "Task: "), "return default;"));
        if (system.StartsWith("You write questions that users", StringComparison.Ordinal)) return Json("question", Question(user));
        if (system.StartsWith("You answer questions", StringComparison.Ordinal)) return QuestionAnswer(user);
        if (system.StartsWith("You explain C#", StringComparison.Ordinal))
            return Json("explanation",
                $"It calls the library once and gives back what that call gives, as variant {seed % 1000} of a small helper.");
        if (system.StartsWith("You reword requests", StringComparison.Ordinal))
            return new JsonObject { ["texts"] = new JsonArray($"I would like this, please: {user.Split('\n')[^1]}") }.ToJsonString();
        if (system.StartsWith("You grade training", StringComparison.Ordinal))
            return "{\"grounded\": 5, \"selfContained\": 4, \"useful\": 4, \"reason\": \"fine\"}";
        return "{}";
    }

    private string Task(string user, int seed)
    {
        var members = Between(user, "Members that a solution must use:\n", "\n<evidence>");
        var found = _api.Symbols
            .Where(s => s.ContainingType is not null && members.Contains($"{s.ContainingType}: {s.Signature}", StringComparison.Ordinal))
            .SelectMany(s => _tasks.GetValueOrDefault(s.Id, []))
            .ToList();
        if (found.Count == 0)
            return "{\"instruction\": \"Nothing fits these members, so nothing is asked here.\", \"signature\": "
                + "\"public static int None()\"}";
        var (instruction, signature, _) = found[seed % found.Count];
        return new JsonObject { ["instruction"] = instruction, ["signature"] = signature }.ToJsonString();
    }

    private string Solution(string user, int seed)
    {
        var body = _bodies.GetValueOrDefault(First(user, "Task: "), "return 0;");
        if (WrongEvery > 0 && seed % WrongEvery == 0 && Call().Match(body) is { Success: true } call)
            body = body.Insert(call.Index + call.Length, "Really");
        return Json("body", body);
    }

    private string Question(string user)
    {
        var line = Between(user, "About:\n", "\n<evidence>").Split('\n')[0];
        var symbol = _api.Symbols.FirstOrDefault(s =>
            s.ContainingType is not null && line.StartsWith($"{s.ContainingType}: {s.Signature}", StringComparison.Ordinal));
        return symbol is null ? "What is this library for?" : $"What is `{symbol.DisplayName}` for, and when would I use it?";
    }

    private string QuestionAnswer(string user)
    {
        var asked = Backticked().Match(First(user, "Question: ")).Groups[1].Value;
        var symbol = _api.Symbols.FirstOrDefault(s => s.DisplayName == asked && s.Summary is not null);
        return new JsonObject
        {
            ["answer"] = symbol is null ? "It is for water." : $"`{symbol.Name}`: {symbol.Summary}",
            ["quote"] = symbol?.Summary ?? "water"
        }
            .ToJsonString();
    }

    private static string Json(string name, string value) => new JsonObject { [name] = value }.ToJsonString();

    private static string First(string text, string start) =>
        text.Split('\n').FirstOrDefault(l => l.StartsWith(start, StringComparison.Ordinal))?[start.Length..] ?? "";

    private static string Between(string text, string from, string to)
    {
        var start = text.IndexOf(from, StringComparison.Ordinal) + from.Length;
        var end = text.IndexOf(to, start, StringComparison.Ordinal);
        return text[start..end];
    }

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex Backticked();
    [GeneratedRegex(@"\.[A-Z]\w+(?=\()")]
    private static partial Regex Call();
}
