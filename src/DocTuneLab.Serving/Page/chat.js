// The page's state is the list of turns; each has one answer for every model that was asked.
import { $, make } from "./page.js";
let lab = null, turns = [], stopping = null;

const headers = () => {
  const key = $("key").value.trim();
  return { "Content-Type": "application/json", ...(key ? { Authorization: `Bearer ${key}` } : {}) };
};

async function call(path, body, signal) {
  let response;
  try {
    response = await fetch(path, body === undefined ? { headers: headers(), signal }
      : { method: "POST", headers: headers(), body: JSON.stringify(body), signal });
  } catch (e) {
    if (e.name === "AbortError") throw e;
    throw new Error("The server does not answer. Is it still running?");
  }
  if (response.ok) return response;
  const said = (await response.json().catch(() => null))?.error?.message;
  if (response.status === 401) {
    $("keyField").hidden = false;
    $("settings").open = true;
    $("key").focus();
  }
  throw new Error(said ?? `The server said ${response.status}.`);
}

// Text and fenced code, in order; a fence that is not closed yet is code already.
function parts(text) {
  const found = [];
  let code = null, lines = [];
  const end = kind => {
    if (lines.length) found.push({ kind, text: lines.join("\n"), language: code?.language });
    lines = [];
  };
  for (const line of text.split("\n")) {
    const fence = /^\s*(`{3,}|~{3,})\s*([\w#+-]*)/.exec(line);
    if (fence && code === null) {
      end("text");
      code = { mark: fence[1][0], language: fence[2].toLowerCase() };
    } else if (fence && code !== null && fence[1][0] === code.mark && !fence[2]) {
      end("code");
      code = null;
    } else lines.push(line);
  }
  end(code === null ? "text" : "code");
  return found.filter(p => p.text.trim());
}

const isCSharp = part => part.kind === "code" && ["", "csharp", "cs", "c#"].includes(part.language ?? "");

const bare = code => code.replace(/\s+/g, "");

function showVerdict(block) {
  const shown = make("div", undefined, `verdict ${block.compiles ? "good" : "bad"}`);
  shown.append(make("strong", block.compiles ? "✓ compiles" : block.invented.length
    ? `✗ does not compile; invented: ${block.invented.join(", ")}` : "✗ does not compile"));
  if (block.faults.length) {
    const list = make("ul");
    for (const fault of block.faults) {
      const item = make("li", `${fault.line > 0 ? `line ${fault.line}: ` : ""}${fault.message} `);
      if (fault.nearest) item.append("There is: ", make("code", fault.nearest));
      list.append(item);
    }
    shown.append(list);
  }
  return shown;
}

function showAnswer(answer, turn) {
  const box = answer.box;
  const body = make("div");
  const open = [...answer.verdicts ?? []];
  for (const part of parts(answer.text)) {
    if (part.kind === "text") body.append(make("p", part.text.trim()));
    else {
      const code = make("pre", part.text);
      code.tabIndex = 0;
      body.append(code);
      // Whoever checked it may see other fences than this page: a verdict stands only below the code that it is of.
      const found = open.findIndex(v => bare(v.code) === bare(part.text));
      if (found >= 0) body.append(showVerdict(open.splice(found, 1)[0]));
    }
  }
  for (const verdict of open) {
    const code = make("pre", verdict.code);
    code.tabIndex = 0;
    body.append(make("p", "Checked as:"), code, showVerdict(verdict));
  }
  if (answer.fault) body.append(make("p", answer.fault, "fault"));
  if (!answer.text && !answer.fault)
    body.append(make("p", answer.done ? "(nothing)" : answer.decoded ? `searching: ${answer.decoded} tokens decoded` : "…"));
  box.querySelector(".body").replaceChildren(body);
  const foot = box.querySelector(".row");
  foot.replaceChildren();
  if (!answer.done) return;
  const button = (text, label, act) => {
    const made = make("button", text);
    made.type = "button";
    made.setAttribute("aria-label", `${label} (${answer.name})`);
    made.onclick = () => act(made);
    foot.append(made);
    return made;
  };
  foot.append(make("span", answer.figures ?? ""));
  button("Copy", "Copy the answer", async made => {
    try {
      await navigator.clipboard.writeText(parts(answer.text).find(isCSharp)?.text ?? answer.text);
      made.textContent = "Copied";
    } catch {
      // Only pages of this machine, or over https, may write there.
      made.textContent = "The browser does not allow it";
    }
  });
  button("Prompt", "Show the prompt", made => showPrompt(answer, made));
  if (lab.votes) for (const [vote, mark, label] of [["up", "▲ Good", "This helped"], ["down", "▼ Bad", "This did not help"]]) {
    const made = button(mark, label, async () => {
      try {
        await call("lab/votes", {
          model: answer.model, docs: answer.docs, guided: answer.guided, question: turn.question, answer: answer.text, vote,
        });
        answer.vote = vote;
      } catch (e) {
        answer.fault = e.message;
      }
      showAnswer(answer, turn);
    });
    made.setAttribute("aria-pressed", String(answer.vote === vote));
    made.disabled = answer.vote !== undefined;
  }
}

// The pages that an answer was given: each opens the passage that the model read.
function showSources(answer) {
  const box = answer.box.querySelector(".sources");
  box.replaceChildren(make("p", answer.sources.length ? "Pages read:" : "No page was found."), ...answer.sources.map(source => {
    const [passage, text] = [make("details"), make("pre", source.text)];
    text.tabIndex = 0;
    passage.append(make("summary", `${source.page}: ${source.heading}`), text);
    return passage;
  }));
  box.hidden = false;
}

async function showPrompt(answer, button) {
  const box = answer.box.querySelector(".prompt");
  if (box.hidden && !box.childElementCount) {
    try {
      const shown = await (await call("lab/prompt", { messages: answer.messages, docs: answer.docs })).json();
      box.append(make("p", `What the model read, ${shown.tokens} tokens:`), make("pre", shown.text));
    } catch (e) {
      box.append(make("p", e.message, "fault"));
    }
  }
  box.hidden = !box.hidden;
  button.setAttribute("aria-expanded", String(!box.hidden));
}

// Server-sent events of a chat completion, as they come.
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let kept = "";
  for (; ;) {
    const { value, done } = await reader.read();
    kept += value ?? "";
    for (let at; (at = kept.indexOf("\n\n")) >= 0; kept = kept.slice(at + 2)) {
      const lines = kept.slice(0, at).split("\n");
      const data = lines.filter(l => l.startsWith("data: ")).map(l => l.slice(6)).join("\n");
      if (data && data !== "[DONE]") yield JSON.parse(data);
      // How far a search is comes as a comment, which other clients skip.
      for (const line of lines) if (line.startsWith(": {")) yield JSON.parse(line.slice(2));
    }
    if (done) return;
  }
}

async function answerOf(answer, turn, signal) {
  const begun = performance.now();
  let first = null, tokens = 0;
  try {
    const { signature } = turn;
    const response = await call("v1/chat/completions", {
      model: answer.model, messages: answer.messages, stream: true, stream_options: { include_usage: true },
      max_tokens: +$("tokens").value, temperature: +$("temperature").value, seed: +$("seed").value,
      ...(answer.docs ? { docs: true } : {}), ...(answer.guided ? { guide: signature ? { signature } : {} } : {}),
    }, signal);
    for await (const event of events(response)) {
      if (event.error) throw new Error(event.error.message);
      if (event.sources) {
        answer.sources = event.sources;
        showSources(answer);
      }
      if (event.decoded_tokens) {
        answer.decoded = event.decoded_tokens;
        showAnswer(answer, turn);
      }
      const text = event.choices?.[0]?.delta?.content;
      if (text) {
        first ??= performance.now() - begun;
        answer.text += text;
        showAnswer(answer, turn);
      }
      tokens = event.usage?.completion_tokens ?? tokens;
    }
    const seconds = (performance.now() - begun) / 1000;
    answer.figures = `${tokens} tokens decoded, ${seconds.toFixed(1)} s, first after ${((first ?? 0) / 1000).toFixed(2)} s`;
  } catch (e) {
    answer.fault = e.name === "AbortError" ? "Stopped." : e.message;
  }
  answer.done = true;
  if (lab.library && parts(answer.text).some(isCSharp))
    try {
      answer.verdicts = (await (await call("lab/check", { answer: answer.text, question: turn.question })).json()).blocks;
    } catch (e) {
      answer.fault = e.message;
    }
  showAnswer(answer, turn);
}

const chosen = () => [...document.querySelectorAll("#models input:checked")].map(i => lab.arms[+i.value]);

async function ask(instruction) {
  const arms = chosen(), signature = $("signature").value.trim();
  if (!arms.length) {
    $("about").textContent = "Choose who answers.";
    return;
  }
  let lead, question;
  stopping = new AbortController();
  busy(true);
  try {
    // As the model was trained to be asked.
    const worded = await (await call("lab/wording", { question: instruction, signature }, stopping.signal)).json();
    lead = worded.messages.slice(0, -1);
    question = worded.messages.at(-1).content;
  } catch (e) {
    $("about").textContent = e.message;
    stopping = null;
    busy(false);
    return;
  }
  $("question").value = "";
  const turn = { question, signature, answers: [] };
  const before = turns.slice();
  turns.push(turn);
  const shown = turn.shown = make("section", undefined, "turn");
  shown.setAttribute("aria-label", `Question ${turns.length}`);
  const asked = make("div", undefined, "asked");
  asked.append(make("p", instruction));
  if (signature) asked.append(make("pre", signature));
  shown.append(asked);
  const edit = make("button", "Edit and ask again");
  edit.type = "button";
  edit.onclick = () => {
    if (stopping) return;
    const at = turns.indexOf(turn);
    for (const later of turns.splice(at)) later.shown.remove();
    [$("question").value, $("signature").value] = [instruction, signature];
    $("question").focus();
  };
  const row = make("div", undefined, "row");
  row.append(edit);
  const answers = make("div", undefined, "answers");
  shown.append(row, answers);
  $("talk").append(shown);
  for (const arm of arms) {
    const box = make("article", undefined, "answer");
    const sources = make("section", undefined, "sources");
    sources.setAttribute("aria-label", `Pages that ${arm.name} read`);
    sources.hidden = true;
    box.append(make("h2", arm.name), make("div", undefined, "body"), sources, make("div", undefined, "row"));
    const prompt = make("div", undefined, "prompt");
    prompt.hidden = true;
    box.append(prompt);
    answers.append(box);
    // Each goes on from what it said itself.
    const messages = before.flatMap(t => {
      const own = t.answers.find(a => a.name === arm.name);
      return own?.text ? [{ role: "user", content: t.question }, { role: "assistant", content: own.text }] : [];
    });
    const answer = { ...arm, box, text: "", done: false, messages: [...lead, ...messages, { role: "user", content: question }] };
    turn.answers.push(answer);
    showAnswer(answer, turn);
  }
  shown.scrollIntoView({ block: "start" });
  await Promise.all(turn.answers.map(a => answerOf(a, turn, stopping.signal)));
  stopping = null;
  busy(false);
}

function busy(is) {
  $("send").disabled = is;
  $("stop").disabled = !is;
  $("fresh").disabled = is;
  $("talk").setAttribute("aria-busy", String(is));
}

async function open() {
  try {
    lab = await (await call("lab")).json();
  } catch (e) {
    $("about").textContent = e.message;
    return;
  }
  $("settings").open = false;
  $("about").textContent = lab.library ? `${lab.library}: answers are checked by the compiler`
    : "no library is known: start the server with --lab to have code checked";
  lab.arms = lab.models.flatMap(model => [
    { name: model, model },
    ...(lab.pages ? [{ name: `${model} + pages`, model, docs: true }] : []),
    ...(lab.library ? [{ name: `${model} + compiler`, model, guided: true }] : []),
  ]);
  const field = $("models");
  field.querySelectorAll("label").forEach(l => l.remove());
  lab.arms.forEach((arm, i) => {
    const label = make("label");
    const box = make("input");
    box.type = "checkbox";
    box.value = i;
    box.checked = arm.name === lab.default;
    label.append(box, ` ${arm.name}`);
    field.append(label);
  });
}

$("ask").onsubmit = e => {
  e.preventDefault();
  const question = $("question").value.trim();
  if (!question || stopping || !lab) return;
  $("settings").open = false;
  ask(question);
};
$("question").onkeydown = e => {
  if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) $("ask").requestSubmit();
};
$("stop").onclick = () => stopping?.abort();
$("fresh").onclick = () => {
  turns = [];
  $("talk").replaceChildren();
  $("question").focus();
};
$("key").onchange = open;
open();
