using System.Text.RegularExpressions;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>Types of the framework, as signatures write them, whose values can be compared by what they hold.</summary>
internal static partial class PlainData
{
    /// <summary>Whether a type is one of them, or a sequence of one of them.</summary>
    public static bool IsType(string type) => Plain().IsMatch(type);

    [GeneratedRegex(@"^(?:(?:IEnumerable|IReadOnlyList|IReadOnlyCollection|List)<)?(?:string|int|long|double|decimal|bool|char|TimeSpan"
        + @"|DateTime|DateOnly|TimeOnly|DateTimeOffset|Guid)\??(?:>|\[\])?\??$")]
    private static partial Regex Plain();
}
