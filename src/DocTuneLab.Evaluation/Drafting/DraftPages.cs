using System.Text.RegularExpressions;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;
using DocTuneLab.Text;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>The page that a task rests on. What no page speaks of rests on the documentation comment of its type.</summary>
/// <param name="api">The library.</param>
/// <param name="pages">Its pages, of all splits.</param>
internal sealed class DraftPages(ApiModel api, IReadOnlyList<Document> pages)
{
    // Of tasks that rest on comments, so many of a hundred are for choosing between models.
    private const int DevShare = 30;

    private readonly Dictionary<string, IReadOnlyList<Document>> _speaking = new(StringComparer.Ordinal);

    /// <summary>A held-out page that speaks of every member, or the comment of a type that no page speaks of; null where only train pages
    /// do.</summary>
    /// <param name="own">The page that it stands on; null for one that stands on none.</param>
    /// <param name="members">Documentation ids of what it needs.</param>
    public (string Document, Split Split)? Of(string? own, IReadOnlyList<string> members)
    {
        if (own is not null && pages.FirstOrDefault(p => p.Path == own) is { } page) return (page.Path, page.Split);
        var symbols = members.Select(api.Find).OfType<ApiSymbol>().ToList();
        if (symbols.Count == 0) return null;
        var spoken = symbols.Select(s => Speaking(s)).Where(p => p.Count > 0).ToList();
        if (spoken.Count == 0) return Comment(symbols);
        var common = spoken.Aggregate((a, b) => [.. a.Intersect(b)]);
        var held = common.FirstOrDefault(p => p.Split != Split.Train);
        return held is null ? null : (held.Path, held.Split);
    }

    /// <summary>The documentation comment of the type that a use is about: of what stands on no page, whatever train pages say of its
    /// members. That it is shown nowhere is what the proof looks for.</summary>
    public (string Document, Split Split)? Comment(IReadOnlyList<string> members) =>
        Comment([.. members.Select(api.Find).OfType<ApiSymbol>()]);

    private (string, Split)? Comment(List<ApiSymbol> symbols)
    {
        var type = symbols.Select(api.TypeOf).OfType<ApiSymbol>().FirstOrDefault();
        return type is null ? null
            : ($"xml:{type.Id}", Convert.ToUInt32(ContentHash.Of(type.Id)[..8], 16) % 100 < DevShare ? Split.Dev : Split.Test);
    }

    // Pages that name the member, those that name it most first; a constructor is named by its type.
    private IReadOnlyList<Document> Speaking(ApiSymbol symbol)
    {
        var name = symbol.Name.Split('`', '<')[0];
        if (!_speaking.TryGetValue(name, out var found))
        {
            var word = new Regex($@"(?<!\w){Regex.Escape(name)}(?!\w)");
            _speaking[name] = found = [.. pages.Select(p => (Page: p, Count: word.Count(p.Text))).Where(p => p.Count > 0)
                .OrderByDescending(p => p.Count).ThenBy(p => p.Page.Path, StringComparer.Ordinal).Select(p => p.Page)];
        }
        return found;
    }
}
