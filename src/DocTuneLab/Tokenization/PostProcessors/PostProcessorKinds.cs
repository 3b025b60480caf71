using System.Text.Json.Nodes;
using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.PostProcessors;

/// <summary>The post-processors that a <c>tokenizer.json</c> may name.</summary>
internal static class PostProcessorKinds
{
    public static StepKinds<PostProcessor> All { get; } = new("processors", new Dictionary<string, Func<StepFields, PostProcessor>>
    {
        ["TemplateProcessing"] = TemplateProcessing.Read,
        ["ByteLevel"] = ByteLevel,
        ["RobertaProcessing"] = fields => Around(fields) with
        {
            TrimsOffsets = fields.Flag("trim_offsets", true),
            AddsSpace = fields.Flag("add_prefix_space", true)
        },
        ["BertProcessing"] = Around,
    });

    /// <summary>All of them, in order, as one.</summary>
    public static PostProcessor Read(JsonNode? node) =>
        All.Read(node, "post_processor").Aggregate(new PostProcessor(), (earlier, later) => later.After(earlier));

    private static PostProcessor ByteLevel(StepFields fields)
    {
        fields.Flag("use_regex", true);
        return new PostProcessor { TrimsOffsets = fields.Flag("trim_offsets", true), AddsSpace = fields.Flag("add_prefix_space", true) };
    }

    private static PostProcessor Around(StepFields fields) => new() { Prefix = [Mark(fields, "cls")], Suffix = [Mark(fields, "sep")] };

    // ["[SEP]", 102]
    private static int Mark(StepFields fields, string field) =>
        fields.Items(field) is { Count: 2 } pair && pair[1] is JsonValue value && value.TryGetValue<int>(out var id)
            ? id : throw fields.Unexpected(field, "a token and its id");
}
