/* gpu.c: facts of Triton GPU IR: where elements lie, what accesses cost, what a loop does in which order.
 *
 * The printed stage is read again, so that it may have come from the cache or from an editor. Locations are those of the
 * text, too; they name the same places.
 *
 * Sectors. A warp's access is one request, and memory answers it in sectors of 32 bytes. The addresses of a request are
 * computed here from what the index analysis knows of the pointers: constant strides as they are; along a dimension
 * whose stride is not known at compile time neighbours count as far apart, each in a sector of its own; all start at an
 * aligned address, and no mask cuts anything off. Pointers that were loaded have no estimate.
 */
#include "explore/internal.h"
#include "gpu/gpu.h"
#include "gpu/layout/encoding.h"
#include "gpu/passes/passes.h"

#include <stdlib.h>
#include <string.h>

typedef struct Ranged { /* a value that is held in registers from one line to another */
  const Value *v;
  int64_t registers;
  int from, to;
} Ranged;
typedef Vec(Ranged) Ranges;

typedef struct Gpu {
  Facts *f;
  Ctx *cx;
  Module *m;
  IndexInfo *index;
  const char *text;
  Map line_of;         /* ops to the line that they begin in, from 1 */
  Vec(const Op *) ops; /* in the order of the text */
  Vec(Type *) layouts; /* types of different layouts */
  Map layout_of;       /* their text to their number plus one */
} Gpu;

static int line_of(const Gpu *g, const Op *op) { return (int)(uintptr_t)map_get(&g->line_of, op); }

static void put_where(Gpu *g, const Op *op) {
  explore_put_int(g->f, "place", explore_place_of(g->f, op->loc));
  explore_put_int(g->f, "line", line_of(g, op));
}

/* ---- ops and their lines ----------------------------------------------------------------------------------------- */

static void note_op(Op *op, void *arg) {
  Gpu *g = arg;
  vec_push(g->cx, &g->ops, op);
}

/* Ops that the printer leaves out (a loop's empty yield) have no line. */
static void number_lines(Gpu *g, const PrintedLocs *locs) {
  int line = 1;
  size_t at = 0;
  for (uint32_t i = 0; i < locs->len; i++) {
    for (; at < locs->at[i].at; at++) line += g->text[at] == '\n';
    map_put(g->cx, &g->line_of, locs->at[i].op, (void *)(uintptr_t)line);
  }
}

/* ---- layouts ----------------------------------------------------------------------------------------------------- */

static bool has_layout(const Type *t) {
  return (t->kind == TYPE_TENSOR && t->encoding) || (t->kind == TYPE_MEMDESC && t->rank == 2);
}

/* The number of a type's layout; elements of one size share it. -1: none. */
static int layout_number(Gpu *g, Type *t) {
  if (!has_layout(t)) return -1;
  Buf key = {.cx = g->cx};
  ir_print_attr(&key, t->encoding);
  for (int d = 0; d < t->rank; d++) buf_printf(&key, " %lld", (long long)t->shape[d]);
  const char *name = intern(g->cx, buf_text(&key));
  uintptr_t n = (uintptr_t)map_get(&g->layout_of, name);
  if (n) return (int)n - 1;
  vec_push(g->cx, &g->layouts, t);
  map_put(g->cx, &g->layout_of, name, (void *)(uintptr_t)g->layouts.len);
  return (int)g->layouts.len - 1;
}

/* The name that the text has for an encoding: `#blocked`, or NULL. */
static const char *alias_of(const Gpu *g, const char *encoding) {
  const char *at = strstr(g->text, ctx_printf(g->cx, " = %s\n", encoding)), *start = at;
  while (start && start > g->text && start[-1] != '\n') start--;
  return at && *start == '#' ? ctx_strndup(g->cx, start, (size_t)(at - start)) : NULL;
}

/* For each bit of an axis the element that it leads to. */
static void put_bases(Gpu *g, const Layout *l, Axis axis, const char *name) {
  Buf *out = g->f->out;
  int bits = layout_in_bits(l, axis);
  if (bits < 0) return;
  explore_put_open(g->f, name, '[');
  for (int b = 0; b < bits; b++) {
    uint64_t image = layout_basis(l, axis, b);
    buf_puts(out, b ? ",[" : "[");
    for (int d = 0; d < l->nout; d++) {
      uint64_t mask = ((uint64_t)1 << l->out[d].bits) - 1;
      buf_printf(out, "%s%llu", d ? "," : "",
                 (unsigned long long)(image >> layout_out_shift(l, (Axis)(AXIS_DIM0 + d)) & mask));
    }
    buf_putc(out, ']');
  }
  explore_put_close(g->f, ']');
}

