/* layout.c: the algebra of layout.h.
 *
 * Everything is elimination over F2 on words: a column is one uint64_t, adding columns is XOR, and a basis in echelon
 * form is an array that holds at index b a vector whose highest bit is b. A solve keeps, beside each basis vector, the
 * input word that produces it, so that reducing a vector to zero yields its preimage. All are O(bits²) word operations:
 * at most a few thousand for the largest layouts, so nothing is cached.
 */
#include "gpu/layout/layout.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char *axis_name(Axis axis, char dim[8]) {
  static const char *const names[] = {"register", "lane", "warp", "block", "offset"};
  if (axis < AXIS_DIM0) return names[axis];
  snprintf(dim, 8, "dim%d", (int)(axis - AXIS_DIM0));
  return dim;
}

static int total(const AxisSize *axes, int n) {
  int bits = 0;
  for (int i = 0; i < n; i++) bits += axes[i].bits;
  return bits;
}

static uint64_t low_mask(int bits) { return bits >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << bits) - 1; }

static int top_bit(uint64_t x) {
  int b = -1;
  while (x) x >>= 1, b++;
  return b;
}

/* ---- making ------------------------------------------------------------------------------------------------------ */

static Layout *blank(Ctx *cx, const AxisSize *in, int nin, const AxisSize *out, int nout) {
  int in_bits = total(in, nin);
  assert(nin <= LAYOUT_MAX_AXES && nout <= LAYOUT_MAX_AXES && in_bits <= LAYOUT_MAX_BITS);
  Layout *l = ctx_alloc(cx, sizeof *l + (size_t)in_bits * sizeof l->column[0]);
  if (nin) memcpy(l->in, in, (size_t)nin * sizeof *in);
  if (nout) memcpy(l->out, out, (size_t)nout * sizeof *out);
  l->nin = nin;
  l->nout = nout;
  l->in_bits = in_bits;
  l->out_bits = total(out, nout);
  assert(l->out_bits <= LAYOUT_MAX_BITS);
  return l;
}

const Layout *layout_new(Ctx *cx, const AxisSize *in, int nin, const AxisSize *out, int nout, const uint64_t *columns) {
  Layout *l = blank(cx, in, nin, out, nout);
  for (int k = 0; k < l->in_bits; k++) {
    assert((columns[k] & ~low_mask(l->out_bits)) == 0);
    l->column[k] = columns[k];
  }
  return l;
}

const Layout *layout_empty(Ctx *cx) { return blank(cx, NULL, 0, NULL, 0); }

const Layout *layout_identity(Ctx *cx, Axis in, Axis out, int bits) {
  Layout *l = blank(cx, &(AxisSize){in, bits}, 1, &(AxisSize){out, bits}, 1);
  for (int k = 0; k < bits; k++) l->column[k] = (uint64_t)1 << k;
  return l;
}

const Layout *layout_zeros(Ctx *cx, Axis in, Axis out, int bits) {
  return blank(cx, &(AxisSize){in, bits}, 1, &(AxisSize){out, 0}, 1);
}

/* ---- looking ----------------------------------------------------------------------------------------------------- */

static int axis_index(const AxisSize *axes, int n, Axis axis) {
  for (int i = 0; i < n; i++)
    if (axes[i].axis == axis) return i;
  return -1;
}

static int axis_bits(const AxisSize *axes, int n, Axis axis) {
  int i = axis_index(axes, n, axis);
  return i < 0 ? -1 : axes[i].bits;
}

static int axis_shift(const AxisSize *axes, int n, Axis axis) {
  int i = axis_index(axes, n, axis);
  assert(i >= 0);
  return total(axes, i);
}

int layout_in_bits(const Layout *l, Axis axis) { return axis_bits(l->in, l->nin, axis); }
int layout_out_bits(const Layout *l, Axis axis) { return axis_bits(l->out, l->nout, axis); }
int layout_in_shift(const Layout *l, Axis axis) { return axis_shift(l->in, l->nin, axis); }
int layout_out_shift(const Layout *l, Axis axis) { return axis_shift(l->out, l->nout, axis); }

