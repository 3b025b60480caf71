namespace DocTuneLab.Tokenization.Steps;

/// <summary>GPT-2's one-to-one map between bytes and printable characters, in which vocabularies are written.</summary>
internal static class ByteAlphabet
{
    private static readonly char[] s_toChar = Build();
    private static readonly Dictionary<char, byte> s_toByte = s_toChar.Select((c, b) => (c, b)).ToDictionary(p => p.c, p => (byte)p.b);

    public static char Char(byte value) => s_toChar[value];

    public static bool TryByte(char value, out byte result) => s_toByte.TryGetValue(value, out result);

    /// <summary>The UTF-8 bytes of a text in the alphabet.</summary>
    public static string Encode(string text)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        return string.Create(bytes.Length, bytes, (target, source) =>
        {
            for (var i = 0; i < source.Length; i++) target[i] = s_toChar[source[i]];
        });
    }

    /// <summary>The UTF-8 bytes of a character in the alphabet; null where they are the character itself.</summary>
    public static string? Write(System.Text.Rune rune)
    {
        if (rune.Value is >= '!' and <= '~') return null;
        Span<byte> bytes = stackalloc byte[4];
        bytes = bytes[..rune.EncodeToUtf8(bytes)];
        Span<char> written = stackalloc char[bytes.Length];
        for (var i = 0; i < bytes.Length; i++) written[i] = s_toChar[bytes[i]];
        return written.ToString();
    }

    private static char[] Build()
    {
        var map = new char[256];
        var next = 256;
        for (var b = 0; b < 256; b++)
        {
            var printable = b is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE and <= 0xFF;
            map[b] = (char)(printable ? b : next++);
        }
        return map;
    }
}
