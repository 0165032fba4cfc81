// page.js: the facts, the columns of text, and what belongs together in them.
//
// A place is [file, line, column, number of the caller's place or -1]. A line of a stage belongs to the source lines of
// its place and of all its callers. A key "file:line" stands for such a line; whoever shares a key is lit together.

const facts = JSON.parse(document.getElementById("facts").textContent);
const byId = (id) => document.getElementById(id);

/** An element: el("b", {class: "x", onclick: f}, child, "text"). */
function el(name, attributes, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key.startsWith("on")) e.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== null) e.setAttribute(key, value);
  }
  e.append(...children.filter((c) => c !== null && c !== undefined));
  return e;
}

// ---- places

/** The keys of a place: its own line, then its callers'. */
const keysOf = (() => {
  const known = new Map();
  return (place) => {
    if (place < 0) return [];
    if (!known.has(place)) {
      const [file, line, , caller] = facts.places[place];
      known.set(place, [file + ":" + line, ...keysOf(caller)]);
    }
    return known.get(place);
  };
})();

const baseName = (path) => path.split("/").pop();
const placeText = (place) => {
  if (place < 0) return "";
  const [file, line] = facts.places[place];
  return baseName(facts.files[file].name) + ":" + line;
};

/** A button that leads to a place. */
function placeLink(place) {
  if (place === undefined || place < 0) return "";
  return el("button", { class: "place", onclick: () => pin(keysOf(place), null) }, placeText(place));
}

// ---- columns

const columns = []; // {name, title, element, text, lines: [{keys, element}], shown}
const linesOfKey = new Map(); // key -> [[column, index], …]

function addColumn(name, title, note) {
  const rows = el("div", { class: "rows" });
  const text = el("div", { class: "text", tabindex: "0", role: "listbox", "aria-label": title }, rows);
  const element = el("section", { class: "column", id: "column-" + name }, el("h2", null, title, el("span", null, note)), text);
  const column = { name, title, element, text, rows, lines: [], shown: true };
  text.addEventListener("focus", () => { state.column = column; });
  rows.addEventListener("mouseover", (e) => { const at = lineAt(column, e); if (at >= 0 && !state.pinned) light(column.lines[at].keys); });
  rows.addEventListener("mouseleave", () => { if (!state.pinned) light([]); });
  rows.addEventListener("click", (e) => { const at = lineAt(column, e); if (at >= 0) choose(column, at, true); });
  columns.push(column);
  return column;
}

function lineAt(column, event) {
  const line = event.target.closest(".l");
  return line && line.dataset.i ? Number(line.dataset.i) : -1;
}

function addLine(column, number, text, keys, heat) {
  const i = column.lines.length;
  const element = el("div", { class: "l" + (keys.length ? " mine" : ""), role: "option", id: column.name + "-" + i, "data-i": i });
  if (heat) element.append(el("em"));
  element.append(el("u", null, number), el("code", null, ...colour(text, column.name)));
  column.rows.append(element);
  column.lines.push({ keys, element, number });
  for (const key of keys) {
    if (!linesOfKey.has(key)) linesOfKey.set(key, []);
    linesOfKey.get(key).push([column, i]);
  }
}

/** Keywords, strings and comments of any of the languages: enough to find one's way. */
function colour(text, language) {
  const parts = [];
  const pattern = /("[^"\n]*"|#.*$|\/\/.*$|;.*$)|\b(def|return|for|in|if|else|while|import|from|as|tt\.\w+|ttg\.\w+|ttng\.\w+|arith\.\w+|math\.\w+|scf\.\w+|cf\.\w+)\b|^(\s*(?:@!?%?\w+ )?[a-z]\w*(?:\.[\w:]+)+)/gm;
  let from = 0;
  for (const m of text.matchAll(pattern)) {
    const isComment = m[1] && !m[1].startsWith('"');
    if (isComment && m[1].startsWith("//") === (language === "source") && !m[1].startsWith(";")) continue;
    if (isComment && m[1].startsWith(";") && m[1].length < 3) continue;
    if (isComment && m[1].startsWith("#") && language !== "source") continue;
    parts.push(text.slice(from, m.index), el("span", { class: isComment ? "n" : m[1] ? "s" : "k" }, m[0]));
    from = m.index + m[0].length;
  }
  parts.push(text.slice(from));
  return parts;
}

