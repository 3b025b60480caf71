using DocTuneLab.Training.Models;
using DocTuneLab.Training.Simd;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Compute;

/// <summary>What attention reads and writes.</summary>
/// <param name="Q">[queries, heads × size].</param>
/// <param name="K">[rows, key heads × size].</param>
/// <param name="V">Like K.</param>
/// <param name="Output">Like Q.</param>
/// <param name="Sums">[queries, heads] float32 for the backward pass; an implementation may leave it as it is.</param>
/// <param name="Sinks">[heads]: scores that stand for no token; null where there are none.</param>
internal readonly record struct AttentionTensors(Tensor Q, Tensor K, Tensor V, Tensor Output, Tensor Sums, Tensor? Sinks = null);

/// <summary>Gradients to what attention reads and writes, each of its shape.</summary>
/// <param name="Output">To the output, given.</param>
/// <param name="Q">To the queries.</param>
/// <param name="K">To the keys.</param>
/// <param name="V">To the values.</param>
/// <param name="Sinks">To the sinks; null where nobody asks.</param>
internal readonly record struct AttentionTensorGradients(Tensor Output, Tensor Q, Tensor K, Tensor V, Tensor? Sinks = null);

/// <summary>
/// What the passes are made of between the products of large matrices, on matrices of a workspace: a row for each token. One
/// implementation runs over the processor's memory, the other is composed of libtorch's own operations and runs on any device;
/// a test holds one against the other.
/// </summary>
internal abstract class Kernels(Workspace memory) : IDisposable
{
    private ComposedAttention? _composed;

    /// <summary>For the device that a model is on.</summary>
    public static Kernels For(Decoder decoder) =>
        decoder.Composed
            ? new ComposedKernels(new Workspace(decoder.Device, decoder.ComputeType))
            : new ProcessorKernels(new Workspace(decoder.Device, ScalarType.Float32));

    /// <summary>
    /// Their working memory, on the device. Its element type is that of activations and of their gradients; statistics, trained tensors and
    /// the gradients of those are in float32.
    /// </summary>
    public Workspace Memory { get; } = memory;

    /// <summary>Attention of libtorch's operations, which knows all that a layer may ask of it.</summary>
    internal ComposedAttention Composed => _composed ??= new ComposedAttention(this, FusedAttention);

    /// <summary>A batch begins: what was kept of the one before is forgotten.</summary>
    public virtual void Begin() => _composed?.Forget();

    /// <summary>Numbers as int64 for use as an index; valid until the next batch begins or the current dispose scope ends.</summary>
    public abstract Tensor Indices(int[] values);

    /// <summary>Some rows of a matrix, in the order asked for; belongs to the current dispose scope.</summary>
    public abstract Tensor Rows(Tensor matrix, int[] rows);

    /// <summary>Whether a product with so few rows reads the weights as they are stored.</summary>
    public abstract bool ReadsStored(int rows);

    /// <summary>target (+)= scale · left · right, none of them a quantised weight.</summary>
    public abstract void Multiply(Tensor target, Tensor left, Tensor right, bool add, float scale = 1);

    /// <summary>y = x · s · weight with s = 1/sqrt(mean(x²) + epsilon) for each of <paramref name="heads"/> parts of a row (Zhang and
    /// Sennrich 2019, arXiv 1910.07467).</summary>
    /// <param name="x">[rows, heads × size].</param>
    /// <param name="weight">[size].</param>
    /// <param name="y">Like x; may be x.</param>
    /// <param name="scales">Receives s, [rows, heads] in float32.</param>
    /// <param name="heads">Parts of a row.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    public abstract void Norm(Tensor x, Tensor weight, Tensor y, Tensor scales, int heads, double epsilon);

    /// <summary>Gradient of <see cref="Norm"/> to x, added to <paramref name="dx"/> or written over it.</summary>
    public abstract void NormBackward(Tensor dy, Tensor x, Tensor weight, Tensor scales, Tensor dx, int heads, bool add);

    /// <summary>Adds the gradient of <see cref="Norm"/> to the weight.</summary>
    public abstract void NormWeightGradient(Tensor dy, Tensor x, Tensor scales, Tensor gradient, int heads);

    /// <summary>Turns the heads of each row in place by the angles of its position (Su et al. 2021, arXiv 2104.09864).</summary>
    /// <param name="x">[rows, heads × size].</param>
    /// <param name="positions">Of each row.</param>
    /// <param name="cosine">[positions, size] float32, the halves of a row equal.</param>
    /// <param name="sine">The same.</param>
    /// <param name="heads">Parts of a row.</param>
    /// <param name="direction">1; -1 turns back, which is the gradient too.</param>
    public abstract void Rotate(Tensor x, int[] positions, Tensor cosine, Tensor sine, int heads, int direction);

