using System.Buffers.Binary;
using System.Text;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Export;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Tests;

public sealed class SafetensorsTests : IDisposable
{
    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("safetensors-").FullName, "x.safetensors");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);

    [Fact]
    public void What_is_written_is_read_back_bit_for_bit()
    {
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>
        {
            ["a"] = randn(3, 5),
            ["b"] = randn(7).bfloat16(),
            ["c"] = arange(6, dtype: ScalarType.Int64).view(2, 3),
            ["empty"] = zeros(0, 4)
        };
        SafetensorsFile.Write(_path, tensors);
        using var file = SafetensorsFile.Open(_path);
        Assert.Equal("pt", file.Metadata["format"]);
        foreach (var (name, tensor) in tensors)
        {
            var read = file.Read(name, tensor.shape);
            Assert.Equal(tensor.dtype, read.dtype);
            Assert.Equal(tensor.bytes.ToArray(), read.bytes.ToArray());
        }
    }

    [Fact]
    public void A_model_stored_in_64_bits_is_written_in_32()
    {
        using var scope = NewDisposeScope();
        using var tiny = new TinyModel();
        Dictionary<string, Tensor> wide;
        using (var file = SafetensorsFile.Open(Path.Combine(tiny.Directory, "model.safetensors")))
            wide = file.Entries.Keys.ToDictionary(n => n, n => file.Read(n).to_type(ScalarType.Float64) + 1e-5);
        using var copy = tiny.WithWeights(wide);
        var folder = Path.Combine(Path.GetDirectoryName(_path)!, "written");
        SafetensorsExporter.Write(copy.Directory, folder);
        using var written = SafetensorsFile.Open(Path.Combine(folder, "model.safetensors"));
        foreach (var (name, tensor) in wide)
            Assert.Equal(tensor.to_type(ScalarType.Float32).bytes.ToArray(), written.Read(name, tensor.shape).bytes.ToArray());
    }

    [Fact]
    public void The_header_is_the_published_format()
    {
        using (NewDisposeScope()) SafetensorsFile.Write(_path, [KeyValuePair.Create("t", ones(2, dtype: ScalarType.Float32))]);
        var bytes = File.ReadAllBytes(_path);
        var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        Assert.Equal(0, length % 8);
        Assert.Equal("""{"__metadata__":{"format":"pt"},"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""",
            Encoding.UTF8.GetString(bytes, 8, length).TrimEnd());
        Assert.Equal([0, 0, 0x80, 0x3f, 0, 0, 0x80, 0x3f], bytes[(8 + length)..]);
    }

    [Theory]
    [InlineData("", "has 0 bytes")]
    [InlineData("short", "has 5 bytes")]
    public void A_file_without_a_header_is_named(string content, string says) => Refused(Encoding.ASCII.GetBytes(content), says);

    [Theory]
    [InlineData("""{"t":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "truncated")]
    [InlineData("""{"t":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", "does not fill its 8 bytes")]
    [InlineData("""{"t":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "does not fill")]
    [InlineData("""{"t":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}""", "does not fill")]
    [InlineData("""{"t":{"dtype":"Q9","shape":[2],"data_offsets":[0,8]}}""", "tensor 't' is of type Q9, which is not read here")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""",
        "overlaps")]
    [InlineData("""{"t":{"dtype":"F32"}}""", "not a valid safetensors header")]
    [InlineData("""not json""", "not a valid safetensors header")]
    public void A_hostile_header_is_refused_with_the_reason(string header, string says)
    {
        var json = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + json.Length + 8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)json.Length);
        json.CopyTo(bytes, 8);
        Refused(bytes, says);
    }

    [Fact]
    public void A_header_longer_than_the_file_is_refused() => Refused([255, 255, 255, 0, 0, 0, 0, 0, 1, 2], "claims 16777215 bytes");

    private void Refused(byte[] content, string says)
    {
        File.WriteAllBytes(_path, content);
        var message = Assert.Throws<LabException>(() => SafetensorsFile.Open(_path)).Message;
        Assert.Contains(_path, message);
        Assert.Contains(says, message);
    }
}
