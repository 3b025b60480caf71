namespace DocTuneLab.Corpus.Review;

/// <summary>How a sample stands.</summary>
public enum SampleStanding
{
    /// <summary>All checks passed, none barely.</summary>
    Accepted,
    /// <summary>In the corpus, but worth a look.</summary>
    Borderline,
    /// <summary>A check failed.</summary>
    Rejected,
}

/// <summary>Finds samples of a lab for people to look at.</summary>
public static class SampleBrowser
{
    /// <summary>How a sample stands, and why where that needs saying.</summary>
    public static (SampleStanding Standing, string Why) Of(Sample sample)
    {
        if (sample.Checks.FirstOrDefault(c => !c.Passed) is { } failed)
            return (SampleStanding.Rejected, failed.Detail is null ? failed.Name : $"{failed.Name}: {failed.Detail}");
        if (sample.Checks.FirstOrDefault(c => c.Name.EndsWith("(overruled)", StringComparison.Ordinal)) is { } overruled)
            return (SampleStanding.Borderline, $"{overruled.Name}: {overruled.Detail}");
        if (sample.Checks.FirstOrDefault(c => c is { Name: "judge", Detail: { } d } && d.Contains(" 3 of 5", StringComparison.Ordinal))
            is { } graded)
            return (SampleStanding.Borderline, graded.Detail!);
        if (sample.Checks.Count == 0) return (SampleStanding.Borderline, "never judged: imported");
        return (SampleStanding.Accepted, "");
    }

    /// <summary>Samples in order, filtered.</summary>
    /// <param name="samples">The lab's samples.</param>
    /// <param name="standing">Only these; null for all.</param>
    /// <param name="kind">Only this kind; null for all.</param>
    /// <param name="search">Words that must all stand in turns, checks, symbols or page; empty for any.</param>
    public static IReadOnlyList<Sample> Find(ISampleStore samples, SampleStanding? standing = null, SampleKind? kind = null,
        string search = "")
    {
        var words = search.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return [.. samples.List(kind: kind, acceptedOnly: false)
            .Where(s => (standing is null || Of(s).Standing == standing) && words.All(w => Mentions(s, w)))];
    }

    private static bool Mentions(Sample s, string word) =>
        s.Messages.Select(m => m.Content).Concat(s.Evidence.Symbols).Concat(s.Checks.SelectMany(c => new[] { c.Name, c.Detail }))
            .Append(s.Provenance?.Document).Append(s.Provenance?.Source).Append(s.Id)
            .Any(text => text?.Contains(word, StringComparison.OrdinalIgnoreCase) == true);
}
