namespace DocTuneLab.Notebooks;

/// <summary>What C# cells may call without a prefix.</summary>
public static class CellFunctions
{
#pragma warning disable IDE1006 // display is the name that notebooks have for it.
    /// <summary>Shows a value under the cell and returns a handle that can change it in place.</summary>
    public static DisplayHandle display(object? value) => CellContext.Current.Display(value);

    /// <summary>Shows text as the given MIME type, for example <c>display("&lt;b&gt;x&lt;/b&gt;", "text/html")</c>.</summary>
    public static DisplayHandle display(string content, string mimeType) =>
        CellContext.Current.DisplayMime(new Dictionary<string, object> { [mimeType] = content });
#pragma warning restore IDE1006

    /// <summary>Takes away what the cell has shown so far; with <paramref name="wait"/>, when something new comes.</summary>
    public static void ClearOutput(bool wait = false) => CellContext.Current.Clear(wait);

    /// <summary>Asks the user for a line of text.</summary>
    /// <exception cref="NotebookException">Nobody is there to answer, as in a headless run.</exception>
    public static Task<string?> GetInputAsync(string prompt = "") => CellContext.Current.ReadLineAsync(prompt);

    /// <summary>Asks the user for a line of text that is not shown while it is typed.</summary>
    /// <exception cref="NotebookException">Nobody is there to answer, as in a headless run.</exception>
    public static Task<string?> GetPasswordAsync(string prompt = "") => CellContext.Current.ReadLineAsync(prompt, isSecret: true);

    /// <summary>Shows a value under the cell and returns a handle that can change it in place.</summary>
    public static DisplayHandle Display<T>(this T value) => CellContext.Current.Display(value);
}
