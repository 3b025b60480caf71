using DocTuneLab.Training.Quantization;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Tests;

public sealed class Nf4Tests
{
    [Fact]
    public void The_code_and_the_nested_map_are_the_published_ones()
    {
        Assert.Equal(16, Nf4Tensor.Code.Length);
        Assert.Equal([-1.0f, 0f, 1f], new[] { Nf4Tensor.Code[0], Nf4Tensor.Code[7], Nf4Tensor.Code[15] });
        var map = Nf4Tensor.NestedCode;
        Assert.Equal(256, map.Length);
        Assert.Equal([-0.99296875f, 0f, 1f], new[] { map[0], map[127], map[255] });
    }

    [Fact]
    public void Code_values_survive_in_the_published_packing()
    {
        using var scope = NewDisposeScope();
        // One block whose absmax is 1: each element is exactly a code value, twice around in order.
        var values = tensor(Enumerable.Range(0, 64).Select(i => Nf4Tensor.Code[i % 16]).ToArray(), [1, 64]);
        var quantized = Nf4Tensor.Quantize(values);
        Assert.Equal([0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF], quantized.Packed[..8].ToArray());
        Assert.Equal(values.data<float>().ToArray(), quantized.Dequantize(ScalarType.Float32).data<float>().ToArray());
    }

    [Theory]
    [InlineData(4, 64)]
    [InlineData(96, 96)]
    [InlineData(33, 7)]
    [InlineData(300, 256)]
    public void Bfloat16_equals_float32_rounded_by_libtorch(int rows, int columns)
    {
        using var scope = NewDisposeScope();
        random.manual_seed(rows);
        var quantized = Nf4Tensor.Quantize(randn(rows, columns));
        var expected = quantized.Dequantize(ScalarType.Float32).bfloat16();
        Assert.Equal(expected.bytes.ToArray(), quantized.Dequantize(ScalarType.BFloat16).bytes.ToArray());
    }

    [Fact]
    public void The_error_is_bounded_by_half_the_widest_gap_and_the_storage_by_four_and_a_half_bits()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(1);
        var weight = randn(128, 512) * 0.02;
        var quantized = Nf4Tensor.Quantize(weight);
        var error = (quantized.Dequantize(ScalarType.Float32) - weight).abs().view(-1, 64).amax([1L]);
        var absmax = weight.abs().view(-1, 64).amax([1L]);
        // Widest gap of the code is 0.3038; double quantisation adds its own small error.
        Assert.True((error / absmax).max().item<float>() < 0.17f);
        Assert.True(quantized.Bytes * 8.0 / weight.numel() < 4.2);
    }

    [Fact]
    public void A_weight_that_is_not_finite_is_refused()
    {
        using var scope = NewDisposeScope();
        Assert.Throws<ArgumentException>(() => Nf4Tensor.Quantize(tensor(new[] { 1f, float.NaN }, [1, 2])));
    }
}
