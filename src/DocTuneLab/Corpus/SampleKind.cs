using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DocTuneLab.Corpus;

/// <summary>
/// What a sample teaches, as a name: one of those below, or one of a program's own. A kind is made known to the generators by its
/// definition (<c>SampleKindDefinition</c>); a name that nobody has defined, such as one in another program's lab, can still be read,
/// listed and written.
/// </summary>
[JsonConverter(typeof(SampleKindConverter))]
public readonly record struct SampleKind : IComparable<SampleKind>
{
    private readonly string? _name;

    /// <summary>A kind by its name.</summary>
    /// <param name="name">Letters and digits, a letter first. Capitals do not count: files write the name in small letters, so that
    /// <see cref="Name"/> has one capital, the first letter, however it was written.</param>
    /// <exception cref="LabException">The name has other characters, or none.</exception>
    public SampleKind(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!IsName(name))
            throw new LabException($"'{name}' is no name of a kind of sample; expected ASCII letters and digits, a letter first.");
        _name = Canonical(name);
    }

    /// <summary>A question about the library and its short answer.</summary>
    public static SampleKind Qa { get; } = new("Qa");
    /// <summary>An instruction and code that follows it.</summary>
    public static SampleKind Code { get; } = new("Code");
    /// <summary>Fill in the middle.</summary>
    public static SampleKind Completion { get; } = new("Completion");
    /// <summary>Code or a member, and what it does.</summary>
    public static SampleKind Explain { get; } = new("Explain");
    /// <summary>A wrong call, the compiler's message, the fix.</summary>
    public static SampleKind Repair { get; } = new("Repair");
    /// <summary>A member that does not exist, and the honest answer.</summary>
    public static SampleKind Unanswerable { get; } = new("Unanswerable");
    /// <summary>Code that uses an obsolete member, and the same with what replaces it.</summary>
    public static SampleKind Migration { get; } = new("Migration");

    // Tables list these first, in this order, then all others by name.
    private static readonly SampleKind[] s_listed = [Qa, Code, Completion, Explain, Repair, Unanswerable, Migration];

    /// <summary>The name as labs keep it, such as <c>Qa</c>.</summary>
    public string Name => _name ?? "Qa";

    /// <summary>The name as files and settings write it, such as <c>qa</c>.</summary>
    public string FieldName => Name.ToLowerInvariant();

    /// <summary>The kind of a name in any case.</summary>
    /// <returns>Whether the text is a name.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out SampleKind kind)
    {
        var isName = text is not null && IsName(text);
        kind = isName ? new SampleKind(text!) : default;
        return isName;
    }

    /// <summary>Whether it has the same name; a kind without one counts as <see cref="Qa"/>.</summary>
    public bool Equals(SampleKind other) => Name == other.Name;

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Name);

    /// <summary>Order of tables: the kinds above as they stand there, then others by name.</summary>
    public int CompareTo(SampleKind other) =>
        Place() == other.Place() ? string.CompareOrdinal(Name, other.Name) : Place().CompareTo(other.Place());

    /// <summary>Whether one is listed before another.</summary>
    public static bool operator <(SampleKind left, SampleKind right) => left.CompareTo(right) < 0;

    /// <summary>Whether one is listed before another, or is the same.</summary>
    public static bool operator <=(SampleKind left, SampleKind right) => left.CompareTo(right) <= 0;

    /// <summary>Whether one is listed after another.</summary>
    public static bool operator >(SampleKind left, SampleKind right) => left.CompareTo(right) > 0;

    /// <summary>Whether one is listed after another, or is the same.</summary>
    public static bool operator >=(SampleKind left, SampleKind right) => left.CompareTo(right) >= 0;

    /// <summary><see cref="Name"/>.</summary>
    public override string ToString() => Name;

    private int Place() => Array.IndexOf(s_listed, this) is >= 0 and var at ? at : s_listed.Length;

    private static bool IsName(string text) => text.Length > 0 && char.IsAsciiLetter(text[0]) && text.All(char.IsAsciiLetterOrDigit);

    private static string Canonical(string name) => char.ToUpperInvariant(name[0]) + name[1..].ToLowerInvariant();
}

/// <summary>Kinds of samples as JSON texts, read in any case.</summary>
/// <param name="inSmallLetters">Whether they are written as <c>qa</c> and not as <c>Qa</c>.</param>
internal sealed class SampleKindConverter(bool inSmallLetters) : JsonConverter<SampleKind>
{
    /// <summary>Writes <see cref="SampleKind.Name"/>.</summary>
    public SampleKindConverter() : this(false) { }

    /// <inheritdoc/>
    public override SampleKind Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && SampleKind.TryParse(reader.GetString(), out var kind)
            ? kind
            : throw new JsonException();

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, SampleKind value, JsonSerializerOptions options) =>
        writer.WriteStringValue(inSmallLetters ? value.FieldName : value.Name);
}
