using System.Reflection;

namespace DocTuneLab.Serving.Page;

/// <summary>The page at <c>/</c>: a chat with the models that are served. It needs nothing but this server.</summary>
internal static class ChatPage
{
    /// <summary>Its files, by the path that they are served at.</summary>
    public static IReadOnlyList<(string Path, string Type, string Text)> Files { get; } =
    [
        ("/", "text/html; charset=utf-8", Read("chat.html")),
        ("/chat.css", "text/css; charset=utf-8", Read("chat.css")),
        ("/chat.js", "text/javascript; charset=utf-8", Read("chat.js")),
    ];

    private static string Read(string name)
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream($"page/{name}")!);
        return reader.ReadToEnd();
    }
}
