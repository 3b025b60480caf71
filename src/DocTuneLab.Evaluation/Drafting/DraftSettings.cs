using DocTuneLab.Conversations;
using DocTuneLab.Corpus;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>What tasks are drafted from.</summary>
/// <param name="Api">The library's symbols.</param>
/// <param name="Judge">The compiler as judge.</param>
public sealed record DraftMaterial(ApiModel Api, CSharpJudge Judge)
{
    /// <summary>The library's pages; none where there are none. Default none.</summary>
    public IReadOnlyList<Document> Pages { get; init; } = [];

    /// <summary>Files or folders with the C# of unit tests. Default none.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>Samples that models are trained on: no task may be one of them. Default none.</summary>
    public IReadOnlyList<Sample> Training { get; init; } = [];

    /// <summary>A model that writes unit tests of what no sample shows, and words tasks; null where nobody is asked.</summary>
    public ILanguageModel? Writer { get; init; }

    /// <summary>Seed of every choice. Default 1.</summary>
    public int Seed { get; init; } = 1;
}

/// <summary>A use of the library that somebody wrote, or a search found: what a task is made of.</summary>
/// <param name="Source">Name of the source of drafts.</param>
/// <param name="Place">Where it was found: <c>file:line</c>, a page, or the words of a search.</param>
/// <param name="Body">Statements before the result, as C#.</param>
/// <param name="Result">The expression whose value is the result.</param>
internal sealed record Usage(string Source, string Place, IReadOnlyList<string> Body, string Result)
{
    /// <summary>What the method of the task may be called.</summary>
    public string Name { get; init; } = "Solve";

    /// <summary>Type of the result.</summary>
    public required string Type { get; init; }

    /// <summary>Types that stand beside the solution.</summary>
    public string Context { get; init; } = "";

    /// <summary>Namespaces in scope besides the implicit ones.</summary>
    public IReadOnlyList<string> Usings { get; init; } = [];

    /// <summary>Parameters that it has already.</summary>
    public IReadOnlyList<(string Type, string Name)> Parameters { get; init; } = [];

    /// <summary>Values for those parameters: lists of C# expressions.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Values { get; init; } = [];

    /// <summary>The page that it stands on; null for one that stands on none.</summary>
    public string? Page { get; init; }

    /// <summary>Data that is no parameter, as C#: what it is changes nothing. Default none.</summary>
    public IReadOnlyList<string> Constant { get; init; } = [];
}

/// <summary>Where drafts come from.</summary>
internal interface IDraftSource
{
    /// <summary>Its name, as options and tables write it.</summary>
    string Name { get; }

    /// <summary>Uses of the library, in an order that depends on the material alone.</summary>
    /// <param name="material">The library and what is known of it.</param>
    /// <param name="refused">Told of what cannot be used and why.</param>
    /// <param name="cancel">Stops between uses.</param>
    IEnumerable<Usage> Find(DraftMaterial material, Action<string> refused, CancellationToken cancel);
}

/// <summary>The sources of drafts.</summary>
internal static class DraftSources
{
    /// <summary>All that there are: what people wrote comes first, then what a model wrote, then what a search finds.</summary>
    public static IReadOnlyList<IDraftSource> BuiltIn { get; } =
        [new UnitTestDrafts(), new ExampleDrafts(), new WrittenDrafts(), new SearchDrafts()];
}
