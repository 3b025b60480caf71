using System.Diagnostics.CodeAnalysis;
using DocTuneLab.Notebooks.Formatting;
using Microsoft.AspNetCore.Html;

namespace DocTuneLab.Notebooks;

/// <summary>What C# cells may call without a prefix.</summary>
[SuppressMessage("Naming", "CA1708", Justification = "Cells call display(x) as other notebooks do, and x.Display() as .NET's do.")]
public static class CellFunctions
{
#pragma warning disable IDE1006 // display is the name that notebooks have for it.
    /// <summary>Shows a value under the cell and returns a handle that can change it in place.</summary>
    public static DisplayHandle display(object? value) => CellContext.Current.Display(value);

    /// <summary>Shows text as the given MIME type, for example <c>display("&lt;b&gt;x&lt;/b&gt;", "text/html")</c>.</summary>
    public static DisplayHandle display(string content, string mimeType) =>
        CellContext.Current.DisplayMime(new Dictionary<string, object> { [mimeType] = content });

    /// <summary>HTML to show or to put into other HTML, as it is.</summary>
    public static IHtmlContent HTML(string content) => new HtmlString(content);

    /// <summary>Runs JavaScript in the front end.</summary>
    public static void Javascript(string code) => display($"<script type=\"text/javascript\">{code}</script>", "text/html");

    /// <summary>Adds styles to the page of the notebook.</summary>
    public static void CSS(string content) => display($"<style>{content}</style>", "text/html");
#pragma warning restore IDE1006

    /// <summary>Takes away what the cell has shown so far; with <paramref name="wait"/>, when something new comes.</summary>
    public static void ClearOutput(bool wait = false) => CellContext.Current.Clear(wait);

    /// <summary>Asks the user for a line of text.</summary>
    /// <exception cref="NotebookException">Nobody is there to answer, as in a headless run.</exception>
    public static Task<string?> GetInputAsync(string prompt = "") => CellContext.Current.ReadLineAsync(prompt);

    /// <summary>Asks the user for a line of text that is not shown while it is typed.</summary>
    /// <exception cref="NotebookException">Nobody is there to answer, as in a headless run.</exception>
    public static Task<string?> GetPasswordAsync(string prompt = "") => CellContext.Current.ReadLineAsync(prompt, isSecret: true);

    /// <summary>Shows a value under the cell, formatted, and returns a handle that can change it in place.</summary>
    /// <param name="value">The value.</param>
    /// <param name="mimeTypes">The forms to send, such as <c>application/json</c>. Default:
    /// those that the value's formatter prefers.</param>
    public static DisplayHandle Display<T>(this T value, params string[] mimeTypes) => mimeTypes is null or []
        ? CellContext.Current.Display(value)
        : CellContext.Current.DisplayMime(ValueFormatter.Format(value, mimeTypes)
            .ToDictionary(pair => pair.Key, pair => (object)pair.Value!));

    /// <summary>Shows text as the given MIME type, as it is.</summary>
    public static DisplayHandle DisplayAs(this string content, string mimeType) => display(content, mimeType);

    /// <summary>Shows a sequence as a table of its items' members.</summary>
    public static DisplayHandle DisplayTable<T>(this IEnumerable<T> items) => CellContext.Current.Display(items);
}
