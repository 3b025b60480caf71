namespace DocTuneLab.Library.Guidance;

/// <summary>Names that can be asked for by their beginning.</summary>
/// <param name="names">The names.</param>
/// <param name="more">Further ones.</param>
internal sealed class SortedNames(IEnumerable<string> names, SortedNames? more = null)
{
    private readonly string[] _names = [.. names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    public IEnumerable<string> All => more is null ? _names : _names.Concat(more.All);

    public bool Contains(string name) => Array.BinarySearch(_names, name, StringComparer.Ordinal) >= 0 || more?.Contains(name) == true;

    /// <summary>The names that begin so.</summary>
    public IEnumerable<string> Beginning(string beginning)
    {
        var at = Array.BinarySearch(_names, beginning, StringComparer.Ordinal);
        for (var i = at < 0 ? ~at : at; i < _names.Length && _names[i].StartsWith(beginning, StringComparison.Ordinal); i++)
            yield return _names[i];
        foreach (var name in more?.Beginning(beginning) ?? []) yield return name;
    }

    /// <summary>Whether some name begins so.</summary>
    public bool HasBeginning(string beginning)
    {
        var at = Array.BinarySearch(_names, beginning, StringComparer.Ordinal);
        if (at < 0) at = ~at;
        return (at < _names.Length && _names[at].StartsWith(beginning, StringComparison.Ordinal)) || more?.HasBeginning(beginning) == true;
    }
}
