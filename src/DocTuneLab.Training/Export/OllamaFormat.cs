using DocTuneLab.Training.Models;

namespace DocTuneLab.Training.Export;

/// <summary><c>ollama</c>: a folder with the model as GGUF and the <c>Modelfile</c> that <c>ollama create NAME -f Modelfile</c> takes.
/// </summary>
internal sealed class OllamaFormat : ExportFormat
{
    private const string Weights = "model.gguf", Modelfile = "Modelfile";

    public override string Name => "ollama";

    public override string Description => "a folder with GGUF and a Modelfile, for ollama create";

    public override ExportResult Write(ExportRequest request, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (File.Exists(request.Target)) throw new LabException($"{request.Target}: is a file. Expected a folder, which is made.");
        Directory.CreateDirectory(request.Target);
        var file = Path.Combine(request.Target, Weights);
        var written = new GgufFormat().Write(request with { Target = file }, cancel);
        using var parts = ModelFiles.Open(request.Model);
        var (text, note) = OllamaModelfile.Of(parts.Template(), Weights);
        File.WriteAllText(Path.Combine(request.Target, Modelfile), text);
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(request.Target))).ToLowerInvariant();
        return written with
        {
            Path = request.Target,
            Notes = [.. written.Notes, .. note is null ? [] : (string[])[note],
                $"ollama create {name} -f {Path.Combine(request.Target, Modelfile)}, then: ollama run {name}"],
        };
    }
}
