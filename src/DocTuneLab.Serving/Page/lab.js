// The page holds nothing that the server does not: a reload shows the same.
import { $, make } from "./page.js";
const titles = {
  read: "Read pages and library", "hold-out": "Hold out tasks", corpus: "Write samples", train: "Train", evaluate: "Compare with the base",
};
const words = { new: "not started", queued: "waits for its turn", running: "running", done: "done", stopped: "stopped", failed: "failed" };
let choices = null, current = null, following = null, losses = [];

async function call(path, body, method) {
  let response;
  try {
    response = await fetch(path, body === undefined && !method ? {}
      : { method: method ?? "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body ?? {}) });
  } catch {
    throw new Error("The server does not answer. Is it still running?");
  }
  if (response.ok) return response.json();
  throw new Error((await response.json().catch(() => null))?.error?.message ?? `The server said ${response.status}.`);
}

// What goes wrong is told where it was asked for, unless another lab is shown there by now.
const told = (place, act) => async event => {
  event?.preventDefault();
  place.textContent = "";
  const acting = act(event), of = current;
  try {
    await acting;
  } catch (e) {
    if (place !== $("fault") || of === current) place.textContent = e.message;
  }
};
const unreached = e => $("about").textContent = e.message;

// Of what is asked for one place, only the last counts: an answer that comes late belongs to something that is no longer shown.
const asked = new Map();
function turn(place) {
  const mine = {};
  asked.set(place, mine);
  return () => asked.get(place) === mine;
}

// The settings, from the one table: a field that is left empty has the default.
function planForm(place, plan) {
  place.replaceChildren();
  const field = (label, hint, id, value, type = "text") => {
    const made = make("label", label);
    if (hint) made.append(make("span", hint, "words"));
    const input = make("input");
    Object.assign(input, { type, value: value ?? "", id: `${place.id}-${id}`, spellcheck: false });
    made.append(input);
    return [made, input];
  };
  const [base, baseInput] = field("Base model: a folder, a .gguf file, or owner/name on the hub",
    choices.is_sample_base ? "Empty: the sample model, which shows in minutes that everything works and is too small to be of use." : "",
    "base", plan.base, "text");
  const usual = choices.plan;
  baseInput.placeholder = usual.base;
  const browse = make("button", "Browse");
  browse.type = "button";
  browse.onclick = () => openFolder(baseInput);
  const chosen = make("div", undefined, "chosen");
  chosen.append(base, browse);
  const [held, heldInput] = field("Programming tasks to hold out", "Drafted and proved by running the library, where it has none.", "held",
    plan.held_out ?? usual.held_out, "number");
  const [seed, seedInput] = field("Seed", "", "seed", plan.seed ?? usual.seed, "number");
  const run = make("label");
  const runInput = make("input");
  Object.assign(runInput, { type: "checkbox", checked: plan.may_run ?? usual.may_run, id: `${place.id}-run` });
  run.append(runInput, " Run the library's code and what models write, in a sandbox: tasks are proved and answers tested by it");
  const few = make("div", undefined, "fields");
  few.append(held, seed);
  place.append(chosen, few, run);
  const all = make("details");
  all.append(make("summary", "All settings"));
  const inputs = new Map();
  for (const group of choices.groups) {
    const part = make("details");
    part.append(make("summary", group.title));
    const fields = make("div", undefined, "fields");
    for (const setting of group.settings) {
      const label = make("label", setting.name.slice(2).replaceAll("-", " "));
      label.append(make("span", setting.words, "words"));
      const input = make(setting.allowed.length ? "select" : "input");
      if (setting.allowed.length) {
        input.append(new Option(`default: ${setting.default}`, ""));
        for (const value of setting.allowed) input.append(new Option(value, value));
      } else {
        input.type = "text";
        input.placeholder = setting.default;
        input.title = `Expected: ${setting.expected}`;
      }
      input.value = plan.settings?.[setting.name] ?? "";
      label.append(input);
      fields.append(label);
      // One name in two groups is one setting.
      if (inputs.has(setting.name)) input.oninput = () => inputs.get(setting.name).value = input.value;
      else inputs.set(setting.name, input);
    }
    part.append(fields);
    all.append(part);
  }
  place.append(all);
  return () => ({
    base: baseInput.value, held_out: number(heldInput, usual.held_out), may_run: runInput.checked, seed: number(seedInput, usual.seed),
    settings: Object.fromEntries([...inputs].map(([name, input]) => [name, input.value]).filter(([, value]) => value.trim())),
  });
}
const number = (input, usual) => input.value.trim() ? +input.value : usual;
let planOfNew = null, planOfLab = null;

async function showLabs() {
  const isLast = turn("labs");
  const labs = await call("labs");
  if (!isLast()) return labs;
  $("labs").replaceChildren(...labs.map(lab => {
    const item = make("li");
    const button = make("button", lab.name);
    button.type = "button";
    button.append(make("span", ` ${words[lab.state]}`, "state"));
    if (lab.name === current) button.setAttribute("aria-current", "true");
    button.onclick = told($("fault"), () => open(lab.name));
    item.append(button);
    return item;
  }));
  return labs;
}

function showStages(lab) {
  $("stages").replaceChildren(...lab.stages.map(stage => {
    const item = make("li", undefined, stage.state);
    item.append(make("strong", titles[stage.stage]), stage.text || (stage.state === "waiting" ? "" : words[stage.state] ?? stage.state));
    if (stage.seconds >= 1) item.append(make("span", ` ${time(stage.seconds)}`, "state"));
    if (stage.state === "running") {
      const bar = make("progress");
      bar.setAttribute("aria-label", titles[stage.stage]);
      if (stage.total) Object.assign(bar, { max: stage.total, value: stage.done });
      item.append(bar);
      if (stage.total && stage.done && stage.seconds > 5 && !stage.text.endsWith("left"))
        item.append(make("p", `${stage.done} of ${stage.total}, about ${time(stage.seconds * (stage.total - stage.done) / stage.done)} left`, "figures"));
    }
    const figures = Object.entries(stage.figures ?? {});
    if (figures.length) item.append(make("p", `rejected: ${figures.map(([why, count]) => `${count} ${why}`).join(", ")}`, "figures"));
    return item;
  }));
}

const time = seconds => seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;

// Loss by step; values above what most of the run has are cut off, so that the end can be seen.
function showChart() {
  $("chart").hidden = losses.length < 2;
  if (losses.length < 2) return;
  const validation = losses.filter(l => l.validation !== null);
  const all = losses.map(l => l.loss).sort((a, b) => a - b);
  const [low, high] = [Math.min(all[0], ...validation.map(l => l.validation)), all[Math.floor(all.length * 0.98)]];
  const span = high - low || 1, first = losses[0].step, last = losses.at(-1).step;
  const point = (step, value) => `${(600 * (step - first) / (last - first || 1)).toFixed(1)},${(170 - 160 * Math.min(1, (value - low) / span)).toFixed(1)}`;
  const line = (points, type) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
    made.setAttribute("points", points);
    made.setAttribute("class", type);
    return made;
  };
  const kept = Math.ceil(losses.length / 600);
  $("chart").querySelector("svg").replaceChildren(
    line(losses.filter((_, i) => i % kept === 0).map(l => point(l.step, l.loss)).join(" "), "training"),
    line(validation.map(l => point(l.step, l.validation)).join(" "), "validation"));
  const now = losses.at(-1), best = validation.at(-1);
  $("chartWords").replaceChildren(make("span", `loss ${now.loss.toFixed(3)}`, "key training"), " · ",
    ...(best ? [make("span", `validation ${best.validation.toFixed(3)}`, "key validation"), " · "] : []),
    `step ${now.step} · ${Math.round(now.tokens_per_second)} tokens/s · ${(now.memory_bytes / 2 ** 20).toFixed(0)} MB · processor ${Math.round(now.cpu_percent)} %`
    + ` · from ${low.toFixed(2)} to ${high.toFixed(2)}`);
}

function showLab(lab) {
  losses = lab.losses_from === 0 ? lab.losses : [...losses.slice(0, lab.losses_from), ...lab.losses];
  const busy = lab.state === "running" || lab.state === "queued";
  $("about").textContent = `${lab.name}: ${words[lab.state]}`;
  $("start").disabled = busy;
  $("start").textContent = lab.state === "new" ? "Start" : lab.state === "done" ? "Start again" : "Go on";
  $("stop").disabled = !busy;
  $("choose").disabled = busy;
  $("report").hidden = !lab.has_report;
  $("report").href = `labs/${lab.name}/report`;
  $("next").hidden = $("chat").hidden = !lab.stages.some(s => s.stage === "train" && s.state === "done");
  showStages(lab);
  showChart();
}

const showFound = found => $("found").replaceChildren(...found.map(line => make("li", line)));

async function open(name) {
  const isLast = turn("lab");
  following?.close();
  if (current !== name) for (const id of ["fault", "found", "chatAt", "kept"]) $(id).replaceChildren();
  current = name;
  location.hash = name;
  losses = [];
  $("make").hidden = true;
  $("lab").hidden = false;
  for (const id of ["samples", "answers", "next"]) {
    $(id).open = false;
    const list = $(id).querySelector(".list");
    turn(list);
    list.replaceChildren();
  }
  $("labTitle").textContent = name;
  const details = await call(`labs/${name}`);
  if (!isLast()) return;
  if (details.found.length) showFound(details.found);
  $("where").textContent = details.folder;
  planOfLab = planForm($("labPlan"), details.plan);
  showLab(details.lab);
  await showLabs();
  if (!isLast()) return;
  let state = details.lab.state;
  following = new EventSource(`labs/${name}/events`);
  following.onmessage = e => {
    const lab = JSON.parse(e.data);
    if (!isLast()) return;
    if (lab.error) return void ($("fault").textContent = lab.error.message);
    showLab(lab);
    if (lab.state !== state) showLabs().catch(unreached);
    state = lab.state;
  };
  following.onerror = () => $("about").textContent = "The server does not answer. Is it still running?";
}

// Ten at a time.
async function list(place, path, from, show) {
  const isLast = turn(place);
  const part = await call(`labs/${current}/${path}?from=${from}`);
  if (!isLast()) return;
  if (from === 0) place.replaceChildren();
  place.querySelector("button.more")?.remove();
  for (const item of part.items) place.append(show(item));
  const next = from + part.items.length;
  if (!part.total) place.append(make("p", "None."));
  else if (next < part.total) {
    const more = make("button", `More: ${next} of ${part.total}`, "more");
    more.type = "button";
    more.onclick = told($("fault"), () => list(place, path, next, show));
    place.append(more);
  }
}

function sampleOf(sample) {
  const shown = make("article", undefined, "item");
  shown.append(make("h3", `${sample.kind}, ${sample.split}`));
  for (const turn of sample.turns) shown.append(make("p", turn.role, "state"), make("pre", turn.text));
  return shown;
}

function answersOf(task) {
  const shown = make("article", undefined, "item");
  shown.append(make("h3", task.task), make("pre", task.asked));
  for (const answer of task.answers) {
    const verdict = answer.passes ? "passes its tests" : answer.compiles ? "compiles, and does not pass" : "does not compile";
    shown.append(make("p", `${answer.arm}: ${verdict}${answer.note ? `. ${answer.note}` : ""}`, answer.passes ? "good" : answer.compiles ? "" : "bad"),
      make("pre", answer.text));
  }
  return shown;
}

// Folders of this machine, since a browser does not tell a page where a file lies.
let target = null, at = null;
async function showFolder(path) {
  const isLast = turn("folder");
  const view = await call(`folders?path=${encodeURIComponent(path)}`);
  if (!isLast()) return;
  at = view.path;
  $("browseAt").textContent = view.path;
  const join = name => view.path.endsWith("/") || view.path.endsWith("\\") ? view.path + name : `${view.path}/${name}`;
  const entry = (text, act) => {
    const item = make("li");
    const button = make("button", text);
    button.type = "button";
    button.onclick = act;
    item.append(button);
    return item;
  };
  const into = folder => told($("browseFault"), () => showFolder(folder));
  $("entries").replaceChildren(...(view.parent ? [entry("↑ the folder above", into(view.parent))] : []),
    ...view.folders.map(name => entry(`${name}/`, into(join(name)))),
    ...view.files.map(name => entry(name, () => taken(join(name)))));
}
function taken(path) {
  target.value = path;
  $("browse").close();
  target.focus();
}
async function openFolder(input) {
  target = input;
  $("browseFault").textContent = "";
  $("browse").showModal();
  try {
    await showFolder(input.value);
  } catch {
    await told($("browseFault"), () => showFolder(""))();
  }
}
for (const button of document.querySelectorAll("[data-for]")) button.onclick = () => openFolder($(button.dataset.for));
$("take").onclick = () => taken(at);
$("leave").onclick = () => $("browse").close();

function fresh() {
  turn("lab");
  following?.close();
  current = null;
  location.hash = "";
  $("lab").hidden = true;
  $("make").hidden = false;
  planOfNew = planForm($("makePlan"), {});
  $("about").textContent = `labs in ${choices.folder}`;
  showLabs().catch(unreached);
  $("name").focus();
}
$("fresh").onclick = fresh;
$("make").onsubmit = told($("makeFault"), async () => {
  const button = $("make").querySelector("[type=submit]");
  button.disabled = true;
  $("about").textContent = "making the lab …";
  try {
    const made = await call("labs", {
      name: $("name").value.trim(), library: $("library").value, docs: $("docs").value, source: $("source").value, plan: planOfNew(),
    });
    for (const id of ["name", "library", "docs", "source"]) $(id).value = "";
    await open(made.lab.name);
    if (current !== made.lab.name) return;
    showFound(made.found);
    $("start").focus();
  } finally {
    button.disabled = false;
  }
});
$("start").onclick = told($("fault"), async () => {
  $("start").disabled = true;
  try {
    await call(`labs/${current}/start`, {});
  } catch (e) {
    $("start").disabled = false;
    throw e;
  }
});
$("stop").onclick = told($("fault"), async () => {
  $("about").textContent = "stopping, after what is under way …";
  await call(`labs/${current}/stop`, {});
});
$("choose").onclick = told($("fault"), async () => {
  $("kept").textContent = "";
  const kept = await call(`labs/${current}/plan`, planOfLab(), "PUT");
  if (kept.lab.name !== current) return;
  showFound(kept.found);
  $("kept").textContent = "Kept.";
});
$("chat").onclick = told($("fault"), async () => {
  const of = current;
  $("chat").disabled = true;
  $("chatAt").textContent = "loading the model …";
  try {
    const { url } = await call(`labs/${of}/chat`, {});
    if (of !== current) return;
    const link = make("a", "Open the chat");
    Object.assign(link, { href: url, target: "_blank", rel: "noopener" });
    $("chatAt").replaceChildren(link);
    link.focus();
  } catch (e) {
    if (of === current) $("chatAt").replaceChildren();
    throw e;
  } finally {
    $("chat").disabled = false;
  }
});
$("samples").ontoggle = told($("fault"), async () => {
  if ($("samples").open) await list($("samples").querySelector(".list"), "samples", 0, sampleOf);
});
$("answers").ontoggle = told($("fault"), async () => {
  if ($("answers").open) await list($("answers").querySelector(".list"), "answers", 0, answersOf);
});

$("next").ontoggle = told($("fault"), async () => {
  if (!$("next").open) return;
  const place = $("next").querySelector(".list"), isLast = turn(place);
  const steps = await call(`labs/${current}/next`);
  if (isLast()) place.replaceChildren(...steps.flatMap(s => [make("p", s.what, "state"), make("pre", s.command)]));
});

try {
  choices = await call("choices");
  const labs = await showLabs();
  const wanted = decodeURIComponent(location.hash.slice(1));
  const shown = labs.find(l => l.name === wanted) ?? labs.find(l => l.state === "running");
  if (shown) await open(shown.name);
  else fresh();
} catch (e) {
  unreached(e);
}
