using System.Text.Json.Serialization;

namespace DocTuneLab.Corpus.Formats;

/// <summary>What samples can be written as for other tools.</summary>
public enum CorpusFormat
{
    /// <summary>Messages as OpenAI's chat format has them.</summary>
    [JsonStringEnumMemberName("openai")]
    OpenAI,

    /// <summary>Instruction and output.</summary>
    Alpaca,

    /// <summary>Conversations of human and gpt.</summary>
    [JsonStringEnumMemberName("sharegpt")]
    ShareGpt,

    /// <summary>Prefix, suffix and middle; samples without a gap are left out.</summary>
    Fim,

    /// <summary>Parquet instead of JSON Lines.</summary>
    Parquet,

    /// <summary>Preference pairs.</summary>
    Dpo,
}
