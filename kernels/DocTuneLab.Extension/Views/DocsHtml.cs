using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using DocTuneLab.Documents;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;

namespace DocTuneLab.Extension.Views;

/// <summary>Documents for a cell: the tree of pages and sections, a chunk beside its source, and which members no page mentions.</summary>
public static class DocsHtml
{
    private const string Muted = "color:#6b7280", Code = "margin:0;white-space:pre-wrap;font-size:12px;line-height:1.45";

    /// <summary>Folders, pages and their sections, each to be opened, with chunks and symbols counted.</summary>
    public static string Tree(DocumentSet documents, IReadOnlyList<Chunk> chunks)
    {
        var counts = chunks.GroupBy(c => c.DocumentPath, StringComparer.Ordinal).ToDictionary(g => g.Key,
            g => (Chunks: g.Count(), Symbols: g.SelectMany(c => c.Symbols).Distinct().Count()), StringComparer.Ordinal);
        var html = new StringBuilder($"<p><strong>{documents.Documents.Count} pages</strong> <span "
            + $"style=\"{Muted}\">{Text(documents.Site.Kind)} · {chunks.Count} chunks · {documents.BrokenLinks.Count} broken links · "
            + $"{documents.Problems.Count} problems</span></p>");
        foreach (var folder in documents.Documents.GroupBy(d => d.Path.Contains('/') ? d.Path[..d.Path.LastIndexOf('/')] : ""))
        {
            html.Append(folder.Key.Length == 0
                ? "<div>"
                : $"<details open style=\"margin-left:.4em\"><summary><strong>{Text(folder.Key)}/</strong> <small "
                    + $"style=\"{Muted}\">{folder.Count()}</small></summary>");
            foreach (var page in folder)
            {
                var (cut, symbols) = counts.GetValueOrDefault(page.Path);
                html.Append($"<details style=\"margin-left:1.2em\"><summary>{Text(page.Title)} <small "
                    + $"style=\"{Muted}\">{Text(Path.GetFileName(page.Path))} · {page.Language} · "
                    + $"{page.Split.ToString().ToLowerInvariant()} · {cut} chunks · {symbols} symbols</small></summary>");
                Sections(html, page.Root.Children);
                html.Append("</details>");
            }
            html.Append(folder.Key.Length == 0 ? "</div>" : "</details>");
        }
        return html.ToString();
    }

    /// <summary>The source lines of a chunk, with what it covers set off, and beside them what a reader of the chunk gets.</summary>
    public static string Beside(Document document, Chunk chunk)
    {
        const int Around = 4;
        var lines = document.Text.Split('\n');
        var first = document.Text.AsSpan(0, chunk.Span.Start).Count('\n');
        var last = first + chunk.Text.Count(c => c == '\n');
        var source = new StringBuilder();
        for (var i = Math.Max(0, first - Around); i <= Math.Min(lines.Length - 1, last + Around); i++)
            source.Append($"<div style=\"{(i >= first && i <= last ? "background:rgba(66,105,208,.14)" : "opacity:.6")}\"><span "
                + $"style=\"display:inline-block;width:3.5em;{Muted};user-select:none\">{i + 1}</span>{Text(lines[i])}</div>");
        var links = string.Concat(chunk.SymbolLinks.Select(l => $"<tr><td style=\"text-align:left\"><code>{Text(l.SymbolId)}</code></td>"
            + $"<td style=\"text-align:left\">{Text(Words(l.Kind))}</td><td>{l.Confidence.ToString("0.0", CultureInfo.InvariantCulture)}"
            + $"</td><td>{1 + document.Text.AsSpan(0, l.Span.Start).Count('\n')}</td></tr>"));
        return $"""
            <div style="display:flex;gap:1em;flex-wrap:wrap">
            <div style="flex:1 1 22em;min-width:0"><small style="{Muted}">{Text(document.Path)}, lines {first + 1} to {last + 1}</small><pre style="{Code}">{source}</pre></div>
            <div style="flex:1 1 22em;min-width:0"><small style="{Muted}">{Text(string.Join(" › ", chunk.HeadingPath))} · {chunk.TokenCount} tokens · {Text(chunk.Id)}</small>
            <pre style="{Code}">{(chunk.Context.Length > 0 ? $"<span style=\"opacity:.55\" title=\"context: covered by other chunks\">{Text(chunk.Context)}</span>" : "")}{Text(chunk.Text)}</pre></div></div>
            {(links.Length == 0 ? $"<p style=\"{Muted}\">No member of the library is mentioned.</p>" : $"<table><thead><tr><th>Symbol</th><th>Mentioned by</th><th>Confidence</th><th>Line</th></tr></thead><tbody>{links}</tbody></table>")}
            """;
    }

