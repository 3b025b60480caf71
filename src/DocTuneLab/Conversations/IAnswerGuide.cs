namespace DocTuneLab.Conversations;

/// <summary>What a guide says of a piece of an answer.</summary>
public enum GuideVerdict
{
    /// <summary>Nothing speaks against it.</summary>
    Fits,

    /// <summary>It may become right, by what comes later only: to be taken where nothing else fits.</summary>
    Possible,

    /// <summary>It may become right, but seldom does, such as the name of a method that is declared later: to be taken where all else is
    /// most unlikely.</summary>
    Unlikely,

    /// <summary>It cannot become right; something else may stand there.</summary>
    Refused,

    /// <summary>It ends a statement that is wrong: what was written before may be at fault.</summary>
    Broken,
}

/// <summary>Looks at an answer while a model writes it, and says what may follow. Decoding asks; what is asked about is not its business.
/// </summary>
public interface IAnswerGuide
{
    /// <summary>An answer of which nothing is written.</summary>
    IGuidedAnswer Begin();
}

/// <summary>An answer as far as it is written. It does not change: from one state several ways can be tried.</summary>
public interface IGuidedAnswer
{
    /// <summary>Characters before the statement that is being written: as far as a decoder may go back.</summary>
    int ReturnTo { get; }

    /// <summary>Whether nothing is looked at here, such as prose before code: no other way is sought from here on.</summary>
    bool IsFree { get; }

    /// <summary>Tries a piece of text.</summary>
    /// <param name="piece">Text of a token; may be empty where characters are not whole yet.</param>
    /// <param name="longer">The answer with the piece; null where it is refused.</param>
    /// <param name="reason">Why it is refused, or only possible; else empty.</param>
    GuideVerdict Follow(string piece, out IGuidedAnswer? longer, out string reason);

    /// <summary>Why the answer may not end here; null where it may.</summary>
    string? Objection();

    /// <summary>Why the answer, which may end here, is seldom what was asked, such as a parameter that it never reads; null where nothing
    /// speaks against it, and where it may not end. Another way is sought, and this one taken where none is found.</summary>
    string? Shortfall() => null;

    /// <summary>Where that stands, in characters of the answer, on which what is being written depends, such as the declarations of the
    /// variables that it uses: where it cannot be right, they may be what is wrong. None where nothing is known.</summary>
    IReadOnlyList<(int Start, int End)> Grounds() => [];

    /// <summary>Texts that bring the answer from here to an end that is right, for where a search has found none. None where nothing is
    /// known.</summary>
    /// <param name="isFull">Whether only ends behind which nothing speaks against the answer are wanted (<see cref="Shortfall"/>); else
    /// they go first, and others are taken where there is none.</param>
    IReadOnlyList<string> Endings(bool isFull) => [];
}
