namespace DocTuneLab.Tokenization.Decoders;

/// <summary>A token on its way to text.</summary>
/// <param name="text">Its piece.</param>
/// <param name="isAdded">Whether it was added to the vocabulary.</param>
/// <param name="isFirst">Whether no token stands before it.</param>
internal sealed class DecodedToken(string text, bool isAdded, bool isFirst)
{
    public string Text { get; set; } = text;

    /// <summary>What it is where it is no text by itself.</summary>
    public byte[]? Bytes { get; set; }

    public bool IsAdded => isAdded;

    public bool IsFirst => isFirst;
}

/// <summary>A step from pieces to text.</summary>
internal abstract class Decoder
{
    /// <summary>Changes one token.</summary>
    public abstract void Decode(DecodedToken token);

    /// <summary>Whether the steps after it see the whole text instead of tokens.</summary>
    public virtual bool Joins => false;

    /// <summary>What the step does to a whole text: so many times, this text is dropped from its beginning. Null where it can do nothing
    /// of the kind while tokens are still to come.</summary>
    public virtual (string Text, int Times)? Leading => null;
}
