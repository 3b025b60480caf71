namespace Fenmark.Watch;

/// <summary>One note at the watch desk.</summary>
public sealed record WatchNote
{
    internal WatchNote(int number, DateTimeOffset moment, WatchRank rank, string text)
        => (Number, Moment, Rank, Text) = (number, moment, rank, text);

    /// <summary>Gets the number of the note, from 1.</summary>
    public int Number { get; }

    /// <summary>Gets the moment at which it was posted, by the desk's clock.</summary>
    public DateTimeOffset Moment { get; }

    /// <summary>Gets how much the note matters.</summary>
    public WatchRank Rank { get; }

    /// <summary>Gets the text of the note.</summary>
    public string Text { get; }

    /// <summary>Returns the note as one line, such as <c>#3 Grave: bank is soft</c>.</summary>
    /// <returns>The text form.</returns>
    public override string ToString() => $"#{Number} {Rank}: {Text}";
}
