using System.CommandLine;
using Microsoft.Data.Sqlite;

namespace DocTuneLab.Notebooks.Languages.Sql;

/// <summary><c>#!connect</c>, also as Polyglot Notebooks writes it.</summary>
internal static class SqlConnect
{
    /// <param name="databases">Where the connection is kept.</param>
    /// <param name="resolve">Full path of a file that a cell names.</param>
    /// <param name="add">Adds the language <c>#!sql-NAME</c> to the session.</param>
    public static Command Command(SqlConnections databases, Func<string, string> resolve, Action<ICellLanguage> add)
    {
        var name = new Option<string>("--name", "-n")
        {
            Description = "Name to use with '#!sql --connection', and in '#!sql-NAME'.",
            DefaultValueFactory = _ => "default"
        };
        name.Aliases.Add("--kernel-name");
        var given = new Option<string?>("--connection-string") { Description = "Connection string, instead of the file." };
        var database = new Argument<string[]>("database")
        {
            Description = "SQLite database file or :memory:, or 'sqlite' and a connection string.",
            Arity = new ArgumentArity(0, 2)
        };
        var command = new Command("#!connect", "Opens a SQLite database for #!sql.") { name, given, database };
        command.SetCellAction((parsed, context) =>
        {
            var label = parsed.GetRequiredValue(name);
            var text = ConnectionString(resolve, parsed.GetValue(database) ?? [], parsed.GetValue(given));
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
            context.Items[$"sqlite:{label}"] = first;
            databases.Add(label, () => new SqliteConnection(text));
            add(new SqlLanguage(databases, label));
        });
        return command;
    }

    private static string ConnectionString(Func<string, string> resolve, string[] database, string? given)
    {
        if (database is ["mssql" or "postgres" or "postgresql" or "kql" or "jupyter" or "signalr" or "stdio", ..])
            throw new NotebookException(
                $"'{database[0]}' cannot be connected here; only SQLite can. Use ADO.NET from a C# cell, with the provider's package.");
        var text = database is ["sqlite", ..] ? database.ElementAtOrDefault(1) ?? given : database.FirstOrDefault() ?? given;
        if (text is null)
            throw new NotebookException("Which database? Write '#!connect FILE', '#!connect :memory:' or '#!connect sqlite --kernel-name "
                + "NAME \"Data Source=FILE\"'.");
        if (text == ":memory:"
            || text.Replace(" ", "", StringComparison.Ordinal).Equals("DataSource=:memory:", StringComparison.OrdinalIgnoreCase))
            return new SqliteConnectionStringBuilder
            {
                DataSource = $"notebook-{Guid.NewGuid():N}",
                Mode = SqliteOpenMode.Memory,
                Cache = SqliteCacheMode.Shared
            }
                .ToString();
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
        return new SqliteConnectionStringBuilder { DataSource = resolve(text) }.ToString();
    }
}
