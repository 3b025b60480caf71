using System.Text.Json;
using System.Text.Json.Nodes;

namespace DocTuneLab.Storage;

/// <summary>A run as its folder tells of it, in <c>run.json</c>.</summary>
internal static class RunManifest
{
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    public static void Write(LabRun run)
    {
        var manifest = new JsonObject
        {
            ["id"] = run.Id,
            ["kind"] = run.Kind,
            ["status"] = run.Status,
            ["started"] = LabTime.Write(run.Started),
            ["finished"] = run.Finished is { } f ? LabTime.Write(f) : null,
            ["environment"] = JsonSerializer.SerializeToNode(run.Environment),
            ["configuration"] = JsonNode.Parse(run.Configuration),
            ["results"] = run.Results is null ? null : JsonNode.Parse(run.Results),
        };
        Directory.CreateDirectory(run.Directory);
        WholeFile.Write(PathIn(run.Directory), manifest.ToJsonString(s_indented) + "\n");
    }

    /// <summary>What the manifest of a run says of its end, if it got that far.</summary>
    public static LabRun? End(LabRun run)
    {
        try
        {
            var manifest = JsonNode.Parse(File.ReadAllText(PathIn(run.Directory)))!;
            return (string?)manifest["status"] is "done" or "failed" && (string?)manifest["finished"] is { } finished
                ? run with
                {
                    Status = (string)manifest["status"]!,
                    Finished = LabTime.Read(finished),
                    Results = manifest["results"]?.ToJsonString()
                }
                : null;
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }

    /// <summary>The status in a manifest; null where it is no JSON.</summary>
    public static string? Status(string file)
    {
        try
        {
            return (string?)JsonNode.Parse(File.ReadAllText(file))?["status"];
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static string PathIn(string directory) => Path.Combine(directory, "run.json");
}
