using System.Text;

namespace DocTuneLab.Tokenization.Patterns;

/// <summary>Finds places in a text.</summary>
internal interface IMatcher
{
    /// <summary>Adds the matches in order; none overlaps another, but one may be empty.</summary>
    void Find(ReadOnlySpan<char> text, List<(int Start, int End)> matches);
}

/// <summary>Single characters of a kind.</summary>
internal sealed class CharacterMatcher(Func<Rune, bool> isMatch) : IMatcher
{
    private readonly bool[] _ascii = [.. Enumerable.Range(0, 128).Select(c => isMatch(new Rune(c)))];

    public void Find(ReadOnlySpan<char> text, List<(int Start, int End)> matches)
    {
        for (var at = 0; at < text.Length;)
        {
            var (end, found) = (at + 1, false);
            if (text[at] < 128)
            {
                found = _ascii[text[at]];
            }
            else
            {
                Rune.DecodeFromUtf16(text[at..], out var rune, out var length);
                (end, found) = (at + length, isMatch(rune));
            }
            if (found) matches.Add((at, end));
            at = end;
        }
    }
}

/// <summary>A text, to the letter.</summary>
internal sealed class TextMatcher(string wanted) : IMatcher
{
    public void Find(ReadOnlySpan<char> text, List<(int Start, int End)> matches)
    {
        if (wanted.Length == 0) return;
        for (var at = 0; text[at..].IndexOf(wanted) is >= 0 and var found; at += found + wanted.Length)
            matches.Add((at + found, at + found + wanted.Length));
    }
}
