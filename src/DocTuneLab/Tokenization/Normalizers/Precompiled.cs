using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.Normalizers;

/// <summary>
/// SentencePiece's compiled map of characters: a trie over UTF-8 (a double array, as darts-clone writes it) and, after it, the
/// texts that its values point to.
/// </summary>
internal sealed class Precompiled : Normalizer
{
    // Longer ones are looked up character by character.
    private const int LongestCluster = 5;
    private readonly uint[] _trie;
    private readonly byte[] _texts;

    private Precompiled(uint[] trie, byte[] texts) => (_trie, _texts) = (trie, texts);

    public static Normalizer Read(StepFields fields)
    {
        var data = Decoded(fields.Text("precompiled_charsmap"));
        var size = data.Length < 4 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(data);
        if (size == 0 || size > data.Length - 4 || size % 4 != 0)
            throw new LabException($"{fields.Name}.precompiled_charsmap is cut short or not base64");
        var trie = new uint[size / 4];
        for (var i = 0; i < trie.Length; i++) trie[i] = BinaryPrimitives.ReadUInt32LittleEndian(data.AsSpan(4 + 4 * i));
        return new Precompiled(trie, data[(4 + (int)size)..]);
    }

    public override AlignedText Normalize(AlignedText text)
    {
        var (points, changed) = (new List<(int Point, int Change)>(text.Text.Length), false);
        for (var at = 0; at < text.Text.Length;)
        {
            var cluster = text.Text.AsSpan(at, StringInfo.GetNextTextElementLength(text.Text.AsSpan(at)));
            at += cluster.Length;
            if (Encoding.UTF8.GetByteCount(cluster) <= LongestCluster && Find(cluster) is { } whole)
            {
                changed = true;
                Add(points, cluster, whole);
                continue;
            }
            foreach (var rune in cluster.EnumerateRunes())
            {
                var character = rune.ToString();
                if (Find(character) is { } written)
                {
                    changed = true;
                    Add(points, character, written);
                }
                else
                {
                    points.Add((rune.Value, 0));
                }
            }
        }
        return changed ? text.Rewrite(points) : text;
    }

    public override string ToString() => "Precompiled";

    private static byte[] Decoded(string base64)
    {
        var data = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, data, out var written) ? data[..written] : [];
    }

    private static void Add(List<(int Point, int Change)> points, ReadOnlySpan<char> old, string written)
    {
        var (before, after) = (0, 0);
        foreach (var _ in old.EnumerateRunes()) before++;
        foreach (var rune in written.EnumerateRunes())
        {
            after++;
            points.Add((rune.Value, 0));
        }
        for (var i = 1; i <= after - before; i++) points[^i] = (points[^i].Point, 1);
        // What is dropped is booked on the last character there is.
        if (after < before && points.Count > 0) points[^1] = (points[^1].Point, points[^1].Change + after - before);
    }

    // The text for the shortest beginning that the trie holds: so the reference does it, whole clusters too.
    private string? Find(ReadOnlySpan<char> text)
    {
        Span<byte> bytes = stackalloc byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        bytes = bytes[..Encoding.UTF8.GetBytes(text, bytes)];
        var node = Offset(_trie[0]);
        foreach (var b in bytes)
        {
            if (b == 0) return null;
            node ^= b;
            if (node >= _trie.Length) return null;
            var unit = _trie[node];
            if ((unit & 0x800000FF) != b) return null;
            node ^= Offset(unit);
            if ((unit >> 8 & 1) == 1 && node < _trie.Length) return TextAt((int)(_trie[node] & 0x7FFFFFFF));
        }
        return null;
    }

    private static uint Offset(uint unit) => unit >> 10 << (int)((unit & 1 << 9) >> 6);

    private string TextAt(int start)
    {
        if (start >= _texts.Length) return "";
        var end = Array.IndexOf(_texts, (byte)0, start);
        return Encoding.UTF8.GetString(_texts.AsSpan(start, (end < 0 ? _texts.Length : end) - start));
    }
}
