using DocTuneLab.Documents.Model;
using DocTuneLab.Text;

namespace DocTuneLab.Documents.Linking;

/// <summary>A page that nearly repeats another.</summary>
/// <param name="Page">Its path.</param>
/// <param name="Original">Path of the page before it that it repeats.</param>
/// <param name="Similarity">Jaccard similarity of their token 3-grams, at most 1.</param>
public sealed record DuplicatePage(string Page, string Original, double Similarity)
{
    /// <summary>Similarity from which two pages count as near-duplicates. Default of <see cref="Find"/>.</summary>
    public const double Threshold = 0.8;

    /// <summary>
    /// Pages that nearly repeat an earlier one, in order. Left in, they weigh double in a corpus, and may stand in train and
    /// test at once.
    /// </summary>
    public static IReadOnlyList<DuplicatePage> Find(IEnumerable<Document> documents, double threshold = Threshold)
    {
        var (texts, kept, found) = (new NearDuplicates(threshold), new List<string>(), new List<DuplicatePage>());
        foreach (var document in documents)
        {
            // A page of a title and a line is like every other of its kind.
            if (document.Text.Length < 200) continue;
            if (texts.KeepOrMatch(document.Text) is var (original, similarity)) found.Add(new(document.Path, kept[original], similarity));
            else kept.Add(document.Path);
        }
        return found;
    }
}
