using System.Runtime.Intrinsics;

namespace DocTuneLab.Training.Native;

/// <summary>Softmax cross-entropy over rows of logits, with the gradient written over them.</summary>
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
            var highest = Vector256.Create(float.NegativeInfinity);
            var i = 0;
            for (; i + lanes <= vocabulary; i += lanes) highest = Vector256.MaxNative(highest, Vector256.Load(x + i));
            var max = float.NegativeInfinity;
            for (var l = 0; l < lanes; l++) max = MathF.Max(max, highest[l]);
            for (; i < vocabulary; i++) max = MathF.Max(max, x[i]);
            var right = x[target];
            double total = 0;
            // Partial sums over a few thousand elements in float32, joined in double: exact enough for any vocabulary.
            for (i = 0; i + lanes <= vocabulary;)
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
}
