using System.Globalization;
using System.Text.RegularExpressions;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;
using DocTuneLab.Prompts;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>What became of the words of some tasks.</summary>
/// <param name="Worded">Tasks that have words of the model.</param>
/// <param name="Kept">Why others keep theirs, most frequent first.</param>
public sealed record WordingYield(int Worded, IReadOnlyList<(string Why, int Count)> Kept)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Worded} tasks are in the model's words")
        + string.Concat(Kept.Select(k => string.Create(CultureInfo.InvariantCulture, $"; {k.Count} keep theirs: {k.Why}")));
}

/// <summary>
/// Drafted tasks in a user's words: a model says in a sentence or two what the steps of an instruction say. Words that name a member of
/// the solution, leave out a parameter or a value of it, or hold code are refused, and the task keeps those that it has.
/// </summary>
public static class TaskWords
{
    private const int Batch = 24, Shortest = 20, Longest = 900;

    // Begins the note of a task whose words were asked for.
    private const string Asked = "words: ";

    /// <summary>Words the undecided tasks of a suite that were not worded before, and writes the suite after every batch.</summary>
    /// <param name="folder">The suite.</param>
    /// <param name="material">The library, with its writer.</param>
    /// <param name="progress">Told how many tasks are done.</param>
    /// <param name="cancel">Stops between batches.</param>
    /// <exception cref="LabException">The writer failed; what was worded by then stays.</exception>
    public static WordingYield Into(string folder, DraftMaterial material, IProgress<int>? progress = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(material);
        var path = Path.Combine(folder, Suite.CodeFile);
        if (material.Writer is not { } writer || !File.Exists(path)) return new(0, []);
        var (tasks, entries) = (Suite.Load(path).Code.ToList(), DraftLedger.Read(folder).ToList());
        var open = entries.Where(e => e.State == DraftState.Undecided && !e.Note.StartsWith(Asked, StringComparison.Ordinal))
            .Select(e => e.Id).ToHashSet(StringComparer.Ordinal);
        var (worded, done) = (0, 0);
        Dictionary<string, int> kept = new(StringComparer.Ordinal);
        foreach (var batch in tasks.Where(t => open.Contains(t.Id)).ToList().Chunk(Batch))
        {
            cancel.ThrowIfCancellationRequested();
            foreach (var (task, answer) in batch.Zip(Ask(writer, batch, material, cancel)))
            {
                var (changed, why) = Changed(task, answer, material.Api);
                if (changed is null) kept[why] = kept.GetValueOrDefault(why) + 1;
                else
                {
                    tasks[tasks.IndexOf(task)] = changed;
                    worded++;
                }
                var at = entries.FindIndex(e => e.Id == task.Id);
                entries[at] = entries[at] with { Note = Asked + (changed is null ? $"kept, because {why}" : writer.Name) };
            }
            EvaluationJson.WriteLines(path, tasks);
            DraftLedger.Write(folder, entries);
            progress?.Report(done += batch.Length);
        }
        return new(worded, [.. kept.OrderByDescending(k => k.Value).ThenBy(k => k.Key, StringComparer.Ordinal)
            .Select(k => (k.Key, k.Value))]);
    }

    private static IReadOnlyList<string> Ask(Conversations.ILanguageModel writer, IReadOnlyList<CodeTask> tasks, DraftMaterial material,
        CancellationToken cancel)
    {
        var template = PromptLibrary.Default["draft.words"];
        return writer.Generate([.. tasks.Select(t => template.Messages(new Dictionary<string, string>
        {
            ["library"] = string.Join(", ", material.Judge.References.LibraryAssemblies.Order(StringComparer.Ordinal)),
            ["steps"] = Split(t).Steps,
            ["header"] = t.Context.Length > 0 ? $"{t.Context}\n{t.Signature}" : t.Signature,
            ["solution"] = t.Reference,
            ["names"] = string.Join(", ", t.GoldSymbols.Select(material.Api.Find).OfType<ApiSymbol>().Select(s => s.Name)
                .Distinct(StringComparer.Ordinal)),
        }))], template.Sampling with { Seed = material.Seed }, cancel: cancel);
    }

    private static (CodeTask? Task, string Why) Changed(CodeTask task, string answer, ApiModel api)
    {
        var words = answer.Trim().Trim('"').Trim();
        if (words.Length is < Shortest or > Longest) return (null, $"the words are not between {Shortest} and {Longest} characters long");
        if (words.Contains(';', StringComparison.Ordinal) || words.Contains('#') || Quoted(words).Any(q => !Regex.IsMatch(q, @"^\w+$")))
            return (null, "the words hold code or a heading");
        var changed = task with { Instruction = words + Split(task).Examples };
        if (SuiteReading.Given(changed, api).Any()) return (null, "the words name a member of the solution");
        if (Parameters(task).FirstOrDefault(p => !Regex.IsMatch(words, $@"(?<!\w){Regex.Escape(p)}(?!\w)")) is not null)
            return (null, "the words leave out a parameter");
        return Values(task).FirstOrDefault(v => !Says(words, v)) is not null
            ? (null, "the words leave out a value of the solution") : (changed, "");
    }

    // The calls that are shown were observed: they stay as they are.
    private static (string Steps, string Examples) Split(CodeTask task)
    {
        var at = task.Instruction.IndexOf(DraftCandidate.BeforeExamples, StringComparison.Ordinal);
        return at < 0 ? (task.Instruction, "") : (task.Instruction[..at], task.Instruction[at..]);
    }

    private static IEnumerable<string> Parameters(CodeTask task) =>
        (SyntaxFactory.ParseMemberDeclaration(task.Signature + ";") as MethodDeclarationSyntax)?.ParameterList.Parameters
            .Select(p => p.Identifier.ValueText) ?? [];

    // A parameter may stand in backticks; what else does is code.
    private static IEnumerable<string> Quoted(string words) => Regex.Matches(words, "`+([^`]*)`*").Select(m => m.Groups[1].Value);

    // The 5 of 15 is not said, nor is that of 1.5; what ends a sentence is.
    private static bool Says(string words, string value) => Regex.IsMatch(words,
        (char.IsLetterOrDigit(value[0]) ? @"(?<![\p{L}\p{N}]|\d[.,])" : "") + Regex.Escape(value)
        + (char.IsLetterOrDigit(value[^1]) ? @"(?![\p{L}\p{N}]|[.,]\d)" : ""));

    // Nought and one are said by words such as "first" or "none". What a method hands back or is asked in a condition is no argument.
    private static IEnumerable<string> Values(CodeTask task) =>
        SyntaxFactory.ParseStatement($"{{{task.Reference}}}").DescendantTokens()
            .Select(t => t.Kind() switch
            {
                SyntaxKind.NumericLiteralToken or SyntaxKind.StringLiteralToken or SyntaxKind.CharacterLiteralToken =>
                    Convert.ToString(t.Value, CultureInfo.InvariantCulture)!,
                SyntaxKind.InterpolatedStringTextToken => t.ValueText.Trim(),
                SyntaxKind.TrueKeyword or SyntaxKind.FalseKeyword when t.Parent?.Parent is ArgumentSyntax or AssignmentExpressionSyntax =>
                    t.ValueText,
                _ => "",
            })
            .Where(v => v.Trim().Length > 0 && v is not ("0" or "1")).Distinct(StringComparer.Ordinal);
}
