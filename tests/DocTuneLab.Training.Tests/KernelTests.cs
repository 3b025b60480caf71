using System.Runtime.Intrinsics;
using DocTuneLab.Training.Simd;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Tests;

public sealed class KernelTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8192)]
    [InlineData(8195)]
    public void Powers_of_many_values_are_those_of_each(int count)
    {
        var random = new Random(count);
        var values = Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 60) - 40)).ToArray();
        var largest = Powers.Largest(values);
        Assert.Equal(values.Max(), largest);
        var powers = new double[count];
        var sum = Powers.Sum(values, largest, 0.7, powers);
        Assert.All(values.Zip(powers), p => Assert.Equal(1, p.Second / Math.Exp(((double)p.First - largest) / 0.7), 1e-12));
        Assert.Equal(1, sum / powers.Sum(), 1e-12);
        Assert.Equal(sum, Powers.Sum(values, largest, 0.7, []));
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(7, 31, 5)]
    [InlineData(8, 32, 256)]
    [InlineData(67, 100, 257)]
    [InlineData(130, 2090, 33)]
    [InlineData(300, 65, 704)]
    [InlineData(16, 96, 300)]
    [InlineData(80, 16, 600)]
    [InlineData(90, 64, 16)]
    public void A_product_of_panels_is_that_of_the_library(int rows, int columns, int depth)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var generator = new Generator(7, CPU);
        // Parts of wider matrices, as they are and transposed.
        foreach (var a in Both(rows, depth))
            foreach (var b in Both(depth, columns))
            {
                var (expected, most) = (a.mm(b) * 1.5, a.abs().mm(b.abs()));
                foreach (var add in (bool[])[false, true])
                {
                    var c = full(rows, columns + 2, 0.5f);
                    MatrixProduct.RunPanels(c.narrow(1, 0, columns), a, b, add, 1.5f);
                    Assert.True(((c.narrow(1, 0, columns) - expected - (add ? 0.5f : 0)).abs() <= most * 3e-6 + 1e-6).all().item<bool>(),
                        $"added: {add}");
                    Assert.True((c.narrow(1, columns, 2) == 0.5f).all().item<bool>());
                }
            }

        Tensor[] Both(int m, int n) =>
            [randn(m, n + 5, generator: generator).narrow(1, 2, n), randn(n, m + 1, generator: generator).narrow(1, 0, m).t()];
    }

    [Fact]
    public void The_exponential_is_within_two_units_in_the_last_place()
    {
        for (var x = -87f; x < 88f; x += 0.00731f)
        {
            var (expected, actual) = (Math.Exp(x), Exponential.Of(Vector256.Create(x))[3]);
            Assert.True(Math.Abs(actual - expected) <= 2 * (MathF.BitIncrement((float)expected) - (float)expected),
                $"e^{x}: {actual}, expected {expected}");
        }
        Assert.Equal(1, Exponential.Of(Vector256<float>.Zero)[0]);
        Assert.True(float.IsNaN(Exponential.Of(Vector256.Create(float.NaN))[0]));
        Assert.InRange(Exponential.Of(Vector256.Create(float.NegativeInfinity))[0], 0, 1.3e-38f);
        Assert.InRange(Exponential.Of(Vector256.Create(float.PositiveInfinity))[0], 1e38f, float.MaxValue);
    }
}
