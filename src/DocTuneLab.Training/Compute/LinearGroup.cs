using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Quantization;
using DocTuneLab.Training.Simd;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Compute;

/// <summary>
/// Linear layers that read the same input, as one product; forward and backward without autograd.
/// In float32 the low-rank update is added to the dequantised matrix first (r / tokens of the product's own cost), so that one
/// product does the work of three in each direction. In 16 bits that would round small updates away: there the update is
/// computed beside it, as it is under dropout, which acts on its input alone.
/// </summary>
internal sealed class LinearGroup : IDisposable
{
    private readonly Linear[] _linears;
    private readonly long[] _offsets;
    private readonly Kernels _kernels;
    private readonly Workspace _workspace;
    private readonly Products _products;
    private readonly Gradients _gradients;
    private readonly ScalarType _type;
    private readonly bool _keep, _merged, _fixed, _direct;
    private readonly Tensor?[] _doraScales;
    private Tensor? _kept;
    private long _keptVersion = -1;

    /// <param name="linears">Layers of the same input width.</param>
    /// <param name="kernels">Where they are computed, and shared memory.</param>
    /// <param name="gradients">Where gradients go.</param>
    /// <param name="type">Type of the products.</param>
    /// <param name="keep">Whether the dequantised matrix stays in memory between uses.</param>
    public LinearGroup(IReadOnlyList<Linear> linears, Kernels kernels, Gradients gradients, ScalarType type, bool keep)
    {
        (_linears, _kernels, _workspace, _gradients, _keep) = ([.. linears], kernels, kernels.Memory, gradients, keep);
        var adapters = _linears.Select(l => l.Adapter).OfType<LoraLayer>().ToArray();
        var dora = adapters.Any(a => a.Magnitude is not null);
        if (dora && adapters.Any(a => a.Dropout > 0))
            throw new LabException("DoRA scales whole rows of the weight, so dropout on the adapter's input is not defined for it here; "
                + "set lora_dropout to 0 or use_dora to false");
        _merged = adapters.Length > 0 && adapters.All(a => a.Dropout == 0) && (type == ScalarType.Float32 || dora);
        _type = dora ? ScalarType.Float32 : type;
        _products = new Products(kernels, _type);
        _fixed = !_merged && _linears.All(l => WeightOf(l) is not { } weight || gradients.Of(weight) is null);
        _direct = !_merged && _linears.All(l => WeightOf(l)?.dtype == _type);
        _offsets = new long[_linears.Length + 1];
        for (var i = 0; i < _linears.Length; i++) _offsets[i + 1] = _offsets[i] + _linears[i].Weight.Rows;
        Columns = _linears[0].Weight.Columns;
        _doraScales = new Tensor?[_linears.Length];
    }

    /// <summary>Output features of all layers.</summary>
    public long Rows => _offsets[^1];

    /// <summary>Input features.</summary>
    public long Columns { get; }

    /// <summary>y = x Wᵀ + bias + update.</summary>
    /// <param name="x">[tokens, <see cref="Columns"/>].</param>
    /// <param name="y">[tokens, <see cref="Rows"/>], overwritten.</param>
    /// <param name="step">Version of the parameters and key of dropout.</param>
    public void Forward(Tensor x, Tensor y, StepKey step)
    {
        using var scope = NewDisposeScope();
        if (!_direct) _products.Run(y, x, Weight(step).t());
        for (var i = 0; i < _linears.Length; i++)
        {
            var (linear, part) = (_linears[i], Part(y, i));
            if (_direct) _products.Run(part, x, WeightOf(linear)!.t());
            if (linear.Bias is { } bias) part.Add(bias);
            if (_merged || linear.Adapter is not { } adapter) continue;
            var input = Dropped(x, adapter, step);
            foreach (var (a, b, sign) in adapter.Factors)
            {
                var inner = Inner(adapter, a, x.size(0));
                _kernels.Multiply(inner, input, a.t(), add: false);
                _kernels.Multiply(part, inner, b.t(), add: true, (float)(sign * adapter.Scale));
            }
        }
    }

