using DocTuneLab.Training.Compute;
using DocTuneLab.Training.Simd;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Tests;

/// <summary>Each backward kernel against the slopes of its forward kernel, on the processor.</summary>
public sealed class ProcessorKernelTests() : KernelGradientTests(new ProcessorKernels(new Workspace(CPU, ScalarType.Float32)));

/// <summary>The same with those that run on any device.</summary>
public sealed class ComposedKernelTests()
    : KernelGradientTests(new ComposedKernels(new Workspace(TinyModel.DeviceOf(composed: true), ScalarType.Float32)));

public abstract class KernelGradientTests : IDisposable
{
    private const int Rows = 6, Heads = 2;
    private readonly IDisposable _scope = NewDisposeScope(), _noGradients = no_grad();
    private readonly Generator _generator = new(17, CPU);
    private readonly Kernels _kernels;

    private protected KernelGradientTests(Kernels kernels) => _kernels = kernels;

    private Device Device => _kernels.Memory.Device;

    public void Dispose()
    {
        _kernels.Dispose();
        _noGradients.Dispose();
        _scope.Dispose();
        _generator.Dispose();
    }

    [Theory]
    [InlineData(24)]
    [InlineData(13)]
    public void Root_mean_square_norm(int size)
    {
        var (x, weight, c, scales) = (Random(Rows, Heads * size), (Random(1, size) + 1)[0], Random(Rows, Heads * size),
            empty(Rows, Heads, device: Device));
        double Loss()
        {
            var y = empty_like(x);
            _kernels.Norm(x, weight, y, scales, Heads, 1e-5);
            return Sum(y * c);
        }
        Loss();
        Tensor dx = zeros_like(x), dw = zeros_like(weight), added = ones_like(x);
        _kernels.NormBackward(c, x, weight, scales, dx, Heads, add: false);
        _kernels.NormBackward(c, x, weight, scales, added, Heads, add: true);
        _kernels.NormWeightGradient(c, x, scales, dw, Heads);
        Assert.True((added - dx - 1).abs().max().item<float>() < 1e-6f);
        Slopes(x, dx, Loss);
        Slopes(weight, dw, Loss);
    }

    [Fact]
    public void Rotation()
    {
        const int Size = 20;
        var (x, c, angles) = (Random(Rows, Heads * Size), Random(Rows, Heads * Size), Random(9, Size / 2));
        angles = cat([angles, angles], 1);
        var (cosine, sine) = (angles.cos(), angles.sin());
        int[] positions = [0, 3, 8, 1, 1, 5];
        double Loss()
        {
            var y = x.clone();
            _kernels.Rotate(y, positions, cosine, sine, Heads, 1);
            return Sum(y * c);
        }
        var dx = c.clone();
        _kernels.Rotate(dx, positions, cosine, sine, Heads, -1);
        Slopes(x, dx, Loss);
    }

