using System.Globalization;
using System.Numerics;

namespace DocTuneLab.Conversations.Jinja.Values;

/// <summary>Python's arithmetic: whole numbers of any size, floor division, rounding of ties to even.</summary>
internal static class Numbers
{
    private const int MaxBits = 1 << 16;
    private static readonly BigInteger s_exact = BigInteger.One << 53;

    /// <summary>A whole number in the smallest type that holds it.</summary>
    public static object Whole(BigInteger value) => value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value;

    public static bool IsWhole(object? value) => value is bool or long or BigInteger;

    public static bool IsNumber(object? value) => IsWhole(value) || value is double;

    public static bool IsNaN(object? value) => value is double d && double.IsNaN(d);

    public static BigInteger Big(object? value) => value switch
    {
        bool b => b ? 1 : 0,
        long i => i,
        BigInteger i => i,
        _ => throw Refusal.Of($"{Kinds.Of(value)} is no whole number"),
    };

    public static long Integer(object? value) =>
        Big(value) is var i && i >= long.MinValue && i <= long.MaxValue ? (long)i : throw Refusal.Of("the number is too large here");

    public static double Real(object? value) => value switch
    {
        double d => d,
        _ when IsWhole(value) => (double)Big(value),
        _ => throw Refusal.Of($"{Kinds.Of(value)} is no number"),
    };

    public static int Compare(object? a, object? b) =>
        a is double x && !IsInteger(x) || b is double y && !IsInteger(y) ? Real(a).CompareTo(Real(b)) : Exact(a).CompareTo(Exact(b));

    public static object Subtract(object? a, object? b) =>
        IsWhole(a) && IsWhole(b) ? Whole(Big(a) - Big(b)) : Real(a) - Real(b);

    public static object Negate(object? a) => IsWhole(a) ? Whole(-Big(a)) : -Real(a);

    public static object Divide(object? a, object? b)
    {
        RequireDivisor(b);
        if (IsWhole(a) && IsWhole(b) && (BigInteger.Abs(Big(a)) > s_exact || BigInteger.Abs(Big(b)) > s_exact))
            throw Refusal.Of("a division of numbers beyond 2^53 is not supported");
        return Real(a) / Real(b);
    }

    public static object FloorDivide(object? a, object? b)
    {
        RequireDivisor(b);
        if (!IsWhole(a) || !IsWhole(b)) return FloorDivide(Real(a), Real(b));
        var quotient = BigInteger.DivRem(Big(a), Big(b), out var rest);
        return Whole(rest.Sign != 0 && rest.Sign != Big(b).Sign ? quotient - 1 : quotient);
    }

    public static object Modulo(object? a, object? b)
    {
        RequireDivisor(b);
        if (!IsWhole(a) || !IsWhole(b)) return Modulo(Real(a), Real(b));
        var rest = BigInteger.Remainder(Big(a), Big(b));
        return Whole(rest.Sign != 0 && rest.Sign != Big(b).Sign ? rest + Big(b) : rest);
    }

    public static object Power(object? a, object? b)
    {
        if (IsWhole(a) && IsWhole(b) && Big(b).Sign >= 0)
        {
            if (Big(a).GetBitLength() * (double)Big(b) > MaxBits) throw Refusal.Of("the power is too large");
            return Whole(BigInteger.Pow(Big(a), (int)Big(b)));
        }
        var (x, y) = (Real(a), Real(b));
        if (x < 0 && !IsInteger(y)) throw Refusal.Of("a root of a negative number is not supported");
        if (x == 0 && y < 0) throw Refusal.Of("a division by zero");
        return Math.Pow(x, y);
    }

    /// <summary>A number rounded to decimal places, exactly, ties to even.</summary>
    public static object Round(object? value, long places)
    {
        if (Math.Abs(places) > 400) throw Refusal.Of($"rounding to {places} places is not supported");
        if (value is not double d)
        {
            if (places >= 0) return Whole(Big(value));
            var unit = BigInteger.Pow(10, (int)-places);
            return Whole(Nearest(Big(value), unit) * unit);
        }
        if (!double.IsFinite(d)) return d;
        var (text, zeros) = (Scaled(d, (int)places).ToString(CultureInfo.InvariantCulture), -places);
        var rounded = double.Parse($"{text}E{zeros}", CultureInfo.InvariantCulture);
        return rounded == 0 ? Math.CopySign(0.0, d) : rounded;
    }

    /// <summary>The nearest whole number to <paramref name="value"/> times ten to the power of <paramref name="places"/>.</summary>
    public static BigInteger Scaled(double value, int places)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)(bits >> 52 & 0x7FF);
        BigInteger numerator = bits & 0xFFFFFFFFFFFFF;
        if (exponent == 0) exponent++;
        else numerator += BigInteger.One << 52;
        if (value < 0) numerator = -numerator;
        var denominator = BigInteger.One;
        if (exponent >= 1075) numerator <<= exponent - 1075;
        else denominator <<= 1075 - exponent;
        if (places >= 0) numerator *= BigInteger.Pow(10, places);
        else denominator *= BigInteger.Pow(10, -places);
        return Nearest(numerator, denominator);
    }

    public static bool IsInteger(double value) => double.IsFinite(value) && value == Math.Floor(value);

    private static BigInteger Nearest(BigInteger numerator, BigInteger denominator)
    {
        var quotient = BigInteger.DivRem(BigInteger.Abs(numerator), denominator, out var rest);
        var order = (rest * 2).CompareTo(denominator);
        if (order > 0 || order == 0 && !quotient.IsEven) quotient++;
        return numerator.Sign < 0 ? -quotient : quotient;
    }

    private static double Modulo(double a, double b)
    {
        var rest = a % b;
        if (rest == 0) return Math.CopySign(0.0, b);
        return rest < 0 != b < 0 ? rest + b : rest;
    }

    private static double FloorDivide(double a, double b)
    {
        var quotient = (a - Modulo(a, b)) / b;
        if (quotient == 0) return Math.CopySign(0.0, a / b);
        var floor = Math.Floor(quotient);
        return quotient - floor > 0.5 ? floor + 1 : floor;
    }

    private static BigInteger Exact(object? value) => value is double d ? new BigInteger(d) : Big(value);

    private static void RequireDivisor(object? value)
    {
        if (Real(value) == 0) throw Refusal.Of("a division by zero");
    }
}
