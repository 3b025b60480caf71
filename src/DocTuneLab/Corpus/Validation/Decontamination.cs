using System.Text.RegularExpressions;
using DocTuneLab.Library;
using DocTuneLab.Text;

namespace DocTuneLab.Corpus.Validation;

/// <summary>A held-out item that no training sample may copy.</summary>
/// <param name="Id">Its id, for the reason of a rejection.</param>
/// <param name="Prompts">Instruction or question texts.</param>
/// <param name="Codes">Reference bodies and other code; empty for a question.</param>
/// <param name="GoldSymbols">Documentation ids that its solution uses; of a question the one that it is about, if that is known.</param>
public sealed record HeldOut(string Id, IReadOnlyList<string> Prompts, IReadOnlyList<string> Codes, IReadOnlySet<string> GoldSymbols)
{
    /// <summary>Header of the method whose body <see cref="Codes"/> are; default null, not known.</summary>
    public string? Signature { get; init; }

    /// <summary>The member that it asks of and that does not exist, as <c>Type.Member</c>; default null, it asks of none.</summary>
    public string? Absent { get; init; }

    /// <summary>Accepted answers of a question about one member: no sample about it may have one of them. Default none.</summary>
    public IReadOnlyList<string> Answers { get; init; } = [];
}

/// <summary>
/// Keeps training data off the evaluation. A sample is a near copy of a held-out item when its code has the shape of the item's
/// (<see cref="CodeShape"/>: the same syntax but for names and literals), when it asks the same but for case, numbers and names in code
/// spans, when its prompt or its code shares more than a threshold of 8-grams with it (of the shorter text's), or when its code is the
/// reference but for blanks; a sample that uses exactly the item's two or more gold symbols must stay below half the threshold. The shape
/// of a reference that leaves no choice is allowed, because its member could not be taught otherwise.
/// </summary>
public sealed partial class Decontamination
{
    private const int N = 8;
    private readonly IReadOnlyList<HeldOut> _items;
    private readonly double _threshold;
    private readonly Dictionary<ulong, List<int>> _promptGrams = [], _codeGrams = [];
    private readonly List<(int Item, int Grams)> _prompts = [], _codes = [];
    private readonly Dictionary<string, int> _bodies = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<int>> _shapes = new(StringComparer.Ordinal), _questions = new(StringComparer.Ordinal);
    private readonly HashSet<string> _noChoice = new(StringComparer.Ordinal);
    private readonly SortedSet<int> _lengths = [];
    private readonly List<(int Item, IReadOnlyList<string> Words)> _absent = [];
    private readonly Dictionary<string, List<int>> _facts = new(StringComparer.Ordinal);

    /// <summary>Indexes the held-out items.</summary>
    /// <param name="items">All items of dev and test suites.</param>
    /// <param name="threshold">Share of shared 8-grams above which a text is a near copy.</param>
    public Decontamination(IReadOnlyList<HeldOut> items, double threshold = 0.5)
    {
        _items = items;
        _threshold = threshold;
        for (var i = 0; i < items.Count; i++)
        {
            if (items[i].Absent is { } absent) _absent.Add((i, [.. TypeArguments().Replace(absent, "").Split('.').TakeLast(2)]));
            if (items[i].Answers.Count > 0)
                foreach (var member in items[i].GoldSymbols) Add(_facts, member, i);
            foreach (var text in items[i].Prompts)
            {
                Index(text, i, _promptGrams, _prompts);
                if (QuestionShape.Sentences(text) is not { Count: > 0 } sentences) continue;
                _lengths.Add(sentences.Count);
                Add(_questions, QuestionShape.Joined(sentences), i);
            }
            foreach (var code in items[i].Codes)
            {
                Index(code, i, _codeGrams, _codes);
                _bodies.TryAdd(Normalise(code), i);
                // With and without the header: it may not be known of a sample.
                foreach (var shape in new[] { CodeShape.Of(code, items[i].Signature), CodeShape.Of(code) }.OfType<CodeShape>())
                {
                    Add(_shapes, shape.Text, i);
                    if (shape.LeavesNoChoice) _noChoice.Add(shape.Text);
                }
            }
        }
    }

    /// <summary>The held-out items.</summary>
    public IReadOnlyList<HeldOut> Items => _items;

    /// <summary>Number of held-out items.</summary>
    public int Count => _items.Count;

    /// <summary>The item that a sample copies and how; null for a clean sample.</summary>
    /// <param name="prompt">The sample's instruction or question, without the template around it.</param>
    /// <param name="code">Its code, or null.</param>
    /// <param name="symbols">Documentation ids that its code uses.</param>
    public string? Find(string prompt, string? code, IReadOnlyCollection<string> symbols)
    {
        if (code is not null && _bodies.TryGetValue(Normalise(code), out var same))
            return $"code equals the reference of {_items[same].Id}";
        if (code is not null && FindShape(code) is { } alike) return alike;
        if (_absent.FirstOrDefault(a => a.Words.All(w => Names(prompt, w))) is { Words: { } words } denied)
            return $"asks of {string.Join('.', words)}, which does not exist and which {_items[denied.Item].Id} asks of";
        return Overlap(prompt, _promptGrams, _prompts, symbols, "prompt")
            ?? (Asked(prompt).FirstOrDefault(-1) is >= 0 and var asked
                ? $"prompt asks what {_items[asked].Id} asks, but for names and numbers"
                : null)
            ?? (code is null ? null : Overlap(code, _codeGrams, _codes, symbols, "code"));
    }

