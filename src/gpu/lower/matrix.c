/* matrix.c: shared memory read and written as 8 x 8 matrices: ldmatrix, stmatrix.
 *
 * Problem. The operands of mma.sync take from each row of a tile two (four) neighbouring elements per thread, and the
 * results of mma.sync and wgmma lie so: by plain accesses a register each, or half a register when the rows lie the other
 * way.
 *
 * Idea. ldmatrix (PTX ISA, "ldmatrix") reads up to four matrices of eight rows of 16 bytes. Lane 8 m + r gives the address
 * of row r of matrix m; lane l gets 32 bits of row l / 4 of each matrix, those at 4 (l mod 4). In terms of the map from
 * (register, lane, warp) to offsets, which is linear: the bits of a 32-bit register and lane bits 0 and 1 run through 16
 * bytes in order, and all other columns are multiples of 16 bytes. With .trans, for elements of 16 bits, lane l gets of
 * rows 2 (l mod 4) and the next the element at l / 4: lane bits 2, 3 and 4 run through the 16 bytes, and register bit 0
 * and lane bits 0 and 1 number the rows.
 *
 * The columns that number rows and matrices are assigned to the lanes that give the addresses. Every layout with such
 * columns can be read this way, whatever its kind. stmatrix (sm_90) is the same with the data flowing the other way; each
 * place must then belong to one register of one thread.
 */
#include "gpu/lower/lower.h"

typedef struct Matrices {
  bool transposed;
  int low;       /* register bits within a 32-bit register */
  int nbits;     /* register bits that number matrices of one instruction: 0 to 2 */
  Places places; /* of the rows' addresses: row (3 bits), matrix (2 bits), warp */
} Matrices;

static bool runs_through(const Layout *l, Axis axis, int first, int n, uint64_t from) {
  for (int k = 0; k < n; k++)
    if (first + k >= layout_in_bits(l, axis) || layout_basis(l, axis, first + k) != from << k) return false;
  return true;
}

/* Of which kind are the matrices that `l` (register, lane, warp -> offset) reads? False: it does not read any. */
static bool find_matrices(const Layout *l, int bytes, Matrices *m) {
  uint64_t chunk = (uint64_t)(16 / bytes) - 1; /* the offset's bits within 16 bytes */
  int per_register = log2_of(4 / bytes), registers = layout_in_bits(l, AXIS_REGISTER);
  *m = (Matrices){.low = per_register};
  if (!(runs_through(l, AXIS_REGISTER, 0, per_register, 1) &&
        runs_through(l, AXIS_LANE, 0, 2, (uint64_t)1 << per_register))) {
    if (bytes != 2 || registers < 1 || !runs_through(l, AXIS_LANE, 2, 3, 1)) return false;
    m->transposed = true;
  }
  uint64_t rows[3];
  for (int k = 0; k < 3; k++)
    rows[k] = !m->transposed ? layout_basis(l, AXIS_LANE, 2 + k)
              : k == 0       ? layout_basis(l, AXIS_REGISTER, 0)
                             : layout_basis(l, AXIS_LANE, k - 1);
  for (int k = 0; k < 3; k++)
    if (rows[k] & chunk) return false;
  for (int k = m->low; k < registers; k++)
    if (layout_basis(l, AXIS_REGISTER, k) & chunk) return false;
  for (int k = 0; k < layout_in_bits(l, AXIS_WARP); k++)
    if (layout_basis(l, AXIS_WARP, k) & chunk) return false;
  m->nbits = registers - m->low < 2 ? registers - m->low : 2;
  Places *p = &m->places;
  for (int k = 0; k < 3; k++) p->columns[p->nthread++] = rows[k];
  for (int k = 0; k < 2; k++) p->columns[p->nthread++] = k < m->nbits ? layout_basis(l, AXIS_REGISTER, m->low + k) : 0;
  for (int k = 0; k < layout_in_bits(l, AXIS_WARP); k++) p->columns[p->nthread++] = layout_basis(l, AXIS_WARP, k);
  for (int k = 0; k < p->nthread; k++) p->used |= p->columns[k];
  return true;
}

bool lower_load_matrices(Lower *w, const Value *result, const Layout *l, LLInst *base) {
  const LLType *elem = lower_stored(w, result->type);
  int bytes = ll_type_bytes(elem);
  Matrices m;
  if (bytes > 4 || !find_matrices(l, bytes, &m)) return false;
  Registers *out = lower_new(w, result, lower_count(w, result));
  int count = 1 << m.nbits, per = 1 << m.low;
  const LLType *packed = per == 1 ? elem : ll_vector(w->lm, elem, per);
  LLInst *thread = lower_thread_part(w, m.places.columns, m.places.nthread);
  LLMods mods = {.variant = (uint8_t)count, .flags = m.transposed ? LLF_TRANS : 0};
  for (int i = 0; i < out->n; i += count * per) {
    LLInst *at = lower_address(w, base, &m.places, thread, lower_register_image(l, i), bytes);
    const LLType *type = count == 1 ? &ll_i32 : ll_struct(w->lm, &ll_i32, count);
    LLInst *read = ll_call_n(&w->b, LL_LDMATRIX, type, mods, 0, &at, 1);
    for (int k = 0; k < count; k++) {
      LLInst *x = ll_bitcast(&w->b, packed, count == 1 ? read : ll_extract(&w->b, read, k));
      for (int e = 0; e < per; e++)
        out->at[i + k * per + e] = lower_from_stored(w, result->type, per == 1 ? x : ll_extract(&w->b, x, e));
    }
  }
  return true;
}

bool lower_store_matrices(Lower *w, const Registers *x, Type *tensor, const Layout *l, LLInst *base) {
  const LLType *elem = lower_stored(w, tensor);
  int bytes = ll_type_bytes(elem);
  Matrices m;
  if (w->sm < 90 || bytes > 2 || layout_thread_free(l) || !find_matrices(l, bytes, &m)) return false;
  for (int k = 0; k < layout_in_bits(l, AXIS_REGISTER); k++)
    if (!layout_basis(l, AXIS_REGISTER, k)) return false;
  int count = 1 << m.nbits, per = 1 << m.low;
  LLInst *thread = lower_thread_part(w, m.places.columns, m.places.nthread);
  LLMods mods = {.variant = (uint8_t)count, .flags = m.transposed ? LLF_TRANS : 0};
  for (int i = 0; i < x->n; i += count * per) {
    LLInst *parts[4], *rows = lower_address(w, base, &m.places, thread, lower_register_image(l, i), bytes);
    for (int k = 0; k < count; k++) {
      LLInst *e[4];
      for (int j = 0; j < per; j++) e[j] = lower_to_stored(w, tensor, x->at[i + k * per + j]);
      parts[k] = ll_bitcast(&w->b, &ll_i32, lower_pack(w, elem, e, per));
    }
    LLInst *data = count == 1 ? parts[0] : ll_build_struct(&w->b, parts, count);
    ll_call_n(&w->b, LL_STMATRIX, &ll_void, mods, 0, (LLInst *[]){rows, data}, 2);
  }
  return true;
}
