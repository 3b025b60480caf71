using System.Globalization;
using System.Text;

namespace DocTuneLab.Tokenization.Steps;

/// <summary>Pieces that stand for one byte, <c>&lt;0x00&gt;</c> and so on (SentencePiece).</summary>
internal static class BytePieces
{
    /// <summary>The id of each byte's piece, −1 where there is none.</summary>
    public static int[] Ids(IReadOnlyDictionary<string, int> vocabulary) =>
        [.. Enumerable.Range(0, 256).Select(b => vocabulary.GetValueOrDefault($"<0x{b:X2}>", -1))];

    /// <summary>A text in bytes; null where one of them is no piece.</summary>
    public static int[]? Of(string text, int[] ids)
    {
        var result = Array.ConvertAll(Encoding.UTF8.GetBytes(text), b => ids[b]);
        return Array.IndexOf(result, -1) < 0 ? result : null;
    }

    /// <summary>The byte that a piece stands for.</summary>
    public static byte? ByteOf(string piece) =>
        piece.Length == 6
        && piece.StartsWith("<0x", StringComparison.Ordinal)
        && piece[5] == '>'
        && byte.TryParse(piece.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? value : null;
}
