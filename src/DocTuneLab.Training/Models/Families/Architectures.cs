namespace DocTuneLab.Training.Models.Families;

/// <summary>The families of decoders that models are loaded, trained and exported of.</summary>
public static class Architectures
{
    /// <summary>All of them. A new one is a class in a file of its own and a line here.</summary>
    public static Registry<Architecture> All { get; } = new("model_type", a => a.ModelType,
    [
        new Llama(),
        new Mistral(),
        new Qwen2(),
        new Qwen3(),
    ]);
}
