// charts.js: pictures in SVG: a loop's software pipeline, shared memory over the program, values in registers.

function svg(name, attributes, ...children) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key.startsWith("on")) e.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== null) e.setAttribute(key, value);
  }
  e.append(...children);
  return e;
}

/** A box that leads to a place when it is clicked, or Enter is pressed on it. */
function box(x, y, width, height, colour, label, title, place) {
  const go = () => pin(keysOf(place ?? -1), null);
  const g = svg("g", { tabindex: place >= 0 ? 0 : null, role: place >= 0 ? "button" : null, "aria-label": title, onclick: go,
    onkeydown: (e) => { if (e.key === "Enter") go(); } },
    svg("title", null, title),
    svg("rect", { x, y, width: Math.max(width, 2), height, rx: 2, class: "box", fill: "var(--c" + colour + ")" }));
  if (label && width > 6.2 * label.length + 4) g.append(svg("text", { x: x + 4, y: y + height / 2 + 4, class: "label" }, label));
  return g;
}

const kindColour = { copy: 0, commit: 7, wait: 1, dot: 2, barrier: 3, load: 4, store: 5, atomic: 5, "read shared": 6, "write shared": 6, convert: 7, reduce: 3, scan: 3, loop: 7 };

/** Time runs to the right, an iteration of the loop after the other; a row is what belongs to one tile, whose copy is
    issued iterations before the one that uses it. */
function pipelineChart(loop) {
  const steps = loop.steps.filter((s) => s.kind !== "commit");
  const shown = loop.ahead + 3, unit = Math.max(26, Math.min(78, 620 / Math.max(1, steps.length))), slot = steps.length * unit + 14;
  const left = 74, top = 24, high = 24, width = left + shown * slot + 10, height = top + shown * high + 26;
  const chart = svg("svg", { width, height, role: "img", "aria-label": "software pipeline" });
  for (let i = 0; i < shown; i++) {
    chart.append(svg("text", { x: left + i * slot + 4, y: 15, class: "quiet" }, "iteration " + i),
      svg("line", { x1: left + i * slot - 4, x2: left + i * slot - 4, y1: 4, y2: height - 20, class: "grid-line" }),
      svg("text", { x: 4, y: top + i * high + 15 }, "tile " + i));
  }
  for (let i = 0; i < shown; i++)
    steps.forEach((s, k) => {
      const tile = i + s.ahead;
      if (tile >= shown) return;
      const what = s.kind + (s.pending !== undefined ? " ≤" + s.pending : "");
      chart.append(box(left + i * slot + k * unit, top + tile * high, unit - 2, high - 5, kindColour[s.kind] ?? 7, what,
        s.op + ", " + placeText(s.place) + ": in iteration " + i + " for tile " + tile + (s.pending !== undefined ? "; until at most " + s.pending + " groups are pending" : ""), s.place));
    });
  if (loop.ahead)
    chart.append(svg("text", { x: left, y: height - 6, class: "quiet" }, "the copies of tiles 0 to " + (loop.ahead - 1) + " are issued before the loop"));
  return chart;
}

/** Buffers and scratch: across, the ops of the program in order; upward, bytes. */
function sharedChart(buffers, total) {
  const width = 860, height = 250, left = 64, base = height - 24, last = Math.max(1, ...buffers.map((b) => b.to));
  const x = (n) => left + (n * (width - left - 10)) / (last + 1), y = (n) => base - (n * (base - 10)) / Math.max(1, total);
  const chart = svg("svg", { width, height, role: "img", "aria-label": "shared memory" },
    svg("line", { x1: left, x2: left, y1: 10, y2: base, class: "axis" }), svg("line", { x1: left, x2: width, y1: base, y2: base, class: "axis" }),
    svg("text", { x: 2, y: 18 }, bytes(total)), svg("text", { x: 40, y: base + 4 }, "0"),
    svg("text", { x: left, y: height - 6, class: "quiet" }, "ops of the program, in order →"));
  buffers.forEach((b) => chart.append(box(x(b.from), y(b.offset + b.bytes), x(b.to + 1) - x(b.from), y(b.offset) - y(b.offset + b.bytes),
    b.what === "buffer" ? 0 : 1, b.what + " " + bytes(b.bytes), b.op + " " + (b.type || "") + ", bytes " + b.offset + " to " + (b.offset + b.bytes) + ", " + placeText(b.place), b.place)));
  return chart;
}

/** Values that many registers hold, each from the line that makes it to the last that reads it. */
function liveChart(live) {
  const rows = live.filter((v) => v.registers >= 2).slice(0, 24), width = 930, left = 240, high = 17, height = rows.length * high + 40;
  const last = Math.max(1, ...live.map((v) => v.to_line)), x = (n) => left + (n * (width - left - 10)) / (last + 1);
  const chart = svg("svg", { width, height, role: "img", "aria-label": "values in registers" });
  rows.forEach((v, i) => {
    const name = (v.name ? v.name + " = " : "") + v.op + " · " + v.registers;
    chart.append(svg("text", { x: left - 8, y: i * high + 13, "text-anchor": "end" }, name),
      box(x(v.line), i * high + 2, x(v.to_line + 1) - x(v.line), high - 4, 0, "", v.type + ": " + v.registers + " registers, lines " + v.line + " to " + v.to_line + " of the Triton GPU IR, " + placeText(v.place), v.place));
  });
  chart.append(svg("line", { x1: left, x2: width, y1: rows.length * high + 4, y2: rows.length * high + 4, class: "axis" }),
    svg("text", { x: left, y: rows.length * high + 20, class: "quiet" }, "lines of the Triton GPU IR, 1 to " + last + " →"));
  return chart;
}
