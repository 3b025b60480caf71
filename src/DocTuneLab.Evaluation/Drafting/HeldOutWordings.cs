using System.Reflection;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>Questions about members in wordings that no corpus uses.</summary>
internal static class HeldOutWordings
{
    private static readonly Lazy<IReadOnlyDictionary<string, IReadOnlyList<string>>> s_all = new(Read);

    /// <summary>The wordings of a language, <c>en</c> or <c>zh</c>, with <c>{member}</c> for the name.</summary>
    public static IReadOnlyList<string> Of(string language) => s_all.Value[language];

    private static Dictionary<string, IReadOnlyList<string>> Read()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("held-out-wordings.txt")!;
        using var reader = new StreamReader(stream);
        var all = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        List<string> current = [];
        while (reader.ReadLine() is { } line)
            if (line.Length == 2) all[line] = current = [];
            else if (line.Length > 0 && !line.StartsWith('#')) current.Add(line);
        return all;
    }
}
