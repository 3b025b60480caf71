using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Quantization;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Compute;

/// <summary>Settings of <see cref="AdamW"/>.</summary>
internal sealed record AdamWOptions
{
    /// <summary>Decoupled decay. Default 0.</summary>
    public double WeightDecay { get; init; }

    /// <summary>What decays, by name and tensor. Default matrices.</summary>
    public Func<string, Tensor, bool> Decays { get; init; } = (_, tensor) => tensor.dim() > 1;

    /// <summary>Whether large tensors keep their state in 8 bits. Default false.</summary>
    public bool EightBit { get; init; }

    /// <summary>Whether the state is on the host. Default false.</summary>
    public bool Paged { get; init; }

    /// <summary>Factor of the learning rate by name (LoRA+). Default null: 1 for all.</summary>
    public Func<string, double>? RateFactor { get; init; }

    /// <summary>Decay of the means. Default 0.9.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the squares. Default 0.999.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>What is added to the roots of the squares. Default 1e-8.</summary>
    public double Epsilon { get; init; } = 1e-8;
}

/// <summary>
/// AdamW (Loshchilov and Hutter 2017, arXiv 1711.05101) with state in float32 or in 8 bits a number (Dettmers et al. 2021, arXiv
/// 2110.02861: blocks of 256 with their own scale, dynamic code). Tensors below 4,096 elements stay in float32. Trained tensors that follow
/// one another in the gradients and are updated alike are moved into one vector: an adapter is hundreds of small tensors, and on a device
/// starting an operation takes longer than running it. Of tensors on a device the state can be on the host, where the update is then made.
/// State can be saved and loaded by name.
/// </summary>
internal sealed class AdamW : IDisposable
{
    /// <summary>Numbers in 8 bits that share a scale.</summary>
    internal const int BlockSize = 256;

    private const int SmallestQuantized = 4096;
    private readonly Gradients _gradients;
    private readonly Kernels _kernels;
    private readonly bool _ownKernels;
    private readonly float _weightDecay;
    private readonly double _beta1, _beta2, _epsilon;
    private readonly Run[] _runs;
    private readonly (string Name, Tensor Tensor)[] _state;

    // Neighbours in the gradients that are updated alike, as one vector.
    private sealed record Run(Tensor Parameters, Tensor Gradient, double RateFactor, bool Decays, Moment Mean, Moment Square) : IDisposable
    {
        public void Dispose()
        {
            foreach (var tensor in (Tensor?[])[Parameters, Gradient, Mean.Values, Mean.Scales, Square.Values, Square.Scales])
                tensor?.Dispose();
        }
    }

    /// <summary>A moment of a vector of trained numbers: float32, or codes of 8 bits with a scale for each
    /// <see cref="BlockSize"/> of them.</summary>
    /// <param name="Values">Numbers or codes.</param>
    /// <param name="Scales">Of the codes' blocks, or null.</param>
    private readonly record struct Moment(Tensor Values, Tensor? Scales);

