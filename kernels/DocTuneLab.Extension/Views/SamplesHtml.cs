using System.Net;
using System.Text;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Review;
using DocTuneLab.Text;

namespace DocTuneLab.Extension.Views;

/// <summary>Samples as cards that can be searched, filtered, edited and decided on in the browser;
/// decisions are saved as a file for <c>#!corpus review FILE --take NAME</c>.</summary>
internal static class SamplesHtml
{
    /// <summary>The page; it needs no server and no network.</summary>
    public static string Browser(IReadOnlyList<Sample> samples, int total)
    {
        var id = "samples-" + ContentHash.Of([.. samples.Select(s => s.Id), Guid.NewGuid().ToString()])[..10];
        var html = new StringBuilder($$"""
            <div id="{{id}}" class="doctune-samples"><style>
            #{{id}} .card{border:1px solid rgba(128,128,128,.3);border-left-width:4px;border-radius:6px;padding:.5em .8em;margin:.5em 0}
            #{{id}} .Accepted{border-left-color:#3ca951}
            #{{id}} .Borderline{border-left-color:#efb118}
            #{{id}} .Rejected{border-left-color:#ff725c}
            #{{id}} textarea{width:100%;box-sizing:border-box;font:12px/1.4 ui-monospace,monospace;background:transparent;color:inherit;
            border:1px solid rgba(128,128,128,.3);border-radius:4px}
            #{{id}} small{opacity:.75}
            #{{id}} .bar>*{margin-right:.6em}
            </style><div class="bar"><input type="search" placeholder="search these samples" aria-label="search">
            """);
        foreach (var standing in Enum.GetValues<SampleStanding>())
            html.Append($"<label><input type=\"checkbox\" checked value=\"{standing}\"> {standing.ToString().ToLowerInvariant()} "
                + $"({samples.Count(s => SampleBrowser.Of(s).Standing == standing)})</label>");
        html.Append($"<button>Save decisions</button> <small class=\"shown\">{samples.Count} of {total} samples</small></div>");
        foreach (var sample in samples)
        {
            var (standing, why) = SampleBrowser.Of(sample);
            html
                .Append($"<div class=\"card {standing}\" data-id=\"{sample.Id}\" data-kind=\"{sample.Kind.FieldName}\">"
                    + $"<div><strong>{sample.Kind}</strong> <small>{sample.Id[..8]} · "
                    + $"{standing.ToString().ToLowerInvariant()}{(why.Length > 0 ? $" ({Text(why)})" : "")} · ")
                .Append(string.Join(" ", sample.Checks.Select(c => Text((c.Passed ? "✓ " : "✗ ") + c.Name))))
                .Append(sample.Provenance is { } p ? " · "
                    + $"{Text(p.Source)}{(p.Document.Length > 0 ? $", {Text(p.Document)}" : "")}"
                    + $"{(p.Model.Length > 0 ? $", {Text(p.Model)}" : "")}" : "")
                .Append("</small></div>")
                .Append(Area("prompt", sample.Messages[^2].Content)).Append(Area("answer", sample.Messages[^1].Content))
                .Append("<div class=\"bar\"><select aria-label=\"decision\"><option value=\"\">no decision</option><option>accept</option>"
                    + "<option>reject</option><option>edit</option><option>regenerate</option></select><input placeholder=\"note\" "
                    + "aria-label=\"note\"></div></div>");
        }
        return html.Append($$"""
            <script>(function(){
            var root=document.getElementById("{{id}}");
            if(!root)return;
            var all=function(e,selector){return [].slice.call(e.querySelectorAll(selector))};
            var cards=all(root,".card"),search=root.querySelector("input[type=search]"),boxes=all(root,"input[type=checkbox]");
            function text(c){
              var edited=all(c,"textarea").map(function(t){return t.value});
              return (c.textContent+" "+edited.join(" ")).toLowerCase();
            }
            function filter(){
              var words=search.value.toLowerCase().split(/\s+/).filter(Boolean),n=0;
              var on=boxes.filter(function(b){return b.checked}).map(function(b){return b.value});
              cards.forEach(function(c){
                var show=on.some(function(s){return c.classList.contains(s)})&&words.every(function(w){return text(c).indexOf(w)>=0});
                c.style.display=show?"":"none";
                if(show)n++;
              });
              root.querySelector(".shown").textContent=n+" of {{total}} samples";
            }
            search.addEventListener("input",filter);
            boxes.forEach(function(b){b.addEventListener("change",filter)});
            cards.forEach(function(c){
              all(c,"textarea").forEach(function(t){
                t.addEventListener("input",function(){c.querySelector("select").value="edit"});
              });
            });
            function decision(c){
              var t=c.querySelectorAll("textarea");
              return JSON.stringify({
                id:c.dataset.id,kind:c.dataset.kind,status:"",failed:"",prompt:t[0].value,answer:t[1].value,
                decision:c.querySelector("select").value,note:c.querySelector("input[aria-label=note]").value
              });
            }
            root.querySelector("button").addEventListener("click",function(){
              var lines=cards.filter(function(c){return c.querySelector("select").value}).map(decision);
              var a=document.createElement("a");
              a.href=URL.createObjectURL(new Blob([lines.join("\n")+"\n"],{type:"application/x-ndjson"}));
              a.download="review.jsonl";
              a.click();
            });
            })();</script></div>
            """).ToString();
    }

    private static string Area(string name, string text) =>
        $"<textarea aria-label=\"{name}\" rows=\"{Math.Clamp(1 + text.AsSpan().Count('\n') + text.Length / 110, 1, 14)}\">\n"
            + $"{Text(text)}</textarea>";

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
