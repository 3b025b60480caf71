using System.Text.Json;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Text;

namespace DocTuneLab.Evaluation.Judging;

/// <summary>Two answers side by side.</summary>
/// <param name="Number">Counts from 1, in the order shown.</param>
/// <param name="Kind">Kind of the task.</param>
/// <param name="Prompt">What was asked.</param>
/// <param name="Left">An answer.</param>
/// <param name="Right">The other one.</param>
public sealed record BlindItem(int Number, TaskKind Kind, string Prompt, string Left, string Right);

/// <summary>Whose answers an item shows; kept apart from what the judge sees.</summary>
/// <param name="Number">The item.</param>
/// <param name="Task">Task id.</param>
/// <param name="Cluster">Document of the task.</param>
/// <param name="Left">Arm on the left.</param>
/// <param name="Right">Arm on the right.</param>
public sealed record BlindKey(int Number, string Task, string Cluster, string Left, string Right);

/// <summary>Which side of an item is better.</summary>
public enum BlindChoice
{
    /// <summary>The answer on the left.</summary>
    Left,
    /// <summary>The answer on the right.</summary>
    Right,
    /// <summary>No difference.</summary>
    Tie,
}

/// <summary>A person's choice.</summary>
/// <param name="Item">Number of the item.</param>
/// <param name="Choice">The better side.</param>
public sealed record BlindVote(int Item, BlindChoice Choice);

/// <summary>The votes of one person.</summary>
/// <param name="Trial">The trial that they belong to.</param>
/// <param name="Judge">Who voted.</param>
/// <param name="Votes">The choices; items may be left out.</param>
public sealed record BlindVotes(string Trial, string Judge, IReadOnlyList<BlindVote> Votes);

/// <summary>A blind comparison by people: random sides, ties allowed, and who wrote what is known only to the key.</summary>
/// <param name="Id">Content hash of items and key; ties votes to their trial.</param>
/// <param name="Items">What is shown.</param>
/// <param name="Key">Who wrote what.</param>
public sealed record BlindTrial(string Id, IReadOnlyList<BlindItem> Items, IReadOnlyList<BlindKey> Key)
{
    /// <summary>Draws tasks whose answers differ, in turn from every two arms.</summary>
    /// <param name="suite">The tasks.</param>
    /// <param name="results">Two arms or more.</param>
    /// <param name="count">Most items.</param>
    /// <param name="seed">Seed of the order and of the sides.</param>
    /// <exception cref="LabException">Fewer than two arms, or no task whose answers differ.</exception>
    public static BlindTrial Draw(Suite suite, IReadOnlyList<EvaluationResult> results, int count, int seed)
    {
        if (results.Count < 2) throw new LabException("A blind comparison needs two arms at least.");
        var random = new Random(seed);
        var tasks = suite.Code.Select(t => (t.Id, Kind: TaskKind.Code, Prompt: Question(t), Cluster: t.Documents[0]))
            .Concat(suite.Qa.Select(t => (t.Id, Kind: TaskKind.Qa, Prompt: t.Question, Cluster: t.Documents[0])))
            .Concat(suite.Open.Select(t => (t.Id, Kind: TaskKind.Open, Prompt: t.Question, Cluster: t.Documents[0]))).ToArray();
        random.Shuffle(tasks);
        var answers = results.Select(r => r.Answers.Where(a => a.Sample == 0)
            .ToDictionary(a => a.Task, a => a.Text.Trim(), StringComparer.Ordinal)).ToList();
        var pairs = Enumerable.Range(0, results.Count)
            .SelectMany(a => Enumerable.Range(a + 1, results.Count - a - 1).Select(b => (A: a, B: b))).ToList();
        List<BlindItem> items = [];
        List<BlindKey> key = [];
        foreach (var task in tasks)
        {
            if (items.Count == count) break;
            var (a, b) = pairs[items.Count % pairs.Count];
            if (!answers[a].TryGetValue(task.Id, out var one) || !answers[b].TryGetValue(task.Id, out var two) || one == two) continue;
            if (random.Next(2) == 1) (a, b, one, two) = (b, a, two, one);
            items.Add(new(items.Count + 1, task.Kind, task.Prompt, one, two));
            key.Add(new(items.Count, task.Id, task.Cluster, results[a].Arm, results[b].Arm));
        }
        if (items.Count == 0) throw new LabException("No task has answers that differ between two arms, so there is nothing to compare.");
        var id = ContentHash.Of(JsonSerializer.Serialize(items, EvaluationJson.Compact),
            JsonSerializer.Serialize(key, EvaluationJson.Compact));
        return new(id, items, key);

        static string Question(CodeTask t) => $"{t.Instruction}\n\n{(t.Context.Length > 0 ? t.Context + "\n\n" : "")}{t.Signature}";
    }