    /// <summary>The same for at most <see cref="MatrixVector.MaxVectors"/> tokens, outside of training, from the weights as
    /// they are stored.</summary>
    public unsafe void Multiply(Tensor x, Tensor y)
    {
        var (input, tokens) = (x.Rows(), (int)x.size(0));
        for (var i = 0; i < _linears.Length; i++)
        {
            var (linear, size) = (_linears[i], (int)_linears[i].Weight.Rows);
            var part = y.Rows().Columns((int)_offsets[i]);
            linear.Weight.Multiply(input, part);
            if (linear.Adapter is { } adapter)
            {
                foreach (var (a, b, sign) in adapter.Factors)
                {
                    var (rank, inner) = ((int)a.size(0), _workspace.Get("inner", tokens, a.size(0)).Rows());
                    MatrixVector.Run(new Float32Matrix(a.Pointer(), rank, (int)Columns), input, inner);
                    MatrixVector.Run(new Float32Matrix(b.Pointer(), size, rank), inner, part, (float)(sign * adapter.Scale));
                }
                if (adapter.Magnitude is not null)
                {
                    var factors = (_doraScales[i] ??= adapter.RowScales(linear.Weight).DetachFromDisposeScope()).Pointer();
                    for (var r = 0; r < tokens; r++) RowKernels.Multiply(factors, part.Row(r), size);
                }
            }
            if (linear.Bias is not { } bias) continue;
            for (var r = 0; r < tokens; r++) RowKernels.Add(bias.Pointer(), part.Row(r), size);
        }
    }

    /// <summary>Adds the gradients of the parameters; gives that of x.</summary>
    /// <param name="x">As in <see cref="Forward"/>.</param>
    /// <param name="dy">Gradient of y.</param>
    /// <param name="dx">Overwritten; null where nobody asks.</param>
    /// <param name="step">As in <see cref="Forward"/>.</param>
    public void Backward(Tensor x, Tensor dy, Tensor? dx, StepKey step)
    {
        using var scope = NewDisposeScope();
        var weight = !_direct && (dx is not null || _merged && _doraScales.Any(s => s is not null)) ? Weight(step) : null;
        if (dx is not null && weight is not null) _products.Run(dx, dy, weight);
        for (var i = 0; i < _linears.Length; i++)
        {
            var (linear, part) = (_linears[i], Part(dy, i));
            if (dx is not null && _direct) _products.Run(dx, part, WeightOf(linear)!, add: i > 0);
            if (linear.Bias is { } bias && _gradients.Of(bias) is { } biasGradient)
                biasGradient.Add(part.sum(0, type: ScalarType.Float32));
            if (WeightOf(linear) is { } dense && _gradients.Of(dense) is { } weightGradient)
                _kernels.Multiply(weightGradient, part.t(), x, add: true);
            if (linear.Adapter is not { } adapter) continue;
            var scale = (float)adapter.Scale;
            if (_doraScales[i] is { } rowScales)
            {
                // The norm is taken as constant (Liu et al. 2024, arXiv 2402.09353, section 4.3).
                var full = part.t().to_type(ScalarType.Float32).mm(x.to_type(ScalarType.Float32));
                _gradients.Of(adapter.Magnitude!)!
                    .Add((full * weight!.narrow(0, _offsets[i], linear.Weight.Rows)).sum(dim: 1) / adapter.Magnitude!);
                full.mul_(rowScales.unsqueeze(1));
                _gradients.Of(adapter.A)!.addmm_(adapter.B.t(), full, 1, scale);
                _gradients.Of(adapter.B)!.addmm_(full, adapter.A.t(), 1, scale);
                continue;
            }
            var input = Dropped(x, adapter, step);
            // Few rows on the left each time: the gradient of B is had transposed.
            var (rank, tokens) = (adapter.A.size(0), x.size(0));
            var (inner, transposed, outer) = (_workspace.Get("inner", tokens, rank), _workspace.Get("transposed", rank, linear.Weight.Rows),
                Inner(adapter, adapter.A, tokens));
            _kernels.Multiply(inner, part, adapter.B, add: false);
            _kernels.Multiply(_gradients.Of(adapter.A)!, inner.t(), input, add: true, scale);
            if (_merged) _kernels.Multiply(outer, input, adapter.A.t(), add: false);
            _kernels.Multiply(transposed, outer.t(), part, add: false, scale);
            _gradients.Of(adapter.B)!.Add(transposed.t());
            if (_merged || dx is null) continue;
            if (adapter.Dropout == 0 && adapter.Start is null)
            {
                _kernels.Multiply(dx, inner, adapter.A, add: true, scale);
                continue;
            }
            var back = _workspace.Get("back", tokens, Columns);
            _kernels.Multiply(back, inner, adapter.A, add: false, scale);
            if (adapter.Start is { } start)
            {
                _kernels.Multiply(inner, part, start.B, add: false);
                _kernels.Multiply(back, inner, start.A, add: true, -scale);
            }
            if (adapter.Dropout > 0) _kernels.Drop(back, adapter.Dropout, step.Of(adapter.Name));
            dx.Add(back);
        }
    }

