using System.CommandLine;

namespace DocTuneLab.Notebooks.Languages;

/// <summary><c>#!value</c> as in Polyglot Notebooks: the "code" is text to be kept.</summary>
/// <param name="resolve">Full path of a file that a cell names.</param>
internal sealed class ValueLanguage(Func<string, string> resolve) : ICellLanguage
{
    private readonly Option<string> _name = new("--name", "-n") { Description = "Name of the C# variable (a string).", Required = true };
    private readonly Option<string?> _file = new("--from-file") { Description = "Text file to read; relative to this notebook." };
    private readonly Option<string?> _url = new("--from-url") { Description = "Address to read the text from." };
    private readonly Option<string?> _given = new("--from-value") { Description = "The text itself." };
    private readonly Option<string?> _mime = new("--mime-type") { Description = "Show the text as this type, too." };

    public string Name => "value";

    public string Description => "Keeps the lines below, or a file's text, in a C# variable.";

    public void Configure(Command command)
    {
        foreach (var option in (Option[])[_name, _file, _url, _given, _mime])
            command.Options.Add(option);
    }

    public async Task<CellValue?> RunAsync(CellCode code, CellContext cell)
    {
        var text = code.GetValue(_given) ?? code.Text;
        if (code.GetValue(_file) is { } path)
        {
            var full = resolve(path);
            text = File.Exists(full) ? File.ReadAllText(full) : throw new NotebookException($"{full}: there is no such file.");
        }
        if (code.GetValue(_url) is { } address)
            text = await ReadAsync(address, cell.CancellationToken);
        cell.SetValue(code.GetValue(_name)!, text);
        if (code.GetValue(_mime) is { } type)
            cell.DisplayMime(new Dictionary<string, object> { [type] = text });
        return null;
    }

    private static async Task<string> ReadAsync(string address, CancellationToken cancellation)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri))
            throw new NotebookException($"'{address}' is not an address. Expected one such as https://example.org/data.json.");
        using var client = new HttpClient();
        try
        {
            return await client.GetStringAsync(uri, cancellation);
        }
        catch (HttpRequestException exception)
        {
            throw new NotebookException($"{address}: cannot be read: {exception.Message}", exception);
        }
    }
}
