using System.Text.Encodings.Web;
using System.Text.Json;

namespace DocTuneLab.Storage;

/// <summary>What somebody thought of an answer.</summary>
/// <param name="Model">Who answered.</param>
/// <param name="Question">What was asked.</param>
/// <param name="Answer">The answer.</param>
/// <param name="IsGood">Whether it helped.</param>
/// <param name="Compiles">Of each piece of C# in it, whether it compiles.</param>
public sealed record AnswerVote(string Model, string Question, string Answer, bool IsGood, IReadOnlyList<bool> Compiles)
{
    /// <summary>When it was given.</summary>
    public DateTimeOffset At { get; init; }
}

/// <summary>Votes of a lab's users, as JSON lines in its folder: several programs may add to them while the lab is open elsewhere.
/// </summary>
/// <param name="lab">The lab's folder.</param>
/// <param name="time">The clock.</param>
public sealed class AnswerVotes(string lab, TimeProvider time)
{
    /// <summary>The file's name.</summary>
    public const string FileName = "votes.jsonl";

    private static readonly JsonSerializerOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Lock _lock = new();

    private string FilePath => Path.Combine(lab, FileName);

    /// <summary>Keeps a vote.</summary>
    public void Add(AnswerVote vote)
    {
        ArgumentNullException.ThrowIfNull(vote);
        lock (_lock) File.AppendAllText(FilePath, JsonSerializer.Serialize(vote with { At = time.GetUtcNow() }, s_json) + "\n");
    }

    /// <summary>All votes, oldest first.</summary>
    /// <exception cref="LabException">A line is none.</exception>
    public IReadOnlyList<AnswerVote> Read() => !File.Exists(FilePath) ? []
        : [.. File.ReadLines(FilePath).Select((line, i) => (Line: line, Number: i + 1)).Where(l => l.Line.Trim().Length > 0)
            .Select(l => Of(l.Line, l.Number))];

    private AnswerVote Of(string line, int number)
    {
        try
        {
            return JsonSerializer.Deserialize<AnswerVote>(line)!;
        }
        catch (JsonException e)
        {
            throw new LabException($"{FilePath}:{number}: no vote ({e.Message}). Take the line out.", e);
        }
    }
}
