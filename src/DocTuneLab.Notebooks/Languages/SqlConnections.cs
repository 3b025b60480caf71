using System.Data;
using System.Data.Common;

namespace DocTuneLab.Notebooks.Languages;

/// <summary>The databases that <c>#!sql</c> can reach.</summary>
internal sealed class SqlConnections
{
    private readonly Dictionary<string, Func<DbConnection>> connections = new(StringComparer.OrdinalIgnoreCase);
    private string? defaultName;

    public void Add(string name, Func<DbConnection> open)
    {
        connections[name] = open;
        defaultName ??= name;
    }

    /// <summary>Runs statements; the table is that of the last one with a result, or null.</summary>
    public async Task<(DataTable? Table, int Changed)> QueryAsync(string? name, string sql, CancellationToken cancellation)
    {
        name ??= defaultName ?? throw new NotebookException("No database is connected. Open one with '#!connect --name NAME FILE', or load an extension that has one.");
        if (!connections.TryGetValue(name, out var open))
        {
            var known = string.Join(", ", connections.Keys.Select(key => $"'{key}'"));
            throw new NotebookException($"There is no SQL connection '{name}'. Connections: {(known.Length == 0 ? "none" : known)}.");
        }
        await using var connection = open();
        if (connection.State != ConnectionState.Open)
            await connection.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        DataTable? table = null;
        do
        {
            if (reader.FieldCount > 0)
                table = await ReadAsync(reader, cancellation);
        }
        while (await reader.NextResultAsync(cancellation));
        return (table, reader.RecordsAffected);
    }

    // Not DataTable.Load: it trusts the declared types, and SQLite's columns hold what they like.
    private static async Task<DataTable> ReadAsync(DbDataReader reader, CancellationToken cancellation)
    {
        var table = new DataTable();
        for (var i = 0; i < reader.FieldCount; i++)
        {
            var name = reader.GetName(i);
            table.Columns.Add(table.Columns.Contains(name) ? $"{name}_{i}" : name, typeof(object));
        }
        var values = new object[reader.FieldCount];
        while (await reader.ReadAsync(cancellation))
        {
            reader.GetValues(values);
            table.Rows.Add(values);
        }
        return table;
    }
}
