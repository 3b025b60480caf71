using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;

namespace DocTuneLab.Tokenization;

/// <summary>Text of a growing sequence of tokens.</summary>
[SuppressMessage("Naming", "CA1711", Justification = "As in Hugging Face's DecodeStream: tokens go in and text comes out.")]
public sealed class TokenStream
{
    private readonly HuggingFaceTokenizer _tokenizer;
    private readonly bool _skipSpecialTokens;
    // Bytes of a character that is not whole yet.
    private readonly List<byte> _bytes = [];
    private bool _begun;
    // How often the text that decoding drops from the beginning may still be dropped.
    private int _leading;

    internal TokenStream(HuggingFaceTokenizer tokenizer, bool skipSpecialTokens, bool continues)
    {
        (_tokenizer, _skipSpecialTokens, _begun) = (tokenizer, skipSpecialTokens, continues);
        _leading = continues ? 0 : tokenizer.File.Decoder.Leading.Times;
    }

    /// <summary>Whether the last token left a character unfinished.</summary>
    public bool IsWithinCharacter => _bytes.Count > 0;

    /// <summary>Another stream that goes on from here.</summary>
    public TokenStream Fork()
    {
        var fork = new TokenStream(_tokenizer, _skipSpecialTokens, _begun) { _begun = _begun, _leading = _leading };
        fork._bytes.AddRange(_bytes);
        return fork;
    }

    /// <summary>Text that is certain once this token is there; bytes of an unfinished character wait.</summary>
    public string Add(int id)
    {
        if (_tokenizer.TextOf(id, _skipSpecialTokens, !_begun) is not { } bytes) return "";
        _begun = true;
        _bytes.AddRange(bytes);
        return Take(_bytes.Count - Unfinished());
    }

    /// <summary>What is left at the end: U+FFFD for an unfinished character, else nothing.</summary>
    public string End() => Take(_bytes.Count);

    private string Take(int count)
    {
        if (count == 0) return "";
        var bytes = CollectionsMarshal.AsSpan(_bytes)[..count];
        var text = _tokenizer.File.Decoder.HasBytePieces ? Lenient(bytes) : Encoding.UTF8.GetString(bytes);
        _bytes.RemoveRange(0, count);
        var leading = _tokenizer.File.Decoder.Leading.Text;
        while (_leading > 0 && text.Length > 0)
        {
            _leading = text.StartsWith(leading, StringComparison.Ordinal) ? _leading - 1 : 0;
            if (text.StartsWith(leading, StringComparison.Ordinal)) text = text[leading.Length..];
        }
        return text;
    }

    // A token that is a byte of no character is one U+FFFD, however many such stand together.
    private static string Lenient(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        for (var at = 0; at < bytes.Length;)
        {
            var whole = Rune.DecodeFromUtf8(bytes[at..], out var rune, out var length) == OperationStatus.Done;
            if (whole) text.Append(rune.ToString());
            else text.Append('\uFFFD', length);
            at += length;
        }
        return text.ToString();
    }

    // A first byte says how many belong to its character.
    private int Unfinished()
    {
        for (var back = 1; back <= Math.Min(3, _bytes.Count); back++)
        {
            var b = _bytes[^back];
            if ((b & 0xC0) == 0x80) continue;
            var length = b >= 0xF0 ? 4 : b >= 0xE0 ? 3 : b >= 0xC0 ? 2 : 1;
            return length > back ? back : 0;
        }
        return 0;
    }
}
