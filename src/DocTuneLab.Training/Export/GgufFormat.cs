namespace DocTuneLab.Training.Export;

/// <summary><c>gguf</c>: the model for llama.cpp and what is built on it.</summary>
internal sealed class GgufFormat : ExportFormat
{
    public override string Name => "gguf";

    public override string Description => "llama.cpp, Ollama";

    public override ExportResult Write(ExportRequest request, CancellationToken cancel = default) => GgufExporter.Write(request.Model,
        request.Target, request.GgufType, request.Adapter, request.MergeInto, request.Progress, cancel);
}
