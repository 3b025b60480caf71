using DocTuneLab.Training.Simd;

namespace DocTuneLab.Training.Compute;

/// <summary>
/// Sequences one after another without padding. Attention keeps them apart and positions start at 0 in each, so what stands
/// beside a sequence changes nothing. Sequences that begin alike may hold their common beginning once.
/// </summary>
/// <param name="Ids">Token ids of all rows.</param>
/// <param name="Positions">Position of each row's token within its sequence.</param>
/// <param name="Starts">Row at which each sequence's own tokens start, and the number of rows at the end.</param>
/// <param name="Shared">Rows of each sequence's first tokens that stand in another sequence.</param>
/// <param name="Rows">Row before each trained token, sequence by sequence; a shared one may be there several times.</param>
/// <param name="Targets">The trained tokens.</param>
/// <param name="TargetStarts">Index of each sequence's first trained token, and their number at the end.</param>
internal sealed record PackedBatch(int[] Ids, int[] Positions, int[] Starts, int[][] Shared, int[] Rows, int[] Targets, int[] TargetStarts)
{
    /// <summary>Tokens of the longest sequence.</summary>
    public int Longest { get; } = Positions.Length == 0 ? 0 : Positions.Max() + 1;

    /// <summary>Tokens of the sequences as they were, each with its last one, which is only predicted.</summary>
    public int Tokens { get; private init; }

    /// <summary>Whether the model before tuning is the target, its whole distribution at every trained position, instead
    /// of the tokens.</summary>
    public bool Replayed { get; init; }

    /// <summary>Of each row, the row of the token before, or -1 where it is the first of its sequence.</summary>
    public int[] Previous { get; private init; } = [];

    /// <summary>Of each row, how long the sequence is that it is in, its last token included. Where rows are shared it is that of one of
    /// the sequences.</summary>
    public int[] Lengths { get; private init; } = [];

    /// <summary>Of each trained row, the same.</summary>
    public int[] TrainedLengths { get; private init; } = [];

    /// <summary>Which of the given sequences each one is.</summary>
    public IReadOnlyList<int> Order { get; private init; } = [];

    /// <summary>Every row as a query.</summary>
    public AttentionRows All { get; } = new(Starts, Shared, Starts, Positions);

    /// <summary>The rows before trained tokens as queries.</summary>
    public AttentionRows Trained { get; } = new(Starts, Shared, TargetStarts, [.. Rows.Select(r => Positions[r])]);

    /// <summary>Joins sequences.</summary>
    /// <param name="sequences">Ids and the index of the first trained token;
    /// the token at 0 has no predecessor and is never trained.</param>
    /// <param name="share">Whether a common beginning is computed once; not where each sequence has random noise of its own.</param>
    /// <param name="unread">Tokens at the end of each that do not count to its length.</param>
    public static PackedBatch Of(ReadOnlySpan<TokenizedSample> sequences, bool share = true, int unread = 0)
    {
        var given = sequences.ToArray();
        var order = Enumerable.Range(0, given.Length).ToArray();
        // Neighbours in the order of their ids have the longest common beginnings.
        if (share)
            Array.Sort(order, (a, b) => given[a].Ids.AsSpan().SequenceCompareTo(given[b].Ids) is var o && o != 0 ? o : a.CompareTo(b));
        var (ids, positions, starts, shared) = (new List<int>(), new List<int>(), new int[order.Length + 1], new int[order.Length][]);
        var (rows, targets, targetStarts) = (new List<int>(), new List<int>(), new int[order.Length + 1]);
        var (previous, lengths, trainedLengths) = (new List<int>(), new List<int>(), new List<int>());
        var (path, tokens) = (new List<int>(), 0);
        for (var s = 0; s < order.Length; s++)
        {
            var sequence = given[order[s]].Ids;
            var common = share && s > 0
                ? Math.Min(sequence.AsSpan(0, Math.Max(0, sequence.Length - 1)).CommonPrefixLength(given[order[s - 1]].Ids), path.Count)
                : 0;
            path.RemoveRange(common, path.Count - common);
            shared[s] = [.. path];
            starts[s] = ids.Count;
            for (var i = common; i < sequence.Length - 1; i++)
            {
                previous.Add(path.Count > 0 ? path[^1] : -1);
                lengths.Add(sequence.Length - unread);
                path.Add(ids.Count);
                ids.Add(sequence[i]);
                positions.Add(i);
            }
            targetStarts[s] = rows.Count;
            foreach (var i in given[order[s]].Trained())
            {
                rows.Add(path[i - 1]);
                trainedLengths.Add(sequence.Length - unread);
                targets.Add(sequence[i]);
            }
            tokens += sequence.Length;
        }
        (starts[^1], targetStarts[^1]) = (ids.Count, rows.Count);
        return new PackedBatch([.. ids], [.. positions], starts, shared, [.. rows], [.. targets], targetStarts)
        {
            Tokens = tokens,
            Order = order,
            Previous = [.. previous],
            Lengths = [.. lengths],
            TrainedLengths = [.. trainedLengths],
        };
    }
}