    [Theory]
    [InlineData(16)]
    [InlineData(11)]
    public void Gated_middle(int size)
    {
        var (x, c) = (Random(Rows, 2 * size), Random(Rows, size));
        double Loss()
        {
            var h = empty_like(c);
            _kernels.Gate(x, h);
            return Sum(h * c);
        }
        var dx = x.clone();
        _kernels.GateBackward(c, dx);
        Slopes(x, dx, Loss);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Attention_with_rows_that_sequences_share(int window)
    {
        const int Size = 12, QueryHeads = 4;
        var shape = new AttentionShape(QueryHeads, Heads, Size, window, 1 / MathF.Sqrt(Size));
        // The second sequence begins with three rows of the first; the third stands alone.
        int[] starts = [0, 7, 12, 13];
        int[] positions = [0, 1, 2, 3, 4, 5, 6, 3, 4, 5, 6, 7, 0];
        var rows = new AttentionRows(starts, [[], [0, 1, 2], []], starts, positions);
        var (count, width) = (positions.Length, QueryHeads * Size);
        var (q, k, v, c) = (Random(count, width), Random(count, Heads * Size), Random(count, Heads * Size), Random(count, width));
        var (output, sums) = (empty(count, width, device: Device), empty(count, QueryHeads, device: Device));
        double Loss()
        {
            _kernels.Attend(new AttentionTensors(q, k, v, output, sums), rows, shape);
            return Sum(output * c);
        }
        Loss();
        var (dq, dk, dv) = (empty_like(q), zeros_like(k), zeros_like(v));
        _kernels.AttendBackward(new AttentionTensors(q, k, v, output, sums), new AttentionTensorGradients(c, dq, dk, dv), rows, shape);
        Slopes(q, dq, Loss);
        Slopes(k, dk, Loss);
        Slopes(v, dv, Loss);
    }

    [Fact]
    public void Cross_entropy()
    {
        const int Vocabulary = 37;
        var x = Random(Rows, Vocabulary) * 3;
        int[] targets = [9, 9, 0, 36, 5, 5, 17, 8];
        double Loss() => Sum(_kernels.CrossEntropy(x.clone(), targets, 2, 0)) * 0.25;
        var dx = x.clone();
        _kernels.CrossEntropy(dx, targets, 2, 0.25f);
        Slopes(x, dx, Loss);
    }

    [Fact]
    public void Divergence_from_a_teacher()
    {
        const int Vocabulary = 37;
        var (x, teacher) = (Random(Rows, Vocabulary) * 3, Random(Rows, Vocabulary) * 3);
        double[] Losses() => _kernels.Distill(x.clone(), teacher.clone(), 0).cpu().data<double>().ToArray();
        var (p, q) = (nn.functional.log_softmax(teacher.to_type(ScalarType.Float64), 1),
            nn.functional.log_softmax(x.to_type(ScalarType.Float64), 1));
        var expected = (p.exp() * (p - q)).sum(dim: 1).cpu().data<double>().ToArray();
        Assert.All(expected.Zip(Losses()), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        var dx = x.clone();
        _kernels.Distill(dx, teacher.clone(), 0.25f);
        Slopes(x, dx, () => Losses().Sum() * 0.25);
        Assert.All(_kernels.Distill(teacher.clone(), teacher.clone(), 1).cpu().data<double>().ToArray(), l => Assert.Equal(0, l, 1e-6));
    }

    [Fact]
    public void Losses_of_logits_in_16_bits_are_those_of_the_same_numbers_in_32_and_only_the_gradient_is_rounded()
    {
        const int Vocabulary = 71;
        var (x, teacher) = ((Random(Rows, Vocabulary) * 3).bfloat16(), (Random(Rows, Vocabulary) * 3).bfloat16());
        int[] targets = [0, 70, 5, 5, 17, 8];
        foreach (var run in (Func<Tensor, Tensor, Tensor>[])
        [
            (l, _) => _kernels.CrossEntropy(l, targets, 0, 0.25f), (l, t) => _kernels.Distill(l, t, 0.25f)
        ])
        {
            var (narrow, wide) = (x.clone(), x.to_type(ScalarType.Float32));
            var losses = run(narrow, teacher);
            var expected = run(wide, teacher.to_type(ScalarType.Float32));
            Assert.Equal(expected.cpu().data<double>().ToArray(), losses.cpu().data<double>().ToArray());
            Assert.Equal(wide.bfloat16().cpu().bytes.ToArray(), narrow.cpu().bytes.ToArray());
        }
    }

    private Tensor Random(long rows, long columns) => randn(rows, columns, generator: _generator).to(Device);

    private static double Sum(Tensor x) => x.to_type(ScalarType.Float64).sum().item<double>();

    // Along the gradient, where the slope is its length, and along directions that know nothing of it.
    private void Slopes(Tensor x, Tensor gradient, Func<double> loss)
    {
        const float Step = 5e-3f;
        var length = gradient.norm().item<float>();
        Assert.True(length > 1e-3);
        for (var i = 0; i < 6; i++)
        {
            var direction = i == 0 ? gradient / length : randn(x.shape, generator: _generator).to(Device);
            direction = direction / direction.norm();
            var middle = x.clone();
            x.add_(direction, alpha: Step);
            var above = loss();
            x.copy_(middle).add_(direction, alpha: -Step);
            var slope = (above - loss()) / (2 * Step);
            x.copy_(middle);
            Assert.Equal(Sum(gradient * direction), slope, 2e-3 * length);
        }
    }
}
