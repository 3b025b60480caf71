using System.CommandLine;
using System.Globalization;
using DocTuneLab.Prompts.Tuning;
using DocTuneLab.Settings;

namespace DocTuneLab.Extension.Arguments;

/// <summary>The options of a command that tunes prompts, and its table: the same in the tool and in a cell.</summary>
/// <param name="except">Properties whose settings come from elsewhere.</param>
public sealed class TuningArguments(params string[] except)
{
    private readonly SettingOptions _settings = new(PromptTuningOptions.Settings.Where(s => !except.Contains(s.Property)));

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command) => _settings.AddTo(command);

    /// <summary>Options given.</summary>
    public PromptTuningOptions Options(ParseResult p) =>
        _settings.Apply(p, PromptTuningOptions.Settings, PromptTuningOptions.Settings.Defaults);

    /// <summary>Column titles and rows of a result; what was not measured is empty.</summary>
    public static (string[] Columns, IReadOnlyList<string[]> Rows) Table(PromptTuningResult result)
    {
        (string Name, Func<PromptScore, double?> Value, string Format)[] measured =
        [
            ("nll/token", s => s.Measures.NllPerToken, "F4"), ("bits/byte", s => s.Measures.BitsPerByte, "F4"),
            ("accepted", s => s.Measures.Acceptance, "P0"), ("compiles", s => s.Measures.Compiles, "P0"),
            ("coverage", s => s.Measures.Coverage, "P0"),
            ("distinct-2", s => s.Measures.Distinct2, "F2"), ("self-similarity", s => s.Measures.SelfSimilarity, "F2"),
            ("grade", s => s.Measures.Grade, "F1"),
        ];
        // Where likelihood alone decides, it is the score with the other sign.
        var alone = result.Table.All(t => t.Score == -t.Measures.NllPerToken);
        var shown = measured.Where(m => result.Table.Any(t => m.Value(t) is not null) && !(alone && m.Name == "nll/token")).ToArray();
        var priced = result.Table.Any(t => t.Measures.Cost > 0);
        string[] columns =
        [
            "template", "made by", "score", "winner ahead by", .. shown.Select(m => m.Name), "tokens",
            .. priced ? ["cost"] : Array.Empty<string>(), "examples"
        ];
        return (columns, [.. result.Table.Select(t => (string[])
        [
            t.Template.Name, SettingNames.Of(t.How),
            string.Create(CultureInfo.InvariantCulture, $"{t.Score:F3} [{t.ScoreLow:F3}, {t.ScoreHigh:F3}]"),
            t == result.Table[0] ? "" : string.Create(CultureInfo.InvariantCulture, $"[{t.Low:F3}, {t.High:F3}]"),
            .. shown.Select(m => m.Value(t)?.ToString(m.Format, CultureInfo.InvariantCulture) ?? ""),
            t.Measures.Tokens.ToString("F0", CultureInfo.InvariantCulture),
            .. priced ? [t.Measures.Cost.ToString("F4", CultureInfo.InvariantCulture)] : Array.Empty<string>(),
            t.Examples.ToString(CultureInfo.InvariantCulture),
        ])]);
    }

    /// <summary>The table and what was chosen as plain text.</summary>
    public static string Text(PromptTuningResult result)
    {
        var (columns, rows) = Table(result);
        var widths = columns.Select((c, i) => rows.Select(r => r[i].Length).Append(c.Length).Max()).ToArray();
        return string.Concat(rows.Prepend(columns)
            .Select(row => string.Join("  ", row.Select((cell, i) => i < 2 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]))).TrimEnd()
                + "\n")) + Chosen(result);
    }

    /// <summary>What was chosen, in a line.</summary>
    public static string Chosen(PromptTuningResult result) =>
        $"chosen: {result.Winner.Name}{(result.Decided ? "" : " (the runner-up is within the interval)")}; "
            + $"{result.Tried} tries on dev{(result.TriedOnTrain > 0 ? $", {result.TriedOnTrain} on train" : "")}";
}
