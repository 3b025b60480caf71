using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace DocTuneLab.Notebooks.Languages.Mermaid;

/// <summary>
/// Diagrams drawn by the front end with the Mermaid library that this assembly carries, so that they need no network. The library is sent
/// once a notebook. Where no script may run, the source of the diagram is what one sees.
/// </summary>
internal static class MermaidDiagram
{
    /// <summary>MIME type of a diagram's source; front ends that know it draw it themselves.</summary>
    public const string MimeType = "text/vnd.mermaid";

    private const string Sent = "DocTuneLab.Notebooks.Mermaid";

    public static void Show(CellContext context, string source)
    {
        source = source.Trim();
        if (source.Length == 0)
            return;
        if (context.Items.TryAdd(Sent, true))
            context.DisplayMime(new Dictionary<string, object> { ["text/html"] = Library(), ["text/plain"] = "mermaid.js" });
        context.DisplayMime(new Dictionary<string, object> { ["text/html"] = Html(source), [MimeType] = source, ["text/plain"] = source });
    }

    /// <summary>The library as a script element. With require.js on the page it must not register as a module.</summary>
    public static string Library()
    {
        using var packed = typeof(MermaidDiagram).Assembly.GetManifestResourceStream("mermaid.min.js.br")!;
        using var reader = new StreamReader(new BrotliStream(packed, CompressionMode.Decompress), Encoding.UTF8);
        // Inside a function its own global is a local variable.
        var library = reader.ReadToEnd()
            .Replace("</script", "<\\/script", StringComparison.OrdinalIgnoreCase)
            .Replace("globalThis.__esbuild_esm_mermaid_nm", "__esbuild_esm_mermaid_nm", StringComparison.Ordinal);
        return $"<script>(function(){{var define,module,exports,require;\n{library}\n}}).call(window);</script>";
    }

    /// <summary>A diagram that waits for the library.</summary>
    public static string Html(string source)
    {
        var id = "mermaid-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(source + Guid.NewGuid())))[..12];
        var text = JsonSerializer.Serialize(source, new JsonSerializerOptions { Encoder = JavaScriptEncoder.Default });
        return $$"""
            <div id="{{id}}" class="mermaid-diagram"><pre>{{WebUtility.HtmlEncode(source)}}</pre></div>
            <script>(function draw(n){
            var e=document.getElementById("{{id}}");
            if(!window.mermaid||!e){if(n<200)setTimeout(function(){draw(n+1)},50);return}
            var dark=window.matchMedia&&matchMedia("(prefers-color-scheme: dark)").matches;
            mermaid.initialize({startOnLoad:false,suppressErrorRendering:true,theme:dark?"dark":"default"});
            mermaid.render("{{id}}-svg",{{text}}).then(function(r){e.innerHTML=r.svg},function(error){
              var m=document.createElement("pre");
              m.style.color="#b42318";
              m.textContent="Mermaid: "+error.message;
              e.appendChild(m);
            });
            })(0);</script>
            """;
    }
}
