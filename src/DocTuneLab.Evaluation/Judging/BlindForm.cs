using System.Text.Json;
using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Judging;

/// <summary>The form of a blind trial: one HTML file that works from disk, keeps votes in the browser until they are saved, and
/// loads nothing.</summary>
public static class BlindForm
{
    /// <summary>The form as a page of its own.</summary>
    public static string Page(BlindTrial trial) =>
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
            + "content=\"width=device-width,initial-scale=1\"><title>Blind comparison</title><style>body{max-width:1100px;margin:0 "
            + "auto;padding:1rem;font:15px/1.5 system-ui,sans-serif}:root{color-scheme:light dark}</style></head>"
            + $"<body>{Fragment(trial)}</body></html>\n";

    /// <summary>The form as a part of a page or of a notebook's cell.</summary>
    public static string Fragment(BlindTrial trial)
    {
        // A closing tag inside an answer must not end the script.
        var data = JsonSerializer.Serialize(new { trial = trial.Id, items = trial.Items }, EvaluationJson.Compact)
            .Replace("<", "\\u003c", StringComparison.Ordinal);
        return $$"""
            <div id="ab-{{trial.Id[..8]}}" class="ab" tabindex="0">
            <style>
            .ab .sides{display:grid;grid-template-columns:1fr 1fr;gap:1rem}
            .ab pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:0;padding:.7rem;border:1px solid rgba(128,128,128,.4);
            border-radius:6px;min-height:7rem;font:13px/1.45 ui-monospace,monospace}
            .ab pre.asked{min-height:0;border-color:transparent;background:rgba(128,128,128,.12)}
            .ab button{font:inherit;padding:.45rem .9rem;margin:.2rem .4rem .2rem 0;border:1px solid rgba(128,128,128,.6);
            border-radius:6px;background:transparent;color:inherit;cursor:pointer}
            .ab button[aria-pressed=true]{background:#4269d0;color:#fff;border-color:#4269d0}
            .ab progress{width:100%}
            .ab .row{margin:.8rem 0}
            @media(max-width:640px){.ab .sides{grid-template-columns:1fr} }
            </style>
            <p>Which answer is better? You are not told who wrote which.
            Keys: <kbd>←</kbd> left, <kbd>→</kbd> right, <kbd>space</kbd> tie, <kbd>b</kbd> back.</p>
            <progress max="{{trial.Items.Count}}" value="0"></progress> <span class="where"></span>
            <div class="row"><pre class="asked"></pre></div>
            <div class="sides"><pre class="left"></pre><pre class="right"></pre></div>
            <div class="row">
            <button data-choice="left">Left is better</button>
            <button data-choice="tie">No difference</button>
            <button data-choice="right">Right is better</button>
            <button class="back">Back</button>
            </div>
            <div class="row">
            <label>Your name (optional) <input class="judge" maxlength="60"></label>
            <button class="save">Save votes</button>
            <span class="said" role="status"></span>
            </div>
            <script>
            (function () {
              var data = {{data}}, root = document.getElementById("ab-{{trial.Id[..8]}}");
              var find = function (s) { return root.querySelector(s); };
              var store = "doctune-ab-" + data.trial, votes = {}, at = 0;
              try { votes = JSON.parse(localStorage.getItem(store) || "{}"); } catch (e) { votes = {}; }
              while (at < data.items.length - 1 && votes[data.items[at].number]) at++;
              function show() {
                var item = data.items[at], done = Object.keys(votes).length;
                find(".asked").textContent = item.prompt;
                find(".left").textContent = item.left || "(empty)";
                find(".right").textContent = item.right || "(empty)";
                find("progress").value = done;
                find(".where").textContent = (at + 1) + " of " + data.items.length + ", " + done + " voted";
                root.querySelectorAll("[data-choice]").forEach(function (b) {
                  b.setAttribute("aria-pressed", votes[item.number] === b.dataset.choice);
                });
                find(".said").textContent = done === data.items.length ? "All voted: save the votes." : "";
              }
              function choose(choice) {
                votes[data.items[at].number] = choice;
                try { localStorage.setItem(store, JSON.stringify(votes)); } catch (e) { /* private mode: votes last as long as the page */ }
                if (at < data.items.length - 1) at++;
                show();
              }
              function back() { if (at > 0) at--; show(); }
              root.querySelectorAll("[data-choice]").forEach(function (b) { b.onclick = function () { choose(b.dataset.choice); }; });
              find(".back").onclick = back;
              root.onkeydown = function (e) {
                if (e.target.tagName === "INPUT") return;
                if (e.key === "ArrowLeft") choose("left");
                else if (e.key === "ArrowRight") choose("right");
                else if (e.key === " ") choose("tie");
                else if (e.key === "b") back();
                else return;
                e.preventDefault();
                e.stopPropagation();
              };
              find(".save").onclick = function () {
                var voted = data.items.filter(function (i) { return votes[i.number]; });
                var file = {
                  trial: data.trial,
                  judge: find(".judge").value,
                  votes: voted.map(function (i) { return { item: i.number, choice: votes[i.number] }; })
                };
                var link = document.createElement("a");
                link.href = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1)], { type: "application/json" }));
                link.download = "{{BlindTrial.VotesName}}";
                link.click();
                find(".said").textContent = "Saved {{BlindTrial.VotesName}}.";
              };
              show();
              root.focus({ preventScroll: true });
            })();
            </script>
            </div>
            """;
    }
}
