using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Simd;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Inference;

/// <summary>The answers of one adapter, or of the base, with what is cached of them.</summary>
/// <param name="model">The model.</param>
/// <param name="adapter">The adapter; null is the base. It is attached while this computes.</param>
/// <param name="keepsWeights">Whether dequantised matrices stay in memory.</param>
internal sealed class BatchLane(BaseModel model, LoraAdapter? adapter, bool keepsWeights) : IDisposable
{
    // Places and tokens are reserved by powers of two from here on, since growing copies what is there.
    private const int FirstCapacity = 256;

    private readonly List<LiveAnswer> _answers = [];
    private DecodingPass? _pass;
    private int _places, _capacity;

    /// <summary>Whose answers they are.</summary>
    public LoraAdapter? Adapter => adapter;

    /// <summary>Those that are not whole.</summary>
    public IReadOnlyList<LiveAnswer> Answers => _answers;

    /// <summary>Bytes that are reserved once others have entered.</summary>
    public long BytesWith(IReadOnlyList<LiveAnswer> others)
    {
        var (places, capacity) = SizeWith(others);
        return DecodingPass.CacheBytes(model.Config) * places * capacity;
    }

    /// <summary>Gives answers their places.</summary>
    public void Enter(IReadOnlyList<LiveAnswer> others)
    {
        var (places, capacity) = SizeWith(others);
        var free = new Queue<int>(Enumerable.Range(0, places).Except(_answers.Select(a => a.Place)));
        foreach (var answer in others) answer.Place = free.Dequeue();
        _answers.AddRange(others);
        if ((places, capacity) == (_places, _capacity)) return;
        _pass ??= new(model, keepsWeights);
        _pass.Reserve(places, capacity);
        (_places, _capacity) = (places, capacity);
    }

    /// <summary>Reads the prompts of answers that have entered, and takes the first token of each.</summary>
    public void Read(LiveAnswer[] entered) => Advance(entered,
        _pass!.Fill([.. entered.Select(a => a.Request.Prompt.ToArray())], Array.ConvertAll(entered, a => a.Place)));

    /// <summary>Takes a token of each.</summary>
    /// <returns>How many.</returns>
    public int Step()
    {
        LiveAnswer[] live = [.. _answers];
        Advance(live, _pass!.Add(Array.ConvertAll(live, a => a.Place), Array.ConvertAll(live, a => a.NextToken),
            Array.ConvertAll(live, a => a.Position)));
        return live.Length;
    }

    /// <summary>The tokens of a text behind its first, as the model sees them.</summary>
    public IReadOnlyList<DecodedToken> Score(IReadOnlyList<int> text, int alternatives)
    {
        _pass ??= new(model, keepsWeights);
        var tokens = new List<DecodedToken>(text.Count - 1);
        _pass.Score([.. text], (at, logits) =>
        {
            var total = TokenChoice.LogSum(logits);
            tokens.Add(new(text[at], logits[text[at]] - total,
                [.. TokenChoice.Likeliest(logits, alternatives).Select(id => (id, logits[id] - total))]));
        });
        return tokens;
    }

    /// <summary>Frees an answer's place.</summary>
    public void Remove(LiveAnswer answer)
    {
        _answers.Remove(answer);
        answer.Dispose();
    }

    public void Dispose() => _pass?.Dispose();

    private static unsafe void Advance(LiveAnswer[] live, Tensor logits)
    {
        if (Array.Exists(live, a => !a.IsGuided))
        {
            // Where they are, or once brought here: as arrays, they would be copied at every token.
            using var here = logits.cpu();
            var values = here.Rows();
            for (var row = 0; row < live.Length; row++)
                if (!live[row].IsGuided) live[row].Advance(new Span<float>(values.Row(row), (int)here.size(1)));
        }
        if (!Array.Exists(live, a => a.IsGuided)) return;
        var guided = Enumerable.Range(0, live.Length).Where(row => live[row].IsGuided).ToArray();
        var likeliest = Array.ConvertAll(guided, row => live[row].Likeliest(logits[row..(row + 1)]));
        // Guides of different answers have nothing in common, and each takes a compiler's time.
        Parallel.For(0, guided.Length, i => live[guided[i]].Advance(likeliest[i]));
    }

    private (int Places, int Capacity) SizeWith(IReadOnlyList<LiveAnswer> others)
    {
        var (places, capacity) = (Math.Max(1, _places), Math.Max(FirstCapacity, _capacity));
        if (others.Count == 0) return (_places, _capacity);
        while (places < _answers.Count + others.Count) places *= 2;
        var room = others.Max(a => a.Room);
        while (capacity < room) capacity *= 2;
        return (places, Math.Max(room, Math.Min(capacity, model.Config.Layout.Context)));
    }
}