function addSources() {
  const used = new Set(facts.places.map((p) => p[0]));
  const column = addColumn("source", "source", "");
  facts.files.forEach((file, f) => {
    if (!used.has(f)) return;
    for (const piece of file.pieces) {
      const lines = piece.text.replace(/\n$/, "").split("\n");
      const row = el("div", { class: "l head" }, el("u"), baseName(file.name));
      column.rows.append(row);
      lines.forEach((text, k) => addLine(column, piece.first_line + k, text, [f + ":" + (piece.first_line + k)], true));
    }
  });
}

const stageTitles = { ttir: "Triton IR", ttgir: "Triton GPU IR", llir: "low-level IR", ptx: "PTX", asm: "assembly", sass: "SASS" };

function addStages() {
  for (const stage of facts.stages) {
    const lines = stage.text.replace(/\n$/, "").split("\n");
    const column = addColumn(stage.name, stageTitles[stage.name] || stage.name, lines.length + " lines");
    lines.forEach((text, i) => addLine(column, i + 1, text, keysOf(stage.at[i] ?? -1), false));
  }
  if (facts.no_sass) addColumn("sass", "SASS", "none").rows.append(el("p", { class: "note" }, "No machine code is shown: " + facts.no_sass + "."));
}

// ---- what is lit

const state = { column: null, lit: [], pinned: false };

function light(keys) {
  for (const line of state.lit) line.element.classList.remove("lit", "pin");
  state.lit = [];
  const own = keys[0];
  for (const key of keys)
    for (const [column, i] of linesOfKey.get(key) || []) {
      const line = column.lines[i];
      const isSource = column.name === "source";
      if (!isSource && !line.keys.includes(own)) continue; // of callers only the source line itself is lit
      line.element.classList.add("lit");
      if (state.pinned) line.element.classList.add("pin");
      state.lit.push(line);
    }
  tell(keys);
}

function tell(keys) {
  if (!keys.length) { byId("status").textContent = state.hint; return; }
  const counts = columns.filter((c) => c.name !== "source").map((c) => c.title + " " + c.lines.filter((l) => l.keys.includes(keys[0])).length);
  const [file, line] = keys[0].split(":");
  byId("status").textContent = baseName(facts.files[file].name) + ":" + line + " became lines of " + counts.join(", ") + heatText(keys[0]);
}

/** Keep these lines lit, and show them in every column but the one they were chosen in. */
function pin(keys, from) {
  state.pinned = keys.length > 0;
  light(keys);
  for (const column of columns) {
    if (column === from) continue;
    const at = densest(column);
    if (at >= 0) scrollTo(column, column.lines[at].element);
  }
}

/** Of the lit lines the one from which on most others are near: what was hoisted stands alone, far above the rest. */
function densest(column) {
  const lit = column.lines.flatMap((l, i) => (l.element.classList.contains("lit") ? [i] : []));
  let best = -1, most = 0;
  lit.forEach((i, k) => {
    let n = k;
    while (n < lit.length && lit[n] < i + 20) n++;
    if (n - k > most) { most = n - k; best = i; }
  });
  return best;
}

function scrollTo(column, element) {
  const box = column.text;
  const top = element.offsetTop - box.offsetTop;
  if (top < box.scrollTop || top > box.scrollTop + box.clientHeight - 34) box.scrollTop = top - box.clientHeight / 3;
}

/** The current line of a column. */
function choose(column, i, keep) {
  if (i < 0 || i >= column.lines.length) return;
  for (const e of document.querySelectorAll(".l.at")) e.classList.remove("at");
  column.at = i;
  state.column = column;
  const line = column.lines[i];
  line.element.classList.add("at");
  column.text.setAttribute("aria-activedescendant", line.element.id);
  if (keep) {
    pin(line.keys, column);
  } else {
    state.pinned = false;
    light(line.keys);
  }
  const box = column.text, top = line.element.offsetTop - box.offsetTop;
  if (top < box.scrollTop + 17) box.scrollTop = top - 17;
  if (top > box.scrollTop + box.clientHeight - 51) box.scrollTop = top - box.clientHeight + 51;
}

