using System.Diagnostics;
using DocTuneLab.Training.Compute;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Quantization;
using TorchSharp;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Tests;

public sealed class TensorArithmeticTests
{
    // Methods of TorchSharp that give libtorch the address of a scalar that they made, and whatever calls them.
    private static readonly Lazy<HashSet<string>> s_careless = new(() =>
    {
        var calls = MethodCall.In(typeof(Scalar).Assembly.Location).ToList();
        var found = calls.Where(c => MakesScalar(c.Called)).Select(c => c.Caller).ToHashSet();
        for (var known = -1; known != found.Count;)
        {
            known = found.Count;
            found.UnionWith(calls.Where(c => found.Contains(c.Called)).Select(c => c.Caller));
        }
        return found;
    });

    /// <summary>The collector may take what TorchSharp makes of a number while libtorch still reads it, so every number goes to libtorch
    /// where it is held meanwhile.</summary>
    [Fact]
    public void Nothing_else_gives_numbers_to_libtorch()
    {
        var wrong = Careless(typeof(BaseModel).Assembly.Location)
            .Where(c => !c.Caller.StartsWith(typeof(TensorArithmetic).FullName + "::", StringComparison.Ordinal)).Distinct().ToList();
        Assert.True(wrong.Count == 0, $"Nothing holds the scalar of these calls; {nameof(TensorArithmetic)} has others:\n"
            + string.Join('\n', wrong.Select(c => $"{c.Caller} calls {c.Called}")));
    }

    [Fact]
    public void Sums_and_numbers_beside_tensors_are_found_and_products_are_not() =>
        Assert.Equal([nameof(Clamped), nameof(Doubled), nameof(Squared), nameof(Sum)],
            Careless(typeof(TensorArithmeticTests).Assembly.Location)
                .Where(c => c.Caller.StartsWith(typeof(TensorArithmeticTests).FullName + "::", StringComparison.Ordinal))
                .Select(c => c.Caller.Split("::")[1].Split('(')[0]).Order(StringComparer.Ordinal));

    /// <summary>Adding rows reads its factor again for each row, which takes long enough for others to collect. With
    /// DOTNET_TieredCompilation=0 it shows at once where nothing holds the number; else only once all of it is optimised.</summary>
    [Fact]
    public void A_number_lives_until_libtorch_has_read_it()
    {
        using var tiny = new TinyModel();
        using var model = tiny.Load(nf4: false);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var embedding = ((DenseWeight)model.Decoder.Embedding).Tensor;
        using var gradients = new Gradients([embedding]);
        using var kernels = new ProcessorKernels(new Workspace(CPU, ScalarType.Float32));
        var pass = new InputPass(model.Decoder, model.Config.Layout with { EmbeddingScale = 0.5 }, kernels, gradients);
        var vocabulary = model.Config.VocabularySize;
        int[] ids = [.. Enumerable.Range(0, 100 * vocabulary).Select(i => i % vocabulary)];
        var ones = torch.ones(ids.Length, model.Config.HiddenSize);
        // Code that is not optimised yet holds whatever it has named.
        for (var clock = Stopwatch.StartNew(); clock.ElapsedMilliseconds < 1000;) pass.Backward(ones[..4], ids[..4], ids[..4]);
        gradients.Clear();
        using var ended = new CancellationTokenSource();
        var collecting = new Thread(() =>
        {
            while (!ended.IsCancellationRequested)
            {
                GC.Collect(0);
                GC.WaitForPendingFinalizers();
            }
        })
        { IsBackground = true };
        collecting.Start();
        try
        {
            for (var i = 1; i <= 10; i++)
            {
                pass.Backward(ones, ids, ids);
                var found = gradients.Of(embedding)!;
                Assert.Equal((50f * i, 50f * i), (found.min().item<float>(), found.max().item<float>()));
            }
        }
        finally
        {
            ended.Cancel();
            collecting.Join();
        }
    }

    private static IEnumerable<MethodCall> Careless(string assembly) => MethodCall.In(assembly).Where(c =>
        c.Called.StartsWith("TorchSharp.", StringComparison.Ordinal) && !MakesScalar(c.Called)
        && (s_careless.Value.Contains(c.Called) || c.Takes.Contains(typeof(Scalar).FullName)));

    private static bool MakesScalar(string method) =>
        method.StartsWith("TorchSharp.Scalar::op_", StringComparison.Ordinal)
        || method.StartsWith("TorchSharp.ScalarExtensionMethods::", StringComparison.Ordinal);

    private static Tensor Sum(Tensor x, Tensor y) => x + y;

    private static Tensor Doubled(Tensor x) => x * 2.0;

    private static Tensor Clamped(Tensor x) => x.clamp_max(1);

    private static Tensor Squared(Tensor x) => x.square();

    private static Tensor Product(Tensor x, Tensor y) => x * (y - x);
}