uint64_t layout_map(const Layout *l, uint64_t in) {
  uint64_t out = 0;
  for (int k = 0; k < l->in_bits; k++)
    if (in >> k & 1) out ^= l->column[k];
  return out;
}

uint64_t layout_basis(const Layout *l, Axis in, int bit) {
  assert(bit < layout_in_bits(l, in));
  return l->column[layout_in_shift(l, in) + bit];
}

/* A basis in echelon form: vector[b] has highest bit b (or is zero: absent); from[b] is the input word that maps to
 * it. */
typedef struct Echelon {
  uint64_t vector[LAYOUT_MAX_BITS], from[LAYOUT_MAX_BITS];
  int rank;
} Echelon;

/* Reduce `v` by the basis: gives the remainder (0 if v is in its span), and in *from the inputs that were used. */
static uint64_t reduce(const Echelon *e, uint64_t v, uint64_t *from) {
  for (int b = top_bit(v); b >= 0; b--)
    if (v >> b & 1 && e->vector[b]) {
      v ^= e->vector[b];
      *from ^= e->from[b];
    }
  return v;
}

/* Add the vector that `from` maps to; false if it was in the span already. */
static bool extend(Echelon *e, uint64_t v, uint64_t from) {
  v = reduce(e, v, &from);
  if (!v) return false;
  int b = top_bit(v);
  e->vector[b] = v;
  e->from[b] = from;
  e->rank++;
  return true;
}

static Echelon eliminate(const Layout *l) {
  Echelon e = {{0}, {0}, 0};
  for (int k = 0; k < l->in_bits; k++) extend(&e, l->column[k], (uint64_t)1 << k);
  return e;
}

int layout_rank(const Layout *l) { return eliminate(l).rank; }

uint64_t layout_free(const Layout *l) {
  Echelon e = {{0}, {0}, 0};
  uint64_t free_bits = 0;
  for (int k = 0; k < l->in_bits; k++)
    if (!extend(&e, l->column[k], (uint64_t)1 << k)) free_bits |= (uint64_t)1 << k;
  return free_bits;
}

static bool same_axes(const AxisSize *a, int na, const AxisSize *b, int nb) {
  if (na != nb) return false;
  for (int i = 0; i < na; i++)
    if (a[i].axis != b[i].axis || a[i].bits != b[i].bits) return false;
  return true;
}

bool layout_equal(const Layout *a, const Layout *b) {
  return same_axes(a->in, a->nin, b->in, b->nin) && same_axes(a->out, a->nout, b->out, b->nout) &&
         memcmp(a->column, b->column, (size_t)a->in_bits * sizeof a->column[0]) == 0;
}

int layout_contiguous(const Layout *l, Axis in, Axis out) {
  int n = layout_in_bits(l, in), shift = layout_out_shift(l, out), bits = layout_out_bits(l, out), run = 0;
  while (run < n && run < bits && layout_basis(l, in, run) == (uint64_t)1 << (shift + run)) run++;
  /* A higher bit, or another axis, that reaches into the run would break it. */
  uint64_t mask = low_mask(run) << shift;
  for (int k = 0; k < l->in_bits; k++)
    while (run && (k < layout_in_shift(l, in) || k >= layout_in_shift(l, in) + run) && l->column[k] & mask) {
      run--;
      mask = low_mask(run) << shift;
    }
  return 1 << run;
}

