namespace DocTuneLab.Corpus.Structural;

/// <summary>What became of the code of accepted samples when it was run.</summary>
/// <param name="Ran">Accepted samples whose code gave a value.</param>
/// <param name="NotRun">Accepted samples with code that was not run, by reason.</param>
public sealed record ProgramAccount(int Ran, IReadOnlyDictionary<string, int> NotRun)
{
    /// <summary>Whether there was any code.</summary>
    public bool HasCode => Ran + NotRun.Values.Sum() > 0;

    /// <summary>One line.</summary>
    public override string ToString() => !HasCode ? "no code" : $"{Ran} run, {NotRun.Values.Sum()} not run"
        + (NotRun.Count == 0 ? "" : $" ({string.Join(", ", NotRun.Select(r => $"{r.Key} {r.Value}"))})");
}

/// <summary>Runs the code of a batch of drafts, and keeps the account of one kind.</summary>
internal sealed class ProgramRuns(IProgramRunner? runner)
{
    private readonly SortedDictionary<string, int> _notRun = new(StringComparer.Ordinal);
    private int _ran;

    public ProgramAccount Account => new(_ran, _notRun);

    /// <summary>The same drafts; what passed until now and was run has one check more.</summary>
    public IReadOnlyList<Judged> Judge(IReadOnlyList<Judged> drafts, CancellationToken cancel)
    {
        if (runner is not { Refusal: null }) return drafts;
        var runnable = drafts.Where(d => d.Failed is null && d.Draft.Program is not null).ToList();
        var outcomes = (runnable.Count == 0 ? [] : runner.Run([.. runnable.Select(d => d.Draft.Program!)], cancel)).Zip(runnable)
            .ToDictionary(r => (object)r.Second, r => r.First, ReferenceEqualityComparer.Instance);
        return [.. drafts.Select(d => d.Failed is null && Check(d.Draft, outcomes.GetValueOrDefault(d)) is { } check
            ? d with { Checks = [.. d.Checks, check] }
            : d)];
    }

    /// <summary>Counts an accepted sample.</summary>
    public void Count(Judged judged)
    {
        if (judged.Draft.Code is null) return;
        if (judged.Checks.Any(c => c.Name == Runs)) _ran++;
        else
        {
            var why = runner is null ? "no runner" : runner.Refusal is not null ? "nothing isolates it"
                : judged.Draft.NotRun.Length > 0 ? judged.Draft.NotRun : judged.Draft.Program is null ? "no example values"
                    : "example values fail";
            _notRun[why] = _notRun.GetValueOrDefault(why) + 1;
        }
    }

    private const string Runs = "runs";

    private static Check? Check(Draft draft, ProgramOutcome? outcome) => outcome?.End switch
    {
        ProgramEnd.Value => new Check(Runs, true, null),
        ProgramEnd.Timeout => new Check("did not end", false, outcome.Detail),
        ProgramEnd.Threw => new Check("threw", false, outcome.Detail),
        ProgramEnd.Nothing => new Check("gave nothing", false, outcome.Detail),
        _ => draft.MustRun ? new Check("not shown to work", false, outcome?.Detail ?? draft.NotRun) : null,
    };
}
