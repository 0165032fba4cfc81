// layouts.js: who holds which element of a tensor.
//
// A layout is linear over F2: the element at a position is the XOR of the bases of the position's bits. Distributed
// layouts go from (register, lane, warp), shared memory's from an offset in elements.

/** The element of a position: number of the register (or offset), lane, warp. */
function elementOf(layout, position) {
  const at = layout.shape.map(() => 0);
  for (const [axis, bases] of Object.entries(layout.bases))
    bases.forEach((base, bit) => {
      if ((position[axis] || 0) >> bit & 1) base.forEach((x, d) => { at[d] ^= x; });
    });
  return at;
}

const sizeOf = (layout, axis) => 1 << (layout.bases[axis] || []).length;
const flatOf = (layout, at) => at.reduce((n, x, d) => n * layout.shape[d] + x, 0);

/** For each element, flat and row-major, the positions that hold it. */
function holders(layout) {
  if (layout.holders) return layout.holders;
  const all = Array.from({ length: layout.shape.reduce((a, b) => a * b, 1) }, () => []);
  for (let warp = 0; warp < sizeOf(layout, "warp"); warp++)
    for (let lane = 0; lane < sizeOf(layout, "lane"); lane++)
      for (let register = 0; register < sizeOf(layout, "register"); register++)
        for (let offset = 0; offset < sizeOf(layout, "offset"); offset++) {
          const position = { warp, lane, register, offset };
          all[flatOf(layout, elementOf(layout, position))]?.push(position);
        }
  return (layout.holders = all);
}

const bankOf = (layout, p) => Math.floor((p.offset * layout.element_bits) / 32) % 32;

function holderText(layout, p) {
  if (layout.memory === "shared") return "offset " + p.offset + " (byte " + Math.floor((p.offset * layout.element_bits) / 8) + "), bank " + bankOf(layout, p);
  return "warp " + p.warp + ", lane " + p.lane + ", register " + p.register;
}

function cellText(layout, p) {
  if (layout.memory === "shared") return "b" + bankOf(layout, p) + "\n" + p.offset;
  return "w" + p.warp + " t" + p.lane + "\nr" + p.register;
}

/** Colours are of warps; of shared memory, of groups of four banks. */
const cellColour = (layout, p) => (layout.memory === "shared" ? bankOf(layout, p) >> 2 : p.warp) % 8;

const layoutTitle = (l, i) => i + ": " + (l.name || l.encoding.replace(/<.*/s, "")) + " " + l.shape.join("×") + ", " + l.element_bits + " bits" + (l.memory === "shared" ? " (shared)" : "");

/** Rows and columns of the last two dimensions; of one dimension, rows of 32. */
function gridShape(layout) {
  const n = layout.shape.length;
  if (n === 1) return [Math.max(1, Math.ceil(layout.shape[0] / 32)), Math.min(32, layout.shape[0])];
  return [layout.shape[n - 2], layout.shape[n - 1]];
}

/** A grid of the elements from (row0, column0) on, as many as can be read. onHover(flat): the element under the pointer, or -1. */
function drawLayout(layout, row0, column0, most, onHover) {
  const [rows, cols] = gridShape(layout), all = holders(layout);
  const height = Math.min(rows - row0, 64), width = Math.min(cols - column0, most);
  const grid = el("div", { class: "grid", role: "grid", tabindex: "0", "aria-label": "elements of " + layout.encoding });
  grid.style.gridTemplateColumns = "auto repeat(" + width + ", max-content)";
  const cells = new Map();
  grid.append(el("b"));
  for (let c = 0; c < width; c++) grid.append(el("b", null, String(column0 + c)));
  for (let r = 0; r < height; r++) {
    grid.append(el("b", null, String(layout.shape.length > 1 ? row0 + r : (row0 + r) * cols)));
    for (let c = 0; c < width; c++) {
      const flat = (row0 + r) * cols + column0 + c, held = all[flat];
      const cell = el("i", { "data-e": flat });
      if (held && held.length) {
        cell.append(cellText(layout, held[0]));
        cell.style.background = "var(--c" + cellColour(layout, held[0]) + ")";
        cells.set(flat, cell);
      }
      grid.append(cell);
    }
  }
  let at = row0 * cols + column0;
  const hover = (flat) => { if (flat >= 0) at = flat; onHover(flat); };
  grid.addEventListener("mouseover", (e) => { if (e.target.dataset.e) hover(Number(e.target.dataset.e)); });
  grid.addEventListener("mouseleave", () => onHover(-1));
  grid.addEventListener("keydown", (e) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -cols, ArrowDown: cols }[e.key];
    if (!step) return;
    e.preventDefault();
    e.stopPropagation();
    if (cells.has(at + step)) hover(at + step);
  });
  const part = layout.shape.length === 1 ? "" : height < rows || width < cols ? "rows " + row0 + " to " + (row0 + height - 1) + ", columns " + column0 + " to " + (column0 + width - 1) + " of " : "";
  return { element: grid, cells, layout, part };
}

