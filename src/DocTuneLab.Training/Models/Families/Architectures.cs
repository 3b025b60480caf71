namespace DocTuneLab.Training.Models.Families;

/// <summary>The families of decoders that models are loaded, trained and exported of.</summary>
public static class Architectures
{
    /// <summary>All of them. A new one is a class in a file of its own and a line here.</summary>
    public static Registry<Architecture> All { get; } = new("model_type", a => a.ModelType,
    [
        new Llama(),
        new Mistral(), new Ministral(), new Ministral3(), new Mixtral(),
        new Qwen2(), new Qwen2Moe(),
        new Qwen3(), new Qwen3Moe(),
        new Gemma(), new Gemma2(), new Gemma3(),
        new Phi(), new Phi3(),
        new SmolLm3(),
        new Granite(), new GraniteMoe(),
        new Starcoder2(),
        new Olmo(), new Olmo2(), new Olmo3(),
        new Cohere(), new Cohere2(),
        new GptOss(), new GptNeoX(), new Gpt2(),
        new StableLm(),
        new InternLm3(),
        new Exaone4(),
        new Glm(), new Glm4(),
        new SeedOss(),
        new Lfm2(),
        new Nemotron(),
    ]);
}