void layout_print(Buf *out, const Layout *l) {
  for (int i = 0; i < l->nin; i++) {
    buf_printf(out, "%s:", axis_name(l->in[i].axis, (char[8]){0}));
    for (int k = 0; k < l->in[i].bits; k++) {
      uint64_t image = layout_basis(l, l->in[i].axis, k);
      buf_puts(out, " (");
      for (int j = 0; j < l->nout; j++) {
        buf_printf(out, "%s%llu", j ? ", " : "", (unsigned long long)(image & low_mask(l->out[j].bits)));
        image >>= l->out[j].bits;
      }
      buf_putc(out, ')');
    }
    buf_putc(out, '\n');
  }
  buf_puts(out, "->");
  for (int j = 0; j < l->nout; j++)
    buf_printf(out, " %s: %llu", axis_name(l->out[j].axis, (char[8]){0}), 1ull << l->out[j].bits);
  buf_putc(out, '\n');
}

/* ---- algebra ----------------------------------------------------------------------------------------------------- */

/* The axes of a, then those of b that a lacks; sizes added. */
static int merge_axes(AxisSize *to, const AxisSize *a, int na, const AxisSize *b, int nb) {
  int n = na;
  if (na) memcpy(to, a, (size_t)na * sizeof *a);
  for (int i = 0; i < nb; i++) {
    int at = axis_index(to, n, b[i].axis);
    if (at >= 0)
      to[at].bits += b[i].bits;
    else {
      assert(n < LAYOUT_MAX_AXES);
      to[n++] = b[i];
    }
  }
  return n;
}

/* A word of the axes `from`, laid out as the axes `to`, each axis raised by `raise[axis]` bits. */
static uint64_t relay(uint64_t word, const AxisSize *from, int nfrom, const AxisSize *to, int nto, const int *raise) {
  uint64_t out = 0;
  for (int i = 0; i < nfrom; i++) {
    uint64_t part = word & low_mask(from[i].bits);
    word = from[i].bits >= 64 ? 0 : word >> from[i].bits;
    if (part) out |= part << (axis_shift(to, nto, from[i].axis) + (raise ? raise[from[i].axis] : 0));
  }
  return out;
}

const Layout *layout_product(Ctx *cx, const Layout *a, const Layout *b) {
  AxisSize in[2 * LAYOUT_MAX_AXES], out[2 * LAYOUT_MAX_AXES];
  int nin = merge_axes(in, a->in, a->nin, b->in, b->nin), nout = merge_axes(out, a->out, a->nout, b->out, b->nout);
  Layout *l = blank(cx, in, nin, out, nout);
  int raise[AXES] = {0};
  for (int j = 0; j < a->nout; j++) raise[a->out[j].axis] = a->out[j].bits;
  for (int i = 0; i < nin; i++) {
    int na = layout_in_bits(a, in[i].axis), nb = layout_in_bits(b, in[i].axis), at = layout_in_shift(l, in[i].axis);
    for (int k = 0; k < na; k++)
      l->column[at++] = relay(layout_basis(a, in[i].axis, k), a->out, a->nout, out, nout, NULL);
    for (int k = 0; k < nb; k++)
      l->column[at++] = relay(layout_basis(b, in[i].axis, k), b->out, b->nout, out, nout, raise);
  }
  return l;
}

const Layout *layout_compose(Ctx *cx, const Layout *outer, const Layout *inner) {
  for (int j = 0; j < inner->nout; j++) assert(layout_in_bits(outer, inner->out[j].axis) >= inner->out[j].bits);
  Layout *l = blank(cx, inner->in, inner->nin, outer->out, outer->nout);
  for (int k = 0; k < l->in_bits; k++)
    l->column[k] = layout_map(outer, relay(inner->column[k], inner->out, inner->nout, outer->in, outer->nin, NULL));
  return l;
}

const Layout *layout_invert(Ctx *cx, const Layout *l) {
  Echelon e = eliminate(l);
  if (l->in_bits != l->out_bits || e.rank != l->in_bits) return NULL;
  Layout *inverse = blank(cx, l->out, l->nout, l->in, l->nin);
  for (int k = 0; k < l->out_bits; k++) reduce(&e, (uint64_t)1 << k, &inverse->column[k]);
  return inverse;
}