// ---- heat

const heats = []; // {name, of: Map key -> number, text: number -> string}
let heat = null;

function addHeat(name, rows, run) {
  const of = new Map();
  for (const [place, value] of rows) {
    if (!(value > 0)) continue;
    for (const key of new Set(keysOf(place))) of.set(key, (of.get(key) || 0) + value);
  }
  heats.push({ name, of, run, empty: of.size === 0 });
}

function findHeats() {
  const last = facts.stages[facts.stages.length - 1];
  const code = last ? last.at.filter((p) => p >= 0) : [];
  if (facts.run) {
    const { accesses, lines } = facts.run;
    const global = accesses.filter((a) => a.memory === "global"), shared = accesses.filter((a) => a.memory === "shared");
    addHeat("warp instructions executed", lines.map((l) => [l.place, l.instructions]), true);
    addHeat("sectors more than needed", global.map((a) => [a.place, a.sectors - a.ideal_sectors]), true);
    addHeat("sectors", global.map((a) => [a.place, a.sectors]), true);
    addHeat("bank conflicts (further passes)", shared.map((a) => [a.place, a.passes - a.ideal_passes]), true);
    addHeat("divergent branches", lines.map((l) => [l.place, l.divergent_branches]), true);
    addHeat("instructions of a part of the warp", lines.map((l) => [l.place, l.divergent]), true);
    addHeat("barriers waited for", lines.map((l) => [l.place, l.waits]), true);
  }
  addHeat("lines of " + (last ? stageTitles[last.name] || last.name : "code"), code.map((p) => [p, 1]), false);
}

function heatText(key) {
  return heats.filter((h) => h.run && h.of.has(key)).map((h) => " · " + h.name + ": " + short(h.of.get(key))).join("");
}

const short = (x) => x >= 1e6 ? (x / 1e6).toFixed(1) + "M" : x >= 1e4 ? (x / 1e3).toFixed(0) + "k" : String(Math.round(x * 10) / 10);

function showHeat(h) {
  heat = h;
  const most = Math.max(1, ...h.of.values());
  for (const line of columns[0].lines) {
    const cell = line.element.firstChild, value = h.of.get(line.keys[0]);
    cell.replaceChildren();
    if (!value) continue;
    const strip = el("i");
    strip.style.width = Math.max(3, (100 * value) / most) + "%";
    cell.append(strip, el("b", null, short(value)));
    cell.title = h.name + ": " + value;
  }
}

// ---- the frame

function chip(name, value, warn) {
  return el("span", { class: "chip" + (warn ? " warn" : "") }, el("b", null, String(value)), " " + name);
}

const bytes = (n) => n >= 1024 && n % 1024 === 0 ? n / 1024 + " KB" : n >= 10240 ? (n / 1024).toFixed(1) + " KB" : n + " B";

function addChips() {
  const r = facts.resources, chips = byId("chips");
  if (r.warps) chips.append(chip("warps", r.warps));
  if (r.registers) chips.append(chip("registers", r.registers), chip("words spilled", r.spilled_words, r.spilled_words > 0));
  if (r.shared_bytes !== undefined) chips.append(chip("shared memory", bytes(r.shared_bytes)));
  if (r.scratch_bytes !== undefined) chips.append(chip("scratch per thread", bytes(r.scratch_bytes)));
  if (r.occupancy) chips.append(chip((r.occupancy.blocks === 1 ? "block" : "blocks") + " per multiprocessor (limit: " + r.occupancy.limit + ")", r.occupancy.blocks, r.occupancy.blocks < 2));
  if (facts.run) chips.append(chip("mistakes in a simulated run of " + facts.run.grid.join("×"), facts.run.mistakes, facts.run.mistakes > 0));
}

