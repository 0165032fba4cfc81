// panels.js: what stands below the columns, a tab each.

const yesNo = (x) => (x ? "yes" : "no");

/** rows of cells; a cell is text, a number, an element, or {bad: text}. */
function table(heads, rows) {
  const cell = (c) => {
    if (typeof c === "number") return el("td", { class: "num" }, String(c));
    if (c && c.bad !== undefined) return el("td", { class: "num" }, el("span", { class: "bad" }, String(c.bad)));
    return el("td", null, c ?? "");
  };
  return el("table", null, el("thead", null, el("tr", null, ...heads.map((h) => el("th", null, h)))),
    el("tbody", null, ...rows.map((r) => el("tr", null, ...r.map(cell)))));
}

const flag = (x, bad) => (bad ? { bad: x } : x);

// ---- passes

/** Lines of two texts: Myers' algorithm on keys in which numbers of values do not count. */
function diffLines(before, after) {
  const a = before.map(plain), b = after.map(plain);
  let start = 0, endA = a.length, endB = b.length;
  while (start < endA && start < endB && a[start] === b[start]) start++;
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) { endA--; endB--; }
  const middle = shortestEdit(a.slice(start, endA), b.slice(start, endB));
  const out = [];
  for (let i = 0; i < start; i++) out.push([" ", i]);
  for (const [kind, i] of middle) out.push([kind, i + start]);
  for (let i = endB; i < b.length; i++) out.push([" ", i]);
  return out; // [kind, line]: of the text after, but for "-"
}

const plain = (line) => line.replace(/%[\w.$-]+(#\d+)?/g, "%").replace(/#(blocked|mma|shared|linear|smem)\d*\b/g, "#$1");

function shortestEdit(a, b) {
  const most = a.length + b.length, trace = [], ends = new Map([[1, 0]]);
  for (let d = 0; d <= most; d++) {
    trace.push(new Map(ends));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (ends.get(k - 1) ?? -1) < (ends.get(k + 1) ?? -1));
      let x = down ? ends.get(k + 1) : ends.get(k - 1) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      ends.set(k, x);
      if (x >= a.length && x - k >= b.length) return walkBack(trace, a, b, d);
    }
  }
  return [];
}

function walkBack(trace, a, b, d) {
  const out = [];
  let x = a.length, y = b.length;
  for (; d >= 0; d--) {
    const ends = trace[d], k = x - y;
    const down = k === -d || (k !== d && (ends.get(k - 1) ?? -1) < (ends.get(k + 1) ?? -1));
    const k0 = down ? k + 1 : k - 1, x0 = d ? ends.get(k0) : 0, y0 = d ? x0 - k0 : 0;
    while (x > x0 && y > y0 && (d === 0 || x > (down ? x0 : x0 + 1) || y > (down ? y0 + 1 : y0))) { out.push([" ", --y]); x--; }
    if (d) { if (down) out.push(["+", --y]); else out.push(["-", --x]); }
  }
  return out.reverse();
}

let pass = 0;
let showPass = () => {};
function stepPass(step) {
  const to = pass + step;
  if (to < 0 || to >= facts.passes.length) return;
  if (openTab !== "passes") openPanel("passes");
  pass = to;
  showPass();
}

/** The lines of a pass, or of the last one before it that changed anything. */
function passLines(i) {
  while (i >= 0 && !facts.passes[i].changed) i--;
  if (i < 0) return { lines: [], at: [] };
  const p = facts.passes[i];
  p.lines ||= p.text.replace(/\n$/, "").split("\n");
  return p;
}

function passesPanel(view) {
  const slider = el("input", { type: "range", min: 0, max: facts.passes.length - 1, value: pass, "aria-label": "pass", id: "pass-slider" });
  const title = el("b"), note = el("span", { class: "quiet" }), body = el("div", { class: "diff", id: "diff" });
  const whole = el("input", { type: "checkbox" });
  const ticks = el("div", { class: "ticks" }, ...facts.passes.map((p, i) => el("button", { class: p.changed ? "" : "idle", title: p.what || p.name, onclick: () => { pass = i; showPass(); } }, p.name)));
  showPass = () => {
    slider.value = pass;
    const p = facts.passes[pass];
    [...ticks.children].forEach((t, i) => t.setAttribute("aria-pressed", String(i === pass)));
    title.textContent = pass + 1 + " of " + facts.passes.length + ": " + p.name;
    note.textContent = (p.what || "") + ", " + p.us + " µs on " + (p.stage === "ttgir" ? "Triton GPU IR" : "Triton IR");
    body.replaceChildren();
    if (!p.changed) { body.append(el("div", { class: "skip" }, "changed nothing")); return; }
    const before = passLines(pass - 1), after = passLines(pass);
    showDiff(body, before, after, pass === 0 ? after.lines.map((_, i) => [" ", i]) : diffLines(before.lines, after.lines), whole.checked || pass === 0);
  };
  slider.addEventListener("input", () => { pass = Number(slider.value); showPass(); });
  whole.addEventListener("change", showPass);
  view.append(el("div", { class: "bar" }, slider, title, note, el("label", null, whole, " the lines that stayed, too")), ticks, body);
  showPass();
}

