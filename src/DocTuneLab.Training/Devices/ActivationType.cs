using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace DocTuneLab.Training.Devices;

/// <summary>What activations are computed in.</summary>
[SuppressMessage("Naming", "CA1720", Justification = "Types of numbers are what it names.")]
[JsonConverter(typeof(JsonStringEnumConverter<ActivationType>))]
public enum ActivationType
{
    /// <summary>bfloat16 where the machine gains from it and the model is not small, else float32.</summary>
    [JsonStringEnumMemberName("auto")]
    Auto,

    /// <summary>bfloat16.</summary>
    [JsonStringEnumMemberName("bf16")]
    BFloat16,

    /// <summary>float32.</summary>
    [JsonStringEnumMemberName("fp32")]
    Float32,
}
