using System.Text.Json.Nodes;
using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.PostProcessors;

/// <summary>Marks around a text, by a template.</summary>
internal static class TemplateProcessing
{
    public static PostProcessor Read(StepFields fields)
    {
        // The template for two texts at once, which nothing here encodes.
        fields.Node("pair");
        var tokens = fields.Node("special_tokens") as JsonObject;
        List<int> before = [], after = [];
        var seen = 0;
        foreach (var piece in fields.Items("single"))
        {
            if (piece?["Sequence"] is { } sequence)
            {
                if ((string?)sequence["id"] != "A") throw fields.Unsupported("single");
                seen++;
                continue;
            }
            var name = (string?)piece?["SpecialToken"]?["id"] ?? throw fields.Unsupported("single");
            var ids = tokens?[name]?["ids"] as JsonArray ?? throw fields.Missing($"special_tokens.{name}.ids");
            (seen > 0 ? after : before).AddRange(ids.Select(id => (int)id!));
        }
        return seen == 1 ? new PostProcessor { Prefix = before, Suffix = after } : throw fields.Unsupported("single");
    }
}
