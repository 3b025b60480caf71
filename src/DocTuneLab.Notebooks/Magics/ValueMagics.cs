using System.CommandLine;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Languages;

namespace DocTuneLab.Notebooks.Magics;

/// <summary>Values between languages: <c>#!set</c> and <c>#!share</c>, as in Polyglot Notebooks.</summary>
internal static class ValueMagics
{
    public static void AddTo(SessionState session)
    {
        session.Magics.Add(Set(session));
        session.Magics.Add(Share(session));
    }

    private static Command Set(SessionState session)
    {
        var name = new Option<string>("--name", "-n") { Description = "Name of the C# variable.", Required = true };
        var value = new Option<string>("--value", "-v")
        {
            Description = "Text, or @csharp:NAME for the value of another variable.",
            Required = true,
        };
        var mime = new Option<string?>("--mime-type")
        {
            Description = "Accepted for notebooks of other hosts; values keep their type here.",
        };
        var byReference = new Option<bool>("--byref")
        {
            Description = "Accepted for notebooks of other hosts; values are always passed by reference here.",
        };
        var command = new Command("#!set", "Declares a C# variable.") { name, value, mime, byReference };
        command.SetCellAction((parsed, context) =>
        {
            var text = parsed.GetRequiredValue(value);
            var target = parsed.GetRequiredValue(name);
            var found = text.StartsWith('@') ? FindQualified(session, text[1..]).Value : text;
            // In a cell of a language that takes values, such as JavaScript, the value is for that language.
            if (!Give(LanguageOf(context), target, found))
                Give(session.Main, target, found);
        });
        return command;
    }

    private static Command Share(SessionState session)
    {
        var from = new Option<string>("--from")
        {
            Description = "Where the value is: csharp, value, or sql-NAME for a named result.",
            DefaultValueFactory = _ => "csharp",
        };
        var alias = new Option<string?>("--as") { Description = "Another name for it." };
        var mime = new Option<string?>("--mime-type") { Description = "Accepted for notebooks of other hosts; JavaScript gets JSON." };
        var name = new Argument<string>("name") { Description = "Name of the value." };
        var command = new Command("#!share", "Shares a C# value with JavaScript cells, or under another name.") { from, name, alias, mime };
        command.SetCellAction((parsed, context) =>
        {
            var (value, isOfCSharp) = FindQualified(session, $"{parsed.GetRequiredValue(from)}:{parsed.GetRequiredValue(name)}");
            var target = parsed.GetValue(alias) ?? parsed.GetRequiredValue(name);
            if (parsed.GetValue(alias) is not null)
                Give(session.Main, target, value);
            // Where the cell's own language takes no values, those of C# go to JavaScript and those of others to C#.
            var here = LanguageOf(context);
            if (here != session.Main && Give(here, target, value))
                return;
            Give(isOfCSharp ? session.Magics.Language(JavaScriptLanguage.LanguageName) : session.Main, target, value);
        });
        return command;
    }

    private static ICellLanguage? LanguageOf(CellContext context) => (context as HostCellContext)?.Language;

    private static bool Give(ICellLanguage? language, string name, object? value) =>
        language?.TrySetValue(name, value, value?.GetType() ?? typeof(object)) ?? false;

    /// <summary>
    /// A value by <c>LANGUAGE:NAME</c> or <c>NAME</c>. What languages without variables of their own make, such as SQL's results, are C#
    /// variables.
    /// </summary>
    private static (object? Value, bool IsOfCSharp) FindQualified(SessionState session, string name)
    {
        if (name.Split(':', 2) is not [var from, var variable])
            return (Find(session, name), true);
        var language = session.Magics.Language(from);
        if (language is ForeignLanguage || language is null && !session.Magics.TakesBody($"#!{from}"))
        {
            var why = language is null ? "there is no such language or connection" : "that language is not run here";
            throw new NotebookException(
                $"'{variable}' cannot be had from '{from}': {why}. Values are shared from csharp, value and sql-NAME.");
        }
        if (language is null || language == session.Main || language.Variables is null)
            return (Find(session, variable), true);
        return language.TryGetValue(variable, out var found)
            ? (found, false)
            : throw new NotebookException($"There is no variable '{variable}' in '{from}'.");
    }

    private static object? Find(SessionState session, string name) =>
        session.Main.TryGetValue(name, out var found) ? found : throw new NotebookException($"There is no C# variable '{name}'.");
}
