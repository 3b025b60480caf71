using System.Reflection;
using System.Text;
using YamlDotNet.Serialization;

namespace DocTuneLab.Corpus.Language;

/// <summary>Questions by kind of fact and language.</summary>
internal sealed class Phrasings
{
    private const double UnmarkedShare = 0.4;
    private static readonly string[] s_names = ["{member}", "{name}", "{type}"];
    private static readonly Lazy<Phrasings> s_shipped = new(Load);
    private readonly Dictionary<string, Dictionary<string, List<string>>> _kinds;

    private Phrasings(Dictionary<string, Dictionary<string, List<string>>> kinds) => _kinds = kinds;

    public static Phrasings Default => s_shipped.Value;

    public IEnumerable<string> Kinds => _kinds.Keys;

    public IReadOnlyList<string> Of(string kind, string language) => _kinds[kind][language];

    /// <summary>A wording for a fact of that kind: a question in which <c>{name}</c> stands for a value.</summary>
    public string Draw(string kind, bool chinese, Random random)
    {
        var templates = Of(kind, chinese ? "zh" : "en");
        var template = templates[random.Next(templates.Count)];
        // People do not always mark code as code.
        return random.NextDouble() < UnmarkedShare ? template.Replace("`", "", StringComparison.Ordinal) : template;
    }

    /// <summary>The question that a wording asks with some values; what is not marked there is not marked in the values either.</summary>
    public static string Ask(string wording, IReadOnlyDictionary<string, string> values)
    {
        var text = new StringBuilder(wording);
        foreach (var (name, value) in values)
            text.Replace($"{{{name}}}", IsMarked(wording) ? value : value.Replace("`", "", StringComparison.Ordinal));
        return Prose.UpperFirst(text.ToString());
    }

    /// <summary>Whether a wording names a type or a member that its answer is about.</summary>
    public static bool Names(string wording) => s_names.Any(n => wording.Contains(n, StringComparison.Ordinal));

    // A wording without any name has nothing to mark; it keeps the marks of what the documentation says.
    private static bool IsMarked(string wording) => wording.Contains('`', StringComparison.Ordinal) || !Names(wording);

    private static Phrasings Load()
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("phrasings/facts.yaml")!);
        return new Phrasings(new DeserializerBuilder().Build().Deserialize<Dictionary<string, Dictionary<string, List<string>>>>(reader));
    }
}
