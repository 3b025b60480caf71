namespace DocTuneLab.Training.Export;

/// <summary><c>gguf-adapter</c>: the adapter alone, for a GGUF of its base.</summary>
internal sealed class GgufAdapterFormat : ExportFormat
{
    public override string Name => "gguf-adapter";

    public override string Description => "for a GGUF of the base";

    public override bool NeedsAdapter => true;

    public override ExportResult Write(ExportRequest request, CancellationToken cancel = default) => GgufExporter.WriteAdapter(
        request.Model,
        request.Adapter ?? throw new LabException($"{request.Target}: a GGUF adapter is written of an adapter; give its folder"),
        request.Target);
}
