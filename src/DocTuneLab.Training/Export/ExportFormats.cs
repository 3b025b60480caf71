namespace DocTuneLab.Training.Export;

/// <summary>What models and adapters can be written as.</summary>
public static class ExportFormats
{
    /// <summary>All of them. A new one is a class in a file of its own and a line here.</summary>
    public static Registry<ExportFormat> All { get; } = new("export format", f => f.Name,
    [
        new GgufFormat(),
        new GgufAdapterFormat(),
        new SafetensorsFormat(),
        new OllamaFormat(),
    ]);
}
