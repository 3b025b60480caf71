using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Fenmark;

/// <summary>The key painted on a gate: the letters of its line and its number, such as <c>NB-042</c>.</summary>
/// <remarks>Immutable. Keys sort by line, then by number.</remarks>
/// <example>
/// <code>
/// var key = GateKey.Parse("nb-42");
/// Console.WriteLine(key);        // NB-042
/// Console.WriteLine(key.Next()); // NB-043
/// </code>
/// </example>
public readonly record struct GateKey : IComparable<GateKey>, IParsable<GateKey>
{
    private readonly string? _line;

    /// <summary>Creates a key from a line and a number.</summary>
    /// <param name="line">Two to four letters from A to Z; small letters are made capital.</param>
    /// <param name="number">The number on that line, 1 to 999.</param>
    /// <exception cref="ArgumentNullException"><paramref name="line"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="line"/> is not two to four letters.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="number"/> is not 1 to 999.</exception>
    public GateKey(string line, int number)
    {
        ArgumentNullException.ThrowIfNull(line);
        if (line.Length is < 2 or > 4 || !line.All(char.IsAsciiLetter))
            throw new ArgumentException($"'{line}' is not a line: use two to four letters.", nameof(line));
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, 999);
        _line = line.ToUpperInvariant();
        Number = number;
    }

    /// <summary>Gets the letters of the line, in capitals.</summary>
    public string Line => _line ?? "";

    /// <summary>Gets the number on the line, 1 to 999.</summary>
    public int Number { get; }

    /// <summary>Returns the next key on the same line.</summary>
    /// <returns>The key with the number raised by one.</returns>
    /// <exception cref="FenFaultException">The number is 999 already; the fault code is <c>key-spent</c>.</exception>
    public GateKey Next() =>
        Number < 999 ? new(Line, Number + 1) : throw new FenFaultException("key-spent", $"Line {Line} has no key after {this}.");

    /// <summary>Reads a key from text such as <c>NB-042</c>.</summary>
    /// <param name="text">Two to four letters, a dash, and one to three digits.</param>
    /// <returns>The key that the text states.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="text"/> is null.</exception>
    /// <exception cref="FormatException"><paramref name="text"/> is not a key.</exception>
    public static GateKey Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out var key) ? key : throw new FormatException($"'{text}' is not a gate key: write it like 'NB-042'.");
    }

    /// <summary>Tries to read a key from text such as <c>NB-042</c>.</summary>
    /// <param name="text">The text to read; null counts as unreadable.</param>
    /// <param name="key">The key that was read, or the default key.</param>
    /// <returns><see langword="true"/> when the text is a key; otherwise <see langword="false"/>.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out GateKey key)
    {
        key = default;
        if (text?.Split('-') is not [var line, var digits]
            || line.Length is < 2 or > 4 || !line.All(char.IsAsciiLetter)
            || digits.Length is < 1 or > 3
            || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number == 0)
            return false;
        key = new(line, number);
        return true;
    }

    static GateKey IParsable<GateKey>.Parse(string s, IFormatProvider? provider) => Parse(s);

    static bool IParsable<GateKey>.TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out GateKey result) =>
        TryParse(s, out result);

    /// <summary>Compares this key with another, by line and then by number.</summary>
    /// <param name="other">The key to compare with.</param>
    /// <returns>Less than zero when this key sorts first, zero when equal, more than zero when it sorts after.</returns>
    public int CompareTo(GateKey other)
    {
        var byLine = string.CompareOrdinal(Line, other.Line);
        return byLine != 0 ? byLine : Number.CompareTo(other.Number);
    }

    /// <summary>Returns the key as painted, such as <c>NB-042</c>.</summary>
    /// <returns>The text form, which <see cref="Parse"/> reads back.</returns>
    public override string ToString() => $"{Line}-{Number.ToString("000", CultureInfo.InvariantCulture)}";
}
