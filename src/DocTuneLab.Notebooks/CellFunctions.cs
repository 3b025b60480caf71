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

    /// <summary>Shows a value under the cell and returns a handle that can change it in place.</summary>
    public static DisplayHandle Display<T>(this T value) => CellContext.Current.Display(value);
}