function showDiff(body, before, after, edits, whole) {
  const near = new Array(edits.length).fill(whole);
  edits.forEach(([kind], i) => { if (kind !== " ") for (let k = Math.max(0, i - 2); k < Math.min(edits.length, i + 3); k++) near[k] = true; });
  let skipped = 0;
  const tellSkipped = () => { if (skipped) body.append(el("div", { class: "l skip" }, "  … " + skipped + " lines as before")); skipped = 0; };
  edits.forEach(([kind, i], n) => {
    if (!near[n]) { skipped++; return; }
    tellSkipped();
    const from = kind === "-" ? before : after, place = from.at[i];
    const line = el("div", { class: "l " + ({ "+": "add", "-": "del", " ": "same" })[kind] }, from.lines[i]);
    if (place >= 0) {
      line.addEventListener("mouseover", () => { if (!state.pinned) light(keysOf(place)); });
      line.addEventListener("click", () => pin(keysOf(place), null));
    }
    body.append(line);
  });
  tellSkipped();
}

// ---- why

function whyPanel(view) {
  const { dot = [], pipeline = [] } = facts.remarks, unit = dot.map((d) => [placeLink(d.place), d.unit, d.operands, d.result.join("×") + ", inner " + d.inner,
    d.unit === "fma" ? d.not_mma_sync : d.unit === "mma.sync" ? "not wgmma: " + d.not_wgmma : ""]);
  if (dot.length) view.append(el("h2", null, "Dots: what multiplies"), table(["", "by", "operands", "shape", "why no faster one"], unit));
  if (pipeline.length)
    view.append(el("h2", null, "Loads in loops: which are pipelined"), table(["", "how", "stages", "buffers", "why not"],
      pipeline.map((p) => [placeLink(p.place), p.how || el("b", { class: "bad" }, "not"), p.stages, p.buffers ?? "", p.why_not || ""])));
  cpuTables(view);
  if (!view.childNodes.length) view.append("Nothing was decided that needs a reason: no dot, no loop that loads.");
}

function cpuTables(view) {
  for (const [kind, title] of [["nest", "Loop nests"], ["scratch", "Stored in scratch"], ["micro_kernel", "Dots: micro-kernels"], ["access", "Accesses"]]) {
    const all = facts.remarks[kind];
    if (!all) continue;
    const names = [...new Set(all.flatMap((r) => Object.keys(r)))].filter((n) => n !== "place" && n !== "last");
    const show = (x) => (Array.isArray(x) ? x.join(typeof x[0] === "number" ? "×" : ", ") : typeof x === "boolean" ? yesNo(x) : x ?? "");
    view.append(el("h2", null, title), table(["", ...names.map((n) => n.replace(/_/g, " "))], all.map((r) => [placeLink(r.place), ...names.map((n) => show(r[n]))])));
  }
}

// ---- memory

function memoryPanel(view) {
  const accesses = facts.gpu ? facts.gpu.accesses : [];
  if (accesses.length)
    view.append(el("h2", null, "Accesses of global memory, as compiled"), table(["", "", "element", "wide", "bytes per thread", "requests per warp", "sectors per request", "at best", "masked"],
      accesses.map((a) => [placeLink(a.place), a.kind, a.element, flag(a.width, a.bytes_per_thread < 4), a.bytes_per_thread, a.requests_per_warp,
        a.sectors_per_request === undefined ? "?" : flag(a.sectors_per_request, a.sectors_per_request > a.ideal_sectors), a.ideal_sectors ?? "?", yesNo(a.masked)])));
  if (facts.gpu && facts.gpu.conversions.length)
    view.append(el("h2", null, "Changes of layout"), table(["", "op", "from", "to", "by", "scratch bytes"],
      facts.gpu.conversions.map((c) => [placeLink(c.place), c.op, layoutTitle(facts.gpu.layouts[c.from], c.from), layoutTitle(facts.gpu.layouts[c.to], c.to), c.by, c.scratch_bytes ?? ""])));
}

function runPanel(view) {
  const ratio = (a, b) => (b ? Math.round((100 * a) / b) / 100 : 0), { accesses } = facts.run;
  const of = (memory) => accesses.filter((a) => a.memory === memory);
  view.append(el("p", null, "Grid " + facts.run.grid.join(" × ") + ": " + facts.run.instructions + " instructions of warps, " + facts.run.divergent + " of them by a part of the warp, " + facts.run.barriers + " barriers."));
  view.append(el("h2", null, "Global memory"), table(["", "", "requests", "bytes", "sectors per request", "at best"],
    of("global").map((a) => [placeLink(a.place), a.write ? "write" : "read", a.requests, a.bytes, flag(ratio(a.sectors, a.requests), a.sectors > a.ideal_sectors), ratio(a.ideal_sectors, a.requests)])));
  if (of("shared").length)
    view.append(el("h2", null, "Shared memory"), table(["", "", "requests", "bytes", "passes per request", "at best", "words of one bank, at worst"],
      of("shared").map((a) => [placeLink(a.place), a.write ? "write" : "read", a.requests, a.bytes, flag(ratio(a.passes, a.requests), a.passes > a.ideal_passes), ratio(a.ideal_passes, a.requests), a.worst_bank])));
  const waiting = facts.run.lines.filter((l) => l.barriers || l.divergent_branches);
  if (waiting.length)
    view.append(el("h2", null, "Barriers and branches"), table(["", "came to a barrier", "had to wait", "divergent branches"],
      waiting.map((l) => [placeLink(l.place), l.barriers, l.waits, flag(l.divergent_branches, l.divergent_branches > 0)])));
}

