using System.Data;
using System.Data.Common;
using System.Text.RegularExpressions;

namespace DocTuneLab.Notebooks.Languages.Sql;

/// <summary>The databases that <c>#!sql</c> can reach.</summary>
internal sealed partial class SqlConnections
{
    private readonly Dictionary<string, Func<DbConnection>> _connections = new(StringComparer.OrdinalIgnoreCase);
    private string? _defaultName;

    public void Add(string name, Func<DbConnection> open)
    {
        _connections[name] = open;
        _defaultName ??= name;
    }

    /// <summary>Runs statements; a table for each one with a result.
    /// <paramref name="value"/> finds what <c>@name</c> in them stands for.</summary>
    public async Task<(List<DataTable> Tables, int Changed)> QueryAsync(string? name, string sql,
        Func<string, (bool Found, object? Value)> value, CancellationToken cancellation)
    {
        name ??= _defaultName
            ?? throw new NotebookException(
                "No database is connected. Open one with '#!connect --name NAME FILE', or load an extension that has one.");
        if (!_connections.TryGetValue(name, out var open))
        {
            var known = string.Join(", ", _connections.Keys.Select(key => $"'{key}'"));
            throw new NotebookException($"There is no SQL connection '{name}'. Connections: {(known.Length == 0 ? "none" : known)}.");
        }
        await using var connection = open();
        if (connection.State != ConnectionState.Open)
            await connection.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var parameter in Parameter().Matches(sql).Select(match => match.Value).Distinct())
        {
            if (value(parameter[1..]) is not (true, var given))
                continue;
            var bound = command.CreateParameter();
            (bound.ParameterName, bound.Value) = (parameter, given ?? DBNull.Value);
            command.Parameters.Add(bound);
        }
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var tables = new List<DataTable>();
        do
        {
            if (reader.FieldCount > 0)
                tables.Add(await ReadAsync(reader, cancellation));
        }
        while (await reader.NextResultAsync(cancellation));
        return (tables, reader.RecordsAffected);
    }

    [GeneratedRegex(@"[@$:][A-Za-z_]\w*")]
    private static partial Regex Parameter();

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
