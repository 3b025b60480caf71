using System.Reflection;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>Questions about members and facts in wordings that no corpus uses.</summary>
internal static class HeldOutWordings
{
    private static readonly Lazy<IReadOnlyDictionary<string, IReadOnlyList<string>>> s_all = new(Read);

    /// <summary>All wordings.</summary>
    public static IEnumerable<string> All => s_all.Value.Values.SelectMany(w => w);

    /// <summary>Wordings that take a member for granted, in a language, <c>en</c> or <c>zh</c>; <c>{member}</c> is the name.</summary>
    public static IReadOnlyList<string> Of(string language) => s_all.Value[language];

    /// <summary>Wordings that ask for a fact of some kind; none where facts of that kind are not asked for.</summary>
    public static IReadOnlyList<string> Of(string language, string kind) => s_all.Value.GetValueOrDefault($"{language} {kind}") ?? [];

    private static Dictionary<string, IReadOnlyList<string>> Read()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("held-out-wordings.txt")!;
        using var reader = new StreamReader(stream);
        var all = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        List<string> current = [];
        while (reader.ReadLine() is { } line)
            if (IsHeading(line)) all[line] = current = [];
            else if (line.Length > 0 && !line.StartsWith('#')) current.Add(line);
        return all;
    }

    private static bool IsHeading(string line) => line is "en" or "zh"
        || (line.Split(' ') is ["en" or "zh", var kind] && kind.All(c => c == '-' || char.IsAsciiLetterLower(c)));
}
