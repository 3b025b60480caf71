namespace DocTuneLab.Experiments.Setup;

/// <summary>What can be done with an adapter once it is trained, in one place for the tool, the notebook and the page.</summary>
public static class NextSteps
{
    /// <summary>Each as what it is for, and the command.</summary>
    /// <param name="model">The base model, as it was named.</param>
    /// <param name="adapter">The adapter's folder.</param>
    /// <param name="lab">The lab that keeps the run; null for none.</param>
    public static IReadOnlyList<(string What, string Command)> Of(string model, string adapter, string? lab)
    {
        var (over, from) = ($"--base {Quoted(model)}", $"--adapter {Quoted(adapter)}");
        var asked = lab is null ? $"{over} {from}" : $"{over} --lab {Quoted(lab)}";
        var export = $"doctune export {over} {from}";
        return
        [
            ("ask it", $"doctune chat {asked}"),
            ("serve it", $"doctune serve {asked}"),
            ("for an editor's agent", $"doctune mcp {asked}"),
            ("for llama.cpp", $"{export} --format gguf --out tuned.gguf"),
            ("for Ollama", $"{export} --format ollama --out tuned-ollama"),
            ("merged, for transformers and vLLM", $"{export} --format safetensors --out tuned-merged"),
            ("for PEFT", $"the folder {adapter} as it is"),
        ];
    }

    /// <summary>The same as lines.</summary>
    public static string Text(string model, string adapter, string? lab)
    {
        var steps = Of(model, adapter, lab);
        var width = steps.Max(s => s.What.Length);
        return "What next:\n" + string.Join('\n', steps.Select(s => $"  {s.What.PadRight(width)}  {s.Command}"));
    }

    private static string Quoted(string path) => path.Contains(' ', StringComparison.Ordinal) ? $"\"{path}\"" : path;
}
