using System.Text;
using DocTuneLab.Documents.Model;

namespace DocTuneLab.Documents.Files;

/// <summary>Bytes to text: UTF-8, UTF-16 and UTF-32 by their marks, UTF-16 without one, GB18030 (and so GBK), else Windows-1252.</summary>
internal static class PageText
{
    private static readonly UTF8Encoding s_utf8 = new(false, throwOnInvalidBytes: true);
    private static readonly Encoding s_gb18030 = Strict("GB18030"), s_latin = Strict("windows-1252");

    /// <summary>The text of a file, or null where it is none.</summary>
    public static string? Decode(byte[] bytes, string path, ICollection<DocumentProblem> problems)
    {
        if (Marked(bytes) is var (marked, skip)) return Try(marked, bytes.AsSpan(skip)) ?? Lossy(marked, bytes.AsSpan(skip));
        var unmarked = Utf16(bytes);
        if (unmarked is not null && Try(unmarked, bytes) is { } wide) return Other(wide, unmarked.WebName);
        if (IsBinary(bytes))
        {
            problems.Add(new(path, 0, ProblemKind.Binary,
                "binary data, not text; left out. Expected a Markdown page: rename the file, or list it in .doctuneignore."));
            return null;
        }
        if (Try(s_utf8, bytes) is { } text) return text;
        if (Try(s_gb18030, bytes) is { } chinese && LooksChinese(chinese)) return Other(chinese, "GB18030");
        return Try(s_latin, bytes) is { } latin ? Other(latin, "windows-1252") : Lossy(s_utf8, bytes);

        string Other(string read, string name)
        {
            problems.Add(new(path, FirstBadLine(bytes), ProblemKind.Encoding, $"not valid UTF-8; read as {name}. Save the page as UTF-8."));
            return read;
        }

        string Lossy(Encoding encoding, ReadOnlySpan<byte> part)
        {
            problems.Add(new(path, FirstBadLine(bytes), ProblemKind.Encoding,
                $"not valid {encoding.WebName.ToUpperInvariant()}; the bytes that are not were read as U+FFFD. Save the page as UTF-8."));
            return Encoding.GetEncoding(encoding.CodePage).GetString(part);
        }
    }

    private static (Encoding Encoding, int Skip)? Marked(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [0xEF, 0xBB, 0xBF, ..] => (s_utf8, 3),
        [0xFF, 0xFE, 0, 0, ..] => (new UTF32Encoding(false, true, true), 4),
        [0, 0, 0xFE, 0xFF, ..] => (new UTF32Encoding(true, true, true), 4),
        [0xFF, 0xFE, ..] => (new UnicodeEncoding(false, true, true), 2),
        [0xFE, 0xFF, ..] => (new UnicodeEncoding(true, true, true), 2),
        _ => null,
    };

    /// <summary>UTF-16 without a mark: every other byte of a text in Latin letters is zero.</summary>
    private static UnicodeEncoding? Utf16(ReadOnlySpan<byte> bytes)
    {
        var head = bytes[..Math.Min(bytes.Length & ~1, 4096)];
        if (head.Length < 4) return null;
        var (even, odd) = (0, 0);
        for (var i = 0; i < head.Length; i += 2)
        {
            if (head[i] == 0) even++;
            if (head[i + 1] == 0) odd++;
        }
        var enough = head.Length / 2 * 0.6;
        return odd >= enough && even == 0 ? new(false, false, true) : even >= enough && odd == 0 ? new(true, false, true) : null;
    }

    /// <summary>NUL, or more than one control character in twenty.</summary>
    private static bool IsBinary(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Contains((byte)0)) return true;
        var head = bytes[..Math.Min(bytes.Length, 8192)];
        var control = 0;
        foreach (var b in head)
            if (b < 32 && b is not (9 or 10 or 12 or 13 or 27)) control++;
        return control * 20 > head.Length;
    }

    private static bool LooksChinese(string text)
    {
        var (common, other) = (0, 0);
        foreach (var c in text)
            if (c is >= '\u4E00' and <= '\u9FFF' or >= '\u3000' and <= '\u303F' or >= '\uFF00' and <= '\uFFEF') common++;
            else if (c > '\u007F') other++;
        return common > 3 * other && common > 0;
    }

    private static int FirstBadLine(ReadOnlySpan<byte> bytes)
    {
        var index = System.Text.Unicode.Utf8.IsValid(bytes) ? 0 : FirstInvalid(bytes);
        return 1 + bytes[..index].Count((byte)'\n');
    }

    private static int FirstInvalid(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        while (at < bytes.Length && Rune.DecodeFromUtf8(bytes[at..], out _, out var used) == System.Buffers.OperationStatus.Done)
            at += used;
        return at;
    }

    private static string? Try(Encoding encoding, ReadOnlySpan<byte> bytes)
    {
        try
        {
            return encoding.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static Encoding Strict(string name) =>
        CodePagesEncodingProvider.Instance.GetEncoding(name, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback)
            ?? Encoding.Latin1;
}