static void put_shape(Gpu *g, const Type *t) {
  explore_put_open(g->f, "shape", '[');
  for (int d = 0; d < t->rank; d++) buf_printf(g->f->out, "%s%lld", d ? "," : "", (long long)t->shape[d]);
  explore_put_close(g->f, ']');
}

static int element_bits(Type *t) {
  const Type *e = ir_elem(t);
  return e->kind == TYPE_PTR ? 64 : e->kind == TYPE_FLOAT ? ir_float_bits(e->fkind) : e->bits;
}

static void put_layout(Gpu *g, Type *t) {
  Buf encoding = {.cx = g->cx};
  bool shared = t->kind == TYPE_MEMDESC;
  ir_print_attr(&encoding, t->encoding);
  explore_put_open(g->f, NULL, '{');
  explore_put_text(g->f, "name", alias_of(g, buf_text(&encoding)));
  explore_put_text(g->f, "encoding", buf_text(&encoding));
  explore_put_text(g->f, "memory", shared ? "shared" : "registers");
  put_shape(g, t);
  explore_put_int(g->f, "element_bits", element_bits(t));
  const Layout *l = shared ? gpu_shared_layout(g->cx, t) : gpu_layout(g->cx, t);
  explore_put_open(g->f, "bases", '{');
  put_bases(g, l, AXIS_REGISTER, "register");
  put_bases(g, l, AXIS_LANE, "lane");
  put_bases(g, l, AXIS_WARP, "warp");
  put_bases(g, l, AXIS_OFFSET, "offset");
  explore_put_close(g->f, '}');
  explore_put_close(g->f, '}');
}

/* Which layouts the results of a line have. */
static void put_layout_lines(Gpu *g) {
  explore_put_open(g->f, "layout_lines", '[');
  bool any = false;
  for (uint32_t i = 0; i < g->ops.len; i++) {
    const Op *op = g->ops.at[i];
    const Type *before = NULL;
    for (int k = 0; k < op->nresults; k++) {
      Type *t = op->results[k].type;
      int n = t == before ? -1 : layout_number(g, t);
      before = t;
      if (n >= 0 && line_of(g, op)) {
        buf_printf(g->f->out, "%s[%d,%d]", any ? "," : "", line_of(g, op), n);
        any = true;
      }
    }
  }
  explore_put_close(g->f, ']');
}

/* ---- accesses ---------------------------------------------------------------------------------------------------- */

enum { SECTOR = 32, LANES = 32, FAR = 1 << 24 /* bytes */ };

