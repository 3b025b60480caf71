using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Simd;

/// <summary>
/// Losses over rows of logits in float32 or bfloat16, with the gradient written over them: softmax cross-entropy, and divergence
/// from a teacher. Exponentials are computed twice rather than kept, so that in 16 bits only the gradient itself is rounded.
/// </summary>
internal static unsafe class CrossEntropy
{
    private const int Lanes = 8;

    // Partial sums over a few thousand elements in float32, joined in double: exact enough for any vocabulary.
    private const int PartialSum = 4096;

    /// <summary>Loss of each row in nats; where <paramref name="gradientScale"/> is not zero, logits become the
    /// gradient times it.</summary>
    /// <param name="logits">[rows, vocabulary], elements of a row adjacent.</param>
    /// <param name="targets">The right token of each row.</param>
    /// <param name="losses">Receives [rows].</param>
    /// <param name="gradientScale">Factor of the gradient.</param>
    /// <param name="smoothing">Share e of the target's probability that is spread over the vocabulary: the loss is (1 - e) times that of
    /// the target plus e times the mean over all tokens.</param>
    public static void Run(Tensor logits, ReadOnlyMemory<int> targets, double[] losses, float gradientScale, float smoothing = 0)
    {
        if (logits.dtype == ScalarType.BFloat16) Run<BFloat16Element>(logits, targets, losses, gradientScale, smoothing);
        else Run<SingleElement>(logits, targets, losses, gradientScale, smoothing);
    }

    /// <summary>
    /// Kullback-Leibler divergence of each row from a teacher's row in nats, Σ p (log p - log q) with p = softmax(teacher) and
    /// q = softmax(logits). Logits become the gradient, q - p, times <paramref name="gradientScale"/>.
    /// </summary>
    /// <param name="logits">[rows, vocabulary], elements of a row adjacent.</param>
    /// <param name="teacher">The same, of the same type.</param>
    /// <param name="losses">Receives [rows].</param>
    /// <param name="gradientScale">Factor of the gradient.</param>
    public static void Distill(Tensor logits, Tensor teacher, double[] losses, float gradientScale)
    {
        if (logits.dtype == ScalarType.BFloat16) Distill<BFloat16Element>(logits, teacher, losses, gradientScale);
        else Distill<SingleElement>(logits, teacher, losses, gradientScale);
    }

    private static void Run<T>(Tensor logits, ReadOnlyMemory<int> targets, double[] losses, float gradientScale, float smoothing)
        where T : struct, IElement
    {
        var (start, step, vocabulary) = ((nint)logits.Address(), logits.stride(0) * logits.element_size(), (int)logits.size(1));
        Cores.Rows((int)logits.size(0), vocabulary, (from, to) =>
        {
            for (var row = from; row < to; row++)
            {
                var x = (void*)(start + (nint)(row * step));
                var target = targets.Span[row];
                var max = Highest<T>(x, vocabulary);
                var right = T.Get(x, target);
                var i = 0;
                double total = 0;
                while (i + Lanes <= vocabulary)
                {
                    var end = Math.Min(vocabulary - Lanes, i + PartialSum);
                    if (Vector512.IsHardwareAccelerated)
                    {
                        var wide = Vector512<float>.Zero;
                        for (; i <= end - Lanes; i += 2 * Lanes) wide += Exponential.Of(T.Load512(x, i) - Vector512.Create(max));
                        total += Vector512.Sum(wide);
                    }
                    var sum = Vector256<float>.Zero;
                    for (; i <= end; i += Lanes) sum += Exponential.Of(T.Load(x, i) - Vector256.Create(max));
                    total += Vector256.Sum(sum);
                }
                for (; i < vocabulary; i++) total += MathF.Exp(T.Get(x, i) - max);
                var aim = smoothing == 0 ? right : (1 - smoothing) * right + smoothing * Mean<T>(x, vocabulary);
                losses[row] = Math.Log(total) + max - aim;
                if (gradientScale == 0) continue;
                var (factor, spread) = ((float)(gradientScale / total), smoothing * gradientScale / vocabulary);
                i = 0;
                if (Vector512.IsHardwareAccelerated)
                    for (; i + 2 * Lanes <= vocabulary; i += 2 * Lanes)
                        T.Store(Exponential.Of(T.Load512(x, i) - Vector512.Create(max)) * factor - Vector512.Create(spread), x, i);
                for (; i + Lanes <= vocabulary; i += Lanes)
                    T.Store(Exponential.Of(T.Load(x, i) - Vector256.Create(max)) * factor - Vector256.Create(spread), x, i);
                for (; i < vocabulary; i++) T.Set(x, i, (MathF.Exp(T.Get(x, i) - max) * factor) - spread);
                T.Set(x, target, (MathF.Exp(right - max) * factor) - spread - (1 - smoothing) * gradientScale);
            }
        });
    }