function showColumn(column, shown) {
  column.shown = shown;
  column.element.hidden = !shown;
  column.element.style.display = shown ? "" : "none";
  column.button.setAttribute("aria-pressed", String(shown));
}

function addMenus() {
  columns.forEach((column, i) => {
    column.button = el("button", { title: "show or hide (" + (i + 1) + ")", "aria-pressed": "true",
      onclick: () => showColumn(column, !column.shown) }, column.title);
    byId("columns-menu").append(column.button, " ");
    byId("columns").append(column.element);
    if (column.name === "llir" || !column.lines.length) showColumn(column, false);
  });
  for (const h of heats) byId("heat").append(el("option", { value: h.name }, h.name + (h.empty ? " (none)" : "")));
  byId("heat").addEventListener("change", () => showHeat(heats[byId("heat").selectedIndex]));
  byId("theme").addEventListener("click", turnTheme);
  byId("keys").addEventListener("click", () => byId("help").showModal());
}

function turnTheme() {
  const root = document.documentElement;
  root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
}

function dragDivider() {
  const divider = byId("divider");
  divider.addEventListener("pointerdown", (e) => {
    divider.setPointerCapture(e.pointerId);
    divider.onpointermove = (m) => document.body.style.setProperty("--panel", Math.max(60, innerHeight - m.clientY - 26) + "px");
  });
  divider.addEventListener("pointerup", () => { divider.onpointermove = null; });
}

// ---- keys

function nextLit(column, step) {
  for (let i = (column.at ?? 0) + step; i >= 0 && i < column.lines.length; i += step)
    if (column.lines[i].element.classList.contains("lit")) { choose(column, i, true); return; }
}

function nextColumn(step) {
  const shown = columns.filter((c) => c.shown);
  const at = shown.indexOf(state.column);
  const to = shown[Math.min(shown.length - 1, Math.max(0, at + step))];
  if (to) to.text.focus();
}

const lineKeys = {
  ArrowDown: (c) => choose(c, (c.at ?? -1) + 1, false), j: (c) => choose(c, (c.at ?? -1) + 1, false),
  ArrowUp: (c) => choose(c, (c.at ?? 1) - 1, false), k: (c) => choose(c, (c.at ?? 1) - 1, false),
  ArrowRight: () => nextColumn(1), l: () => nextColumn(1), ArrowLeft: () => nextColumn(-1), h: () => nextColumn(-1),
  Enter: (c) => choose(c, c.at ?? 0, true), n: (c) => nextLit(c, 1), N: (c) => nextLit(c, -1),
};
const pageKeys = {
  "?": () => byId("help").showModal(), t: turnTheme,
  Escape: () => { state.pinned = false; light([]); },
  ",": () => stepPass(-1), ".": () => stepPass(1),
};

function onKey(e) {
  if (e.ctrlKey || e.metaKey || e.altKey || byId("help").open || /^(SELECT|INPUT)$/.test(e.target.tagName)) return;
  const inColumn = e.target.classList.contains("text");
  const action = (inColumn && lineKeys[e.key]) || pageKeys[e.key];
  if (action) {
    action(state.column);
    e.preventDefault();
  } else if (/^[1-9]$/.test(e.key) && columns[e.key - 1]) {
    showColumn(columns[e.key - 1], !columns[e.key - 1].shown);
  }
}

function start() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  document.documentElement.dataset.theme = dark.matches ? "dark" : "light";
  document.title = facts.kernel + " · " + facts.target;
  byId("title").append(facts.kernel, el("small", null, facts.target + " · tritonc " + facts.tritonc));
  state.hint = "Point at a line, or walk with the arrow keys: what was made of it is lit in all columns. Keys: ?";
  addSources();
  addStages();
  findHeats();
  addChips();
  addMenus();
  showHeat(heats.find((h) => !h.empty) || heats[0]);
  light([]);
  columns[0].text.focus();
  addPanels();
  dragDivider();
  document.addEventListener("keydown", onKey);
  document.documentElement.dataset.ready = "yes";
}
