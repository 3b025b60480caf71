using DocTuneLab.Corpus.Validation;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Structural;

/// <summary>
/// Samples about .NET itself, written like those about the library: what a model knew before tuning, to be replayed beside what is new.
/// They come from the framework's own members, so they need no download, and pass the same checks.
/// </summary>
public sealed class GeneralSamples
{
    // Calls with more teach how to count places.
    private const int MostParameters = 6;
    private static readonly string[] s_assemblies =
        ["System.Runtime", "System.Collections", "System.Linq", "System.Text.RegularExpressions"];
    // What programs use every day; what compilers and debuggers call is no general knowledge.
    private static readonly HashSet<string> s_namespaces = new(StringComparer.Ordinal)
    {
        "System", "System.Collections.Generic", "System.Collections.ObjectModel", "System.IO", "System.Linq",
        "System.Text", "System.Text.RegularExpressions", "System.Threading", "System.Threading.Tasks",
    };

    private readonly Lazy<(IReadOnlyList<ApiSymbol> Symbols, ICodeJudge Judge)> _framework = new(() =>
    {
        var references = ReferenceSet.Load();
        // Most examples of the framework are no C#, or no statements.
        return ([.. ApiModel.Load(references, [.. s_assemblies.Select(references.FrameworkAssembly)]).Symbols
            .Where(s => s_namespaces.Contains(s.Namespace) && s.Parameters.Count <= MostParameters)
            .Select(s => s with { Examples = [] })],
            new BatchedJudge(new CSharpJudge(references)));
    });

    /// <summary>Tasks and questions about the framework's members.</summary>
    /// <param name="count">How many.</param>
    /// <param name="like">Templates, limits, held-out tasks and seed.</param>
    /// <param name="cancel">Stops between batches.</param>
    public GeneratedCorpus Generate(int count, CorpusOptions like, CancellationToken cancel = default)
    {
        var (symbols, judge) = _framework.Value;
        var options = like with
        {
            Count = count,
            General = null,
            Sources = [],
            LibraryName = ".NET",
            ChineseShare = 0,
            Mix = new Dictionary<SampleKind, double>
            {
                [SampleKind.Code] = 0.6,
                [SampleKind.Qa] = 0.4 * (1 - UnanswerableShare(like)),
                [SampleKind.Unanswerable] = 0.4 * UnanswerableShare(like),
            },
        };
        return new StructuralGenerator(symbols, judge, options).Generate([], null, cancel);
    }

    // No pages are asked about here, so that all questions name members: as many of them are about none as in the library's own.
    private static double UnanswerableShare(CorpusOptions like)
    {
        var asked = like.Mix.GetValueOrDefault(SampleKind.Qa) * (1 - like.DocumentShare);
        var missing = like.Mix.GetValueOrDefault(SampleKind.Unanswerable);
        return asked + missing == 0 ? 0 : missing / (asked + missing);
    }
}