    private static void Distill<T>(Tensor logits, Tensor teacher, double[] losses, float gradientScale) where T : struct, IElement
    {
        var (start, step, vocabulary) = ((nint)logits.Address(), logits.stride(0) * logits.element_size(), (int)logits.size(1));
        var (teacherStart, teacherStep) = ((nint)teacher.Address(), teacher.stride(0) * teacher.element_size());
        Cores.Rows((int)logits.size(0), vocabulary, (from, to) =>
        {
            for (var row = from; row < to; row++)
            {
                void* x = (void*)(start + (nint)(row * step)), t = (void*)(teacherStart + (nint)(row * teacherStep));
                var (maxX, maxT) = (Highest<T>(x, vocabulary), Highest<T>(t, vocabulary));
                double sumX = 0, sumT = 0, product = 0;
                var i = 0;
                while (i + Lanes <= vocabulary)
                {
                    var end = Math.Min(vocabulary - Lanes, i + PartialSum);
                    var (partX, partT, part) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
                    for (; i <= end; i += Lanes)
                    {
                        var (a, b) = (T.Load(x, i) - Vector256.Create(maxX), T.Load(t, i) - Vector256.Create(maxT));
                        var p = Exponential.Of(b);
                        partX += Exponential.Of(a);
                        partT += p;
                        part += p * (b - a);
                    }
                    sumX += Vector256.Sum(partX);
                    sumT += Vector256.Sum(partT);
                    product += Vector256.Sum(part);
                }
                for (; i < vocabulary; i++)
                {
                    var (a, b) = (T.Get(x, i) - maxX, T.Get(t, i) - maxT);
                    sumX += MathF.Exp(a);
                    sumT += MathF.Exp(b);
                    product += MathF.Exp(b) * (b - a);
                }
                losses[row] = product / sumT + Math.Log(sumX) - Math.Log(sumT);
                if (gradientScale == 0) continue;
                var (factorX, factorT) = ((float)(gradientScale / sumX), (float)(gradientScale / sumT));
                for (i = 0; i + Lanes <= vocabulary; i += Lanes)
                    T.Store(Exponential.Of(T.Load(x, i) - Vector256.Create(maxX)) * factorX
                        - Exponential.Of(T.Load(t, i) - Vector256.Create(maxT)) * factorT, x, i);
                for (; i < vocabulary; i++) T.Set(x, i, MathF.Exp(T.Get(x, i) - maxX) * factorX - MathF.Exp(T.Get(t, i) - maxT) * factorT);
            }
        });
    }

    private static double Mean<T>(void* x, int count) where T : struct, IElement
    {
        double sum = 0;
        for (var i = 0; i < count; i++) sum += T.Get(x, i);
        return sum / count;
    }

    private static float Highest<T>(void* x, int count) where T : struct, IElement
    {
        var highest = Vector256.Create(float.NegativeInfinity);
        var i = 0;
        for (; i + Lanes <= count; i += Lanes) highest = Vector256.MaxNative(highest, T.Load(x, i));
        var max = float.NegativeInfinity;
        for (var l = 0; l < Lanes; l++) max = MathF.Max(max, highest[l]);
        for (; i < count; i++) max = MathF.Max(max, T.Get(x, i));
        return max;
    }
}
