using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Languages.Mermaid;
using DocTuneLab.Notebooks.Languages.Sql;

namespace DocTuneLab.Notebooks.Languages;

/// <summary>The languages that every session has. A new one is its class and a line here.</summary>
internal static class BuiltInLanguages
{
    private static readonly (string Name, Func<SessionState, SqlConnections, ICellLanguage> Create)[] s_table =
    [
        ("csharp", (session, _) => session.Main),
        ("markdown", (_, _) => new MarkdownLanguage()),
        ("sql", (_, databases) => new SqlLanguage(databases)),
        ("html", (_, _) => new HtmlLanguage()),
        ("mermaid", (_, _) => new MermaidLanguage()),
        (JavaScriptLanguage.LanguageName, (_, _) => new JavaScriptLanguage()),
        ("value", (session, _) => new ValueLanguage(session.Resolve)),
    ];

    /// <summary>Names of the languages, as <c>.dib</c> files write them.</summary>
    public static readonly IReadOnlyList<string> Names =
    [
        .. s_table.Select(language => language.Name),
        .. ForeignLanguage.All.SelectMany(language => language.Aliases.Prepend(language.Name)),
    ];

    /// <summary>Adds the languages, and the magic that opens databases for SQL.</summary>
    public static void AddTo(SessionState session, SqlConnections databases)
    {
        foreach (var (_, create) in s_table)
            session.Magics.Add(create(session, databases));
        foreach (var language in ForeignLanguage.All)
            session.Magics.Add(language);
        session.Magics.Add(SqlConnect.Command(databases, session.Resolve, session.Magics.Add));
    }
}
