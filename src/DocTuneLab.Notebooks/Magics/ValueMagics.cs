using System.CommandLine;
using System.Data;
using System.Text.Encodings.Web;
using System.Text.Json;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Hosting;
using DocTuneLab.Notebooks.Languages;

namespace DocTuneLab.Notebooks.Magics;

/// <summary>Values between languages: <c>#!set</c>, <c>#!share</c> and <c>#!value</c>, as in Polyglot Notebooks.</summary>
internal static class ValueMagics
{
    private const string Shared = "shared with JavaScript";

    public static void AddTo(NotebookSession session)
    {
        session.AddMagic(Set(session), MagicKind.Line);
        session.AddMagic(Share(session), MagicKind.Line);
        session.AddMagic(Value(session), MagicKind.Language);
    }

    /// <summary>Declarations of all values that were shared so far.</summary>
    public static string AsJavaScript(NotebookSession session) =>
        session.Items.TryGetValue(Shared, out var found) ? string.Concat(((SortedDictionary<string, string>)found).Select(pair => $"let {pair.Key} = {pair.Value};\n")) : "";

    private static Command Set(NotebookSession session)
    {
        var name = new Option<string>("--name", "-n") { Description = "Name of the C# variable.", Required = true };
        var value = new Option<string>("--value", "-v") { Description = "Text, or @csharp:NAME for the value of another variable.", Required = true };
        var mime = new Option<string?>("--mime-type") { Description = "Accepted for notebooks of other hosts; values keep their type here." };
        var byReference = new Option<bool>("--byref") { Description = "Accepted for notebooks of other hosts; values are always passed by reference here." };
        var command = new Command("#!set", "Declares a C# variable.") { name, value, mime, byReference };
        command.SetCellAction((parsed, context) =>
        {
            var text = parsed.GetRequiredValue(value);
            var target = parsed.GetRequiredValue(name);
            var found = text.StartsWith('@') ? FindQualified(session, text[1..]) : text;
            // In a JavaScript cell, the value is for JavaScript.
            if (context is HostCellContext { Language: "javascript" or "js" })
                ShareWithJavaScript(session, target, found);
            else
                session.SetValue(target, found, found?.GetType() ?? typeof(object));
        });
        return command;
    }

    private static Command Share(NotebookSession session)
    {
        var from = new Option<string>("--from") { Description = "Where the value is: csharp, value, or sql-NAME for a named result.", DefaultValueFactory = _ => "csharp" };
        var alias = new Option<string?>("--as") { Description = "Another name for it." };
        var mime = new Option<string?>("--mime-type") { Description = "Accepted for notebooks of other hosts; JavaScript gets JSON." };
        var name = new Argument<string>("name") { Description = "Name of the value." };
        var command = new Command("#!share", "Shares a C# value with JavaScript cells, or under another name.") { from, name, alias, mime };
        command.SetCellAction((parsed, _) =>
        {
            var value = FindQualified(session, $"{parsed.GetRequiredValue(from)}:{parsed.GetRequiredValue(name)}");
            var target = parsed.GetValue(alias) ?? parsed.GetRequiredValue(name);
            if (parsed.GetValue(alias) is not null)
                session.SetValue(target, value, value?.GetType() ?? typeof(object));
            ShareWithJavaScript(session, target, value);
        });
        return command;
    }

    private static void ShareWithJavaScript(NotebookSession session, string name, object? value)
    {
        var shared = session.Items.TryGetValue(Shared, out var found) ? (SortedDictionary<string, string>)found : [];
        shared[name] = Json(name, value);
        session.Items[Shared] = shared;
    }

    private static Command Value(NotebookSession session)
    {
        var name = new Option<string>("--name", "-n") { Description = "Name of the C# variable (a string).", Required = true };
        var file = new Option<string?>("--from-file") { Description = "Text file to read; relative to this notebook." };
        var url = new Option<string?>("--from-url") { Description = "Address to read the text from." };
        var given = new Option<string?>("--from-value") { Description = "The text itself." };
        var mime = new Option<string?>("--mime-type") { Description = "Show the text as this type, too." };
        var command = new Command("#!value", "Keeps the lines below, or a file's text, in a C# variable.") { name, file, url, given, mime };
        command.SetCellAction(async (parsed, context) =>
        {
            var text = parsed.GetValue(given) ?? context.Body;
            if (parsed.GetValue(file) is { } path)
            {
                var full = session.Resolve(path);
                text = File.Exists(full) ? File.ReadAllText(full) : throw new NotebookException($"{full}: there is no such file.");
            }
            if (parsed.GetValue(url) is { } address)
                text = await ReadAsync(address, context.CancellationToken);
            context.SetValue(parsed.GetRequiredValue(name), text);
            if (parsed.GetValue(mime) is { } type)
                context.DisplayMime(new Dictionary<string, object> { [type] = text });
        });
        return command;
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

    /// <summary>A value by <c>KERNEL:NAME</c> or <c>NAME</c>. All values of this host are C# variables, whichever language made them.</summary>
    private static object? FindQualified(NotebookSession session, string name)
    {
        if (name.Split(':', 2) is not [var kernel, var variable])
            return Find(session, name);
        if (kernel is "csharp" or "c#" or "value" or "sql" || session.TakesBody($"#!{kernel}") && !Foreign.Names.Contains(kernel))
            return Find(session, variable);
        throw new NotebookException($"'{variable}' cannot be had from '{kernel}': {(Foreign.Names.Contains(kernel) ? "that language is not run here" : "there is no such language or connection")}. Values are shared from csharp, value and sql-NAME.");
    }

    private static object? Find(NotebookSession session, string name) =>
        session.TryGetValue(name, out var found) ? found : throw new NotebookException($"There is no C# variable '{name}'.");

    // Relaxed, but never able to end the script element that it stands in.
    private static string Json(string name, object? value)
    {
        var plain = value is DataTable table ? table.Rows.Cast<DataRow>().Select(row => table.Columns.Cast<DataColumn>().ToDictionary(column => column.ColumnName, column => row[column] is DBNull ? null : row[column])) : value;
        try
        {
            return JsonSerializer.Serialize(plain, new JsonSerializerOptions(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }).Replace("</", "<\\/", StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is NotSupportedException or JsonException)
        {
            throw new NotebookException($"'{name}' cannot be shared with JavaScript: {exception.Message.Split(" Path:")[0]}", exception);
        }
    }
}