    /// <summary>Members of each type that a page mentions, and those that none does, as bars.</summary>
    public static JsonObject Coverage(ApiModel api, IReadOnlyList<Chunk> chunks)
    {
        var mentioned = chunks.SelectMany(c => c.Symbols).ToHashSet(StringComparer.Ordinal);
        var types = api.Types.Select(t => (t.Name, All: api.MembersOf(t.Id).Prepend(t).ToList()))
            .Select(t => (t.Name, Yes: t.All.Count(m => mentioned.Contains(m.Id)), t.All.Count)).OrderBy(t => t.Count - t.Yes)
            .ThenByDescending(t => t.Name, StringComparer.Ordinal).TakeLast(40).ToList();
        JsonObject Bars(string name, string colour, Func<(string Name, int Yes, int Count), int> count) => new()
        {
            ["type"] = "bar",
            ["orientation"] = "h",
            ["name"] = name,
            ["y"] = new JsonArray([.. types.Select(t => (JsonNode?)t.Name)]),
            ["x"] = new JsonArray([.. types.Select(t => (JsonNode?)count(t))]),
            ["marker"] = new JsonObject { ["color"] = colour },
        };
        return new JsonObject
        {
            ["data"] = new JsonArray(Bars("mentioned on a page", "#3ca951", t => t.Yes), Bars("on none", "#ff725c", t => t.Count - t.Yes)),
            ["layout"] = new JsonObject
            {
                ["title"] = new JsonObject { ["text"] = "Public members by type", ["font"] = new JsonObject { ["size"] = 14 } },
                ["barmode"] = "stack",
                ["height"] = 120 + 18 * types.Count,
                ["paper_bgcolor"] = "rgba(0,0,0,0)",
                ["plot_bgcolor"] = "rgba(0,0,0,0)",
                ["margin"] = new JsonObject { ["l"] = 20, ["r"] = 20, ["t"] = 60, ["b"] = 40 },
                ["xaxis"] = new JsonObject
                {
                    ["gridcolor"] = "rgba(128,128,128,0.18)",
                    ["title"] = new JsonObject { ["text"] = "members, the type itself among them" }
                },
                ["yaxis"] = new JsonObject { ["automargin"] = true, ["tickfont"] = new JsonObject { ["size"] = 11 } },
                ["legend"] = new JsonObject { ["orientation"] = "h", ["y"] = 1.02, ["yanchor"] = "bottom", ["x"] = 0 },
            },
        };
    }

    /// <summary>The public members that no page mentions, by type.</summary>
    public static string Unmentioned(ApiModel api, IReadOnlyList<Chunk> chunks)
    {
        var mentioned = chunks.SelectMany(c => c.Symbols).ToHashSet(StringComparer.Ordinal);
        var missing = api.Symbols.Where(s => !mentioned.Contains(s.Id)).ToList();
        if (missing.Count == 0) return $"<p>Every one of the {api.Symbols.Count} public members is mentioned on a page.</p>";
        var rows = missing.GroupBy(s => (api.TypeOf(s) ?? s).Name)
            .OrderByDescending(g => g.Count())
            .ThenBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => $"<details><summary>{Text(g.Key)} <small style=\"{Muted}\">{g.Count()}</small></summary><pre "
                + $"style=\"{Code};margin-left:1.2em\">{string.Join('\n', g.Select(s => Text(s.Signature)))}</pre></details>");
        return $"<p><strong>{missing.Count} of {api.Symbols.Count}</strong> public members are mentioned on no "
            + $"page.</p>{string.Concat(rows)}";
    }

    private static void Sections(StringBuilder html, IReadOnlyList<Section> sections)
    {
        if (sections.Count == 0) return;
        html.Append("<ul style=\"margin:.1em 0 .2em 1.4em;padding:0\">");
        foreach (var section in sections)
        {
            html.Append("<li>").Append(Text(section.Heading));
            Sections(html, section.Children);
            html.Append("</li>");
        }
        html.Append("</ul>");
    }

    private static string Words(SymbolLinkKind kind) => kind switch
    {
        SymbolLinkKind.Xref => "uid",
        SymbolLinkKind.BoundCode => "compiled code",
        SymbolLinkKind.CodeName => "name in code",
        _ => "name in prose"
    };

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
