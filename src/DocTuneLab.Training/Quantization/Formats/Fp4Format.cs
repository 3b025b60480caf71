namespace DocTuneLab.Training.Quantization.Formats;

/// <summary><c>fp4</c>: 4-bit floating point.</summary>
internal sealed class Fp4Format() : FourBitFormat(FourBitCode.Fp4);
