using System.Reflection;
using System.Text;
using DocTuneLab.Prompts;
using YamlDotNet.Serialization;

namespace DocTuneLab.Corpus.Language;

/// <summary>A true statement about the library or its documents: values for a question, and the answer.</summary>
/// <param name="Kind">Kind, which decides the phrasings.</param>
/// <param name="Values">Values of the placeholders.</param>
/// <param name="Answer">The right answer in the form of <see cref="AnswerFormat"/>.</param>
/// <param name="Symbols">Documentation ids that it is about.</param>
/// <param name="Chunks">Chunks that it comes from.</param>
/// <param name="Verbatim">Question of the documentation itself, asked as it stands; null where phrasings apply.</param>
internal sealed record Fact(string Kind, IReadOnlyDictionary<string, string> Values, string Answer, IReadOnlyList<string> Symbols,
    IReadOnlyList<string> Chunks, string? Verbatim = null);

/// <summary>Questions by kind of fact and language.</summary>
internal sealed class Phrasings
{
    private const double UnmarkedShare = 0.4;
    private static readonly Lazy<Phrasings> s_shipped = new(Load);
    private readonly Dictionary<string, Dictionary<string, List<string>>> _kinds;

    private Phrasings(Dictionary<string, Dictionary<string, List<string>>> kinds) => _kinds = kinds;

    public static Phrasings Default => s_shipped.Value;

    public IEnumerable<string> Kinds => _kinds.Keys;

    public IReadOnlyList<string> Of(string kind, string language) => _kinds[kind][language];

    /// <summary>A question for the fact.</summary>
    public string Ask(Fact fact, bool chinese, Random random)
    {
        if (fact.Verbatim is not null) return fact.Verbatim;
        var templates = Of(fact.Kind, chinese ? "zh" : "en");
        var template = templates[random.Next(templates.Count)];
        var text = new StringBuilder(template);
        foreach (var (name, value) in fact.Values) text.Replace($"{{{name}}}", value);
        // People do not always mark code as code.
        if (random.NextDouble() < UnmarkedShare) text.Replace("`", "");
        return Prose.UpperFirst(text.ToString());
    }

    private static Phrasings Load()
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("phrasings/facts.yaml")!);
        return new Phrasings(new DeserializerBuilder().Build().Deserialize<Dictionary<string, Dictionary<string, List<string>>>>(reader));
    }
}
