using System.Globalization;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Judging;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>
/// Writes closed and open questions about a library from what its metadata and documentation comments say, so that the right answer is
/// the compiler's and nobody's opinion. They are asked in wordings that no corpus uses, of members that no train page speaks of; a corpus
/// leaves out the facts that closed ones ask for (<see cref="Corpus.Validation.HeldOut.Answers"/>).
/// </summary>
public static class QuestionDrafts
{
    private const int MostPoints = 4, LongestQuestion = 240;
    // Of their words; above it two sentences say the same.
    private const double OpenShare = 0.2, Alike = 0.4;

    // What every type has tells nothing of this library.
    private static readonly string[] s_common = ["Equals", "GetHashCode", "ToString", "CompareTo", "GetType", "Dispose", "GetEnumerator"];

    /// <summary>Drafts questions.</summary>
    /// <param name="api">The library.</param>
    /// <param name="pages">Its pages, of all splits; none where there are none.</param>
    /// <param name="count">How many in all, a fifth of them open; fewer where the library says less.</param>
    /// <param name="seed">Of every choice.</param>
    /// <exception cref="LabException">The count is below 1.</exception>
    public static (IReadOnlyList<QaTask> Closed, IReadOnlyList<OpenTask> Open) Draw(ApiModel api, IReadOnlyList<Document> pages,
        int count = 60, int seed = 1)
    {
        ArgumentNullException.ThrowIfNull(api);
        if (count < 1) throw new LabException($"{count} questions: expected 1 at least.");
        var (random, drafts) = (new Random(seed), new DraftPages(api, pages));
        var language = new MemberNames(api.Symbols).IsChinese ? "zh" : "en";
        var facts = LibraryFacts.Of(api.Symbols).Where(f => f.Symbols.All(s => api.Find(s) is { Obsolete: null } known
            && known.Kind != ApiKind.Operator && !s_common.Contains(known.Name))).ToList();
        var open = Open(api, facts, language, drafts, random, (int)Math.Round(count * OpenShare));
        var asked = open.SelectMany(o => o.Documents).ToHashSet(StringComparer.Ordinal);
        return (Closed(api, facts, language, drafts, random, count - open.Count, asked), open);
    }

    /// <summary>Drafts questions into a folder, and as many that take members for granted (<see cref="MemberDrafts"/>). A file that is
    /// there stays as it is.</summary>
    /// <param name="folder">The suite; made where it is missing.</param>
    /// <param name="api">The library.</param>
    /// <param name="pages">Its pages, of all splits; none where there are none.</param>
    /// <param name="count">How many; fewer where the library says less.</param>
    /// <param name="seed">Of every choice.</param>
    /// <returns>The files that were written, and how many questions are in each.</returns>
    /// <exception cref="LabException">There is a file of that name.</exception>
    public static IReadOnlyList<(string File, int Count)> Into(string folder, ApiModel api, IReadOnlyList<Document> pages, int count = 60,
        int seed = 1)
    {
        if (File.Exists(folder)) throw new LabException($"{folder}: is a file. Expected a folder for the suite.");
        Directory.CreateDirectory(folder);
        List<(string, int)> written = [];
        var (closed, open) = Draw(api, pages, count, seed);
        Write(Suite.QaFile, closed);
        Write(Suite.OpenFile, open);
        // Where the metadata says nothing there is no member to ask about either.
        Write(Suite.MembersFile, closed.Count + open.Count == 0 ? [] : MemberDrafts.Draw(api, pages, Math.Max(count, 2), seed));
        return written;

        void Write<T>(string name, IReadOnlyList<T> tasks)
        {
            var path = Path.Combine(folder, name);
            if (tasks.Count == 0 || File.Exists(path)) return;
            EvaluationJson.WriteLines(path, tasks);
            written.Add((path, tasks.Count));
        }
    }

    private static List<QaTask> Closed(ApiModel api, IReadOnlyList<Fact> facts, string language, DraftPages pages, Random random, int count,
        HashSet<string> asked)
    {
        List<QaTask> tasks = [];
        Dictionary<string, int> byKind = new(StringComparer.Ordinal);
        HashSet<string> members = new(StringComparer.Ordinal), questions = new(StringComparer.OrdinalIgnoreCase);
        // The types take turns, and within one the kinds of facts.
        var askable = facts.Where(f => IsAskable(api, f, language)).ToList();
        // What overloads answer differently cannot be asked by their name alone.
        var unclear = askable.SelectMany(f => HeldOutWordings.Of(language, f.Kind).Select(w => (Text: LibraryFacts.Ask(w, f), f.Answer)))
            .GroupBy(q => q.Text, StringComparer.OrdinalIgnoreCase).Where(g => g.Select(q => q.Answer).Distinct(StringComparer.Ordinal)
                .Count() > 1).Select(g => g.Key).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var queues = askable.GroupBy(f => TypeOf(api, f), StringComparer.Ordinal)
            .Select(g => g.ToArray()).ToArray();
        foreach (var queue in queues) random.Shuffle(queue);
        random.Shuffle(queues);
        var left = queues.Select(q => q.ToList()).ToList();
        while (tasks.Count < count && left.Exists(q => q.Count > 0))
            foreach (var queue in left)
            {
                if (tasks.Count == count || queue.MinBy(f => byKind.GetValueOrDefault(f.Kind)) is not { } fact) continue;
                queue.Remove(fact);
                if (asked.Contains(Comment(fact)) || members.Contains(fact.Symbols[0])) continue;
                if (pages.Of(null, fact.Symbols) is not { } page) continue;
                var wordings = HeldOutWordings.Of(language, fact.Kind).Where(w => !unclear.Contains(LibraryFacts.Ask(w, fact))).ToList();
                if (wordings.Count == 0) continue;
                var question = LibraryFacts.Ask(wordings[random.Next(wordings.Count)], fact);
                IReadOnlyList<string> answers = [.. Answers(fact).Where(a => QaGrader.IsCorrect(a, [a], question))];
                if (question.Length > LongestQuestion || answers.Count == 0 || !questions.Add(question)) continue;
                members.Add(fact.Symbols[0]);
                byKind[fact.Kind] = byKind.GetValueOrDefault(fact.Kind) + 1;
                tasks.Add(new(Id("question", tasks.Count), question, answers, Documents(page.Document, fact), page.Split));
            }
        return tasks;
    }

