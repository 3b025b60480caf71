using System.Text.Json.Serialization;

namespace DocTuneLab.Corpus.Review;

/// <summary>What a person can decide on a sample.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ReviewDecision>))]
public enum ReviewDecision
{
    /// <summary>It is in the corpus, whatever a check says.</summary>
    [JsonStringEnumMemberName("accept")]
    Accept,

    /// <summary>It is not.</summary>
    [JsonStringEnumMemberName("reject")]
    Reject,

    /// <summary>An edited one takes its place.</summary>
    [JsonStringEnumMemberName("edit")]
    Edit,

    /// <summary>It is not in the corpus, and another is to be written in its place.</summary>
    [JsonStringEnumMemberName("regenerate")]
    Regenerate,
}
