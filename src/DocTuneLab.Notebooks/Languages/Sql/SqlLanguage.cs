using System.CommandLine;
using System.Data;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Hosting;
using Microsoft.Data.Sqlite;

namespace DocTuneLab.Notebooks.Languages.Sql;

/// <summary><c>#!sql</c> and <c>#!connect</c>, the latter also as Polyglot Notebooks writes it.</summary>
internal static class SqlMagics
{
    /// <param name="session">The session.</param>
    /// <param name="connectionName">Null for <c>#!sql</c>; else the connection that <c>#!sql-NAME</c> stands for.</param>
    public static Command Sql(NotebookSession session, string? connectionName = null)
    {
        var connection = new Option<string?>("--connection", "-c") { Description = "Name of the connection. Default: the first one." };
        var name = new Option<string?>("--name", "-n") { Description = "C# variable to keep the result in: a DataTable, or DataTable[] where several statements have one." };
        var command = connectionName is null
            ? new Command("#!sql", "SQL on a connected database; results are shown as tables. @name stands for the C# variable of that name.") { connection, name }
            : new Command($"#!sql-{connectionName}", $"SQL on '{connectionName}'; results are shown as tables. @name stands for the C# variable of that name.") { name };
        command.SetCellAction(async (parsed, context) =>
        {
            if (string.IsNullOrWhiteSpace(context.Body))
                return;
            var (tables, changed) = await session.Sql.QueryAsync(connectionName ?? parsed.GetValue(connection), context.Body,
                parameter => session.TryGetValue(parameter, out var value) ? (true, value) : (false, null), context.CancellationToken);
            foreach (var table in tables)
                context.Display(table);
            if (tables.Count == 0)
                context.Out.WriteLine($"{Math.Max(0, changed)} rows changed");
            if (parsed.GetValue(name) is not { } variable)
                return;
            if (tables.Count > 1)
                context.SetValue(variable, tables.ToArray());
            else
                context.SetValue(variable, tables.FirstOrDefault() ?? new DataTable());
        });
        return command;
    }

    public static Command Connect(NotebookSession session)
    {
        var name = new Option<string>("--name", "-n") { Description = "Name to use with '#!sql --connection', and in '#!sql-NAME'.", DefaultValueFactory = _ => "default" };
        name.Aliases.Add("--kernel-name");
        var given = new Option<string?>("--connection-string") { Description = "Connection string, instead of the file." };
        var database = new Argument<string[]>("database") { Description = "SQLite database file or :memory:, or 'sqlite' and a connection string.", Arity = new ArgumentArity(0, 2) };
        var command = new Command("#!connect", "Opens a SQLite database for #!sql.") { name, given, database };
        command.SetCellAction((parsed, _) =>
        {
            var label = parsed.GetRequiredValue(name);
            var text = ConnectionString(session, parsed.GetValue(database) ?? [], parsed.GetValue(given));
            // A memory database lives as long as one connection to it: the session keeps this one.
            var first = new SqliteConnection(text);
            try
            {
                first.Open();
            }
            catch (SqliteException exception)
            {
                throw new NotebookException($"The database of '{text}' cannot be opened: {exception.Message}", exception);
            }
            session.Items[$"sqlite:{label}"] = first;
            session.AddSqlConnection(label, () => new SqliteConnection(text));
            session.AddMagic(Sql(session, label), MagicKind.Language);
        });
        return command;
    }

    private static string ConnectionString(NotebookSession session, string[] database, string? given)
    {
        if (database is ["mssql" or "postgres" or "postgresql" or "kql" or "jupyter" or "signalr" or "stdio", ..])
            throw new NotebookException($"'{database[0]}' cannot be connected here; only SQLite can. Use ADO.NET from a C# cell, with the provider's package.");
        var text = database is ["sqlite", ..] ? database.ElementAtOrDefault(1) ?? given : database.FirstOrDefault() ?? given;
        if (text is null)
            throw new NotebookException("Which database? Write '#!connect FILE', '#!connect :memory:' or '#!connect sqlite --kernel-name NAME \"Data Source=FILE\"'.");
        if (text == ":memory:" || text.Replace(" ", "", StringComparison.Ordinal).Equals("DataSource=:memory:", StringComparison.OrdinalIgnoreCase))
            return new SqliteConnectionStringBuilder { DataSource = $"notebook-{Guid.NewGuid():N}", Mode = SqliteOpenMode.Memory, Cache = SqliteCacheMode.Shared }.ToString();
        if (text.Contains('='))
        {
            try
            {
                return new SqliteConnectionStringBuilder(text).ToString();
            }
            catch (ArgumentException exception)
            {
                throw new NotebookException($"'{text}' is not a SQLite connection string: {exception.Message}", exception);
            }
        }
        return new SqliteConnectionStringBuilder { DataSource = session.Resolve(text) }.ToString();
    }
}
