namespace DocTuneLab.Training.Simd;

/// <summary>Shape of an attention over packed sequences.</summary>
/// <param name="Heads">Query heads.</param>
/// <param name="KeyValueHeads">Key and value heads; each serves Heads / KeyValueHeads query heads.</param>
/// <param name="Size">Width of a head.</param>
/// <param name="Window">How many keys back a query sees, itself included; 0 is all.</param>
/// <param name="Scale">Factor of the scores, usually 1/sqrt(Size).</param>
internal readonly record struct AttentionShape(int Heads, int KeyValueHeads, int Size, int Window, float Scale)
{
    /// <summary>Scores s become Cap · tanh(s / Cap); 0, the default, where they stay.</summary>
    public float Cap { get; init; }
}

/// <summary>Which rows attend to which: sequences packed one after another, each of which may begin with rows of another.</summary>
/// <param name="Starts">Row at which each sequence's own rows start, and the number of rows at the end.</param>
/// <param name="Shared">Rows of each sequence's first tokens that another sequence holds; empty where it holds all.</param>
/// <param name="Offsets">Index of each sequence's first query, and the number of queries at the end.</param>
/// <param name="Positions">Position of each query within its sequence, ascending in each.</param>
internal sealed record AttentionRows(int[] Starts, int[][] Shared, int[] Offsets, int[] Positions)
{
    /// <summary>Shared rows of all sequences.</summary>
    public int SharedRows { get; } = Shared.Sum(s => s.Length);
}

/// <summary>One query each of several sequences whose keys and values are in a cache.</summary>
/// <param name="Sequences">Which of the cache's sequences each query is of.</param>
/// <param name="Capacity">Cache rows of a sequence.</param>
/// <param name="Positions">Position of each query; the keys up to it are in the cache.</param>
internal sealed record CachedRows(int[] Sequences, int Capacity, int[] Positions)
{
    /// <summary>Cache row of each sequence's first token; the others follow it.</summary>
    public int[] First { get; } = [.. Sequences.Select(s => s * Capacity)];

    /// <summary>Cache row of each query's own token.</summary>
    public int[] Own { get; } = [.. Sequences.Select((s, i) => s * Capacity + Positions[i])];

    /// <summary>Tokens of each query's sequence, its own the last.</summary>
    public int[] Lengths { get; } = Array.ConvertAll(Positions, p => p + 1);

    /// <summary>Number of each query.</summary>
    public int[] Queries { get; } = [.. Enumerable.Range(0, Sequences.Length)];

    private (int[] Positions, int[] Lengths)? _keys;

    /// <summary>Position of each of so many keys of each sequence, and how long that is; the same arrays each time.</summary>
    public (int[] Positions, int[] Lengths) Keys(int count) => _keys ??= (
        [.. Sequences.SelectMany(_ => Enumerable.Range(0, count))], [.. Lengths.SelectMany(l => Enumerable.Repeat(l, count))]);
}

/// <summary>What attention reads and writes, each a row for a token with heads side by side.</summary>
/// <param name="q">Queries.</param>
/// <param name="k">Keys of all rows.</param>
/// <param name="v">Values of all rows.</param>
/// <param name="output">A row for each query.</param>
/// <param name="logSums">[queries × heads]: log of the sum of exponentials, which the backward pass reads.</param>
internal readonly unsafe struct AttentionMatrices(RowSpan q, RowSpan k, RowSpan v, RowSpan output, float* logSums)
{
    public RowSpan Q { get; } = q;

    public RowSpan K { get; } = k;

    public RowSpan V { get; } = v;

    public RowSpan Output { get; } = output;

    public float* LogSums { get; } = logSums;
}

/// <summary>Gradients to what attention reads and writes.</summary>
/// <param name="output">To the output.</param>
/// <param name="q">To the queries.</param>
/// <param name="k">To the keys.</param>
/// <param name="v">To the values.</param>
/// <param name="shared">Working memory for those of shared rows:
/// <see cref="AttentionRows.SharedRows"/> times the width of keys and values.</param>
internal readonly unsafe struct AttentionGradients(RowSpan output, RowSpan q, RowSpan k, RowSpan v, float* shared)
{
    public RowSpan Output { get; } = output;

    public RowSpan Q { get; } = q;

    public RowSpan K { get; } = k;

    public RowSpan V { get; } = v;

    public float* Shared { get; } = shared;
}
