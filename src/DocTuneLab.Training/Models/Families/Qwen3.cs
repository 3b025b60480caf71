namespace DocTuneLab.Training.Models.Families;

/// <summary>Qwen3 (arXiv 2505.09388): norms of queries and keys instead of biases.</summary>
internal sealed class Qwen3 : Qwen
{
    public override string ModelType => "qwen3";

    public override string ClassName => "Qwen3ForCausalLM";

    public override bool QueryKeyNorm => true;

    public override int DefaultHeadSize(int hiddenSize, int heads) => 128;
}