// ---- resources

function resourcesPanel(view) {
  const r = facts.resources, o = r.occupancy;
  if (o)
    view.append(el("h2", null, "Blocks per multiprocessor: " + o.blocks + " (" + o.warps + " of " + o.most_warps + " warps); the limit is " + o.limit),
      table(["of", "would allow"], Object.entries(o.blocks_by).map(([name, n]) => [name, n === o.blocks ? el("b", null, String(n) + " ◀") : String(n)])));
  const shared = facts.remarks.shared;
  if (shared && r.shared_bytes) view.append(el("h2", null, "Shared memory: who has which bytes, when"), sharedChart(shared, r.shared_bytes));
  if (facts.gpu && facts.gpu.live.length)
    view.append(el("h2", null, "Values in registers: from the line that makes them to their last use · registers of a thread (an estimate from the Triton GPU IR)"), liveChart(facts.gpu.live));
  if (!view.childNodes.length) view.append("scratch per thread: " + bytes(r.scratch_bytes || 0));
}

function pipelinePanel(view) {
  const kinds = Object.keys(kindColour).filter((k) => k !== "commit" && facts.gpu.loops.some((loop) => loop.steps.some((s) => s.kind === k)));
  view.append(el("div", { class: "bar" }, ...kinds.map((k) => el("span", { class: "chip", style: "background: var(--c" + kindColour[k] + "); color: var(--c-ink)" }, k))));
  for (const loop of facts.gpu.loops) {
    view.append(el("h2", null, "The loop at ", placeLink(loop.place), loop.ahead ? ", copies " + loop.ahead + (loop.ahead === 1 ? " iteration ahead" : " iterations ahead") : ", not pipelined by copies"),
      el("div", { class: "scroll" }, pipelineChart(loop)));
  }
}

// ---- tabs

const panels = [
  { name: "passes", title: "Passes", fill: passesPanel, there: () => facts.passes.length },
  { name: "layouts", title: "Layouts", fill: layoutPanel, there: () => facts.gpu },
  { name: "pipeline", title: "Pipeline", fill: pipelinePanel, there: () => facts.gpu && facts.gpu.loops.length },
  { name: "memory", title: "Memory", fill: memoryPanel, there: () => facts.gpu },
  { name: "why", title: "Decisions", fill: whyPanel, there: () => true },
  { name: "resources", title: "Resources", fill: resourcesPanel, there: () => true },
  { name: "run", title: "Simulated run", fill: runPanel, there: () => facts.run },
];
let openTab = "";

function openPanel(name) {
  const view = byId("view");
  openTab = name;
  view.replaceChildren();
  view.scrollTop = 0;
  for (const t of byId("tabs").children) {
    const chosen = t.id === "tab-" + name;
    t.setAttribute("aria-selected", String(chosen));
    t.tabIndex = chosen ? 0 : -1;
  }
  panels.find((p) => p.name === name).fill(view);
}

function addPanels() {
  const there = panels.filter((p) => p.there());
  there.forEach((p, i) => {
    const tab = el("button", { role: "tab", id: "tab-" + p.name, onclick: () => openPanel(p.name) }, p.title);
    tab.addEventListener("keydown", (e) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key], to = there[i + (step || 0)];
      if (step && to) { openPanel(to.name); byId("tab-" + to.name).focus(); }
    });
    byId("tabs").append(tab);
  });
  openPanel(facts.run ? "run" : facts.gpu && facts.gpu.loops.length ? "pipeline" : there[0].name);
  const asked = new URLSearchParams(location.hash.slice(1)); // #tab=layouts&layout=2&theme=dark&line=7, for links and pictures
  if (there.some((p) => p.name === asked.get("tab"))) openPanel(asked.get("tab"));
  if (openTab === "layouts" && asked.get("layout")) {
    byId("layout-from").value = asked.get("layout");
    byId("layout-from").dispatchEvent(new Event("change"));
  }
  if (asked.get("theme")) document.documentElement.dataset.theme = asked.get("theme");
  if (asked.get("line")) {
    const i = columns[0].lines.findIndex((l) => l.number === Number(asked.get("line")));
    if (i >= 0) choose(columns[0], i, true);
  }
}