    /// <summary>Floating-point operations of a pass forward and backward, as they are done here.</summary>
    /// <param name="tokens">Rows of the input.</param>
    /// <param name="needInput">Whether the gradient of the input is asked for.</param>
    public double Operations(double tokens, bool needInput)
    {
        var sum = 0.0;
        foreach (var linear in _linears)
        {
            double size = linear.Weight.Rows * linear.Weight.Columns;
            sum += tokens * size
                * (2 + (needInput ? 2 : 0) + (WeightOf(linear) is { } weight && _gradients.Of(weight) is not null ? 2 : 0));
            if (linear.Adapter is not { } adapter) continue;
            double elements = adapter.A.numel() + adapter.B.numel(), merging = 2 * size * adapter.A.size(0);
            sum += adapter.Magnitude is not null
                ? 2 * tokens * size + 3 * merging : _merged ? 4 * tokens * elements + merging : 6 * tokens * elements;
        }
        return sum;
    }

    // Input times A: where it was computed on the way forward, it is there on the way back. The merged product computes it only there.
    private Tensor Inner(LoraLayer adapter, Tensor a, long tokens) =>
        _workspace.Get(_merged || a.Handle != adapter.A.Handle ? "outer" : adapter.Name + " inner", tokens, a.size(0));

    private static Tensor? WeightOf(Linear linear) => (linear.Weight as DenseWeight)?.Tensor;

    private Tensor Part(Tensor y, int i) => y.narrow(1, _offsets[i], _offsets[i + 1] - _offsets[i]);

    private Tensor Dropped(Tensor x, LoraLayer adapter, StepKey step)
    {
        if (adapter.Dropout == 0 || step.Version < 0) return x;
        var copy = x.clone();
        _kernels.Drop(copy, adapter.Dropout, step.Of(adapter.Name));
        return copy;
    }

    // The matrix in the type of the products, update included where it is merged.
    private Tensor Weight(StepKey step)
    {
        if (_kept is not null && (_fixed || _keptVersion == step.Version)) return _kept;
        var buffer = _keep
            ? _kept ??= empty(Rows, Columns, dtype: _type, device: _workspace.Device).DetachFromDisposeScope()
            : _workspace.Get($"weight {_type}", Rows, Columns, _type);
        for (var i = 0; i < _linears.Length; i++)
        {
            var slice = buffer.narrow(0, _offsets[i], _linears[i].Weight.Rows);
            _linears[i].Weight.CopyTo(slice);
            if (!_merged || _linears[i].Adapter is not { } adapter) continue;
            foreach (var (a, b, sign) in adapter.Factors) _kernels.Multiply(slice, b, a, add: true, (float)(sign * adapter.Scale));
            if (adapter.Magnitude is not { } magnitude) continue;
            _doraScales[i]?.Dispose();
            _doraScales[i] = (magnitude / slice.norm(dim: 1)).DetachFromDisposeScope();
            slice.mul_(_doraScales[i]!.unsqueeze(1));
        }
        _keptVersion = step.Version;
        return buffer;
    }

    public void Dispose()
    {
        _kept?.Dispose();
        foreach (var scales in _doraScales) scales?.Dispose();
    }
}
