using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Simd;

/// <summary>
/// Turns packed 4-bit codes (even element in the high nibble) into numbers: 16-entry table × scale of the block. The table
/// look-up is one permute of a 512-bit register, or two of 256 bits and a blend; elsewhere the runtime's portable form.
/// </summary>
internal static unsafe class BlockCodes
{
    /// <summary>Elements whose scales are asked for at once.</summary>
    private const int Part = 1 << 15;

    /// <param name="packed">Codes.</param>
    /// <param name="table">16 values.</param>
    /// <param name="blockSize">Elements that share a scale; a multiple of 16.</param>
    /// <param name="scale">Scale of a block.</param>
    /// <param name="target">Contiguous, in float32, or in bfloat16 rounded to nearest even.</param>
    /// <param name="type">Type to whose numbers the products are rounded first.</param>
    public static void Decode(byte[] packed, float[] table, int blockSize, Func<int, float> scale, Tensor target, ScalarType type)
    {
        var (start, count, bfloat16) = ((nint)target.Address(), target.numel(), target.dtype == ScalarType.BFloat16);
        // Whole blocks to each part, so that a part needs nothing of another.
        var step = Part / blockSize * blockSize;
        Cores.For((int)((count + step - 1) / step), p =>
        {
            var products = stackalloc float[16];
            fixed (byte* codes = packed)
            fixed (float* values = table)
            {
                var end = Math.Min(count, (long)(p + 1) * step);
                for (var from = (long)p * step; from < end; from += blockSize)
                {
                    var length = (int)Math.Min(blockSize, end - from);
                    var s = scale((int)(from / blockSize));
                    // All that a block can hold.
                    Rounded(Vector256.Load(values) * s, type).Store(products);
                    Rounded(Vector256.Load(values + 8) * s, type).Store(products + 8);
                    if (bfloat16) ToBFloat16(codes + from / 2, products, (ushort*)start + from, length);
                    else ToFloat32(codes + from / 2, products, (float*)start + from, length);
                }
            }
        });
    }

    private static Vector256<float> Rounded(Vector256<float> products, ScalarType type) => type switch
    {
        ScalarType.BFloat16 => BFloat16Rounding.Of(products),
        ScalarType.Float16 => HalfRounding.Of(products),
        _ => products,
    };

    private static void ToFloat32(byte* codes, float* products, float* target, int length)
    {
        var i = 0;
        if (Avx512F.IsSupported)
        {
            var values = Vector512.Load(products);
            for (; i + 16 <= length; i += 16)
                Avx512F.PermuteVar16x32(values, Avx512F.ConvertToVector512Int32(Indices(codes + i / 2))).Store(target + i);
        }
        else if (Avx2.IsSupported)
        {
            var (low, high) = (Vector256.Load(products), Vector256.Load(products + 8));
            for (; i + 16 <= length; i += 16)
            {
                var index = Indices(codes + i / 2);
                Lookup(low, high, Avx2.ConvertToVector256Int32(index)).Store(target + i);
                Lookup(low, high, Avx2.ConvertToVector256Int32(Sse2.ShiftRightLogical128BitLane(index, 8))).Store(target + i + 8);
            }
        }
        for (; i < length; i++) target[i] = products[Code(codes, i)];
    }

    private static void ToBFloat16(byte* codes, float* products, ushort* target, int length)
    {
        // Rounded once, then looked up as bytes.
        var i = 0;
        var rounded = stackalloc ushort[16];
        BFloat16Element.Store(Vector256.Load(products), rounded, 0);
        BFloat16Element.Store(Vector256.Load(products + 8), rounded, 8);
        if (Vector128.IsHardwareAccelerated)
        {
            var (first, second) = (Vector128.Load(rounded), Vector128.Load(rounded + 8));
            var lowBytes = Vector128.Narrow(first & Vector128.Create((ushort)255), second & Vector128.Create((ushort)255));
            var highBytes = Vector128.Narrow(Vector128.ShiftRightLogical(first, 8), Vector128.ShiftRightLogical(second, 8));
            for (; i + 32 <= length; i += 32)
            {
                var bytes = Vector128.Load(codes + i / 2);
                var (even, odd) = (Vector128.ShiftRightLogical(bytes.AsUInt16(), 4).AsByte() & Vector128.Create((byte)15),
                    bytes & Vector128.Create((byte)15));
                Write(Interleave(even, odd, upper: false), target + i);
                Write(Interleave(even, odd, upper: true), target + i + 16);
            }

            void Write(Vector128<byte> index, ushort* to)
            {
                var (a, b) = (Vector128.Shuffle(lowBytes, index), Vector128.Shuffle(highBytes, index));
                Interleave(a, b, upper: false).AsUInt16().Store(to);
                Interleave(a, b, upper: true).AsUInt16().Store(to + 8);
            }
        }
        for (; i < length; i++) target[i] = rounded[Code(codes, i)];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Interleave(Vector128<byte> a, Vector128<byte> b, bool upper)
    {
        if (Sse2.IsSupported) return upper ? Sse2.UnpackHigh(a, b) : Sse2.UnpackLow(a, b);
        var (aLow, aHigh) = Vector128.Widen(a);
        var (bLow, bHigh) = Vector128.Widen(b);
        return ((upper ? aHigh : aLow) | Vector128.ShiftLeft(upper ? bHigh : bLow, 8)).AsByte();
    }

    // 16 codes in order from 8 bytes.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Indices(byte* codes)
    {
        var bytes = Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(codes)).AsByte();
        var mask = Vector128.Create((byte)15);
        return Sse2.UnpackLow(Vector128.ShiftRightLogical(bytes.AsUInt16(), 4).AsByte() & mask, bytes & mask);
    }

    /// <summary>Eight bytes as 32-bit integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<int> Widened(byte* bytes) => Avx2.IsSupported
        ? Avx2.ConvertToVector256Int32(bytes)
        : Vector256.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(bytes)).AsByte())
            .ToVector256())
            .AsInt32();

    /// <summary>Entries 0 to 15 of a table in two registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Lookup(Vector256<float> low, Vector256<float> high, Vector256<int> index)
    {
        if (!Avx2.IsSupported)
        {
            var within = index & Vector256.Create(7);
            return Vector256.ConditionalSelect(Vector256.GreaterThan(index, Vector256.Create(7)).AsSingle(),
                Vector256.Shuffle(high, within), Vector256.Shuffle(low, within));
        }
        // The permutes look at the lowest three bits; the fourth, moved to the sign, picks between them.
        var (a, b) = (Avx2.PermuteVar8x32(low, index), Avx2.PermuteVar8x32(high, index));
        return Avx.BlendVariable(a, b, Vector256.ShiftLeft(index, 28).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Code(byte* codes, int i) => i % 2 == 0 ? codes[i / 2] >> 4 : codes[i / 2] & 15;
}