const Layout *layout_solve(Ctx *cx, const Layout *to, const Layout *from) {
  Echelon e = eliminate(to);
  Layout *x = blank(cx, from->in, from->nin, to->in, to->nin);
  for (int k = 0; k < from->in_bits; k++) {
    uint64_t wanted = relay(from->column[k], from->out, from->nout, to->out, to->nout, NULL);
    if (reduce(&e, wanted, &x->column[k])) return NULL;
  }
  return x;
}

const Layout *layout_divide(Ctx *cx, const Layout *l, const Layout *tile) {
  AxisSize in[LAYOUT_MAX_AXES], out[LAYOUT_MAX_AXES];
  int low[AXES] = {0};
  for (int i = 0; i < l->nin; i++) {
    int bits = layout_in_bits(tile, l->in[i].axis);
    in[i] = (AxisSize){l->in[i].axis, l->in[i].bits - (bits > 0 ? bits : 0)};
    if (in[i].bits < 0) return NULL;
  }
  for (int j = 0; j < l->nout; j++) {
    int bits = layout_out_bits(tile, l->out[j].axis);
    low[l->out[j].axis] = bits > 0 ? bits : 0;
    out[j] = (AxisSize){l->out[j].axis, l->out[j].bits - low[l->out[j].axis]};
    if (out[j].bits < 0) return NULL;
  }
  Layout *q = blank(cx, in, l->nin, out, l->nout);
  for (int i = 0; i < l->nin; i++) {
    Axis axis = l->in[i].axis;
    int skip = l->in[i].bits - in[i].bits, at = layout_in_shift(q, axis);
    for (int k = 0; k < in[i].bits; k++) {
      uint64_t image = layout_basis(l, axis, skip + k), rest = 0;
      for (int j = 0; j < l->nout; j++) {
        uint64_t part = image & low_mask(l->out[j].bits);
        image = l->out[j].bits >= 64 ? 0 : image >> l->out[j].bits;
        int below = low[l->out[j].axis];
        if (part & low_mask(below)) return NULL;
        rest |= part >> below << layout_out_shift(q, l->out[j].axis);
      }
      q->column[at++] = rest;
    }
  }
  /* The product must give back l, axes in l's order: the tile's own columns have not been looked at yet. */
  const Layout *product = layout_product(cx, tile, q);
  if (product->in_bits != l->in_bits || product->out_bits != l->out_bits) return NULL;
  for (int i = 0; i < l->nin; i++)
    for (int k = 0; k < l->in[i].bits; k++)
      if (relay(layout_basis(product, l->in[i].axis, k), product->out, product->nout, l->out, l->nout, NULL) !=
          layout_basis(l, l->in[i].axis, k))
        return NULL;
  return q;
}

const Layout *layout_restrict(Ctx *cx, const Layout *l, unsigned ins, unsigned outs) {
  AxisSize in[LAYOUT_MAX_AXES] = {0}, out[LAYOUT_MAX_AXES] = {0};
  int nin = 0, nout = 0;
  for (int i = 0; i < l->nin; i++)
    if (ins >> l->in[i].axis & 1) in[nin++] = l->in[i];
  for (int j = 0; j < l->nout; j++)
    if (outs >> l->out[j].axis & 1) out[nout++] = l->out[j];
  Layout *r = blank(cx, in, nin, out, nout);
  for (int i = 0, at = 0; i < nin; i++)
    for (int k = 0; k < in[i].bits; k++, at++) {
      uint64_t image = layout_basis(l, in[i].axis, k);
      for (int j = 0; j < nout; j++)
        r->column[at] |= (image >> layout_out_shift(l, out[j].axis) & low_mask(out[j].bits))
                         << layout_out_shift(r, out[j].axis);
    }
  return r;
}

