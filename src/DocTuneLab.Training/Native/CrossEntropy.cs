using System.Runtime.Intrinsics;

namespace DocTuneLab.Training.Native;

/// <summary>Losses over rows of logits, with the gradient written over them: softmax cross-entropy, and divergence from a teacher.</summary>
internal static unsafe class CrossEntropy
{
    /// <summary>Loss of each row in nats; where <paramref name="gradientScale"/> is not zero, logits become the gradient times it.</summary>
    /// <param name="logits">[rows, vocabulary].</param>
    /// <param name="vocabulary">Width of a row.</param>
    /// <param name="targets">The right token of each row.</param>
    /// <param name="losses">Receives [rows].</param>
    /// <param name="gradientScale">Factor of the gradient.</param>
    public static void Run(RowSpan logits, int vocabulary, ReadOnlyMemory<int> targets, double[] losses, float gradientScale) => Cores.Rows(logits.Rows, vocabulary, (from, to) =>
    {
        var lanes = Vector256<float>.Count;
        for (var row = from; row < to; row++)
        {
            var x = logits.Row(row);
            var target = targets.Span[row];
            var max = Highest(x, vocabulary);
            var i = 0;
            var right = x[target];
            double total = 0;
            // Partial sums over a few thousand elements in float32, joined in double: exact enough for any vocabulary.
            while (i + lanes <= vocabulary)
            {
                var end = Math.Min(vocabulary - lanes, i + 4096);
                var sum = Vector256<float>.Zero;
                for (; i <= end; i += lanes)
                {
                    var e = Exponential.Of(Vector256.Load(x + i) - Vector256.Create(max));
                    e.Store(x + i);
                    sum += e;
                }
                total += Vector256.Sum(sum);
            }
            for (; i < vocabulary; i++) total += x[i] = MathF.Exp(x[i] - max);
            losses[row] = Math.Log(total) + max - right;
            if (gradientScale == 0) continue;
            var factor = (float)(gradientScale / total);
            for (i = 0; i + lanes <= vocabulary; i += lanes) (Vector256.Load(x + i) * factor).Store(x + i);
            for (; i < vocabulary; i++) x[i] *= factor;
            x[target] -= gradientScale;
        }
    });

    /// <summary>
    /// Kullback-Leibler divergence of each row from a teacher's row in nats, Σ p (log p - log q) with p = softmax(teacher) and
    /// q = softmax(logits). Logits become the gradient, q - p, times <paramref name="gradientScale"/>; the teacher's are overwritten.
    /// </summary>
    /// <param name="logits">[rows, vocabulary].</param>
    /// <param name="teacher">[rows, vocabulary].</param>
    /// <param name="vocabulary">Width of a row.</param>
    /// <param name="losses">Receives [rows].</param>
    /// <param name="gradientScale">Factor of the gradient.</param>
    public static void Distill(RowSpan logits, RowSpan teacher, int vocabulary, double[] losses, float gradientScale) => Cores.Rows(logits.Rows, vocabulary, (from, to) =>
    {
        var lanes = Vector256<float>.Count;
        for (var row = from; row < to; row++)
        {
            float* x = logits.Row(row), t = teacher.Row(row);
            var (maxX, maxT) = (Highest(x, vocabulary), Highest(t, vocabulary));
            double sumX = 0, sumT = 0, product = 0;
            var i = 0;
            while (i + lanes <= vocabulary)
            {
                var end = Math.Min(vocabulary - lanes, i + 4096);
                var (partX, partT, part) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
                for (; i <= end; i += lanes)
                {
                    var (a, b) = (Vector256.Load(x + i) - Vector256.Create(maxX), Vector256.Load(t + i) - Vector256.Create(maxT));
                    var (q, p) = (Exponential.Of(a), Exponential.Of(b));
                    q.Store(x + i);
                    p.Store(t + i);
                    partX += q;
                    partT += p;
                    part += p * (b - a);
                }
                sumX += Vector256.Sum(partX);
                sumT += Vector256.Sum(partT);
                product += Vector256.Sum(part);
            }
            for (; i < vocabulary; i++)
            {
                var (a, b) = (x[i] - maxX, t[i] - maxT);
                sumX += x[i] = MathF.Exp(a);
                sumT += t[i] = MathF.Exp(b);
                product += t[i] * (b - a);
            }
            losses[row] = product / sumT + Math.Log(sumX) - Math.Log(sumT);
            if (gradientScale == 0) continue;
            var (factorX, factorT) = ((float)(gradientScale / sumX), (float)(gradientScale / sumT));
            for (i = 0; i + lanes <= vocabulary; i += lanes) (Vector256.Load(x + i) * factorX - Vector256.Load(t + i) * factorT).Store(x + i);
            for (; i < vocabulary; i++) x[i] = x[i] * factorX - t[i] * factorT;
        }
    });

    private static float Highest(float* x, int count)
    {
        var lanes = Vector256<float>.Count;
        var highest = Vector256.Create(float.NegativeInfinity);
        var i = 0;
        for (; i + lanes <= count; i += lanes) highest = Vector256.MaxNative(highest, Vector256.Load(x + i));
        var max = float.NegativeInfinity;
        for (var l = 0; l < lanes; l++) max = MathF.Max(max, highest[l]);
        for (; i < count; i++) max = MathF.Max(max, x[i]);
        return max;
    }
}