/** Light the element, and whatever else its first holder's thread (or bank) holds. */
function markCell(grid, flat) {
  for (const cell of grid.cells.values()) cell.classList.remove("hit", "same");
  if (flat < 0) return;
  const p = holders(grid.layout)[flat]?.[0];
  if (!p) return;
  for (const [other, cell] of grid.cells) {
    const q = holders(grid.layout)[other][0];
    const same = grid.layout.memory === "shared" ? bankOf(grid.layout, q) === bankOf(grid.layout, p) : q.lane === p.lane && q.warp === p.warp;
    if (same) cell.classList.add("same");
  }
  grid.cells.get(flat)?.classList.add("hit");
}

function indexText(layout, flat) {
  const at = [];
  for (let d = layout.shape.length - 1, n = flat; d >= 0; d--) { at.unshift(n % layout.shape[d]); n = Math.floor(n / layout.shape[d]); }
  return "(" + at.join(", ") + ")";
}

function readoutOf(layout, flat) {
  const held = holders(layout)[flat] || [];
  const more = held.length > 3 ? ", and in " + (held.length - 3) + " more" : "";
  return held.slice(0, 3).map((p) => holderText(layout, p)).join("; ") + more;
}

/** The panel: a layout, and beside it another one that its elements go to. */
function layoutPanel(view) {
  const { layouts, conversions } = facts.gpu;
  if (!layouts.length) { view.append("No tensor has a layout."); return; }
  const options = (chosen) => layouts.map((l, i) => el("option", { value: i, selected: i === chosen ? "" : null }, layoutTitle(l, i)));
  const first = el("select", { id: "layout-from", "aria-label": "layout" }, ...options(0));
  const second = el("select", { id: "layout-to", "aria-label": "another layout" }, el("option", { value: -1 }, "nothing beside it"), ...options(-1));
  const row = el("input", { type: "number", value: 0, min: 0, step: 16, "aria-label": "first row", size: 4 });
  const column = el("input", { type: "number", value: 0, min: 0, step: 16, "aria-label": "first column", size: 4 });
  const readout = el("div", { class: "readout", "aria-live": "polite" });
  const place = el("div", { class: "grids" });
  const known = el("select", { "aria-label": "conversions of the kernel" }, el("option", { value: -1 }, "conversions in the kernel…"),
    ...conversions.map((c, i) => el("option", { value: i }, placeText(c.place) + " " + c.op + ": " + c.from + " → " + c.to + " by " + c.by)));
  const draw = () => {
    const chosen = [layouts[first.value], Number(second.value) >= 0 ? layouts[second.value] : null].filter((l) => l);
    const grids = [];
    const hover = (flat) => {
      grids.forEach((g) => markCell(g, flat));
      readout.replaceChildren();
      if (flat < 0) return;
      readout.append(el("b", null, "element " + indexText(chosen[0], flat)));
      for (const l of chosen) readout.append(el("div", null, (l.name || l.memory) + ": " + readoutOf(l, flat)));
    };
    place.replaceChildren();
    for (const layout of chosen) {
      const [rows, cols] = gridShape(layout);
      const r = Math.min(Math.max(0, Number(row.value) || 0), rows - 1), c = Math.min(Math.max(0, Number(column.value) || 0), cols - 1);
      const grid = drawLayout(layout, r, c, chosen.length > 1 ? 16 : 32, hover);
      grids.push(grid);
      place.append(el("div", null, el("div", { class: "mono" }, layout.encoding),
        el("div", { class: "quiet" }, (layout.memory === "shared" ? "b: bank, below it the offset; colours: four banks each" : "w: warp, t: lane, r: register; colours: warps")
          + "; " + grid.part + layout.shape.join(" × ") + " elements"), el("div", { class: "scroll" }, grid.element)));
    }
  };
  for (const control of [first, second, row, column]) control.addEventListener("change", draw);
  known.addEventListener("change", () => {
    const c = conversions[known.value];
    if (c) { first.value = c.from; second.value = c.to; draw(); }
  });
  view.append(el("div", { class: "bar" }, first, "beside", second, conversions.length ? known : null, el("label", null, "from row ", row), el("label", null, "column ", column)), readout, place);
  draw();
}
