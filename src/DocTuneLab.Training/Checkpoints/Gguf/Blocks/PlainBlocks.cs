namespace DocTuneLab.Training.Checkpoints.Gguf.Blocks;

/// <summary>Types that are numbers already.</summary>
internal static unsafe class PlainBlocks
{
    public static void F32(byte* block, float* to) => *to = *(float*)block;

    public static void F16(byte* block, float* to) => *to = (float)*(Half*)block;

    public static void BF16(byte* block, float* to) => *(uint*)to = (uint)*(ushort*)block << 16;

    public static void F64(byte* block, float* to) => *to = (float)*(double*)block;
}
