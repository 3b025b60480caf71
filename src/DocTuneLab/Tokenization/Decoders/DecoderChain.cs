using System.Text;
using System.Text.Json.Nodes;

namespace DocTuneLab.Tokenization.Decoders;

/// <summary>All steps from pieces to text, in a form in which tokens may come one by one.</summary>
internal sealed class DecoderChain
{
    private readonly List<Decoder> _steps = [];

    private DecoderChain()
    {
    }

    /// <summary>What is dropped from the beginning of the text, and how often at most.</summary>
    public (string Text, int Times) Leading { get; private set; } = ("", 0);

    /// <summary>Whether single tokens are bytes among others that are text: each byte of no character is then one U+FFFD.</summary>
    public bool HasBytePieces { get; private set; }

    /// <summary>Whether there are no steps: pieces are then written with spaces between them.</summary>
    public bool IsEmpty => _steps.Count == 0;

    /// <summary>Whether pieces are bytes in GPT-2's alphabet.</summary>
    public bool IsOfBytes => _steps.Exists(s => s is ByteLevelDecoder);

    /// <summary>Whether the first token's text is another than it is elsewhere.</summary>
    public bool ChangesFirst => IsEmpty || _steps.Exists(s => s is MetaspaceDecoder or WordPieceDecoder);

    public static DecoderChain Read(JsonNode? node)
    {
        var (chain, joined) = (new DecoderChain(), false);
        foreach (var step in DecoderKinds.All.Read(node, "decoder"))
        {
            chain.HasBytePieces |= step is ByteFallbackDecoder;
            if (!joined) chain._steps.Add(step);
            else if (step.Leading is { } leading && chain.Leading.Times == 0) chain.Leading = leading;
            else if (step is not FuseDecoder)
                throw new LabException($"decoder: {step.GetType().Name[..^"Decoder".Length]} after the tokens are joined is not supported");
            joined |= step.Joins;
        }
        return chain;
    }

    /// <summary>UTF-8 of one token, perhaps part of a character.</summary>
    public byte[] Decode(string piece, bool isAdded, bool isFirst)
    {
        var token = new DecodedToken(IsEmpty && !isFirst ? " " + piece : piece, isAdded, isFirst);
        foreach (var step in _steps)
        {
            step.Decode(token);
            if (token.Bytes is not null) break;
        }
        return token.Bytes ?? Encoding.UTF8.GetBytes(token.Text);
    }
}
