using System.Text.Json.Nodes;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Export;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Quantization;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Tests;

public sealed class FourBitTests
{
    [Theory]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float16)]
    public void A_matrix_of_sixteen_bits_is_quantised_as_if_it_were_widened_first(ScalarType type)
    {
        using var scope = NewDisposeScope();
        foreach (var (rows, columns) in ((int, int)[])[(1, 5), (3, 64), (7, 77), (40, 320)])
        {
            var matrix = (randn(rows, columns, generator: new Generator(3, CPU)) * 0.02).to_type(type);
            matrix[0, 1] = 2e-7f;
            var wide = matrix.to_type(ScalarType.Float32);
            foreach (var code in (FourBitCode[])[FourBitCode.Nf4, FourBitCode.Fp4])
            {
                var (expected, actual) = (FourBitTensor.Quantize(wide, code), FourBitTensor.Quantize(matrix, code));
                Assert.Equal(expected.Packed.ToArray(), actual.Packed.ToArray());
                // It stands for a matrix of sixteen bits.
                var rounded = expected.Dequantize(ScalarType.Float32).to_type(type).to_type(ScalarType.Float32);
                Assert.True(rounded.eq(actual.Dequantize(ScalarType.Float32)).all().item<bool>());
                // One number at a time, by its definition.
                var values = wide.data<float>().ToArray();
                for (var i = 0; i < values.Length; i++)
                {
                    var most = values.Skip(i / 64 * 64).Take(64).Max(MathF.Abs);
                    Assert.Equal(code.Encode(values[i] * (1 / most)), actual.Packed[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15);
                }
            }
            var eight = Int8Tensor.Quantize(matrix).Tensors("weight").First().Value.data<sbyte>().ToArray();
            Assert.Equal(Int8Tensor.Quantize(wide).Tensors("weight").First().Value.data<sbyte>().ToArray(), eight);
            var largest = wide.abs().amax([1L]).data<float>().ToArray();
            Assert.Equal(wide.data<float>().ToArray().Select((v, i) => (sbyte)MathF.Round(v * (1 / largest[i / columns] * 127))), eight);
            matrix[rows - 1, columns - 1] = float.PositiveInfinity;
            Assert.Throws<ArgumentException>(() => FourBitTensor.Quantize(matrix));
            Assert.Throws<ArgumentException>(() => Int8Tensor.Quantize(matrix));
        }
    }

    [Fact]
    public void The_codes_and_the_nested_map_are_the_published_ones()
    {
        // Dettmers et al. 2023, appendix E; the 4-bit floats as bitsandbytes lists them, over their largest, 12.
        Assert.Equal([-1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f, -0.28444138169288635f,
            -0.18477343022823334f, -0.09105003625154495f, 0.0f,
            0.07958029955625534f, 0.16093020141124725f, 0.24611230194568634f, 0.33791524171829224f, 0.44070982933044434f,
            0.5626170039176941f, 0.7229568362236023f, 1.0f
        ],
            FourBitCode.Nf4.Values.ToArray());
        Assert.Equal(
            [
                0, 5.208333333e-3f, 0.66666667f, 1, 0.33333333f, 0.5f, 0.16666667f, 0.25f, 0, -5.208333333e-3f, -0.66666667f, -1,
                -0.33333333f, -0.5f, -0.16666667f, -0.25f
            ],
            FourBitCode.Fp4.Values.ToArray());
        var map = FourBitTensor.NestedCode;
        Assert.Equal(256, map.Length);
        Assert.Equal([-0.99296875f, 0f, 1f], new[] { map[0], map[127], map[255] });
    }

    [Theory]
    [InlineData("nf4")]
    [InlineData("fp4")]
    public void Every_number_gets_the_nearest_code(string kind)
    {
        var code = FourBitCode.Of(kind);
        var values = code.Values.ToArray();
        for (var i = 0; i < 16; i++) Assert.Equal(kind == "fp4" && i == 8 ? 0 : i, code.Encode(values[i]));
        for (var x = -1f; x <= 1; x += 0.00037f)
            Assert.True(Math.Abs(values[code.Encode(x)] - x) <= values.Min(v => Math.Abs(v - x)) + 1e-6f, $"{x}: code {code.Encode(x)}");
    }

    [Fact]
    public void A_checkpoint_with_its_own_blocks_tables_and_order_of_nibbles_is_read_by_the_published_formula()
    {
        using var scope = NewDisposeScope();
        var random = new Random(5);
        var bytes = new byte[3 * 128 / 2];
        random.NextBytes(bytes);
        // Blocks of 128 with 8-bit statistics in blocks of 2: three blocks, two scales.
        var nestedMap = Enumerable.Range(0, 256).Select(i => (i - 128) / 100f).ToArray();
        var folder = Directory.CreateTempSubdirectory("four-bit-").FullName;
        try
        {
            SafetensorsFile.Write(Path.Combine(folder, "model.safetensors"), new Dictionary<string, Tensor>
            {
                ["a.weight"] = tensor(bytes, [bytes.Length, 1]),
                ["a.weight.quant_map"] = tensor(FourBitCode.Fp4.Values.ToArray()),
                ["a.weight.absmax"] = tensor((byte[])[3, 200, 90]),
                ["a.weight.nested_absmax"] = tensor((float[])[0.25f, 0.5f]),
                ["a.weight.nested_quant_map"] = tensor(nestedMap),
                ["a.weight.quant_state.bitsandbytes__fp4"] = tensor(System.Text.Encoding.UTF8.GetBytes("""{"quant_type": "fp4","""
                    + """ "blocksize": 128, "dtype": "float16", "shape": [3, 128], "nested_blocksize": """
                    + """2, "nested_dtype": "float32", "nested_offset": 0.75}""")),
            });
            using var files = WeightFiles.Open(folder);
            var read = FourBitTensor.Read(files, "a.weight", [3, 128])!;
            var values = read.Dequantize(ScalarType.Float32).data<float>().ToArray();
            for (var i = 0; i < values.Length; i++)
            {
                var absmax = nestedMap[new[] { 3, 200, 90 }[i / 128]] * (i / 128 < 2 ? 0.25f : 0.5f) + 0.75f;
                Assert.Equal((float)(Half)(FourBitCode.Fp4.Values[i % 2 == 0 ? bytes[i / 2] >> 4 : bytes[i / 2] & 15] * absmax), values[i]);
            }
            var written = read.Tensors("a.weight").ToDictionary();
            Assert.Equal(files.Names.Order(StringComparer.Ordinal), written.Keys.Order(StringComparer.Ordinal));
            Assert.All(written.Where(t => !t.Key.Contains("quant_state")),
                t => Assert.Equal(files.Read(t.Key).bytes.ToArray(), t.Value.bytes.ToArray()));
            Assert.Contains("expected [3, 64] from config.json",
                Assert.Throws<LabException>(() => FourBitTensor.Read(files, "a.weight", [3, 64])).Message);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("nf4")]
    [InlineData("fp4")]
    [InlineData("int8")]
    public void A_quantised_folder_is_the_model_quantised_as_it_loads_and_stays_bit_for_bit(string format)
    {
        using var tiny = new TinyModel("qwen2", tied: false);
        var (folder, again) = (Path.Combine(tiny.Directory, "quantised"), Path.Combine(tiny.Directory, "again"));
        SafetensorsExporter.Write(tiny.Directory, folder, quantization: format);
        using var loaded = BaseModel.Load(tiny.Directory,
            new ModelLoadOptions { Quantization = format, ComputeType = ActivationType.Float32, Device = "cpu" });
        using var stored = BaseModel.Load(folder,
            new ModelLoadOptions { Quantization = "none", ComputeType = ActivationType.Float32, Device = "cpu" });
        using var scope = NewDisposeScope();
        foreach (var (a, b) in loaded.Decoder.Linears.Zip(stored.Decoder.Linears))
        {
            Assert.IsType(format == "int8" ? typeof(Int8Weight) : typeof(FourBitWeight), b.Weight);
            Assert.Equal(a.Weight.Materialize(ScalarType.Float32).bytes.ToArray(),
                b.Weight.Materialize(ScalarType.Float32).bytes.ToArray());
        }
        Assert.Equal(format == "int8",
            (bool)JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "config.json")))!["quantization_config"]!["load_in_8bit"]!);
        // Back to 16 bits it is an ordinary folder, and close to the original.
        SafetensorsExporter.Write(folder, again);
        using var plain = BaseModel.Load(again,
            new ModelLoadOptions { Quantization = "none", ComputeType = ActivationType.Float32, Device = "cpu" });
        using var original = tiny.Load(nf4: false);
        Assert.All(plain.Decoder.Linears, l => Assert.IsType<DenseWeight>(l.Weight));
        foreach (var (a, b) in plain.Decoder.Linears.Zip(original.Decoder.Linears))
        {
            var (x, y) = (a.Weight.Materialize(ScalarType.Float32), b.Weight.Materialize(ScalarType.Float32));
            Assert.InRange(((x - y).norm() / y.norm()).item<float>(), 1e-4, format == "int8" ? 0.012 : 0.14);
        }
    }

    [Fact]
    public void Code_values_survive_in_the_published_packing()
    {
        using var scope = NewDisposeScope();
        // One block whose absmax is 1: each element is exactly a code value, twice around in order.
        var values = tensor(Enumerable.Range(0, 64).Select(i => FourBitCode.Nf4.Values[i % 16]).ToArray(), [1, 64]);
        var quantized = FourBitTensor.Quantize(values);
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
        var quantized = FourBitTensor.Quantize(randn(rows, columns, generator: new Generator((ulong)rows, CPU)));
        var expected = quantized.Dequantize(ScalarType.Float32).bfloat16();
        Assert.Equal(expected.bytes.ToArray(), quantized.Dequantize(ScalarType.BFloat16).bytes.ToArray());
    }

    [Fact]
    public void The_error_is_bounded_by_half_the_widest_gap_and_the_storage_by_four_and_a_half_bits()
    {
        using var scope = NewDisposeScope();
        var weight = randn(128, 512, generator: new Generator(1, CPU)) * 0.02;
        var quantized = FourBitTensor.Quantize(weight);
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
        Assert.Throws<ArgumentException>(() => FourBitTensor.Quantize(tensor(new[] { 1f, float.NaN }, [1, 2])));
    }
}
