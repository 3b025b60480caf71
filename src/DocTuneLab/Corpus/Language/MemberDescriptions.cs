using System.Text.RegularExpressions;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Language;

/// <summary>
/// Other wordings of what members do. Documentation says a thing more than once: in the summary, in the description of the return value, in
/// the table of a reference page, in a list. Each wording that can be tied to one member becomes another way to ask for it.
/// </summary>
internal static partial class MemberDescriptions
{
    /// <summary>Adds to each member the wordings found in its documentation and in the pages.</summary>
    public static void Attach(ApiIndex index, IReadOnlyList<Chunk> chunks)
    {
        foreach (var member in index.Members)
            if (member.Symbol is { Kind: ApiKind.Method or ApiKind.ExtensionMethod, Returns: { } returns }
                // What is tried gives more than whether it went well.
                && !(member.Symbol.ReturnType == "bool" && member.Symbol.Parameters.Any(p => p.Modifier == "out"))
                // Whoever awaits a task gets what it gives, and not the task.
                && !(TypeText.Awaited(member.Symbol.ReturnType) is not null && returns.Contains("task", StringComparison.OrdinalIgnoreCase))
                && Sentence(returns, index) is { } value
                // "A handle; dispose of it later" does not say of what.
                && (Prose.IsChinese(value) || Prose.CommonWords([value.Split(';', ':')[0]]).Count > 1)
                && !value.Contains("null", StringComparison.OrdinalIgnoreCase))
                index.Describe(member, Prose.IsChinese(value) ? "取得" + value
                    : ReturnsVerb().IsMatch(value) ? value
                    : "returns " + Prose.LowerFirst(value));

        var byName = index.Members.Where(m => m.Symbol.Kind != ApiKind.Constructor)
            .ToLookup(m => m.Symbol.Name.Split('<')[0], StringComparer.Ordinal);
        foreach (var chunk in chunks)
        {
            foreach (var (header, row) in DocumentFacts.TableRows(chunk))
            {
                if (row.Count < 2 || Find(byName, row[0], chunk) is not { } member) continue;
                // The longest cell that is prose is the description; the others are types and units.
                var cell = row.Skip(1)
                    .Select((text, i) => (text, header: i + 1 < header.Count ? header[i + 1] : ""))
                    .MaxBy(c => c.text.Length).text;
                if (Sentence(cell, index) is { } description && IsPhrase(description)) index.Describe(member, description);
            }
            foreach (var (term, definition) in DocumentFacts.Definitions(chunk))
                if (Find(byName, term, chunk) is { } member && Sentence(definition, index) is { } description && IsPhrase(description))
                    index.Describe(member, description);
        }
    }

    // `Advance()`, `FenRunner.Advance`, `Advance(int)`: the type from the name itself, else from the page;
    // else a name that only one type has.
    private static MemberEntry? Find(ILookup<string, MemberEntry> byName, string cell, Chunk chunk)
    {
        if (CodeName().Match(cell) is not { Success: true } match) return null;
        var parts = match.Groups[1].Value.Split('.');
        var found = byName[parts[^1]].ToList();
        if (found.Count == 0) return null;
        var type = parts.Length > 1 ? parts[^2] : null;
        if (type is not null) return found.FirstOrDefault(m => m.Owner.Path == type);
        var titled = found.Where(m => chunk.HeadingPath.Any(h => h.Contains(m.Owner.Path, StringComparison.Ordinal))).ToList();
        if (titled.Select(m => m.Owner.Path).Distinct().Count() == 1) return titled[0];
        return found.Select(m => m.Owner.Path).Distinct().Count() == 1 ? found[0] : null;
    }

    // More than one word; Chinese does not part its words.
    private static bool IsPhrase(string text) =>
        Prose.IsChinese(text) || (text.Contains(' ', StringComparison.Ordinal) && !Modifier().IsMatch(text));

    // A translated page is no source of requests about a library that is documented in English.
    private static string? Sentence(string text, ApiIndex index) =>
        Prose.FirstSentence(DocumentFacts.Plain(text)) is { Length: <= 110 } sentence
            && char.IsLetter(sentence[0])
            && (Prose.IsChinese(sentence) ? index.IsChinese && sentence.Length >= 4 : sentence.Length >= 8) ? sentence : null;

    [GeneratedRegex(@"`(?:[\w<>,.\[\]?]+ )?([A-Z]\w*(?:\.[A-Z]\w*)*)(?:<[^`]*>)?(?:\([^`]*\))?[^`]*`")]
    private static partial Regex CodeName();
    // Remarks on the declaration, or on the row above.
    [GeneratedRegex("^(?:static|const(?:ant)?|readonly|abstract|virtual|optional|required|the same|as above)\\b", RegexOptions.IgnoreCase)]
    private static partial Regex Modifier();
    [GeneratedRegex("^(?:returns?|gets?|tells?|whether|true) ", RegexOptions.IgnoreCase)]
    private static partial Regex ReturnsVerb();
}
