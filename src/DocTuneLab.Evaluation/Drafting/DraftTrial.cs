using System.Text.RegularExpressions;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Suites;
using Microsoft.CodeAnalysis;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>What a method gave for some arguments.</summary>
/// <param name="Arguments">C# expressions.</param>
/// <param name="Result">Its result as a C# expression; of what it threw the type.</param>
/// <param name="Threw">Whether it threw.</param>
internal sealed record Observed(IReadOnlyList<string> Arguments, string Result, bool Threw = false);

/// <summary>Runs drafts with several values each and writes down what they give: their hidden tests.</summary>
/// <param name="evaluator">Evaluator of the library.</param>
/// <param name="execution">Limits; running must be allowed.</param>
internal sealed partial class DraftTrial(Evaluator evaluator, ExecutionOptions execution)
{
    /// <summary>Most lists of arguments that a draft is tried with.</summary>
    public const int MostTried = 14;

    private const int MostTests = 10, MostThrowing = 3, LongestResult = 1200;
    // In the tests' code; as it is read back.
    private const string Escape = "\\u0001thrown ";
    private const string Thrown = "\u0001thrown ";

    /// <summary>A program that calls the method with one list of arguments after the other, twice each. What throws is passed
    /// over.</summary>
    public static CodeTask Program(string id, DraftMethod method, IReadOnlyList<IReadOnlyList<string>> arguments) => new()
    {
        Id = id,
        Instruction = "",
        Signature = method.Signature,
        Context = method.Usage.Context,
        Usings = method.Usage.Usings,
        GoldSymbols = [],
        Reference = method.Body,
        Stub = "return default!;",
        Tests = [.. arguments.Select(a => Call(method, a) is var call
            ? $"try {{ Check.Equal({call}, {call}); }} catch (Exception e) when (!e.GetType().Name.Contains(\"Trace\")) "
                // Of a generic exception a caller names what it derives from.
                + "{ var type = e.GetType(); while (type.IsGenericType) type = type.BaseType!; "
                + $"Check.Equal(\"{Escape}\" + type.FullName, \"{Escape}\" + type.FullName); }}" : "")],
        Documents = [],
        Split = Split.Test,
    };

    /// <summary>A call of the method.</summary>
    public static string Call(DraftMethod method, IReadOnlyList<string> arguments) =>
        $"{(method.IsAsync ? "await " : "")}Solution.{method.MethodName}({string.Join(", ", arguments)})";

    /// <summary>A hidden test: the method gives again what it gave.</summary>
    public static string Test(DraftMethod method, Observed observed) => !observed.Threw
        ? $"Check.Equal({observed.Result}, {Call(method, observed.Arguments)});"
        : method.IsAsync ? $"await Check.ThrowsAsync<{observed.Result}>(async () => {Call(method, observed.Arguments)});"
        : $"Check.Throws<{observed.Result}>(() => {Call(method, observed.Arguments)});";

    /// <summary>Runs programs; for each what it gave, and why nothing can be made of it, else an empty text.</summary>
    public IReadOnlyList<(IReadOnlyList<Observed> Results, string Why)> Run(
        IReadOnlyList<(CodeTask Program, DraftMethod Method, IReadOnlyList<IReadOnlyList<string>> Arguments)> drafts,
            CancellationToken cancel)
    {
        var runs = evaluator.RunReferences([.. drafts.Select(d => d.Program)], execution, cancel).ToDictionary(r => r.Task.Id, r => r.Run,
            StringComparer.Ordinal);
        return [.. drafts.Select(d => Read(runs[d.Program.Id], d.Method, d.Arguments))];
    }

