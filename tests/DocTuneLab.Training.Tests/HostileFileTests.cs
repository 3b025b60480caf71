using System.Text;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Checkpoints.Gguf;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Tests;

/// <summary>Files that are damaged or made to do harm: refused with a message, never read out of bounds.</summary>
public sealed class HostileFileTests : IDisposable
{
    private const int Mutations = 2000;
    private readonly string _folder = Directory.CreateTempSubdirectory("hostile-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Damaged_safetensors_files_are_refused_or_read_within_their_bounds()
    {
        var path = Path.Combine(_folder, "x.safetensors");
        using (NewDisposeScope())
            SafetensorsFile.Write(path, new Dictionary<string, Tensor> { ["weight"] = ones(4, 6), ["bias"] = ones(4).bfloat16() });
        Fuzz(path, () =>
        {
            using var scope = NewDisposeScope();
            using var file = SafetensorsFile.Open(path);
            foreach (var name in file.Entries.Keys) file.Read(name);
        });
    }

    [Fact]
    public void Damaged_gguf_files_are_refused_or_read_within_their_bounds()
    {
        using var tiny = new TinyModel();
        var path = Path.Combine(_folder, "x.gguf");
        using var writer = new GgufWriter();
        writer.Set("general.architecture", "llama");
        writer.Set("tokens", (string[])["a", "bc", "水"]);
        writer.Set("scores", (float[])[1, 2, 3]);
        writer.Add("weight", [2, 32], GgufType.Q8_0, stream => stream.Write(new byte[68]));
        writer.Add("norm", [3], GgufType.F32, stream => stream.Write(new byte[12]));
        writer.Save(path);
        Fuzz(path, () =>
        {
            using var file = GgufFile.Open(path);
            foreach (var (name, tensor) in file.Tensors)
                if (Enum.IsDefined((GgufType)tensor.Type)) file.Read(name);
        });
    }

    [Theory]
    [InlineData("GGUX", "does not begin with 'GGUF'")]
    [InlineData("GGUF\u0009\0\0\0", "its version is 9")]
    [InlineData("GGUF\u0003\0\0\0\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF", "claims 18446744073709551615 tensors")]
    public void A_gguf_header_that_lies_is_refused_with_the_reason(string begin, string says)
    {
        var path = Path.Combine(_folder, "y.gguf");
        File.WriteAllBytes(path, [.. Encoding.Latin1.GetBytes(begin), .. new byte[64]]);
        var message = Assert.Throws<LabException>(() => GgufFile.Open(path)).Message;
        Assert.Contains(path, message);
        Assert.Contains(says, message);
    }

    [Fact]
    public void Every_type_of_block_comes_back_within_its_step()
    {
        var random = new Random(3);
        var values = Enumerable.Range(0, 1024).Select(_ => (float)(random.NextDouble() * 2 - 1)).ToArray();
        foreach (var (type, bound) in ((GgufType, double)[])
        [
            (GgufType.F32, 0), (GgufType.F16, 5e-4), (GgufType.BF16, 4e-3), (GgufType.Q8_0, 5e-3), (GgufType.Q6_K, 0.04),
            (GgufType.Q4_K, 0.1), (GgufType.Q4_0, 0.14)
        ])
        {
            var (bytes, back) = (new byte[GgufTypes.Bytes(type, values.Length)], new float[values.Length]);
            GgufTypes.Encode(type, values, bytes);
            GgufTypes.Decode(type, bytes, back);
            var worst = values.Zip(back, (a, b) => Math.Abs(a - b)).Max();
            Assert.True(worst <= bound, $"{type}: {worst}");
            // What is representable comes back as it is.
            var again = new byte[bytes.Length];
            if (type is GgufType.F32 or GgufType.F16 or GgufType.BF16)
            {
                GgufTypes.Encode(type, back, again);
                Assert.Equal(bytes, again);
            }
        }
    }

    private static void Fuzz(string path, Action open)
    {
        open();
        var (good, random) = (File.ReadAllBytes(path), new Random(1));
        var refused = 0;
        for (var i = 0; i < Mutations; i++)
        {
            var bytes = good.ToArray();
            for (var n = random.Next(1, 4); n > 0; n--)
            {
                var at = random.Next(bytes.Length);
                switch (random.Next(4))
                {
                    case 0: bytes[at] = (byte)random.Next(256); break;
                    case 1: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                    case 2: bytes = bytes[..Math.Max(1, at)]; break;
                    default: random.NextBytes(bytes.AsSpan(at, Math.Min(8, bytes.Length - at))); break;
                }
            }
            File.WriteAllBytes(path, bytes);
            try
            {
                open();
            }
            catch (LabException e)
            {
                Assert.Contains(path, e.Message);
                refused++;
            }
        }
        Assert.InRange(refused, Mutations / 4, Mutations);
    }
}
