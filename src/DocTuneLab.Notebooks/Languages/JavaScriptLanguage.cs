using System.Data;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace DocTuneLab.Notebooks.Languages;

/// <summary>JavaScript, run by the front end. It is given values as JSON; what it computes stays there.</summary>
internal sealed class JavaScriptLanguage : ICellLanguage
{
    public const string LanguageName = "javascript";

    private static readonly JsonSerializerOptions s_relaxed = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly SortedDictionary<string, string> _shared = [];

    public string Name => LanguageName;

    public string Description => "JavaScript, run by the front end.";

    public IReadOnlyList<string> Aliases => ["js"];

    public Task<CellValue?> RunAsync(CellCode code, CellContext cell)
    {
        var declarations = string.Concat(_shared.Select(pair => $"let {pair.Key} = {pair.Value};\n"));
        cell.DisplayMime(new Dictionary<string, object>
        {
            ["text/html"] = $"<script type=\"text/javascript\">\n(async () => {{\n{declarations}{code.Text}\n}})();\n</script>",
            ["text/plain"] = code.Text,
        });
        return Task.FromResult<CellValue?>(null);
    }

    public bool TrySetValue(string name, object? value, Type type)
    {
        _shared[name] = Json(name, value);
        return true;
    }

    // Relaxed, but never able to end the script element that it stands in.
    private static string Json(string name, object? value)
    {
        var plain = value is DataTable table ? Rows(table) : value;
        try
        {
            return JsonSerializer.Serialize(plain, s_relaxed).Replace("</", "<\\/", StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is NotSupportedException or JsonException)
        {
            throw new NotebookException($"'{name}' cannot be shared with JavaScript: {exception.Message.Split(" Path:")[0]}", exception);
        }
    }

    private static IEnumerable<Dictionary<string, object?>> Rows(DataTable table) => table.Rows.Cast<DataRow>().Select(row =>
        table.Columns.Cast<DataColumn>().ToDictionary(column => column.ColumnName, column => row[column] is DBNull ? null : row[column]));
}
