using DocTuneLab.Documents.Dialects;
using DocTuneLab.Documents.Dialects.DocFx;
using DocTuneLab.Documents.Dialects.Docusaurus;
using DocTuneLab.Documents.Dialects.GitHub;
using DocTuneLab.Documents.Dialects.Markdown;
using DocTuneLab.Documents.Dialects.MkDocs;

namespace DocTuneLab.Documents.Parsing;

/// <summary>The dialects that ship: a new one is its folder and a line here.</summary>
public static class BuiltInDialects
{
    /// <summary>All of them; where several know a thing, the first decides.</summary>
    public static IReadOnlyList<Dialect> All
    {
        get;
    } = [new MarkdownDialect(), new GitHubDialect(), new DocFxDialect(), new MkDocsDialect(), new DocusaurusDialect()];
}
