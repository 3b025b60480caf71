using System.Text.Json;
using DocTuneLab.Storage;

namespace DocTuneLab.Experiments.Flow;

/// <summary>What the stages of a lab were made with (<c>flow.json</c>), so that another start knows what still holds.</summary>
internal sealed class FlowMemory
{
    private const string FileName = "flow.json";

    private readonly string _lab;
    private readonly Dictionary<FlowStage, string> _made;

    /// <summary>Reads it.</summary>
    /// <param name="lab">The lab's folder.</param>
    public FlowMemory(string lab) => (_lab, _made) = (lab, Read(Path.Combine(lab, FileName)));

    /// <summary>What a stage was made with; null where it is not done.</summary>
    public string? this[FlowStage stage]
    {
        get => _made.GetValueOrDefault(stage);
        set
        {
            _made[stage] = value!;
            WholeFile.Write(Path.Combine(_lab, FileName), JsonSerializer.Serialize(_made));
        }
    }

    /// <summary>Keeps a training, with the folder that is this training's alone.</summary>
    public void Training(string key, string folder, bool isDone) =>
        this[FlowStage.Train] = $"{key} {(isDone ? "done" : "begun")} {Path.GetRelativePath(_lab, folder)}";

    /// <summary>The adapter that was trained so; null where none was, or it is no longer there.</summary>
    public string? Trained(string key) =>
        FolderOf($"{key} done ") is { } adapter && Directory.Exists(adapter) ? adapter : null;

    /// <summary>The folder in which such a training was stopped; null where none was, or it left no checkpoint.</summary>
    public string? Interrupted(string key) =>
        FolderOf($"{key} begun ") is { } run && Directory.Exists(Path.Combine(run, "checkpoints")) ? run : null;

    private string? FolderOf(string training) => this[FlowStage.Train] is { } made
        && made.StartsWith(training, StringComparison.Ordinal) ? Path.Combine(_lab, made[training.Length..]) : null;

    // Half a file says nothing that counts: the stages are made anew.
    private static Dictionary<FlowStage, string> Read(string path)
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<Dictionary<FlowStage, string>>(File.ReadAllText(path)) ?? [] : [];
        }
        catch (JsonException)
        {
            return [];
        }
    }
}
