using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Documents.Model;
using YamlDotNet.Serialization;

namespace DocTuneLab.Tests.Corpus;

/// <summary>Nothing but the library tells a question about what exists from one about what does not: neither its wording, nor the form of
/// the name in it.</summary>
public sealed partial class WordingLabelTests(PrivateLibrary library, CorpusFixture other)
    : IClassFixture<PrivateLibrary>, IClassFixture<CorpusFixture>
{
    private readonly Regex _names = NamesOf(library);
    private readonly (Regex Form, string Template)[] _templates = Templates();

    private static readonly ConcurrentDictionary<int, GeneratedCorpus> s_generated = new();

    private GeneratedCorpus Generate(int seed) => s_generated.GetOrAdd(seed, _ => new StructuralGenerator(library.Api.Symbols,
        library.Batched,
        new CorpusOptions
        {
            Count = 1500,
            Seed = seed,
            // Many of both, so that a difference would show.
            Mix = new Dictionary<SampleKind, double> { [SampleKind.Qa] = 0.7, [SampleKind.Unanswerable] = 0.3 },
            DocumentShare = 0.1,
            // Wordings in the other language are held to the same.
            ChineseShare = 0.05,
            RetrievedShare = 0,
        }).Generate(library.Chunks, null, TestContext.Current.CancellationToken));

    [Fact]
    public void Every_kind_of_wording_is_asked_of_what_exists()
    {
        var kinds = Phrasings().Keys;
        // What the sample library has no case of, the other has.
        var mix = new Dictionary<SampleKind, double> { [SampleKind.Qa] = 1 };
        var close = other.Symbols.Single(s => s.Id == "M:Waterworks.Valve.Close");
        var overload = close with
        {
            Id = close.Id + "(System.Int32)",
            Parameters = [new("turns", "int", null, null, "")],
        };
        const string Text = "- **Lag**: time until the water moves";
        var page = new Chunk
        {
            Id = "lag",
            DocumentPath = "lag.md",
            Span = new(0, Text.Length),
            HeadingPath = ["Words"],
            Text = Text,
            CodeBlocks = [],
            Symbols = [],
            TokenCount = 9,
        };
        var more = new StructuralGenerator([.. other.Symbols, overload], other.Batched, new CorpusOptions { Count = 1600, Mix = mix })
            .Generate([page], null, TestContext.Current.CancellationToken);
        // Of the few enums there are few questions: only where none are of pages, some of them come up.
        var own = new StructuralGenerator(library.Api.Symbols, library.Batched,
            new CorpusOptions { Count = 1600, Mix = mix, DocumentShare = 0 })
            .Generate([], null, TestContext.Current.CancellationToken);
        var answered = Generate(1).Samples.Concat(own.Samples).Concat(more.Samples).Where(s => s.Kind == SampleKind.Qa)
            .Select(s => s.Checks[0].Detail).ToHashSet();
        var unasked = kinds.Where(k => !answered.Contains(k)).ToList();
        Assert.True(unasked.Count == 0, string.Join(", ", unasked));
    }

    [Fact]
    public void Each_wording_is_unanswerable_as_often_as_all_are()
    {
        var asked = Questions(Generate(1)).ToList();
        var overall = asked.Average(q => q.IsMissing ? 1.0 : 0);
        var wordings = asked.GroupBy(q => q.Template, StringComparer.Ordinal).Where(g => g.Count() >= 8).ToList();
        Assert.True(wordings.Count > 30, $"{wordings.Count} wordings");
        // Draws of one share: beyond this many in either direction, one wording of a thousand corpora would fall.
        var rare = 0.001 / wordings.Count;
        Assert.All(wordings, g =>
        {
            var (n, k) = (g.Count(), g.Count(q => q.IsMissing));
            Assert.True(Tail(n, k, overall) > rare, $"{g.Key} {k} of {n} are unanswerable, {overall:P0} of all");
        });
        // No wording is asked of what does not exist alone.
        var answered = asked.Where(q => !q.IsMissing).Select(q => q.Template).ToHashSet();
        Assert.All(asked.Where(q => q.IsMissing), q => Assert.Contains(q.Template, answered));
    }

    [Fact]
    public void Words_do_not_tell_what_is_unanswerable()
    {
        var probe = new BalancedBayes(Questions(Generate(1)), q => Word().Matches(q.Wording).Select(m => m.Value));
        var right = probe.Accuracy(Questions(Generate(2)));
        Assert.True(right < 0.56, $"{right:P1} of the questions are told apart by their words; chance is 50 %, the margin 6");
    }

    [Fact]
    public void Forms_of_names_do_not_tell_what_is_unanswerable()
    {
        var (first, second) = (Questions(Generate(1)).ToList(), Questions(Generate(2)).ToList());
        var right = new BalancedBayes(first, Form).Accuracy(second);
        Assert.True(right < 0.58, $"{right:P1} of the names are told apart by their form; chance is 50 %, the margin 8");
        foreach (var missing in (bool[])[true, false])
        {
            var own = first.Where(q => q.IsMissing == missing).ToList();
            Assert.InRange(own.Average(q => q.Wording.Contains('`', StringComparison.Ordinal) ? 1.0 : 0), 0.5, 0.7);
            Assert.InRange(own.Average(q => q.Name.Contains('.', StringComparison.Ordinal) ? 0 : 1.0), 0.1, 0.6);
        }
    }

    private static IEnumerable<string> Form(Question question)
    {
        var name = question.Name.Split('.')[^1];
        yield return $"length {name.Length / 3}";
        yield return $"words {name.Count(char.IsUpper)}";
        yield return $"dots {question.Name.Count(c => c == '.')}";
        yield return $"plural {name.EndsWith('s')}";
        foreach (var part in (string[])["Get", "Is", "To", "Try", "With"])
            if (name.StartsWith(part, StringComparison.Ordinal)) yield return part;
        foreach (var part in (string[])["Async", "Exception", "Options"])
            if (name.EndsWith(part, StringComparison.Ordinal)) yield return part;
    }

    // Questions that name something, with the name as `_`, or as _ where it is not marked as code.
    private IEnumerable<Question> Questions(GeneratedCorpus corpus)
    {
        foreach (var sample in corpus.Samples)
        {
            var (text, missing) = (sample.Messages[^2].Content, sample.Kind == SampleKind.Unanswerable);
            var name = "";
            if (missing && Invented().Match(sample.Messages[^1].Content) is { Success: true } m)
                text = Regex.Replace(text, $@"(?<!\w){Regex.Escape(m.Groups[1].Value)}(?!\w)", "Invented0" + m.Groups[1].Value);
            text = _names.Replace(text, n =>
            {
                if (name.Length == 0) name = n.Value.Replace("Invented0", "", StringComparison.Ordinal).Split('(', '<', '[', ' ')[0];
                return "_";
            });
            var template = _templates.First(t => t.Form.IsMatch(sample.Messages[^2].Content)).Template;
            if (name.Length > 0 && NamesSomething().IsMatch(template))
                yield return new(Marked().Replace(text, "`_`"), template, missing, name);
        }
    }

    private static Regex NamesOf(PrivateLibrary library)
    {
        var names = library.Api.Symbols.Select(s => s.Name.Split('<', '[', '(')[0]).Where(n => n.Length > 0 && char.IsUpper(n[0]))
            .Where(n => n is not ("Name" or "Count")).Distinct().OrderByDescending(n => n.Length).Select(Regex.Escape);
        var name = $@"(?:Invented0\w+|(?:{string.Join('|', names)})(?!\w))";
        return new Regex($@"(?:\bnew )?(?<![\w.]){name}(?:<[\w, ]+>)?(?:\.(?:{name}|Name|Count))*(?:<[\w, ]+>)?"
            + @"(?:\([^)]*\)|\[[^\]]*\]| operator \S+)?");
    }

    private static double Tail(int n, int k, double share)
    {
        double Log(int i) => LogFactorial(n) - LogFactorial(i) - LogFactorial(n - i)
            + (i * Math.Log(share)) + ((n - i) * Math.Log(1 - share));
        return Enumerable.Range(0, n + 1).Where(i => Log(i) <= Log(k) + 1e-9).Sum(i => Math.Exp(Log(i)));

        static double LogFactorial(int m) => Enumerable.Range(1, m).Sum(i => Math.Log(i));
    }

    private static Dictionary<string, Dictionary<string, List<string>>> Phrasings() => new DeserializerBuilder().Build()
        .Deserialize<Dictionary<string, Dictionary<string, List<string>>>>(
            File.ReadAllText(Path.Combine(Root(), "src/DocTuneLab/Corpus/Phrasings/facts.yaml")));

    // Templates as they are recognised, the one that says most first; what none made, such as a question of the pages, is last.
    private static (Regex Form, string Template)[] Templates() =>
    [
        .. Phrasings().Values.SelectMany(k => k.Values).SelectMany(t => t)
            .SelectMany(t => new[] { t, t.Replace("`", "", StringComparison.Ordinal) })
            .Distinct()
            .OrderByDescending(t => Placeholder().Replace(t, "").Length)
            .Select(t => (new Regex($"^{Placeholder().Replace(Regex.Escape(t).Replace("\\{", "{", StringComparison.Ordinal), ".+")}$",
                RegexOptions.Singleline | RegexOptions.IgnoreCase), t)),
        (new Regex(""), ""),
    ];

    private static string Root()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root!.FullName, "DocTuneLab.sln"))) root = root.Parent;
        return root.FullName;
    }

    [GeneratedRegex("^(?:`[^`]+` has no member |There is no (?:type|member) |`[^`]+` 没有成员 |没有(?:类型|成员) )`([^`]+)`")]
    private static partial Regex Invented();
    [GeneratedRegex("`[^`]+`")]
    private static partial Regex Marked();
    [GeneratedRegex(@"[\w_]+|`|[^\w\s]")]
    private static partial Regex Word();

    [GeneratedRegex(@"\{\w+\}")]
    private static partial Regex Placeholder();
    [GeneratedRegex(@"\{(?:member|name|type)\}")]
    private static partial Regex NamesSomething();

    private sealed record Question(string Wording, string Template, bool IsMissing, string Name);

    /// <summary>Naive Bayes over the presence of features, both answers equally likely beforehand.</summary>
    private sealed class BalancedBayes
    {
        private readonly Func<Question, IEnumerable<string>> _features;
        private readonly Dictionary<string, double> _odds;

        public BalancedBayes(IEnumerable<Question> questions, Func<Question, IEnumerable<string>> features)
        {
            _features = features;
            var all = questions.Select(q => (q.IsMissing, Features: features(q).ToHashSet())).ToList();
            double Share(string feature, bool missing) => (all.Count(q => q.IsMissing == missing && q.Features.Contains(feature)) + 1.0)
                / (all.Count(q => q.IsMissing == missing) + 2.0);
            _odds = all.SelectMany(q => q.Features).Distinct().ToDictionary(f => f, f => Math.Log(Share(f, true) / Share(f, false)));
        }

        /// <summary>Mean of the shares that are told right among either.</summary>
        public double Accuracy(IEnumerable<Question> questions)
        {
            var told = questions.Select(q =>
                (q.IsMissing, Right: _features(q).Distinct().Sum(f => _odds.GetValueOrDefault(f)) > 0 == q.IsMissing)).ToList();
            return told.GroupBy(t => t.IsMissing).Average(g => g.Average(t => t.Right ? 1.0 : 0));
        }
    }
}
