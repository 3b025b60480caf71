using System.Globalization;
using Dapper;
using DocTuneLab.Prompts;
using DocTuneLab.Prompts.Tuning;
using DocTuneLab.Settings;

namespace DocTuneLab.Storage;

/// <summary>The versions of prompt templates that a lab keeps, and where each comes from.</summary>
public sealed class LabTemplates
{
    private readonly LabDatabase _database;

    internal LabTemplates(LabDatabase database) => _database = database;

    /// <summary>Keeps a version of a prompt template; one of the same name and version is replaced.</summary>
    /// <returns>The document's key.</returns>
    public string Save(string name, string version, string text) => _database.Transact((transaction, store) =>
    {
        var key = store.Put("template", text);
        _database.Sql.Execute(
            "INSERT INTO templates (name, version, document_key) VALUES (@name, @version, @key) ON CONFLICT (name, version) "
            + "DO UPDATE SET document_key = @key",
            new { name, version, key }, transaction);
        return key;
    });

    /// <summary>The text of a kept template version, or null.</summary>
    public string? Find(string name, string version) => _database.Read(() =>
        _database.Sql.QuerySingleOrDefault<string?>("SELECT document_key FROM templates WHERE name = @name AND version = @version",
            new { name, version }) is { } key
            ? _database.Document(key)
            : null);

    /// <summary>The newest kept version of a template, or null.</summary>
    public PromptTemplate? Newest(string name) =>
        _database.Query<(string Version, string Key)>("SELECT version, document_key FROM templates WHERE name = @name", new { name })
            .OrderBy(t => Number(t.Version, 0)).ThenBy(t => t.Version, StringComparer.Ordinal)
            .Select(t => _database.Document(t.Key))
            .LastOrDefault() is { } text ? PromptTemplate.Parse(text, name) : null;

    /// <summary>
    /// Keeps the winner of a tuning: what was made anew as the next version of the template that it comes from, with its lineage and
    /// what was measured.
    /// </summary>
    /// <returns>The template as kept.</returns>
    public PromptTemplate Keep(PromptTuningResult result)
    {
        var row = result.Table[0];
        var name = row.Template.Name.Split('+')[0];
        var objectives = LabJson.Write(new
        {
            row.Score,
            row.ScoreLow,
            row.ScoreHigh,
            row.Measures,
            row.Examples,
            Candidates = result.Table.Count,
            result.Tried,
            result.Decided,
        });
        if (row.How == CandidateOrigin.Given)
        {
            SaveLineage(row.Template, row.Parent, "chosen", objectives);
            return row.Template;
        }
        var parent = result.Table.First(t => t.Template.Hash == row.Parent).Template;
        // The same winner of a repeated tuning is the same version.
        var versions = _database.Query<(string Version, string Key)>("SELECT version, document_key FROM templates WHERE name = @name",
            new { name });
        foreach (var (version, key) in versions)
            if (row.Template.Derive(name, version, parent: parent) is var same && _database.Document(key) == same.Source) return same;
        var last = versions.Select(v => Number(v.Version, 0)).Append(Number(parent.Version, 1)).Max();
        var winner = row.Template.Derive(name, (last + 1).ToString(CultureInfo.InvariantCulture), parent: parent);
        SaveLineage(parent, parent.Hash, "parent", "{}");
        SaveLineage(winner, row.Parent, SettingNames.Of(row.How), objectives);
        return winner;
    }

    /// <summary>Name, version, hash of the parent, how it was made and what was measured (JSON), of all kept templates
    /// with a parent.</summary>
    public IReadOnlyList<(string Name, string Version, string ParentHash, string How, string Objectives)> Lineage() =>
        _database.Query<(string, string, string, string, string)>(
            "SELECT name, version, parent_hash, how, objectives FROM template_lineage ORDER BY name, version");

    private static int Number(string version, int otherwise) => int.TryParse(version, out var number) ? number : otherwise;

    /// <summary>Keeps a version of a template with the one it was made from.</summary>
    /// <param name="template">The new version.</param>
    /// <param name="parentHash">Hash of the template it comes from.</param>
    /// <param name="how">Such as <c>tuned</c> or <c>reflected</c>.</param>
    /// <param name="objectives">What was measured, as JSON.</param>
    private void SaveLineage(PromptTemplate template, string parentHash, string how, string objectives)
    {
        Save(template.Name, template.Version, template.Source);
        _database.Transact(t => _database.Sql.Execute(
            """
            INSERT OR REPLACE INTO template_lineage (name, version, parent_hash, how, objectives, created)
            VALUES (@Name, @Version, @parentHash, @how, @objectives, @now)
            """, new { template.Name, template.Version, parentHash, how, objectives, now = _database.Now }, t));
    }
}