    private static List<OpenTask> Open(ApiModel api, IReadOnlyList<Fact> facts, string language, DraftPages pages, Random random, int count)
    {
        var wordings = HeldOutWordings.Of(language, "open");
        List<OpenTask> tasks = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        var members = facts.Where(f => f.Symbols is [var s] && api.Find(s) is
        {
            ContainingType: not null,
            Kind: not (ApiKind.EnumMember or ApiKind.Field)
        })
            .GroupBy(f => f.Symbols[0], StringComparer.Ordinal).ToArray();
        random.Shuffle(members);
        foreach (var member in members)
        {
            if (tasks.Count == count) break;
            List<string> points = [];
            var isCalled = api.Find(member.Key)!.Kind is not (ApiKind.Property or ApiKind.Indexer);
            foreach (var point in member.Where(f => isCalled || f.Kind != "returns").Select(f => Point(f, language)).OfType<string>())
                if (points.Count < MostPoints && !points.Exists(p => SayTheSame(p, point))) points.Add(point);
            // What a sentence says alone is a closed question.
            if (points.Count < 2 || !member.Any(f => f.Kind == "summary") || pages.Of(null, [member.Key]) is not { } page) continue;
            // Of overloads a question by name asks for one.
            if (!names.Add(member.Key.Split('(')[0])) continue;
            var question = LibraryFacts.Ask(wordings[random.Next(wordings.Count)], member.First());
            tasks.Add(new(Id("open", tasks.Count), question, string.Join(' ', points), points, Documents(page.Document, member.First()),
                page.Split));
        }
        return tasks;
    }

    private static bool SayTheSame(string one, string other)
    {
        HashSet<string> a = [.. one.ToLowerInvariant().TrimEnd('.').Split(' ')], b = [.. other.ToLowerInvariant().TrimEnd('.').Split(' ')];
        return a.Count(b.Contains) is var both && both > Alike * (a.Count + b.Count - both);
    }

    private static string? Point(Fact fact, string language) => fact.Kind switch
    {
        "summary" => fact.Answer,
        "exception-condition" when language == "zh" => $"抛出 {fact.Values["exception"]}：{fact.Answer}",
        "exception-condition" => $"It throws {fact.Values["exception"]} {char.ToLowerInvariant(fact.Answer[0])}{fact.Answer[1..]}",
        "returns" when language == "zh" => $"返回：{fact.Answer}",
        "returns" => $"It returns {char.ToLowerInvariant(fact.Answer[0])}{fact.Answer[1..]}",
        _ => null,
    };

    private static bool IsAskable(ApiModel api, Fact fact, string language) => HeldOutWordings.Of(language, fact.Kind).Count > 0
        && fact.Answer is not ("void" or "Task" or "object") && !GivesAway(fact) && api.Find(fact.Symbols[0]) is not null;

    // A type parameter says nothing, and a name in words is the name.
    private static bool GivesAway(Fact fact) => fact.Kind is "return-type" or "property-type"
        ? fact.Answer.Length < 3 || (fact.Answer[0] == 'T' && fact.Answer.Skip(1).Take(1).All(char.IsUpper))
            || fact.Answer.Split('<')[0].TrimEnd('?') == fact.Values["type"].Split('<')[0]
        : fact.Kind is "member-name" or "which-type" or "declaring-type" or "which-parameter"
            && Words(fact.Answer.Split('.', '<')[0]) is var words && Said(fact) is var said && words.All(said.Contains);

    private static HashSet<string> Said(Fact fact) =>
        [.. fact.Values.Where(v => v.Key is not ("member" or "name" or "type")
            || (fact.Kind == "declaring-type" && v.Key == "name")).SelectMany(v => v.Value.ToLowerInvariant().Split(' ', '`', '.', ','))];

    private static string[] Words(string name) => MemberRequests.Words(name).ToLowerInvariant().Split(' ');

    private static IEnumerable<string> Answers(Fact fact)
    {
        yield return fact.Answer;
        if (fact.Kind == "member-name") yield return $"{fact.Values["type"]}.{fact.Answer}";
        // "Parser" for "Parser<T>".
        if (fact.Kind is "declaring-type" or "which-type" && fact.Answer.IndexOf('<') is > 0 and var generic)
            yield return fact.Answer[..generic];
    }

    private static string TypeOf(ApiModel api, Fact fact) => api.Find(fact.Symbols[0]) is { } s && api.TypeOf(s) is { } type ? type.Id
        : fact.Symbols[0];

    private static string Comment(Fact fact) => $"xml:{fact.Symbols[0]}";

    private static IReadOnlyList<string> Documents(string page, Fact fact) => page == Comment(fact) ? [page] : [page, Comment(fact)];

    private static string Id(string kind, int before) => $"{kind}-{(before + 1).ToString("D3", CultureInfo.InvariantCulture)}";
}