static int by_number(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* Where the lanes of warp 0 access register 0, in bytes from some beginning, sorted; false: it is not known. */
static bool lane_addresses(Gpu *g, const Value *ptr, int64_t at[LANES]) {
  const Layout *l = gpu_layout(g->cx, ptr->type);
  const Index *x = index_of(g->index, ptr);
  int64_t strides[LAYOUT_MAX_DIMS], runs[LAYOUT_MAX_DIMS]; /* side by side in a run, runs far apart */
  if (x->rank != l->nout) return false;
  for (int d = 0; d < l->nout; d++) {
    runs[d] = INT64_MAX;
    if (index_const_stride(x, d, &strides[d])) continue;
    if (!x->axis[d].stride && x->axis[d].contiguity == 1 && l->out[d].bits > 0) return false;
    runs[d] = x->axis[d].contiguity;
    strides[d] = ir_elem_bytes(ir_elem(ptr->type)->elem);
  }
  for (int lane = 0; lane < LANES; lane++) {
    uint64_t image = 0;
    at[lane] = 0;
    for (int b = 0; b < LANE_BITS; b++)
      if (lane >> b & 1) image ^= layout_basis(l, AXIS_LANE, b);
    for (int d = 0; d < l->nout; d++) {
      uint64_t mask = ((uint64_t)1 << l->out[d].bits) - 1;
      int64_t i = (int64_t)(image >> layout_out_shift(l, (Axis)(AXIS_DIM0 + d)) & mask);
      at[lane] += strides[d] * (i % runs[d]) + ((int64_t)FAR << (2 * d)) * (i / runs[d]);
    }
  }
  qsort(at, LANES, sizeof *at, by_number);
  return true;
}

static int64_t sector_at(int64_t address) { return address < 0 ? (address - SECTOR + 1) / SECTOR : address / SECTOR; }

/* Sectors of one request, in which each lane accesses `bytes`; -1: not known. `bytes` of all lanes that hold an element of
 * their own, in `total`. */
static int sectors_of(Gpu *g, const Value *ptr, int bytes, int64_t *total) {
  int64_t at[LANES], last = INT64_MIN;
  int sectors = 0;
  if (!lane_addresses(g, ptr, at)) return -1;
  *total = 0;
  for (int lane = 0; lane < LANES; lane++) {
    if (lane && at[lane] == at[lane - 1]) continue;
    *total += bytes;
    int64_t from = sector_at(at[lane]), to = sector_at(at[lane] + bytes - 1);
    if (from <= last) from = last + 1;
    if (to >= from) sectors += (int)(to - from + 1), last = to;
  }
  return sectors;
}

typedef struct AccessKind {
  Opcode code;
  const char *kind;
} AccessKind;
static const AccessKind access_kinds[] = {{OP_LOAD, "load"},
                                          {OP_STORE, "store"},
                                          {OP_ATOMIC_RMW, "atomic"},
                                          {OP_ATOMIC_CAS, "atomic"},
                                          {OP_ASYNC_COPY, "copy"}};

static const char *access_kind(const Op *op) {
  for (size_t i = 0; i < COUNT(access_kinds); i++)
    if (access_kinds[i].code == op->code) return access_kinds[i].kind;
  return NULL;
}

static void put_access(Gpu *g, const Op *op) {
  int at;
  const Value *ptr = ir_operand(op, 0);
  const Value *mask = ir_operand_group(op, "mask", &at) ? ir_operand(op, at) : NULL;
  if (!access_kind(op) || !ir_is_tensor(ptr->type)) return;
  Type *elem = ir_elem(ptr->type)->elem;
  int bytes = ir_elem_bytes(elem);
  const Layout *l = gpu_layout(g->cx, ptr->type);
  int width = gpu_access_width(g->index, op, l, ptr, mask);
  if (op->code == OP_ATOMIC_RMW || op->code == OP_ATOMIC_CAS) width = 1;
  int64_t total;
  int sectors = sectors_of(g, ptr, bytes * width, &total);
  explore_put_open(g->f, NULL, '{');
  put_where(g, op);
  explore_put_text(g->f, "op", ir_info(op)->name);
  explore_put_text(g->f, "kind", access_kind(op));
  explore_put_text(g->f, "element", ir_type_text(g->cx, elem));
  explore_put_int(g->f, "width", width);
  explore_put_int(g->f, "bytes_per_thread", (int64_t)width * bytes);
  explore_put_int(g->f, "requests_per_warp", gpu_registers(l) / width);
  explore_put_bool(g->f, "masked", mask != NULL);
  if (sectors >= 0) {
    explore_put_int(g->f, "sectors_per_request", sectors);
    explore_put_int(g->f, "ideal_sectors", div_up(total, SECTOR));
  }
  explore_put_int(g->f, "layout", layout_number(g, ptr->type));
  explore_put_close(g->f, '}');
}

/* ---- conversions ------------------------------------------------------------------------------------------------- */

static const char *conversion_way(Gpu *g, const Layout *from, const Layout *to, int bytes) {
  if (gpu_exchange_in_registers(g->cx, from, to)) return "registers";
  return gpu_exchange_by_shuffles(g->cx, from, to, bytes) ? "shuffles" : "shared memory";
}

static void put_conversion(Gpu *g, const Op *op) {
  bool convert = op->code == OP_CONVERT_LAYOUT;
  if (!convert && op->code != OP_LOCAL_LOAD && op->code != OP_LOCAL_ALLOC && op->code != OP_LOCAL_STORE) return;
  if (op->code == OP_LOCAL_ALLOC && !op->noperands) return;
  Type *from = ir_operand(op, 0)->type, *to = op->nresults ? op->results[0].type : ir_operand(op, 1)->type;
  int a = layout_number(g, from), b = layout_number(g, to);
  if (a < 0 || b < 0) return;
  explore_put_open(g->f, NULL, '{');
  put_where(g, op);
  explore_put_text(g->f, "op", ir_info(op)->name);
  explore_put_int(g->f, "from", a);
  explore_put_int(g->f, "to", b);
  if (convert) {
    const Layout *held = gpu_held_layout(g->cx, ir_operand(op, 0));
    explore_put_text(g->f, "by", conversion_way(g, held, gpu_layout(g->cx, to), ir_elem_bytes(to->elem)));
    explore_put_int(g->f, "scratch_bytes", gpu_convert_scratch(g->cx, op, held));
  } else {
    explore_put_text(g->f, "by", "shared memory");
  }
  explore_put_close(g->f, '}');
}

/* ---- loops ------------------------------------------------------------------------------------------------------- */

static const char *step_kind(const Op *op) {
  switch (op->code) {
  case OP_ASYNC_COPY:
  case OP_TMA_LOAD: return "copy";
  case OP_ASYNC_COMMIT:
  case OP_BARRIER_EXPECT: return "commit";
  case OP_ASYNC_WAIT:
  case OP_WAIT_BARRIER:
  case OP_WARP_GROUP_DOT_WAIT:
  case OP_TMA_STORE_WAIT: return "wait";
  case OP_DOT:
  case OP_WARP_GROUP_DOT: return "dot";
  case OP_ARRIVE_BARRIER:
  case OP_BARRIER: return "barrier";
  case OP_LOAD: return "load";
  case OP_STORE:
  case OP_TMA_STORE:
  case OP_TMA_REDUCE: return "store";
  case OP_ATOMIC_RMW:
  case OP_ATOMIC_CAS: return "atomic";
  case OP_LOCAL_LOAD: return "read shared";
  case OP_LOCAL_STORE:
  case OP_LOCAL_ALLOC: return "write shared";
  case OP_CONVERT_LAYOUT: return "convert";
  case OP_REDUCE: return "reduce";
  case OP_SCAN: return "scan";
  case OP_FOR:
  case OP_WHILE: return "loop";
  default: return NULL;
  }
}

/* How many iterations ahead of the current one an op works: a copy that is issued in the loop, as many as groups may be
 * pending when it is waited for, and one more. */
static int64_t ahead_of(const Op *op, int64_t pending) {
  if (op->code == OP_ASYNC_COPY || op->code == OP_ASYNC_COMMIT || op->code == OP_TMA_LOAD ||
      op->code == OP_BARRIER_EXPECT)
    return pending < 0 ? 0 : pending + 1;
  return 0;
}

/* Copies of a ring of mbarriers are as many ahead as it has buffers, less one. */
static int64_t pending_of(const Block *body) {
  for (const Op *op = body->first; op; op = op->next) {
    if (op->code == OP_ASYNC_WAIT) return ir_attr_int_or(op, "num", 0);
    if (op->code == OP_TMA_LOAD) {
      const Op *buffer = gpu_buffer_of(ir_operand(op, 1));
      if (buffer && buffer->results[0].type->rank > op->noperands - 4) return buffer->results[0].type->shape[0] - 2;
    }
  }
  return -1;
}

static void put_loop(Gpu *g, const Op *loop) {
  const Block *body = ir_entry(loop, 0);
  int64_t pending = pending_of(body);
  explore_put_open(g->f, NULL, '{');
  put_where(g, loop);
  explore_put_int(g->f, "ahead", pending < 0 ? 0 : pending + 1);
  explore_put_open(g->f, "steps", '[');
  for (const Op *op = body->first; op; op = op->next) {
    const char *kind = step_kind(op);
    if (!kind) continue;
    explore_put_open(g->f, NULL, '{');
    put_where(g, op);
    explore_put_text(g->f, "op", ir_info(op)->name);
    explore_put_text(g->f, "kind", kind);
    explore_put_int(g->f, "ahead", ahead_of(op, pending));
    if (op->code == OP_ASYNC_WAIT) explore_put_int(g->f, "pending", ir_attr_int_or(op, "num", 0));
    if (op->code == OP_WARP_GROUP_DOT_WAIT) explore_put_int(g->f, "pending", ir_attr_int_or(op, "pendings", 0));
    explore_put_close(g->f, '}');
  }
  explore_put_close(g->f, ']');
  explore_put_close(g->f, '}');
}

/* ---- values in registers ----------------------------------------------------------------------------------------- */

/* Is it cheap to compute again, so that the assembler keeps what it is made of instead? */
static bool is_derived(const Op *op) {
  switch (op->code) {
  case OP_CONSTANT:
  case OP_SPLAT:
  case OP_MAKE_RANGE:
  case OP_BROADCAST:
  case OP_EXPAND_DIMS: return true;
  default: return false;
  }
}

static int64_t registers_of(Gpu *g, Type *t) {
  if (t->kind != TYPE_TENSOR)
    return (t->kind == TYPE_INT || t->kind == TYPE_FLOAT || t->kind == TYPE_PTR) ? div_up(element_bits(t), 32) : 0;
  if (!t->encoding) return 0;
  int64_t n = gpu_registers(gpu_layout(g->cx, t));
  return div_up(n * max64(element_bits(t), 1), 32);
}

/* The last line of a use; within a loop that the value is made outside of, the loop's end. */
static int last_use(Gpu *g, const Value *v, const Map *ends) {
  int to = 0;
  for (const Use *u = v->uses; u; u = u->next) {
    int line = line_of(g, u->op);
    for (const Op *p = u->op; p; p = ir_parent(p))
      if (p->code == OP_FOR && ir_defined_outside(v, p)) line = (int)(uintptr_t)map_get(ends, p);
    if (line > to) to = line;
  }
  return to;
}

/* The name that the text gives the results of a line: `acc_2` of "%acc_2:2 = …"; NULL: a number, or none. */
static const char *name_in(Gpu *g, int line) {
  const char *s = g->text;
  for (int n = 1; n < line && s; n++) s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL;
  if (s) s += strspn(s, " ");
  if (!s || *s != '%' || (s[1] >= '0' && s[1] <= '9')) return NULL;
  return ctx_strndup(g->cx, s + 1, strcspn(s + 1, " :,=\n"));
}

static int by_registers(const void *a, const void *b) {
  const Ranged *x = a, *y = b;
  if (x->registers != y->registers) return x->registers < y->registers ? 1 : -1;
  return (x->from > y->from) - (x->from < y->from);
}

/* The last line of each loop; lines of what it holds only grow. */
static Map loop_ends(Gpu *g) {
  Map ends = {0};
  for (uint32_t i = 0; i < g->ops.len; i++)
    for (const Op *p = ir_parent(g->ops.at[i]); p; p = ir_parent(p))
      if (p->code == OP_FOR && line_of(g, g->ops.at[i]))
        map_put(g->cx, &ends, p, (void *)(uintptr_t)line_of(g, g->ops.at[i]));
  return ends;
}

static Ranges ranges_of(Gpu *g) {
  Ranges all = {0};
  Map ends = loop_ends(g);
  for (uint32_t i = 0; i < g->ops.len; i++) {
    const Op *op = g->ops.at[i];
    if (is_derived(op) || op->code == OP_FUNC || op->code == OP_MODULE) continue;
    for (int k = 0; k < op->nresults; k++) {
      const Value *v = &op->results[k];
      Ranged r = {v, registers_of(g, v->type), line_of(g, op), last_use(g, v, &ends)};
      bool loop_result = op->code == OP_FOR; /* it is what the loop carries, from its beginning on */
      if (r.registers && (r.to > r.from || loop_result)) vec_push(g->cx, &all, r);
    }
  }
  if (all.len) qsort(all.at, all.len, sizeof *all.at, by_registers);
  return all;
}

static void put_registers(Gpu *g) {
  enum { SHOWN = 40 };
  Ranges all = ranges_of(g);
  explore_put_open(g->f, "live", '[');
  for (uint32_t i = 0; i < all.len && i < SHOWN; i++) {
    const Ranged *r = &all.at[i];
    explore_put_open(g->f, NULL, '{');
    put_where(g, r->v->op);
    explore_put_text(g->f, "type", ir_type_text(g->cx, r->v->type));
    explore_put_text(g->f, "name", name_in(g, r->from));
    explore_put_text(g->f, "op", ir_info(r->v->op)->name);
    explore_put_int(g->f, "registers", r->registers);
    explore_put_int(g->f, "to_line", r->to > r->from ? r->to : r->from);
    explore_put_close(g->f, '}');
  }
  explore_put_close(g->f, ']');
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static void each(Gpu *g, const char *name, void (*put)(Gpu *g, const Op *op)) {
  explore_put_open(g->f, name, '[');
  for (uint32_t i = 0; i < g->ops.len; i++) put(g, g->ops.at[i]);
  explore_put_close(g->f, ']');
}

static void put_if_loop(Gpu *g, const Op *op) {
  if (op->code == OP_FOR) put_loop(g, op);
}

void explore_put_gpu(Facts *f, const char *text, size_t len) {
  Gpu g = {.f = f, .cx = f->cx};
  g.m = ir_read(f->cx, source_new(f->cx, "ttgir", text, len, 1));
  g.index = index_analyze(f->cx, g.m);
  Buf shown = {.cx = f->cx};
  PrintedLocs locs = {0};
  ir_print(&shown, g.m, (PrintOptions){.no_locations = true, .locs = &locs});
  g.text = buf_text(&shown);
  ir_walk(g.m->op, note_op, &g);
  number_lines(&g, &locs);
  explore_put_open(f, "gpu", '{');
  each(&g, "accesses", put_access);
  each(&g, "conversions", put_conversion);
  each(&g, "loops", put_if_loop);
  put_registers(&g);
  put_layout_lines(&g);
  explore_put_open(f, "layouts", '[');
  for (uint32_t i = 0; i < g.layouts.len; i++) put_layout(&g, g.layouts.at[i]);
  explore_put_close(f, ']');
  explore_put_close(f, '}');
}