const Layout *layout_drop_columns(Ctx *cx, const Layout *l, uint64_t mask) {
  AxisSize in[LAYOUT_MAX_AXES];
  uint64_t columns[LAYOUT_MAX_BITS];
  int n = 0;
  for (int i = 0, k = 0; i < l->nin; i++) {
    in[i] = (AxisSize){l->in[i].axis, 0};
    for (int b = 0; b < l->in[i].bits; b++, k++)
      if (!(mask >> k & 1)) {
        columns[n++] = l->column[k];
        in[i].bits++;
      }
  }
  return layout_new(cx, in, l->nin, l->out, l->nout, columns);
}

/* ---- outputs regrouped ------------------------------------------------------------------------------------------- */

const Layout *layout_permute(Ctx *cx, const Layout *l, const int *order, int rank) {
  AxisSize out[LAYOUT_MAX_AXES];
  assert(rank == l->nout);
  for (int j = 0; j < rank; j++) out[j] = (AxisSize){AXIS_DIM0 + j, layout_out_bits(l, AXIS_DIM0 + order[j])};
  Layout *r = blank(cx, l->in, l->nin, out, rank);
  for (int k = 0; k < l->in_bits; k++)
    for (int j = 0; j < rank; j++) {
      uint64_t part = l->column[k] >> layout_out_shift(l, AXIS_DIM0 + order[j]) & low_mask(out[j].bits);
      r->column[k] |= part << layout_out_shift(r, AXIS_DIM0 + j);
    }
  return r;
}

/* Words with dimension `rank - 1` lowest, which is how a row-major index counts. */
static uint64_t row_major(const Layout *l, uint64_t word) {
  uint64_t index = 0;
  int at = 0;
  for (int d = l->nout - 1; d >= 0; d--) {
    int bits = layout_out_bits(l, AXIS_DIM0 + d);
    index |= (word >> layout_out_shift(l, AXIS_DIM0 + d) & low_mask(bits)) << at;
    at += bits;
  }
  return index;
}

const Layout *layout_reshape(Ctx *cx, const Layout *l, const int *bits, int rank) {
  AxisSize out[LAYOUT_MAX_AXES];
  for (int j = 0; j < rank; j++) out[j] = (AxisSize){AXIS_DIM0 + j, bits[j]};
  Layout *r = blank(cx, l->in, l->nin, out, rank);
  assert(r->out_bits == l->out_bits);
  for (int k = 0; k < l->in_bits; k++) {
    uint64_t index = row_major(l, l->column[k]);
    for (int d = rank - 1; d >= 0; d--) {
      r->column[k] |= (index & low_mask(bits[d])) << layout_out_shift(r, AXIS_DIM0 + d);
      index >>= bits[d];
    }
  }
  return r;
}

const Layout *layout_slice(Ctx *cx, const Layout *l, int dim) {
  unsigned outs = ~(1u << (AXIS_DIM0 + dim));
  const Layout *kept = layout_restrict(cx, l, ~0u, outs);
  Layout *r = blank(cx, kept->in, kept->nin, kept->out, kept->nout);
  for (int j = 0; j < r->nout; j++)
    if (r->out[j].axis > (Axis)(AXIS_DIM0 + dim)) r->out[j].axis--;
  memcpy(r->column, kept->column, (size_t)kept->in_bits * sizeof kept->column[0]);
  return r;
}

const Layout *layout_expand(Ctx *cx, const Layout *l, int dim) {
  AxisSize out[LAYOUT_MAX_AXES];
  assert(l->nout < LAYOUT_MAX_AXES);
  for (int j = 0; j < l->nout; j++) {
    out[j] = l->out[j];
    if (out[j].axis >= (Axis)(AXIS_DIM0 + dim)) out[j].axis++;
  }
  out[l->nout] = (AxisSize){AXIS_DIM0 + dim, 0};
  return layout_new(cx, l->in, l->nin, out, l->nout + 1, l->column);
}
