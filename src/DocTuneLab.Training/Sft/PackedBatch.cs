namespace DocTuneLab.Training.Sft;

/// <summary>
/// Sequences one after another without padding. Attention keeps them apart and positions start at 0 in each, so what stands
/// beside a sequence changes nothing.
/// </summary>
/// <param name="Ids">Token ids of all sequences.</param>
/// <param name="Positions">Position of each token within its sequence.</param>
/// <param name="Starts">Index of each sequence's first token, and the total at the end.</param>
/// <param name="Rows">Indices of tokens whose next token is trained, ascending.</param>
/// <param name="Targets">Those next tokens.</param>
internal sealed record PackedBatch(int[] Ids, int[] Positions, int[] Starts, int[] Rows, int[] Targets)
{
    /// <summary>Tokens of the longest sequence.</summary>
    public int Longest { get; } = Positions.Max() + 1;

    /// <summary>Joins sequences.</summary>
    /// <param name="sequences">Ids and the index of the first trained token; the token at 0 has no predecessor and is never trained.</param>
    public static PackedBatch Of(ReadOnlySpan<SftTrainer.Encoded> sequences)
    {
        var total = 0;
        foreach (var s in sequences) total += s.Ids.Length;
        var (ids, positions, starts) = (new int[total], new int[total], new int[sequences.Length + 1]);
        var (rows, targets, at) = (new List<int>(), new List<int>(), 0);
        for (var s = 0; s < sequences.Length; s++)
        {
            var (sequence, answer) = sequences[s];
            starts[s] = at;
            for (var i = 0; i < sequence.Length; i++)
            {
                ids[at + i] = sequence[i];
                positions[at + i] = i;
                if (i < Math.Max(1, answer)) continue;
                rows.Add(at + i - 1);
                targets.Add(sequence[i]);
            }
            at += sequence.Length;
        }
        starts[^1] = at;
        return new PackedBatch(ids, positions, starts, [.. rows], [.. targets]);
    }
}