    /// <summary>Name of the file that says whose answers a form shows.</summary>
    public const string KeyName = "ab-key.json";

    /// <summary>Name under which a browser saves votes.</summary>
    public const string VotesName = "ab-votes.json";

    /// <summary>Writes the form for people, <c>ab-form.html</c>, and the key, <c>ab-key.json</c>.</summary>
    /// <returns>Path of the form.</returns>
    public string Write(string folder)
    {
        Directory.CreateDirectory(folder);
        var form = Path.Combine(folder, "ab-form.html");
        File.WriteAllText(form, BlindForm.Page(this));
        File.WriteAllText(Path.Combine(folder, KeyName), JsonSerializer.Serialize(new KeyFile(Id, Key), EvaluationJson.Indented));
        return form;
    }

    /// <summary>Reads votes and says what they mean, one summary for every two arms that met.</summary>
    /// <param name="keyFile"><c>ab-key.json</c>.</param>
    /// <param name="votesFile">What the form saved.</param>
    /// <param name="order">Arms in their order; the earlier of two is the first of a summary.</param>
    /// <exception cref="LabException">A file is missing or wrong, or the votes are of another trial.</exception>
    public static IReadOnlyList<PreferenceSummary> Tally(string keyFile, string votesFile, IReadOnlyList<string> order)
    {
        var key = Read<KeyFile>(keyFile, "the key that was written beside the form");
        var votes = Read<VotesFile>(votesFile, "votes as the form saves them");
        if (votes.Trial != key.Trial)
            throw new LabException(
                $"{votesFile}: the votes are of the trial {votes.Trial}, the key {keyFile} is of {key.Trial}. "
                + "Use the key that was written with the form.");
        return Tally(key.Items, votes.Parse(votesFile), order, votesFile);
    }

    /// <summary>The same from memory.</summary>
    /// <param name="key">Who wrote what.</param>
    /// <param name="votes">The votes.</param>
    /// <param name="order">Arms in their order.</param>
    /// <param name="source">Where the votes come from, for errors.</param>
    public static IReadOnlyList<PreferenceSummary> Tally(
        IReadOnlyList<BlindKey> key, BlindVotes votes, IReadOnlyList<string> order, string source = "votes")
    {
        var byNumber = key.ToDictionary(k => k.Number);
        List<(string First, string Second, Preference Vote)> all = [];
        HashSet<int> seen = [];
        foreach (var vote in votes.Votes)
        {
            if (!byNumber.TryGetValue(vote.Item, out var item))
                throw new LabException($"{source}: votes: item {vote.Item} is not in the trial, which has 1 to {key.Count}.");
            if (!seen.Add(vote.Item)) throw new LabException($"{source}: votes: item {vote.Item} has two votes.");
            var right = vote.Choice switch { BlindChoice.Left => 0, BlindChoice.Right => 1, _ => 0.5 };
            var turned = Place(item.Left) > Place(item.Right);
            all.Add(turned
                ? (item.Right, item.Left, new(item.Task, item.Cluster, 1 - right))
                : (item.Left, item.Right, new(item.Task, item.Cluster, right)));
        }
        var judge = votes.Judge.Length > 0 ? votes.Judge : "a person";
        return [.. all.GroupBy(v => (v.First, v.Second))
            .Select(g => PreferenceSummary.Of(g.Key.First, g.Key.Second, judge, [.. g.Select(v => v.Vote)]))];

        int Place(string arm) => order.Contains(arm) ? order.ToList().IndexOf(arm)
            : throw new LabException($"{source}: the arm \"{arm}\" is not in the report, which has {string.Join(", ", order)}.");
    }

    private sealed record KeyFile(string Trial, IReadOnlyList<BlindKey> Items);

    /// <summary>What the form saves.</summary>
    private sealed record VotesFile(string Trial, string Judge, IReadOnlyList<VoteLine> Votes)
    {
        public BlindVotes Parse(string source) => new(Trial, Judge, [.. Votes.Select(v => new BlindVote(v.Item, v.Choice switch
        {
            "left" => BlindChoice.Left,
            "right" => BlindChoice.Right,
            "tie" => BlindChoice.Tie,
            _ => throw new LabException($"{source}: votes: item {v.Item}: \"{v.Choice}\" is not one of left, right, tie."),
        }))]);
    }

    private sealed record VoteLine(int Item, string Choice);

    private static T Read<T>(string path, string expected) where T : class
    {
        if (!File.Exists(path)) throw new LabException($"{path}: no such file; expected {expected}.");
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllText(path), EvaluationJson.Indented)
                ?? throw new LabException($"{path}: holds null; expected {expected}.");
        }
        catch (JsonException e)
        {
            throw new LabException($"{path}:{e.LineNumber + 1}: {e.Path}: not JSON as expected ({expected}).", e);
        }
    }
}
