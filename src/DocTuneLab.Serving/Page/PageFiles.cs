using System.Reflection;

namespace DocTuneLab.Serving.Page;

/// <summary>A file of a page.</summary>
/// <param name="Path">Where it is served.</param>
/// <param name="Type">Its media type.</param>
/// <param name="Text">What it holds.</param>
internal sealed record PageFile(string Path, string Type, string Text);

/// <summary>The pages, which need nothing but the server that they come from.</summary>
internal static class PageFiles
{
    /// <summary>A chat with the models that are served.</summary>
    public static IReadOnlyList<PageFile> Chat { get; } = Of("chat");

    /// <summary>The lab for people who do not program.</summary>
    public static IReadOnlyList<PageFile> Lab { get; } = Of("lab");

    private static PageFile[] Of(string name) =>
    [
        new("/", "text/html; charset=utf-8", Read($"{name}.html")),
        .. ((string[])["page", name]).SelectMany(n => (PageFile[])
        [
            new($"/{n}.css", "text/css; charset=utf-8", Read($"{n}.css")),
            new($"/{n}.js", "text/javascript; charset=utf-8", Read($"{n}.js")),
        ]),
    ];

    private static string Read(string name)
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream($"page/{name}")!);
        return reader.ReadToEnd();
    }
}
