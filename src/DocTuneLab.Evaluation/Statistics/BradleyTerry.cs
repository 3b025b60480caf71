namespace DocTuneLab.Evaluation.Statistics;

/// <summary>Votes between two contestants.</summary>
/// <param name="First">One.</param>
/// <param name="Second">The other.</param>
/// <param name="FirstWins">Votes for the first; a tie is half a vote for each.</param>
/// <param name="SecondWins">Votes for the second.</param>
internal sealed record Bout(string First, string Second, double FirstWins, double SecondWins);

/// <summary>Strength of a contestant.</summary>
/// <param name="Name">Who.</param>
/// <param name="LogStrength">Natural logarithm; the reference is 0. A difference d means odds of e^d.</param>
/// <param name="StandardError">Of the difference to the reference, from the inverse information; 0 for the reference.</param>
public sealed record Strength(string Name, double LogStrength, double StandardError);

/// <summary>
/// The Bradley-Terry model (1952), P(i beats j) = πi / (πi + πj), fitted by maximum likelihood with Newton's method on the
/// log strengths; the log-likelihood is concave (Hunter 2004, Annals of Statistics 32, §2).
/// </summary>
internal static class BradleyTerry
{
    /// <summary>Strengths of all contestants, in order of their first bout.</summary>
    /// <param name="bouts">Votes; several bouts of the same two are added up.</param>
    /// <param name="reference">Whose strength is 0; default the first.</param>
    /// <param name="prior">
    /// Votes for each side that are added to every two that met. 0, the default, is plain maximum likelihood, which has no finite answer
    /// where someone beats all the rest; 0.5 has one always.
    /// </param>
    /// <exception cref="LabException">No finite answer: some contestants never lost to the others, or never met them.</exception>
    public static IReadOnlyList<Strength> Fit(IReadOnlyList<Bout> bouts, string? reference = null, double prior = 0)
    {
        var names = bouts.SelectMany(b => new[] { b.First, b.Second }).Distinct(StringComparer.Ordinal).ToList();
        if (names.Count < 2) throw new LabException("A ranking needs votes between two arms at least.");
        reference ??= names[0];
        if (!names.Contains(reference)) throw new LabException($"\"{reference}\" has no votes; there are {string.Join(", ", names)}.");
        var order = names.Where(n => n != reference).Prepend(reference).ToList();
        var n = order.Count;
        var wins = new double[n, n];
        foreach (var b in bouts)
        {
            var (i, j) = (order.IndexOf(b.First), order.IndexOf(b.Second));
            wins[i, j] += b.FirstWins;
            wins[j, i] += b.SecondWins;
        }
        for (var i = 0; i < n; i++)
            for (var j = i + 1; j < n; j++)
                if (wins[i, j] + wins[j, i] > 0) (wins[i, j], wins[j, i]) = (wins[i, j] + prior, wins[j, i] + prior);
        Connected(wins, order);

        var beta = new double[n];
        double[,] covariance;
        for (var step = 0; ; step++)
        {
            var gradient = new double[n - 1];
            var information = new double[n - 1, n - 1];
            for (var i = 0; i < n; i++)
            {
                for (var j = 0; j < n; j++)
                {
                    if (i == j || wins[i, j] + wins[j, i] == 0) continue;
                    var p = 1 / (1 + Math.Exp(beta[j] - beta[i]));
                    var games = wins[i, j] + wins[j, i];
                    if (i == 0) continue;
                    gradient[i - 1] += wins[i, j] - (games * p);
                    information[i - 1, i - 1] += games * p * (1 - p);
                    if (j > 0) information[i - 1, j - 1] -= games * p * (1 - p);
                }
            }
            covariance = Inverse(information);
            var move = 0.0;
            // Newton's step may overshoot far from the top; half a unit at most keeps it uphill.
            var delta = Enumerable.Range(0, n - 1)
                .Select(i => Enumerable.Range(0, n - 1).Sum(j => covariance[i, j] * gradient[j]))
                .ToArray();
            var longest = delta.Max(Math.Abs);
            var scale = longest > 0.5 ? 0.5 / longest : 1;
            for (var i = 1; i < n; i++)
            {
                beta[i] += scale * delta[i - 1];
                move = Math.Max(move, Math.Abs(scale * delta[i - 1]));
            }
            if (move < 1e-10 || step == 1000) break;
        }
        return [.. names.Select(name => order.IndexOf(name))
            .Select(i => new Strength(order[i], beta[i], i == 0 ? 0 : Math.Sqrt(covariance[i - 1, i - 1])))];
    }

    // Ford (1957): finite only if from everyone a chain of wins leads to everyone.
    private static void Connected(double[,] wins, List<string> names)
    {
        for (var from = 0; from < names.Count; from++)
        {
            var seen = new HashSet<int> { from };
            var open = new Queue<int>(seen);
            while (open.TryDequeue(out var i))
                for (var j = 0; j < names.Count; j++)
                    if (wins[i, j] > 0 && seen.Add(j)) open.Enqueue(j);
            if (seen.Count < names.Count)
                throw new LabException($"The votes have no finite ranking: no chain of wins leads from \"{names[from]}\" to "
                    + $"{string.Join(", ", names.Where((_, i) => !seen.Contains(i)).Select(x => $"\"{x}\""))}. Collect more votes, "
                    + "or add a prior.");
        }
    }

    private static double[,] Inverse(double[,] matrix)
    {
        var n = matrix.GetLength(0);
        var (a, inverse) = ((double[,])matrix.Clone(), new double[n, n]);
        for (var i = 0; i < n; i++) inverse[i, i] = 1;
        for (var column = 0; column < n; column++)
        {
            var pivot = Enumerable.Range(column, n - column).MaxBy(r => Math.Abs(a[r, column]));
            for (var k = 0; k < n; k++)
            {
                (a[column, k], a[pivot, k]) = (a[pivot, k], a[column, k]);
                (inverse[column, k], inverse[pivot, k]) = (inverse[pivot, k], inverse[column, k]);
            }
            var divisor = a[column, column];
            for (var k = 0; k < n; k++) (a[column, k], inverse[column, k]) = (a[column, k] / divisor, inverse[column, k] / divisor);
            for (var row = 0; row < n; row++)
            {
                if (row == column) continue;
                var factor = a[row, column];
                for (var k = 0; k < n; k++)
                    (a[row, k], inverse[row, k]) = (a[row, k] - (factor * a[column, k]), inverse[row, k] - (factor * inverse[column, k]));
            }
        }
        return inverse;
    }
}
