using System.CommandLine;
using System.Data;
using System.Text.Encodings.Web;
using System.Text.Json;
using DocTuneLab.Notebooks.Cells;

namespace DocTuneLab.Notebooks.Languages;

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
        session.Items.TryGetValue(Shared, out var found) ? string.Concat(((SortedDictionary<string, string>)found).Select(pair => $"const {pair.Key} = {pair.Value};\n")) : "";

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
            if (text.StartsWith("@input", StringComparison.Ordinal) || text.StartsWith("@password", StringComparison.Ordinal))
            {
                var prompt = text.Split(':', 2) is [_, var asked] ? asked.Trim('"') : target;
                context.SetValue(target, context.ReadLineAsync(prompt + " ", text.StartsWith("@password", StringComparison.Ordinal)).GetAwaiter().GetResult() ?? "");
                return;
            }
            if (!text.StartsWith('@'))
            {
                context.SetValue(target, text);
                return;
            }
            var found = Find(session, text[1..].Split(':') is ["csharp" or "value", var variable] ? variable : text[1..]);
            session.SetValue(target, found, found?.GetType() ?? typeof(object));
        });
        return command;
    }

    private static Command Share(NotebookSession session)
    {
        var from = new Option<string>("--from") { Description = "Where the value is: csharp or value.", DefaultValueFactory = _ => "csharp" };
        from.AcceptOnlyFromAmong("csharp", "c#", "value", "sql");
        var alias = new Option<string?>("--as") { Description = "Another name for it." };
        var mime = new Option<string?>("--mime-type") { Description = "Accepted for notebooks of other hosts; JavaScript gets JSON." };
        var name = new Argument<string>("name") { Description = "Name of the value." };
        var command = new Command("#!share", "Shares a C# value with JavaScript cells, or under another name.") { from, name, alias, mime };
        command.SetCellAction((parsed, _) =>
        {
            var value = Find(session, parsed.GetRequiredValue(name));
            var target = parsed.GetValue(alias) ?? parsed.GetRequiredValue(name);
            if (parsed.GetValue(alias) is not null)
                session.SetValue(target, value, value?.GetType() ?? typeof(object));
            var shared = session.Items.TryGetValue(Shared, out var found) ? (SortedDictionary<string, string>)found : [];
            shared[target] = Json(target, value);
            session.Items[Shared] = shared;
        });
        return command;
    }

    private static Command Value(NotebookSession session)
    {
        var name = new Option<string>("--name", "-n") { Description = "Name of the C# variable (a string).", Required = true };
        var file = new Option<string?>("--from-file") { Description = "Text file to read; relative to this notebook." };
        var given = new Option<string?>("--from-value") { Description = "The text itself." };
        var mime = new Option<string?>("--mime-type") { Description = "Show the text as this type, too." };
        var command = new Command("#!value", "Keeps the lines below, or a file's text, in a C# variable.") { name, file, given, mime };
        command.SetCellAction((parsed, context) =>
        {
            var text = parsed.GetValue(given) ?? context.Body;
            if (parsed.GetValue(file) is { } path)
            {
                var full = session.Resolve(path);
                text = File.Exists(full) ? File.ReadAllText(full) : throw new NotebookException($"{full}: there is no such file.");
            }
            context.SetValue(parsed.GetRequiredValue(name), text);
            if (parsed.GetValue(mime) is { } type)
                context.DisplayMime(new Dictionary<string, object> { [type] = text });
        });
        return command;
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
