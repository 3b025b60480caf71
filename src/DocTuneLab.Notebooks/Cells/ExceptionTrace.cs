using System.Text.RegularExpressions;

namespace DocTuneLab.Notebooks.Cells;

/// <summary>Exceptions in the form in which a notebook shows them.</summary>
internal static partial class ExceptionTrace
{
    private const int MaxCauses = 20;

    // Of each end: deep recursion has a hundred thousand frames.
    private const int MaxFrames = 20;

    private static readonly string[] s_plumbing =
        [
            "System.Runtime.CompilerServices", "DocTuneLab.Notebooks.C", "DocTuneLab.Notebooks.Hosting",
            "DocTuneLab.Notebooks.Languages.CSharp"
        ];

    /// <summary>An exception with those frames of its stack that lie in cells; without any, all frames.</summary>
    public static ErrorOutput Error(Exception exception)
    {
        var shown = Unwrap(exception);
        var trace = new List<string>();
        var causes = 0;
        for (var current = shown; current is not null; current = current.InnerException)
        {
            if (++causes > MaxCauses)
                continue;
            trace.Add($"{(current == shown ? "" : "  caused by ")}{current.GetType().Name}: {current.Message}");
            trace.AddRange(Frames(current));
        }
        if (causes > MaxCauses)
            trace.Add($"  … and {causes - MaxCauses} more causes");
        return new ErrorOutput(shown.GetType().Name, shown.Message, trace);
    }

    private static Exception Unwrap(Exception exception) => exception switch
    {
        AggregateException { InnerExceptions: [var only] } => Unwrap(only),
        System.Reflection.TargetInvocationException { InnerException: { } inner } => Unwrap(inner),
        TypeInitializationException when exception.GetBaseException() is var cause && MagicErrors.IsForUser(cause) => cause,
        _ => exception,
    };

    private static IEnumerable<string> Frames(Exception exception)
    {
        if (CellGuard.PlaceOf(exception) is { } place)
            return [place, "   … and what called it, over and over"];
        var frames = (exception.StackTrace ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var inCells = frames.Select(frame => (frame, match: CellFrame().Match(frame))).Where(pair => pair.match.Success)
            .Select(pair => $"   at {Method(pair.frame)}{pair.match.Groups[1].Value}:line {pair.match.Groups[2].Value}").ToList();
        if (inCells.Count == 0)
            return MagicErrors.IsForUser(exception)
                ? []
                : Ends([.. frames.Where(frame => !IsPlumbing(frame)).Select(frame => "   " + frame)]);
        // Where the exception started matters as much as the line of the cell: keep the innermost frame outside of cells.
        return !CellFrame().IsMatch(frames[0]) && !IsPlumbing(frames[0]) ? Ends(inCells).Prepend("   " + frames[0]) : Ends(inCells);
    }

    private static List<string> Ends(List<string> frames) => frames.Count <= 2 * MaxFrames ? frames
        : [.. frames[..MaxFrames], $"   … {frames.Count - 2 * MaxFrames} more …", .. frames[^MaxFrames..]];

    private static string Method(string frame)
    {
        var match = MethodName().Match(frame);
        return match.Success && !match.Groups[1].Value.StartsWith('<') ? match.Groups[1].Value + " in " : "";
    }

    private static bool IsPlumbing(string frame) =>
        frame.StartsWith("---", StringComparison.Ordinal) || s_plumbing.Any(name => frame.Contains(name, StringComparison.Ordinal));

    [GeneratedRegex(@"(cell [^:]*|[^\s:]*\.csx):line (\d+)$")]
    private static partial Regex CellFrame();

    [GeneratedRegex(@"Submission#\d+\.([A-Za-z_<][\w<>.]*)\(")]
    private static partial Regex MethodName();
}
