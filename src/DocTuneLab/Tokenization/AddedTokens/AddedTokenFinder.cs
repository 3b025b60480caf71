using System.Buffers;
using System.Text;
using DocTuneLab.Tokenization.Steps;
using DocTuneLab.Tokenization.Unicode;

namespace DocTuneLab.Tokenization.AddedTokens;

/// <summary>Finds tokens in text: the leftmost, and the longest of those.</summary>
internal sealed class AddedTokenFinder
{
    private readonly SearchValues<string>? _any;
    private readonly Dictionary<char, (string Text, AddedToken Token)[]> _byFirst;

    public AddedTokenFinder(IEnumerable<(string Text, AddedToken Token)> tokens)
    {
        _byFirst = tokens.Where(t => t.Text.Length > 0).GroupBy(t => t.Text[0])
            .ToDictionary(g => g.Key, g => g.OrderByDescending(t => t.Text.Length).ToArray());
        if (_byFirst.Count > 0)
            _any = SearchValues.Create([.. _byFirst.Values.SelectMany(g => g.Select(t => t.Text))], StringComparison.Ordinal);
    }

    /// <summary>Adds the tokens and what lies between them.</summary>
    public void Split(AlignedText text, bool specialTokens, List<Stretch> stretches)
    {
        var length = text.Text.Length;
        var done = 0;
        for (var at = 0; Next(text.Text, at) is var (found, token, size); at = found + size)
        {
            if (token.Special && !specialTokens) continue;
            var (start, end) = (found, found + size);
            if (token.SingleWord && (EndsInWord(text.Text.AsSpan(0, start)) || BeginsWithWord(text.Text.AsSpan(end)))) continue;
            if (token.LeftStrip) start = Math.Max(done, text.Text.AsSpan(0, start).TrimEnd().Length);
            if (token.RightStrip) end = length - text.Text.AsSpan(end).TrimStart().Length;
            if (start > done) stretches.Add(new(text.Slice(done, start), null));
            stretches.Add(new(text.Slice(start, end), token));
            done = end;
        }
        if (done < length) stretches.Add(new(text.Slice(done, length), null));
    }

    private (int At, AddedToken Token, int Length)? Next(string text, int from)
    {
        if (_any is null || text.AsSpan(from).IndexOfAny(_any) is not (>= 0 and var found)) return null;
        var at = from + found;
        foreach (var (wanted, token) in _byFirst[text[at]])
            if (text.AsSpan(at).StartsWith(wanted)) return (at, token, wanted.Length);
        return null;
    }

    private static bool EndsInWord(ReadOnlySpan<char> text) =>
        Rune.DecodeLastFromUtf16(text, out var rune, out _) == OperationStatus.Done && UnicodeCategories.IsWord(rune);

    private static bool BeginsWithWord(ReadOnlySpan<char> text) =>
        Rune.DecodeFromUtf16(text, out var rune, out _) == OperationStatus.Done && UnicodeCategories.IsWord(rune);
}
