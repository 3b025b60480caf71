using System.Runtime.Intrinsics;
using DocTuneLab.Training.Native;

namespace DocTuneLab.Training.Tests;

public sealed class KernelTests
{
    [Fact]
    public void The_exponential_is_within_two_units_in_the_last_place()
    {
        for (var x = -87f; x < 88f; x += 0.00731f)
        {
            var (expected, actual) = (Math.Exp(x), Exponential.Of(Vector256.Create(x))[3]);
            Assert.True(Math.Abs(actual - expected) <= 2 * (MathF.BitIncrement((float)expected) - (float)expected), $"e^{x}: {actual}, expected {expected}");
        }
        Assert.Equal(1, Exponential.Of(Vector256<float>.Zero)[0]);
        Assert.True(float.IsNaN(Exponential.Of(Vector256.Create(float.NaN))[0]));
        Assert.InRange(Exponential.Of(Vector256.Create(float.NegativeInfinity))[0], 0, 1.3e-38f);
        Assert.InRange(Exponential.Of(Vector256.Create(float.PositiveInfinity))[0], 1e38f, float.MaxValue);
    }
}