    /// <param name="parameters">Trained tensors by name.</param>
    /// <param name="gradients">Their gradients.</param>
    /// <param name="kernels">Where they are.</param>
    /// <param name="options">Settings; null are the defaults.</param>
    public AdamW(IReadOnlyDictionary<string, Tensor> parameters, Gradients gradients, Kernels kernels, AdamWOptions? options = null)
    {
        options ??= new AdamWOptions();
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        _ownKernels = options.Paged && kernels is not ProcessorKernels;
        (_gradients, _kernels, _weightDecay) = (gradients,
            _ownKernels ? new ProcessorKernels(new Workspace(CPU, ScalarType.Float32)) : kernels, (float)options.WeightDecay);
        (_beta1, _beta2, _epsilon) = (options.Beta1, options.Beta2, options.Epsilon);
        var names = new Dictionary<Tensor, string>(ReferenceEqualityComparer.Instance);
        foreach (var (name, parameter) in parameters) names.Add(parameter, name);
        var (runs, state, start) = (new List<Run>(), new List<(string, Tensor)>(), 0L);
        for (var i = 0; i < gradients.Order.Count;)
        {
            (double Rate, bool Decays, bool Quantized) Kind(Tensor t) =>
                (options.RateFactor?.Invoke(names[t]) ?? 1, options.WeightDecay != 0 && options.Decays(names[t], t),
                    options.EightBit && t.numel() >= SmallestQuantized);
            var (kind, members) = (Kind(gradients.Order[i]), new List<Tensor>());
            // A block of 8-bit numbers is never of two tensors.
            while (i < gradients.Order.Count
                && Kind(gradients.Order[i]) == kind
                && (!kind.Quantized || members.Count == 0 || members[^1].numel() % BlockSize == 0))
                members.Add(gradients.Order[i++]);
            var count = members.Sum(m => m.numel());
            Tensor Zeros(long size, ScalarType type) => zeros(size, dtype: type, device: _kernels.Memory.Device).DetachFromDisposeScope();
            var (type, blocks) = (kind.Quantized ? ScalarType.Byte : ScalarType.Float32, (count + BlockSize - 1) / BlockSize);
            Moment NewMoment() => new(Zeros(count, type), kind.Quantized ? Zeros(blocks, ScalarType.Float32) : null);
            var run = new Run(cat([.. members.Select(m => m.detach().flatten())]).DetachFromDisposeScope(),
                gradients.All.narrow(0, start, count).DetachFromDisposeScope(), kind.Rate, kind.Decays, NewMoment(), NewMoment());
            if (kind.Quantized) run.Mean.Values.Fill(DynamicCode.ZeroOf(DynamicCode.Signed));
            runs.Add(run);
            var at = 0L;
            foreach (var member in members)
            {
                var (first, length, name) = (at, member.numel(), names[member]);
                member.set_(run.Parameters.narrow(0, first, length).view(member.shape));
                Tensor Part(Tensor whole, long unit) => whole.narrow(0, first / unit, (length + unit - 1) / unit).DetachFromDisposeScope();
                state.AddRange([("mean." + name, Part(run.Mean.Values, 1)), ("square." + name, Part(run.Square.Values, 1))]);
                if (kind.Quantized)
                    state.AddRange([("mean_scales." + name, Part(run.Mean.Scales!, BlockSize)),
                        ("square_scales." + name, Part(run.Square.Scales!, BlockSize))]);
                at += length;
            }
            start += count;
        }
        (_runs, _state) = ([.. runs], [.. state]);
    }

    /// <summary>Number of updates made.</summary>
    public int Step { get; private set; }

    /// <summary>Bytes of the state.</summary>
    public long StateBytes => _state.Sum(t => t.Tensor.numel() * t.Tensor.element_size());

    /// <summary>One update from the gradients times <paramref name="gradientScale"/> (clipping), then forgets them.</summary>
    public void Update(double learningRate, double gradientScale)
    {
        using var _ = no_grad();
        Step++;
        var (correct1, correct2) = (1 - Math.Pow(_beta1, Step), 1 - Math.Pow(_beta2, Step));
        foreach (var run in _runs)
        {
            using var scope = NewDisposeScope();
            var rate = learningRate * run.RateFactor;
            var factors = new Factors((float)gradientScale, (float)(rate / correct1), (float)(1 / Math.Sqrt(correct2)),
                run.Decays ? 1 - (float)rate * _weightDecay : 1, (float)_beta1, (float)_beta2, (float)_epsilon);
            // Where the state is; a copy where that is elsewhere.
            var (parameters, gradient) = (run.Parameters.to(_kernels.Memory.Device), run.Gradient.to(_kernels.Memory.Device));
            if (run.Mean.Scales is null) _kernels.Update(parameters, gradient, run.Mean.Values, run.Square.Values, factors);
            else
                _kernels.Update(parameters, gradient, (run.Mean.Values, run.Mean.Scales), (run.Square.Values, run.Square.Scales!), factors);
            if (parameters.Handle != run.Parameters.Handle) run.Parameters.copy_(parameters);
        }
        _gradients.Clear();
    }

    /// <summary>Of an update: of the gradient (clipping), the rate over the first moment's correction, of the root of the second moment, of
    /// the parameter (decay); both betas, and what is added to the root.</summary>
    internal readonly record struct Factors(
        float Gradient, float Rate, float Square, float Decay, float Beta1, float Beta2, float Epsilon);

    /// <summary>The moments by name, for a checkpoint.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> State() => _state.Select(t => KeyValuePair.Create(t.Name, t.Tensor));

    /// <summary>Restores what <see cref="State"/> gave.</summary>
    public void Restore(int step, Func<string, long[], Tensor> read)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Step = step;
        foreach (var (name, tensor) in _state) tensor.copy_(read(name, tensor.shape));
    }

    public void Dispose()
    {
        foreach (var (_, tensor) in _state) tensor.Dispose();
        foreach (var run in _runs) run.Dispose();
        if (_ownKernels) _kernels.Dispose();
    }
}
