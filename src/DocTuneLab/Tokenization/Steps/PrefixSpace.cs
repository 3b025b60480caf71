namespace DocTuneLab.Tokenization.Steps;

/// <summary>Where a tokenizer puts a space before text that has none.</summary>
internal enum PrefixSpace
{
    /// <summary>Nowhere.</summary>
    Never,

    /// <summary>Before the first piece of a text.</summary>
    First,

    /// <summary>Before each piece between added tokens.</summary>
    Always,
}
