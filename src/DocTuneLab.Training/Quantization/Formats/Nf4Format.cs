namespace DocTuneLab.Training.Quantization.Formats;

/// <summary><c>nf4</c>: 4-bit NormalFloat, the format of QLoRA.</summary>
internal sealed class Nf4Format() : FourBitFormat(FourBitCode.Nf4);
