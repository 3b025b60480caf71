using System.Diagnostics;
using System.Text.Json.Nodes;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Checkpoints.Gguf;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Tests;

/// <summary>GGUF files that others wrote, against what gguf-py and transformers made of them; some are kept here.</summary>
public sealed class GoldenGgufTests
{
    static GoldenGgufTests() => set_num_threads(1);

    /// <summary>Those of the folder that DOCTUNE_GOLDEN names, and those kept here.</summary>
    public static TheoryData<string> Models => Data(folder =>
        Expected(folder)["models"]!.AsObject().Select(m => m.Key).Where(n => n != "llama-big-endian.gguf"));

    public static TheoryData<string> Damaged => Data(folder => Expected(folder)["damaged"]!.AsObject().Select(m => m.Key));

    public static TheoryData<string> Blocks => Data(folder =>
        Expected(folder)["blocks"]!.AsObject().Where(b => b.Value is JsonObject).Select(b => b.Key));

    private static string KeptFolder => Path.Combine(AppContext.BaseDirectory, "Golden", "gguf");

    private static string? Folder =>
        Environment.GetEnvironmentVariable("DOCTUNE_GOLDEN") is { Length: > 0 } folder ? Path.Combine(folder, "gguf") : null;

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Every_type_of_block_has_the_values_of_the_reference_bit_for_bit(string place)
    {
        var (folder, name) = Parted(place);
        using var scope = NewDisposeScope();
        using var file = SafetensorsFile.Open(Path.Combine(folder, "blocks.safetensors"));
        var (bytes, expected) = (file.Read(name + ".bytes").bytes.ToArray(), file.Read(name + ".values").data<float>().ToArray());
        var type = Enum.Parse<GgufType>(name);
        Assert.Equal(((int)Expected(folder)["blocks"]![name]!["block"]!, (int)Expected(folder)["blocks"]![name]!["bytes"]!),
            GgufTypes.Block(type));
        var actual = new float[expected.Length];
        GgufTypes.Decode(type, bytes, actual);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(float.IsNaN(expected[i]) ? float.IsNaN(actual[i])
                : BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(actual[i]),
                $"{name}[{i}] is {actual[i]:R}, expected {expected[i]:R}");
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Models_compute_the_logits_of_the_reference_and_have_its_tokens(string place)
    {
        var (folder, name) = Parted(place);
        var golden = Expected(folder)["models"]![name]!;
        var path = Path.Combine(folder, name);
        if (!File.Exists(path)) path = Path.Combine(folder, Path.GetFileNameWithoutExtension(name) + "-00001-of-00003.gguf");
        using var model = BaseModel.Load(path,
            new ModelLoadOptions { Quantization = "none", ComputeType = ActivationType.Float32, Device = "cpu" });
        Assert.EndsWith("<|im_start|>assistant\n", model.ChatTemplate.Render([Conversations.Message.User("x")], true));
        using var scope = NewDisposeScope();
        using var file = SafetensorsFile.Open(Path.Combine(folder, "logits.safetensors"));
        var ids = golden["input"]!.AsArray().Select(n => (long)n!).ToArray();
        var expected = file.Read((string)golden["logits"]!);
        var difference = (Logits(model, ids) - expected.view(ids.Length, -1)).abs().max().item<float>();
        Assert.True(difference < 1e-4, $"{name}: logits differ by {difference}");
        // The pass that scores and trains, which is not the one that speaks.
        var scored = new LocalModel(model).LogProbabilities([.. ids.Select(i => (int)i)]);
        var reference = expected.view(ids.Length, -1).log_softmax(-1);
        for (var i = 1; i < ids.Length; i++) Assert.Equal(reference[i - 1, ids[i]].item<float>(), scored[i - 1], 3e-4);
        if (golden["texts"] is JsonArray kept)
            foreach (var row in kept) Same(row!, model);
        else
            foreach (var line in File.ReadLines(
                Path.Combine(Folder!, "..", "tokenizers", (string)golden["tokenizer_kind"]!, "expected.jsonl")))
                Same(JsonNode.Parse(line)!, model);
    }

    [Theory]
    [MemberData(nameof(Damaged))]
    public void Damaged_files_are_refused_by_name_at_once_and_cost_no_memory(string place)
    {
        var (folder, name) = Parted(place);
        var path = Path.Combine(folder, "damaged", name);
        Refused(path);
        GC.Collect();
        var before = Environment.WorkingSet;
        var clock = Stopwatch.StartNew();
        Refused(path);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 1);
        Assert.InRange(Environment.WorkingSet - before, long.MinValue, 100L << 20);
    }

    [Fact]
    public void A_big_endian_file_is_refused_as_such()
    {
        Assert.SkipUnless(Folder is not null, "DOCTUNE_GOLDEN is not set; it names the folder of golden values");
        Assert.Contains("big-endian", Refused(Path.Combine(Folder!, "llama-big-endian.gguf")));
    }

    private static string Refused(string path)
    {
        var message = Assert.Throws<LabException>(() => BaseModel.Load(path,
            new ModelLoadOptions { Quantization = "none", ComputeType = ActivationType.Float32, Device = "cpu" }).Dispose()).Message;
        // Of a model in shards the one that is damaged is named.
        Assert.Contains(Path.GetFileName(path).Replace("00001-of", ""), message.Replace("00002-of", "").Replace("00001-of", ""));
        Assert.True(message.Length > Path.GetFullPath(path).Length + 20, message);
        return message;
    }

    private static void Same(JsonNode row, BaseModel model)
    {
        var text = (string)row["text"]!;
        Assert.Equal(row["plain"]!.AsArray().Select(n => (int)n!), model.Tokenizer.Encode(text, specialTokens: true));
    }

    private static Tensor Logits(BaseModel model, long[] ids)
    {
        var rows = new List<Tensor>();
        using var pass = new DecodingPass(model, keepWeights: false);
        rows.Add(pass.Read([[(int)ids[0]]], ids.Length + 1).clone());
        for (var i = 1; i < ids.Length; i++) rows.Add(pass.Add([0], [(int)ids[i]], [i]).clone());
        return cat([.. rows]);
    }

    private static TheoryData<string> Data(Func<string, IEnumerable<string>> names)
    {
        var data = new TheoryData<string>();
        foreach (var folder in (string?[])[KeptFolder, Folder])
            if (folder is not null && Directory.Exists(folder))
                foreach (var name in names(folder)) data.Add((folder == KeptFolder ? "kept:" : "golden:") + name);
        return data;
    }

    private static (string Folder, string Name) Parted(string place) =>
        (place.StartsWith("kept:", StringComparison.Ordinal) ? KeptFolder : Folder!, place[(place.IndexOf(':') + 1)..]);

    private static JsonNode Expected(string folder) => JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "expected.json")))!;
}
