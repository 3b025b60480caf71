using System.Runtime.Intrinsics;

namespace DocTuneLab.Training.Quantization;

/// <summary>Sixteen numbers from -1 to 1 that a 4-bit code stands for, and the rule by which a number gets its code:
/// those of bitsandbytes.</summary>
internal sealed class FourBitCode
{
    private readonly float[] _values, _thresholds;
    private readonly byte[]? _magnitudes;

    private FourBitCode(string name, float[] values, float[] thresholds, byte[]? magnitudes) =>
        (Name, _values, _thresholds, _magnitudes) = (name, values, thresholds, magnitudes);

    /// <summary>4-bit NormalFloat (Dettmers et al. 2023, arXiv 2305.14314, appendix E):
    /// ascending, each used equally often by normal weights.</summary>
    public static FourBitCode Nf4 { get; } = new("nf4",
    [
        -1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f, -0.28444138169288635f, -0.18477343022823334f,
        -0.09105003625154495f, 0.0f,
        0.07958029955625534f, 0.16093020141124725f, 0.24611230194568634f, 0.33791524171829224f, 0.44070982933044434f, 0.5626170039176941f,
        0.7229568362236023f, 1.0f,
    ],
    [
        -0.8480964004993439f, -0.6106329262256622f, -0.4599952697753906f, -0.33967943489551544f, -0.23460740596055984f,
        -0.13791173323988914f, -0.045525018125772476f,
        0.03979014977812767f, 0.1202552504837513f, 0.2035212516784668f, 0.2920137718319893f, 0.3893125355243683f, 0.5016634166240692f,
        0.6427869200706482f, 0.8614784181118011f,
    ], null);

    /// <summary>4-bit floating point: a sign, then 0, 1/192, 2/3, 1, 1/3, 1/2, 1/6, 1/4 in the order of the bits.</summary>
    public static FourBitCode Fp4 { get; } = new("fp4",
        [.. new[] { 0f, 0.0625f, 8, 12, 4, 6, 2, 3, 0f, -0.0625f, -8, -12, -4, -6, -2, -3 }.Select(v => v / 12)],
        [0.00260417f, 0.0859375f, 0.20833333f, 0.29166667f, 0.4166667f, 0.583333f, 0.8333333f], [0, 1, 6, 7, 4, 5, 2, 3]);

    /// <summary>Name in bitsandbytes' files: <c>nf4</c> or <c>fp4</c>.</summary>
    public string Name { get; }

    /// <summary>The number of each code.</summary>
    public ReadOnlySpan<float> Values => _values;

    /// <summary>The code of a name.</summary>
    /// <exception cref="LabException">Another name.</exception>
    public static FourBitCode Of(string name) => name switch
    {
        "nf4" => Nf4,
        "fp4" => Fp4,
        _ => throw new LabException($"the 4-bit type '{name}' is unknown; expected nf4 or fp4"),
    };

    /// <summary>Codes of numbers between -1 and 1, two a byte, the even one in the high nibble.</summary>
    /// <param name="values">Numbers, times <paramref name="factor"/> within the range.</param>
    /// <param name="factor">Reciprocal of the largest.</param>
    /// <param name="packed">Receives half as many bytes, rounded up.</param>
    internal unsafe void Encode(ReadOnlySpan<float> values, float factor, Span<byte> packed)
    {
        var i = 0;
        if (_magnitudes is null)
        {
            fixed (float* source = values)
            fixed (byte* target = packed)
                for (; i + 64 <= values.Length; i += 64) EncodeBlock(source + i, factor, target + i / 2);
        }
        var codes = stackalloc int[8];
        for (; i + 8 <= values.Length && _magnitudes is null; i += 8)
        {
            var (x, above) = (Vector256.Create(values.Slice(i, 8)) * factor, Vector256<int>.Zero);
            // A comparison is -1 where it holds.
            foreach (var threshold in _thresholds) above -= Vector256.GreaterThan(x, Vector256.Create(threshold)).AsInt32();
            above.Store(codes);
            for (var c = 0; c < 4; c++) packed[i / 2 + c] = (byte)(codes[2 * c] << 4 | codes[2 * c + 1]);
        }
        for (; i < values.Length; i++) packed[i / 2] |= (byte)(Encode(values[i] * factor) << (i % 2 == 0 ? 4 : 0));
    }

    // Four comparisons find a code among sixteen: each picks the next threshold from those that are left.
    private unsafe void EncodeBlock(float* values, float factor, byte* packed)
    {
        var t = _thresholds;
        var first = Vector256.Create(t[7]);
        var second = Vector256.Create(t[3], t[11], 0, 0, 0, 0, 0, 0);
        var third = Vector256.Create(t[1], t[5], t[9], t[13], 0, 0, 0, 0);
        var fourth = Vector256.Create(t[0], t[2], t[4], t[6], t[8], t[10], t[12], t[14]);
        Vector256.Narrow(
            Vector256.Narrow(Vector256.Narrow(Pairs(0), Pairs(1)), Vector256.Narrow(Pairs(2), Pairs(3))),
            Vector256.Narrow(Vector256.Narrow(Pairs(4), Pairs(5)), Vector256.Narrow(Pairs(6), Pairs(7)))).Store(packed);

        // Eight codes; each of the 64-bit numbers holds a byte of two.
        Vector256<ulong> Pairs(int part)
        {
            var x = Vector256.Load(values + 8 * part) * factor;
            // A comparison is -1 where it holds.
            var index = -Vector256.GreaterThan(x, first).AsInt32();
            index = index + index - Vector256.GreaterThan(x, Vector256.ShuffleNative(second, index)).AsInt32();
            index = index + index - Vector256.GreaterThan(x, Vector256.ShuffleNative(third, index)).AsInt32();
            index = index + index - Vector256.GreaterThan(x, Vector256.ShuffleNative(fourth, index)).AsInt32();
            return Vector256.ShiftLeft(index.AsUInt64(), 4) | Vector256.ShiftRightLogical(index.AsUInt64(), 32);
        }
    }

    /// <summary>Code of a number between -1 and 1; where it lies on the middle of two, the lower one.</summary>
    public int Encode(float value)
    {
        var magnitude = _magnitudes is null ? value : Math.Abs(value);
        var above = 0;
        while (above < _thresholds.Length && magnitude > _thresholds[above]) above++;
        // Of its two zeros bitsandbytes takes the one whose sign bit is set for what is above zero.
        return _magnitudes is null ? above : above == 0 ? (value > 0 ? 8 : 0) : _magnitudes[above] | (value < 0 ? 8 : 0);
    }
}
