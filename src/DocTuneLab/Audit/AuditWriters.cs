using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DocTuneLab.Audit;

/// <summary>An audit for machines and for people.</summary>
public static class AuditWriters
{
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    /// <summary>All of it as JSON.</summary>
    public static string ToJson(AuditReport report) => new JsonObject
    {
        ["counts"] = JsonSerializer.SerializeToNode(report.Counts, JsonSerializerOptions.Web),
        ["findings"] = new JsonArray([.. report.Findings.Select(f => Finding(f, false))]),
        ["suppressed"] = new JsonArray([.. report.Suppressed.Select(f => Finding(f, true))]),
    }.ToJsonString(s_indented);

    /// <summary>SARIF 2.1.0, which code hosts show beside the lines of a change. Suppressed findings are in it, marked as such.</summary>
    /// <remarks>https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html</remarks>
    public static string ToSarif(AuditReport report)
    {
        var rules = AuditRule.All;
        return new JsonObject
        {
            ["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json",
            ["version"] = "2.1.0",
            ["runs"] = new JsonArray(new JsonObject
            {
                ["tool"] = new JsonObject
                {
                    ["driver"] = new JsonObject
                    {
                        ["name"] = "doctune audit",
                        ["version"] = CodeVersion.Current,
                        ["rules"] = new JsonArray([.. rules.Select(r => (JsonNode)new JsonObject
                        {
                            ["id"] = r.Id,
                            ["name"] = r.Name,
                            ["shortDescription"] = new JsonObject { ["text"] = r.Description },
                            ["defaultConfiguration"] = new JsonObject { ["level"] = Level(r.Severity) },
                        })]),
                    },
                },
                ["columnKind"] = "utf16CodeUnits",
                ["results"] = new JsonArray(
                    [.. report.Findings.Select(f => Result(f, false)), .. report.Suppressed.Select(f => Result(f, true))]),
            }),
        }.ToJsonString(s_indented);

        JsonNode Result(AuditFinding finding, bool suppressed)
        {
            var location = new JsonObject
            {
                ["artifactLocation"] = new JsonObject
                {
                    ["uri"] = Uri.EscapeDataString(finding.File).Replace("%2F", "/", StringComparison.Ordinal)
                }
            };
            if (finding.Line > 0) location["region"] = new JsonObject { ["startLine"] = finding.Line };
            var result = new JsonObject
            {
                ["ruleId"] = finding.Rule.Id,
                ["ruleIndex"] = Enumerable.Range(0, rules.Count).First(i => rules[i] == finding.Rule),
                ["level"] = Level(finding.Severity),
                ["message"] = new JsonObject
                {
                    ["text"] = finding.Suggestion is null ? finding.Message : $"{finding.Message}. Nearest: {finding.Suggestion}"
                },
                ["locations"] = new JsonArray(new JsonObject { ["physicalLocation"] = location }),
                ["partialFingerprints"] = new JsonObject { ["doctuneAudit/v1"] = finding.Fingerprint },
            };
            if (suppressed) result["suppressions"] = new JsonArray(new JsonObject { ["kind"] = "external" });
            return result;
        }
    }

    /// <summary>A page of Markdown: a summary and a table by file.</summary>
    public static string ToMarkdown(AuditReport report)
    {
        var (counts, text) = (report.Counts, new StringBuilder());
        text.Append("# Documentation audit\n\n").Append(Summary(report)).Append("\n\n| Rule | Findings |\n|---|---|\n");
        foreach (var rule in report.Findings.GroupBy(f => f.Rule).OrderBy(g => g.Key.Id, StringComparer.Ordinal))
            text.Append($"| {rule.Key.Id} {rule.Key.Name} | {rule.Count()} |\n");
        foreach (var file in report.Findings.GroupBy(f => f.File))
        {
            text.Append($"\n## {file.Key}\n\n| Line | Severity | Rule | Finding |\n|---|---|---|---|\n");
            foreach (var f in file)
                text.Append($"| {(f.Line > 0 ? f.Line : "")} | {f.Severity.ToString().ToLowerInvariant()} | {f.Rule.Id} | "
                    + $"{Cell(f.Message)}{(f.Suggestion is null ? "" : $"; nearest: `{Cell(f.Suggestion)}`")} |\n");
        }
        return text.ToString();
    }

    /// <summary>One line: what was looked at and found.</summary>
    public static string Summary(AuditReport report)
    {
        var c = report.Counts;
        int Of(AuditSeverity severity) => report.Findings.Count(f => f.Severity == severity);
        return $"{c.Pages} pages, {c.CodeBlocks} C# blocks ({c.Compiled} compile, {c.Incomplete} incomplete, {c.Marked} marked), "
            + $"{c.Mentioned} of {c.Members} public members mentioned: "
            + $"{Of(AuditSeverity.Error)} errors, {Of(AuditSeverity.Warning)} warnings, {Of(AuditSeverity.Note)} "
            + $"notes{(report.Suppressed.Count > 0 ? $", {report.Suppressed.Count} suppressed" : "")}.";
    }

    private static JsonObject Finding(AuditFinding finding, bool suppressed) => new JsonObject
    {
        ["rule"] = finding.Rule.Id,
        ["name"] = finding.Rule.Name,
        ["severity"] = finding.Severity.ToString().ToLowerInvariant(),
        ["file"] = finding.File,
        ["line"] = finding.Line,
        ["message"] = finding.Message,
        ["suggestion"] = finding.Suggestion,
        ["symbol"] = finding.Symbol,
        ["fingerprint"] = finding.Fingerprint,
        ["suppressed"] = suppressed,
    };

    private static string Level(AuditSeverity severity) =>
        severity switch { AuditSeverity.Error => "error", AuditSeverity.Warning => "warning", _ => "note" };

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");
}
