using System.Text.Json.Nodes;

namespace DocTuneLab.Tokenization.Steps;

/// <summary>The kinds of a step by the name that a file gives them, and how each is read.</summary>
/// <param name="inner">Field of <c>Sequence</c> that holds its steps.</param>
/// <param name="kinds">What is supported.</param>
internal sealed class StepKinds<T>(string inner, IReadOnlyDictionary<string, Func<StepFields, T>> kinds)
{
    /// <summary>Reads a step, or those of a sequence in order.</summary>
    /// <exception cref="LabException">A kind or a field is not known.</exception>
    public IReadOnlyList<T> Read(JsonNode? node, string name)
    {
        if (node is null) return [];
        var fields = new StepFields(node as JsonObject ?? throw new LabException($"{name} is no object"), name);
        if (fields.Type == "Sequence")
        {
            var steps = fields.Items(inner).SelectMany((step, i) => Read(step, $"{name}.{inner}[{i}]")).ToArray();
            fields.Finish();
            return steps;
        }
        if (fields.Type is not { } type || !kinds.TryGetValue(type, out var read))
        {
            throw new LabException(
                $"{name}.type is '{fields.Type}', which is not supported; known are Sequence, {string.Join(", ", kinds.Keys)}");
        }
        var result = read(fields);
        fields.Finish();
        return [result];
    }
}
