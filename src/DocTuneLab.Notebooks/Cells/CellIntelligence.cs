using System.CommandLine;

namespace DocTuneLab.Notebooks.Cells;

/// <summary>
/// Answers questions about code that is being typed: those about magics itself, the others with the language at the position.
/// </summary>
internal sealed class CellIntelligence(SessionState session)
{
    public Task<CellCompletions> CompleteAsync(string cell, int position, CancellationToken cancellation)
    {
        var lineStart = position == 0 ? 0 : cell.LastIndexOf('\n', position - 1) + 1;
        var line = cell[lineStart..position];
        if (line.StartsWith('#') && (line.Length == 1 || line.StartsWith(CellSplitter.Prefix, StringComparison.Ordinal)))
            return Task.FromResult(CompleteMagic(line, lineStart, position));
        return At(cell, position) is var (language, code)
            ? language.CompleteAsync(code, position, cancellation)
            : Task.FromResult(CellCompletions.None(position));
    }

    public Task<string?> InspectAsync(string cell, int position, CancellationToken cancellation) =>
        At(cell, position) is var (language, code) ? language.InspectAsync(code, position, cancellation) : Task.FromResult<string?>(null);

    public Task<CellSignatures?> SignaturesAsync(string cell, int position, CancellationToken cancellation) =>
        At(cell, position) is var (language, code)
            ? language.SignaturesAsync(code, position, cancellation)
            : Task.FromResult<CellSignatures?>(null);

    public async Task<IReadOnlyList<CellDiagnostic>> DiagnosticsAsync(string cell, CancellationToken cancellation)
    {
        var languages = LanguageOfLines(cell);
        var found = new List<CellDiagnostic>();
        foreach (var language in languages.OfType<ICellLanguage>().Distinct())
            found.AddRange(await language.DiagnosticsAsync(Only(language, languages, cell), cancellation));
        return [.. found.OrderBy(diagnostic => diagnostic.Start)];
    }

    /// <summary>Whether a cell can be run as it is: its last part decides.</summary>
    public CodeCompleteness Completeness(string cell)
    {
        var lines = cell.ReplaceLineEndings("\n").Split('\n');
        var last = LanguageOfLines(string.Join('\n', lines))[^1];
        var code = string.Join('\n', lines.Skip(Array.FindLastIndex(lines, CellSplitter.IsMagic) + 1));
        return last?.Completeness(code) ?? CodeCompleteness.Complete;
    }

    private (ICellLanguage Language, string Code)? At(string cell, int position)
    {
        var languages = LanguageOfLines(cell);
        var line = cell.AsSpan(0, Math.Clamp(position, 0, cell.Length)).Count('\n');
        return languages[line] is { } language ? (language, Only(language, languages, cell)) : null;
    }

    private List<ICellLanguage?> LanguageOfLines(string cell)
    {
        var names = CellSplitter.LanguageOfLines(cell, session.Main.Name,
            name => session.Magics.TryGet(name, out var magic) ? magic.Kind : null);
        return [.. names.Select(name => name is null ? null : name == session.Main.Name ? session.Main : session.Magics.Language(name))];
    }

    // Other lines become blank ones of the same length, so that positions stay.
    private static string Only(ICellLanguage language, List<ICellLanguage?> languages, string cell) =>
        string.Join('\n', cell.Split('\n').Select((line, index) => languages[index] == language ? line : new string(' ', line.Length)));

    private CellCompletions CompleteMagic(string line, int lineStart, int position)
    {
        var wordStart = line.LastIndexOf(' ') + 1;
        var typed = line[wordStart..];
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (wordStart == 0)
        {
            var names = session.Magics.Names.Order(StringComparer.Ordinal).Where(name => name.StartsWith(typed, StringComparison.Ordinal));
            return new CellCompletions(lineStart, position, [.. names.Select(name => new CompletionEntry(name, "Magic"))]);
        }
        if (!session.Magics.TryGet(words[0], out var magic))
            return CellCompletions.None(position);
        var rest = line[words[0].Length..].TrimStart();
        var items = magic.Command.Parse(rest, new ParserConfiguration { ResponseFileTokenReplacer = null }).GetCompletions(rest.Length);
        var entries = items.Select(item => item.InsertText ?? item.Label)
            .Where(text => text.StartsWith(typed, StringComparison.OrdinalIgnoreCase)).Distinct()
            .Select(text => new CompletionEntry(text, text.StartsWith('-') ? "Option" : "Value"));
        return new CellCompletions(lineStart + wordStart, position, [.. entries]);
    }
}
