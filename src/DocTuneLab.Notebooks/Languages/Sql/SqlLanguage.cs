using System.CommandLine;
using System.Data;

namespace DocTuneLab.Notebooks.Languages.Sql;

/// <summary>SQL on a connected database: <c>#!sql</c>, and <c>#!sql-NAME</c> for a connection.</summary>
/// <param name="databases">The connections.</param>
/// <param name="connectionName">Null for <c>#!sql</c>; else the connection that <c>#!sql-NAME</c> stands for.</param>
internal sealed class SqlLanguage(SqlConnections databases, string? connectionName = null) : ICellLanguage
{
    private readonly Option<string?> _connection = new("--connection", "-c")
    {
        Description = "Name of the connection. Default: the first one.",
    };
    private readonly Option<string?> _name = new("--name", "-n")
    {
        Description = "C# variable to keep the result in: a DataTable, or DataTable[] where several statements have one.",
    };

    public string Name => connectionName is null ? "sql" : $"sql-{connectionName}";

    public string Description => connectionName is null
        ? "SQL on a connected database; results are shown as tables. @name stands for the C# variable of that name."
        : $"SQL on '{connectionName}'; results are shown as tables. @name stands for the C# variable of that name.";

    public void Configure(Command command)
    {
        if (connectionName is null)
            command.Options.Add(_connection);
        command.Options.Add(_name);
    }

    public async Task<CellValue?> RunAsync(CellCode code, CellContext cell)
    {
        if (string.IsNullOrWhiteSpace(code.Text))
            return null;
        var (tables, changed) = await databases.QueryAsync(connectionName ?? code.GetValue(_connection), code.Text,
            parameter => cell.TryGetValue(parameter, out var value) ? (true, value) : (false, null), cell.CancellationToken);
        foreach (var table in tables)
            cell.Display(table);
        if (tables.Count == 0)
            cell.Out.WriteLine($"{Math.Max(0, changed)} rows changed");
        if (code.GetValue(_name) is not { } variable)
            return null;
        if (tables.Count > 1)
            cell.SetValue(variable, tables.ToArray());
        else
            cell.SetValue(variable, tables.FirstOrDefault() ?? new DataTable());
        return null;
    }
}
