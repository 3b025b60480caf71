using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace DocTuneLab.Storage;

/// <summary>
/// A statement that is prepared once and run many times. ADO.NET looks every parameter up by name and makes a reader for each run,
/// which for the small rows of a lab costs more than the row.
/// </summary>
internal sealed class Statement : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;
    private byte[] _utf8 = new byte[1024];

    /// <param name="connection">Open.</param>
    /// <param name="sql">One statement without result, its parameters <c>?1</c>, <c>?2</c>…</param>
    /// <exception cref="SqliteException">It is not valid.</exception>
    public Statement(SqliteConnection connection, string sql)
    {
        _database = connection.Handle!;
        Check(raw.sqlite3_prepare_v2(_database, sql, out _statement));
    }

    /// <summary>Binds the values in order and runs it.</summary>
    /// <exception cref="SqliteException">A constraint is violated, or the disk is full.</exception>
    public void Run(params ReadOnlySpan<Value> values)
    {
        for (var i = 0; i < values.Length; i++)
            Check(values[i].IsText ? BindText(i + 1, values[i].Text.Span)
                : values[i].IsReal ? raw.sqlite3_bind_double(_statement, i + 1, values[i].Real)
                : raw.sqlite3_bind_int64(_statement, i + 1, values[i].Integer));
        var code = raw.sqlite3_step(_statement);
        raw.sqlite3_reset(_statement);
        if (code != raw.SQLITE_DONE) Check(code);
    }

    public void Dispose() => _statement.Dispose();

    private int BindText(int parameter, ReadOnlySpan<char> text)
    {
        // SQLite takes the bytes of an empty span for NULL.
        if (text.IsEmpty) return raw.sqlite3_bind_text(_statement, parameter, "");
        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        if (_utf8.Length < most) _utf8 = new byte[most];
        return raw.sqlite3_bind_text(_statement, parameter, _utf8.AsSpan(0, Encoding.UTF8.GetBytes(text, _utf8)));
    }

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK) SqliteException.ThrowExceptionForRC(code, _database);
    }

    /// <summary>A text or number to bind, without a box.</summary>
    public readonly struct Value
    {
        private Value(ReadOnlyMemory<char> text) => (Text, IsText) = (text, true);

        private Value(long integer) => Integer = integer;

        private Value(double real) => (Real, IsReal) = (real, true);

        public ReadOnlyMemory<char> Text { get; }

        public long Integer { get; }

        public double Real { get; }

        public bool IsText { get; }

        public bool IsReal { get; }

        public static implicit operator Value(string text) => new(text.AsMemory());

        public static implicit operator Value(ReadOnlyMemory<char> text) => new(text);

        public static implicit operator Value(long integer) => new(integer);

        public static implicit operator Value(double real) => new(real);
    }
}