    /// <summary>The item whose code some code is, but for names and literals, in words; null where it is none's, or leaves no choice.
    /// </summary>
    public string? FindShape(string code) =>
        ShapeOf(code) is { } shape && !_noChoice.Contains(shape) && _shapes.TryGetValue(shape, out var items)
            ? $"code is the reference of {_items[items[0]].Id} but for names and literals"
            : null;

    /// <summary>The held-out item whose combination of members (two or more, types left out) a sample uses exactly;
    /// null where none is.</summary>
    /// <param name="symbols">Documentation ids that the sample's code uses.</param>
    public string? FindCombination(IReadOnlyCollection<string> symbols)
    {
        var members = symbols.Where(s => !s.StartsWith("T:", StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
        if (members.Count < 2) return null;
        var same = _items.FirstOrDefault(i => members.SetEquals(i.GoldSymbols.Where(s => !s.StartsWith("T:", StringComparison.Ordinal))));
        return same is null ? null : $"uses the same {members.Count} members as {same.Id}";
    }

    /// <summary>The question whose fact a sample states, in words; null where it states none.</summary>
    /// <param name="symbols">Documentation ids that the sample is about.</param>
    /// <param name="answer">Its answer.</param>
    public string? FindFact(IReadOnlyCollection<string> symbols, string answer)
    {
        var said = answer.Trim().TrimEnd('.', '。').Trim('`');
        var same = symbols.SelectMany(s => _facts.GetValueOrDefault(s) ?? []).FirstOrDefault(i => _items[i].Answers.Contains(said), -1);
        return same < 0 ? null : $"states what {_items[same].Id} asks for";
    }

    /// <summary>Ids of the items whose pattern some samples show: the shape of their code in any turn; of an item without code, its
    /// question, but for case, numbers and names in code spans.</summary>
    public IReadOnlySet<string> ShownBy(IEnumerable<Sample> samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        var shown = samples.AsParallel().SelectMany(sample =>
        {
            var code = SampleCode.Of(sample.Messages).Select(ShapeOf).OfType<string>().SelectMany(s => _shapes.GetValueOrDefault(s) ?? []);
            var asked = sample.Messages.Where(m => m.Role != "assistant").SelectMany(m => Asked(m.Content))
                .Where(i => _items[i].Codes.Count == 0);
            return code.Concat(asked);
        });
        return shown.Distinct().Select(i => _items[i].Id).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Ids of the items whose code is one step from what is given to what is asked for, and so leaves no choice.</summary>
    public IReadOnlySet<string> LeavingNoChoice() => _noChoice.SelectMany(s => _shapes[s]).Select(i => _items[i].Id)
        .ToHashSet(StringComparer.Ordinal);

    private string? ShapeOf(string code) => _shapes.Count == 0 ? null : CodeShape.Of(code)?.Text;

    private IEnumerable<int> Asked(string prompt)
    {
        var sentences = _questions.Count == 0 ? [] : QuestionShape.Sentences(prompt);
        return _lengths.SelectMany(n => QuestionShape.Runs(sentences, n)).SelectMany(q => _questions.GetValueOrDefault(q) ?? []);
    }

    private static void Add(Dictionary<string, List<int>> index, string key, int item)
    {
        if (!index.TryGetValue(key, out var list)) index[key] = list = [];
        if (!list.Contains(item)) list.Add(item);
    }

    private string? Overlap(string text, Dictionary<ulong, List<int>> index, List<(int Item, int Grams)> texts,
        IReadOnlyCollection<string> symbols, string what)
    {
        var grams = TokenGrams.Of(TokenGrams.Tokens(text), N);
        var shared = new Dictionary<int, int>();
        foreach (var gram in grams)
            if (index.TryGetValue(gram, out var list))
                foreach (var t in list) shared[t] = shared.GetValueOrDefault(t) + 1;
        foreach (var (t, count) in shared.OrderBy(s => s.Key))
        {
            var item = _items[texts[t].Item];
            var share = (double)count / Math.Min(grams.Count, texts[t].Grams);
            var limit = item.GoldSymbols.Count >= 2 && item.GoldSymbols.SetEquals(symbols) ? _threshold / 2 : _threshold;
            if (share > limit) return $"{what} shares {share:P0} of its 8-grams with {item.Id}";
        }
        return null;
    }

    private static void Index(string text, int item, Dictionary<ulong, List<int>> index, List<(int, int)> texts)
    {
        var grams = TokenGrams.Of(TokenGrams.Tokens(text), N);
        foreach (var gram in grams)
        {
            if (!index.TryGetValue(gram, out var list)) index[gram] = list = [];
            list.Add(texts.Count);
        }
        texts.Add((item, grams.Count));
    }

    private static bool Names(string text, string word)
    {
        for (var at = text.IndexOf(word, StringComparison.Ordinal); at >= 0; at = text.IndexOf(word, at + 1, StringComparison.Ordinal))
            if ((at == 0 || !IsOfName(text[at - 1])) && (at + word.Length == text.Length || !IsOfName(text[at + word.Length]))) return true;
        return false;
    }

    // Chinese is written without blanks around names.
    private static bool IsOfName(char c) => c == '_' || char.IsAsciiLetterOrDigit(c);

    [GeneratedRegex("<.*>")]
    private static partial Regex TypeArguments();

    private static string Normalise(string code) => string.Join(' ', TokenGrams.Tokens(code));
}
