namespace DocTuneLab.Documents.Files;

/// <summary>Paths of pages: relative to the root, with forward slashes.</summary>
internal static class PagePath
{
    /// <summary>Whether a file name is a page's.</summary>
    public static bool IsPage(string path) => Path.GetExtension(path).ToLowerInvariant() is ".md" or ".mdx" or ".markdown";

    /// <summary>A relative reference from a page's folder; from the root where it begins with <c>/</c> or <c>~/</c>.
    /// Null where it leads out of the root.</summary>
    public static string? Resolve(string from, string reference) =>
        Normalise(reference.StartsWith("~/", StringComparison.Ordinal)
            ? reference[2..] : reference.StartsWith('/') ? reference[1..] : $"{from[..(from.LastIndexOf('/') + 1)]}{reference}");

    private static string? Normalise(string path)
    {
        var parts = new List<string>();
        foreach (var part in path.Split('/'))
        {
            if (part is "" or ".") continue;
            if (part != "..") parts.Add(part);
            else if (parts.Count == 0) return null;
            else parts.RemoveAt(parts.Count - 1);
        }
        return string.Join('/', parts);
    }
}
