namespace DocTuneLab.Training.Export;

/// <summary><c>safetensors</c>: a model folder in Hugging Face layout.</summary>
internal sealed class SafetensorsFormat : ExportFormat
{
    public override string Name => "safetensors";

    public override string Description => "a folder in Hugging Face layout";

    public override ExportResult Write(ExportRequest request, CancellationToken cancel = default) =>
        SafetensorsExporter.Write(request, cancel);
}
