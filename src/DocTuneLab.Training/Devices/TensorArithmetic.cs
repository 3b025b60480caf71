using TorchSharp;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Devices;

/// <summary>
/// Sums of tensors and whatever is done to them with a number. TorchSharp's own operators and methods make a <see cref="Scalar"/> and give
/// libtorch its address alone, so that the collector may take it, and free what it stands for, while libtorch still reads it: then libtorch
/// throws "Expected false to be true", or computes with a wrong number. Here it lives until libtorch is done.
/// </summary>
/// <remarks>
/// <para>Nothing else in this assembly calls a method of TorchSharp's that takes or makes a <see cref="Scalar"/>; a test holds that.
/// Products, differences and quotients of two tensors make none.</para>
/// <para>A number becomes a <see cref="Scalar"/> of its own type where it is passed, integer or not, and is freed by the method that it is
/// passed to. What is named by a participle or a preposition makes a tensor; a verb changes its first one and returns it.</para>
/// </remarks>
internal static class TensorArithmetic
{
    private static readonly Scalar s_one = 1, s_two = 2;

    /// <summary>x + y.</summary>
    public static Tensor Plus(this Tensor x, Tensor y) => x.add(y, s_one);

    /// <summary>x + number.</summary>
    public static Tensor Plus(this Tensor x, Scalar number)
    {
        using (number) return x.add(number, s_one);
    }

    /// <summary>x - number.</summary>
    public static Tensor Minus(this Tensor x, Scalar number)
    {
        using (number) return x.sub(number);
    }

    /// <summary>x · factor.</summary>
    public static Tensor Times(this Tensor x, Scalar factor)
    {
        using (factor) return x.mul(factor);
    }

    /// <summary>x / divisor.</summary>
    public static Tensor Over(this Tensor x, Scalar divisor)
    {
        using (divisor) return x.div(divisor);
    }

    /// <summary>x².</summary>
    public static Tensor Squared(this Tensor x) => x.pow(s_two);

    /// <summary>x to a power.</summary>
    public static Tensor ToThe(this Tensor x, Scalar power)
    {
        using (power) return x.pow(power);
    }

    /// <summary>x, or the nearest of two limits beyond them.</summary>
    public static Tensor Clamped(this Tensor x, Scalar low, Scalar high)
    {
        using (low)
        using (high)
            return x.clamp(low, high);
    }

    /// <summary>x, or the limit above it.</summary>
    public static Tensor ClampedTo(this Tensor x, Scalar limit)
    {
        using (limit) return x.clamp_max(limit);
    }

    /// <summary>x = number.</summary>
    public static Tensor EqualTo(this Tensor x, Scalar number)
    {
        using (number) return x.eq(number);
    }

    /// <summary>x ≠ number.</summary>
    public static Tensor UnequalTo(this Tensor x, Scalar number)
    {
        using (number) return x.ne(number);
    }

    /// <summary>x &gt; number.</summary>
    public static Tensor Above(this Tensor x, Scalar number)
    {
        using (number) return x.gt(number);
    }

    /// <summary>x ≥ number.</summary>
    public static Tensor NotBelow(this Tensor x, Scalar number)
    {
        using (number) return x.ge(number);
    }

    /// <summary>x &lt; number.</summary>
    public static Tensor Below(this Tensor x, Scalar number)
    {
        using (number) return x.lt(number);
    }

    /// <summary>Integers in order.</summary>
    /// <param name="from">The first.</param>
    /// <param name="until">What follows the last.</param>
    /// <param name="type">Default null: int64.</param>
    /// <param name="device">Default null: the processor.</param>
    public static Tensor Range(Scalar from, Scalar until, ScalarType? type = null, Device? device = null)
    {
        using (from)
        using (until)
            return arange(from, until, s_one, type, device);
    }

    /// <summary>A tensor of one number.</summary>
    public static Tensor Full(long[] shape, Scalar number, Device device)
    {
        using (number) return full(shape, number, device: device);
    }

    /// <summary>x += y.</summary>
    public static Tensor Add(this Tensor x, Tensor y) => x.add_(y, s_one);

    /// <summary>x += factor · y.</summary>
    public static Tensor Add(this Tensor x, Tensor y, Scalar factor)
    {
        using (factor) return x.add_(y, factor);
    }

    /// <summary>x += number.</summary>
    public static Tensor Add(this Tensor x, Scalar number)
    {
        using (number) return x.add_(number, s_one);
    }

    /// <summary>x += factor · y · z.</summary>
    public static Tensor AddProduct(this Tensor x, Tensor y, Tensor z, Scalar factor)
    {
        using (factor) return x.addcmul_(y, z, factor);
    }

    /// <summary>x += factor · y / z.</summary>
    public static Tensor AddQuotient(this Tensor x, Tensor y, Tensor z, Scalar factor)
    {
        using (factor) return x.addcdiv_(y, z, factor);
    }

    /// <summary>Adds rows, times a factor if one is given, to those of x that the indices name.</summary>
    public static Tensor AddRows(this Tensor x, Tensor indices, Tensor rows, Scalar? factor = null)
    {
        using (factor) return x.index_add_(0, indices, rows, factor ?? s_one);
    }

    /// <summary>x ·= factor.</summary>
    public static Tensor Multiply(this Tensor x, Scalar factor)
    {
        using (factor) return x.mul_(factor);
    }

    /// <summary>x /= divisor.</summary>
    public static Tensor Divide(this Tensor x, Scalar divisor)
    {
        using (divisor) return x.div_(divisor);
    }

    /// <summary>Puts a number everywhere, or where the mask is true.</summary>
    public static Tensor Fill(this Tensor x, Scalar number, Tensor? mask = null)
    {
        using (number) return mask is null ? x.fill_(number) : x.masked_fill_(mask, number);
    }
}