    private static (IReadOnlyList<Observed>, string) Read(ReferenceRun run, DraftMethod method,
        IReadOnlyList<IReadOnlyList<string>> arguments)
    {
        if (run.Status == ExecutionStatus.WrongAnswer && run.Trace.Checks.Count > 0)
            return ([], "it gives another value every time");
        if (run.Status is ExecutionStatus.WrongAnswer or ExecutionStatus.Exception) return ([], "it throws for every value");
        if (run.Status != ExecutionStatus.Pass) return ([], run.Status == ExecutionStatus.CompileError ? "its values do not compile"
            : run.Status == ExecutionStatus.HarnessError ? "it gives another value every time" : $"it ends with {run.Status}");
        var code = new ValueCode(method.Types);
        List<Observed> results = [];
        foreach (var check in run.Trace.Checks)
        {
            if (check.Step < 1 || check.Step > arguments.Count) continue;
            if (check.Actual is TextNode { Value: var text } && text.StartsWith(Thrown, StringComparison.Ordinal))
            {
                // Only an exception that a caller can name is behaviour.
                if (method.Model.Compilation.GetTypeByMetadataName(text[Thrown.Length..]) is
                    {
                        DeclaredAccessibility: Accessibility.Public,
                        ContainingType: null,
                        IsGenericType: false
                    } type && type.Name is not (nameof(Exception) or nameof(NullReferenceException) or nameof(InvalidCastException))
                    // That nothing has no largest item is the framework's word.
                    && !(type.Name == nameof(InvalidOperationException) && OfItems().IsMatch(method.Body)))
                    results.Add(new(arguments[check.Step - 1], type.ToDisplayString(), Threw: true));
                continue;
            }
            if (code.Of(check.Actual, method.ResultType) is not { } result || result.Length > LongestResult) return ([],
                "its value cannot be written down");
            if (TellsWhereItRan(result, method, arguments[check.Step - 1])) return ([], "its value says where or when it was run");
            results.Add(new(arguments[check.Step - 1], result));
        }
        if (results.TrueForAll(r => r.Threw)) return ([], "it throws for every value");
        if (AreOfOneItem(run)) return (results, "each of its items is the same");
        if (AreShort(run, method)) return (results, "it never finds two");
        return results.Where(r => !r.Threw).Select(r => r.Result).Distinct(StringComparer.Ordinal).Count() < 2
            ? (results, "it gives the same for all values") : (Chosen(results), "");
    }

    // Lists that differ by their length alone say nothing of what is in them.
    private static bool AreOfOneItem(ReferenceRun run) => run.Trace.Checks.All(c => c.Actual is ItemsNode { Kind: not NodeKind.Tuple }
        or TextNode)
        && run.Trace.Checks.Select(c => c.Actual).OfType<ItemsNode>().SelectMany(i => i.Items).ToList() is { Count: > 1 } items
        && items.Distinct().Count() == 1;

    // Whether all were looked at shows only where there are several.
    private static bool AreShort(ReferenceRun run, DraftMethod method) =>
        run.Trace.Checks.All(c => c.Actual is ItemsNode { Kind: not NodeKind.Tuple, Items.Count: < 2 } or TextNode)
            && run.Trace.Checks.Any(c => c.Actual is ItemsNode)
        || method.Body.Contains(".Count(x", StringComparison.Ordinal)
            && run.Trace.Checks.All(c => c.Actual is ExactNode { Value: 0 or 1 } or TextNode);

    // The year and the program's name are another's on another day and machine; what goes in may say them.
    private static bool TellsWhereItRan(string result, DraftMethod method, IReadOnlyList<string> arguments)
    {
        string[] changing = [TimeProvider.System.GetUtcNow().Year.ToString(System.Globalization.CultureInfo.InvariantCulture), "doctune"];
        if (Local().IsMatch(method.Body) || arguments.Any(a => Local().IsMatch(a))) return true;
        return changing.Any(c => result.Contains(c, StringComparison.Ordinal) && !method.Body.Contains(c, StringComparison.Ordinal)
            && !arguments.Any(a => a.Contains(c, StringComparison.Ordinal)));
    }

    // Each value of the result once before any comes twice, in the order in which they were tried; what throws last.
    private static List<Observed> Chosen(List<Observed> results)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        var first = results.Where(r => !r.Threw && seen.Add(r.Result)).ToList();
        var throwing = results.Where(r => r.Threw).Take(MostThrowing).ToList();
        var values = first.Concat(results.Where(r => !r.Threw).Except(first)).Take(MostTests - throwing.Count).ToList();
        return [.. values, .. throwing];
    }

    [GeneratedRegex(@"\.(?:Max|Min|First|Last|Single|Average|Aggregate|ElementAt)\(")]
    private static partial Regex OfItems();

    // What a time zone, a machine or a user has.
    [GeneratedRegex(@"\b(?:DateTimeKind\.Local|ToLocalTime|TimeZoneInfo\.Local|MachineName|UserName|CurrentDirectory|CurrentCulture)\b")]
    private static partial Regex Local();
}
