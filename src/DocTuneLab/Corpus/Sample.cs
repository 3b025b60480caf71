using System.Text.Json.Serialization;
using DocTuneLab.Conversations;
using DocTuneLab.Documents.Model;
using DocTuneLab.Text;

namespace DocTuneLab.Corpus;

/// <summary>What a sample is grounded in.</summary>
/// <param name="Chunks">Chunk ids.</param>
/// <param name="Symbols">Documentation ids.</param>
public sealed record Evidence(IReadOnlyList<string> Chunks, IReadOnlyList<string> Symbols);

/// <summary>The result of one validation of a sample.</summary>
/// <param name="Name">Such as <c>compiles</c>.</param>
/// <param name="Passed">Whether it holds.</param>
/// <param name="Detail">Why not, or what was seen.</param>
public sealed record Check(string Name, bool Passed, string? Detail);

/// <summary>How a sample came to be.</summary>
/// <param name="Source"><c>structural</c>, <c>general</c>, <c>model</c>, <c>review</c>, or the file that it was imported from.</param>
/// <param name="Model">Model that wrote it; empty where none did.</param>
/// <param name="Templates">Templates asked with, as <c>name@version</c>.</param>
/// <param name="Document">Page that it is about; empty where it is about none.</param>
/// <param name="HeadingPath">Headings above the passage.</param>
public sealed record Provenance(
    string Source, string Model, IReadOnlyList<string> Templates, string Document, IReadOnlyList<string> HeadingPath)
{
    /// <summary>Namespaces that its code was judged with besides the implicit ones, and is judged with again;
    /// null where it has no code, or nobody has said: then they are the library's.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Usings { get; init; }
}

/// <summary>A training example with where it comes from and what was checked.</summary>
/// <param name="Id">Content hash of kind and messages.</param>
/// <param name="Kind">What it teaches.</param>
/// <param name="Messages">The conversation; the last turn is the assistant's and is what is trained on.</param>
/// <param name="Evidence">What it is grounded in.</param>
/// <param name="Checks">All validations, passed or not.</param>
/// <param name="Split">By document.</param>
public sealed record Sample(
    string Id, SampleKind Kind, IReadOnlyList<Message> Messages, Evidence Evidence, IReadOnlyList<Check> Checks, Split Split)
{
    /// <summary>How it came to be; null where nobody has said.</summary>
    public Provenance? Provenance { get; init; }

    /// <summary>All checks passed.</summary>
    public bool Accepted => Checks.All(c => c.Passed);

    /// <summary>Id of a sample: content hash of kind and messages.</summary>
    public static string IdOf(SampleKind kind, IReadOnlyList<Message> messages) =>
        ContentHash.Of([kind.ToString(), .. messages.SelectMany(m => (string[])[m.Role, m.Content])]);
}