    /// <summary>h = silu(gate) · up (Shazeer 2020, arXiv 2002.05202).</summary>
    /// <param name="x">[rows, 2 × size]: gate, then up.</param>
    /// <param name="h">[rows, size].</param>
    public abstract void Gate(Tensor x, Tensor h);

    /// <summary>Gradient of <see cref="Gate"/>: overwrites gate and up by theirs.</summary>
    public abstract void GateBackward(Tensor dh, Tensor x);

    /// <summary>Causal grouped-query attention over packed sequences.</summary>
    /// <param name="x">Queries, keys and values; output and sums are written.</param>
    /// <param name="rows">Which rows attend to which.</param>
    /// <param name="shape">Heads and sizes.</param>
    public abstract void Attend(AttentionTensors x, AttentionRows rows, AttentionShape shape);

    /// <summary>Gradients of <see cref="Attend"/>: that of the queries is written, those of keys and values are added to.</summary>
    public abstract void AttendBackward(AttentionTensors x, AttentionTensorGradients gradients, AttentionRows rows, AttentionShape shape);

    /// <summary>One query each of several sequences, over keys and values in a cache.</summary>
    /// <param name="q">[sequences, heads × size].</param>
    /// <param name="cache">[sequences of the cache × capacity, 2 × key heads × size]: keys and then values of a token in each
    /// row.</param>
    /// <param name="rows">Whose they are.</param>
    /// <param name="output">Like q.</param>
    /// <param name="shape">Heads and sizes.</param>
    /// <param name="sinks">[heads], or null.</param>
    public abstract void Decode(Tensor q, Tensor cache, CachedRows rows, Tensor output, AttentionShape shape, Tensor? sinks = null);

    /// <summary>Copies keys and values of some rows to rows of a cache.</summary>
    public abstract void Store(Tensor k, Tensor v, int[] rows, Tensor cache, int[] cacheRows);

    /// <summary>Sets a share of the elements to zero and scales the others by 1/(1 - share), in place:
    /// which ones follows from the key alone.</summary>
    public abstract void Drop(Tensor x, double share, ulong key);

    /// <summary>Adds uniform noise of plus or minus alpha / sqrt(length · width) to each sequence, its length with the last token,
    /// which is not an input (NEFTune, Jain et al. 2023, arXiv 2310.05914).</summary>
    public abstract void AddNoise(Tensor x, int[] starts, double alpha, ulong key);

    /// <summary>Cross-entropy of each row in nats; where <paramref name="gradientScale"/> is not zero, logits become the
    /// gradient times it.</summary>
    /// <param name="logits">[rows, vocabulary].</param>
    /// <param name="targets">The right tokens of all rows of the batch.</param>
    /// <param name="from">Which of them is the first row's.</param>
    /// <param name="gradientScale">Factor of the gradient.</param>
    /// <param name="smoothing">Share of the target's probability that is spread over the vocabulary.</param>
    /// <returns>[rows] float64.</returns>
    public abstract Tensor CrossEntropy(Tensor logits, int[] targets, int from, float gradientScale, float smoothing = 0);

    /// <summary>The same for the divergence from a teacher's distribution, Σ p (log p - log q) with p = softmax(teacher) and q =
    /// softmax(logits).</summary>
    public abstract Tensor Distill(Tensor logits, Tensor teacher, float gradientScale);

    /// <summary>Euclidean norm of a float32 vector.</summary>
    public abstract double Length(Tensor vector);

    /// <summary>An update of <see cref="AdamW"/> of a vector of trained numbers, all in float32.</summary>
    public abstract void Update(Tensor parameter, Tensor gradient, Tensor mean, Tensor square, AdamW.Factors factors);

    /// <summary>The same with state in 8 bits: codes, and a scale for each <see cref="AdamW.BlockSize"/> of them.</summary>
    public abstract void Update(Tensor parameter, Tensor gradient, (Tensor Codes, Tensor Scales) mean, (Tensor Codes, Tensor Scales) square,
        AdamW.Factors factors);

    /// <summary>Softmax(q kᵀ / √size + mask) v, by the device's fused kernel where it has one; causal without a mask.</summary>
    protected virtual Tensor FusedAttention(Tensor q, Tensor k, Tensor v, Tensor? mask) =>
        nn.functional.scaled_dot_product_attention(q, k, v, mask, 0, mask is null);

    /// <inheritdoc/>
    public virtual void Dispose()
    {
        _composed?.Dispose();
        Memory.Dispose();
    }
}
