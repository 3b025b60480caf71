using BenchmarkDotNet.Attributes;
using DocTuneLab.Training.Quantization;
using static TorchSharp.torch;

namespace DocTuneLab.Benchmarks;

/// <summary>What it costs to keep a matrix in NF4, against the same work on float32.</summary>
public class Nf4Benchmarks : IDisposable
{
    private Tensor _matrix = null!;
    private Tensor _input = null!;
    private FourBitTensor _quantized = null!;

    /// <summary>Rows and columns.</summary>
    [Params(256, 1024)]
    public int Size { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        random.manual_seed(1);
        _matrix = randn(Size, Size);
        _input = randn(1024, Size);
        _quantized = FourBitTensor.Quantize(_matrix);
    }

    [Benchmark(Baseline = true, Description = "copy float32")]
    public void Copy() => _matrix.clone().Dispose();

    [Benchmark(Description = "NF4 to float32")]
    public void ToFloat32() => _quantized.Dequantize(ScalarType.Float32).Dispose();

    [Benchmark(Description = "NF4 to bfloat16")]
    public void ToBFloat16() => _quantized.Dequantize(ScalarType.BFloat16).Dispose();

    [Benchmark(Description = "1024 rows x float32")]
    public void Product() => nn.functional.linear(_input, _matrix).Dispose();

    [Benchmark(Description = "1024 rows x NF4 (float32)")]
    public void ProductOfQuantized()
    {
        using var matrix = _quantized.Dequantize(ScalarType.Float32);
        nn.functional.linear(_input, matrix).Dispose();
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _matrix?.Dispose();
        _input?.Dispose();
        GC.SuppressFinalize(this);
    }
}
