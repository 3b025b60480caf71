namespace DocTuneLab.Evaluation.Reports;

/// <summary>A report in every format, in one folder.</summary>
public static class ReportFiles
{
    /// <summary>Writes <c>report.html</c>, <c>report.md</c>, <c>report.json</c>, <c>junit.xml</c> and <c>report.trx</c>.</summary>
    /// <param name="report">The report.</param>
    /// <param name="folder">Made where it is missing.</param>
    /// <param name="time">Stamp of the TRX file; default now.</param>
    /// <returns>The files.</returns>
    public static IReadOnlyList<string> Write(EvaluationReport report, string folder, DateTimeOffset? time = null)
    {
        Directory.CreateDirectory(folder);
        (string Name, string Content)[] files =
        [
            ("report.html", HtmlPage.Of(report)), ("report.md", MarkdownReport.Of(report)), ("report.json", report.ToJson()),
            ("junit.xml", TestReports.JUnit(report)), ("report.trx", TestReports.Trx(report, time ?? TimeProvider.System.GetUtcNow())),
        ];
        return [.. files.Select(f =>
        {
            var path = Path.Combine(folder, f.Name);
            File.WriteAllText(path, f.Content);
            return path;
        })];
    }
}
