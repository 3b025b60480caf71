namespace DocTuneLab.Tokenization.AddedTokens;

/// <summary>A token that is found in text before anything is split.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="Special">Whether it is left out of decoded text, and found only where asked for.</param>
/// <param name="LeftStrip">Whether white space before it belongs to it.</param>
/// <param name="RightStrip">Whether white space after it belongs to it.</param>
/// <param name="SingleWord">Whether it is found only where no letter or digit touches it.</param>
/// <param name="Normalized">Whether it is found in normalised text, as its own normal form.</param>
public sealed record AddedToken(int Id, string Content, bool Special, bool LeftStrip = false, bool RightStrip = false,
    bool SingleWord = false, bool Normalized = false);
