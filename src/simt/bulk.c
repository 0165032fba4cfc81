/* bulk.c: the engine that copies in bulk: cp.async.bulk and its tensor forms, described by a tensor map.
 *
 * A copy is done when it is issued; for race.c it is the engine's, ordered after what the issuing warp knew then, and
 * known to others through the mbarrier that counts its bytes, or through the wait for the group of a store.
 * A tensor map's box lies in shared memory with its innermost dimension first and dense; swizzled, chunks of 16 bytes
 * change places within lines of 32, 64 or 128 bytes as wgmma's operands do (tensor.c).
 */
#include "simt/internal.h"
#include "simt/number.h"

#include <string.h>

static const uint32_t MAGIC = 0x50414d54; /* "TMAP" */

static int bytes_of(const SimtTensorMap *m) {
  static const uint8_t bytes[SIMT_ELEMS] = {1, 2, 4, 4, 8, 8, 2, 4, 4, 8, 2, 4, 4};
  return bytes[m->elem];
}

void simt_tensor_map(SimtTensorMap *map, const void *base, SimtElem elem, int rank, const uint32_t *dims,
                     const uint64_t *strides, const uint32_t *box, SimtSwizzle swizzle, bool nan_fill) {
  *map = (SimtTensorMap){.magic = MAGIC,
                         .rank = (uint8_t)rank,
                         .elem = (uint8_t)elem,
                         .swizzle = (uint8_t)swizzle,
                         .nan_fill = nan_fill,
                         .base = (uintptr_t)base};
  for (int i = 0; i < rank; i++) {
    map->dims[i] = dims[i];
    map->box[i] = box[i];
    map->steps[i] = 1;
    if (i + 1 < rank) map->strides[i] = strides[i];
  }
}

/* The engine's view of one operation: what the warp knows, and the engine's next count. */
typedef struct Engine {
  Warp *w;
  const Code *c;
  int lane, agent;
  uint32_t vc[2 * MAX_WARPS + 1];
} Engine;

static Engine engine_of(Warp *w, const Code *c, int lane) {
  Engine e = {.w = w, .c = c, .lane = lane, .agent = w->b->m->nwarps};
  memcpy(e.vc, w->vc, (size_t)w->b->m->nagents * sizeof *w->vc);
  e.vc[e.agent] = ++w->b->engines[0][e.agent];
  return e;
}

/* `bytes` of shared memory for the engine; NULL: out of bounds. */
static uint8_t *engine_shared(Engine *e, uint32_t address, int bytes, bool write) {
  if (!simt_shared_ok(e->w, e->c, e->lane, address, bytes, write)) return NULL;
  if (write)
    simt_shadow_write(e->w, e->c, e->agent, e->vc, e->lane, address, bytes);
  else
    simt_shadow_read(e->w, e->c, e->agent, e->vc, e->lane, address, bytes, true);
  return e->w->b->shared + (address - SHARED_BASE);
}

/* ---- plain ------------------------------------------------------------------------------------------------------- */

static void bulk_load(Warp *w, const Code *c, int lane) {
  uint32_t to = reg_at(w, c->a)[lane] + (uint32_t)c->imm, bytes = reg_at(w, c->c)[lane];
  uint64_t from = reg64_at(w, c->b)[lane];
  Mbarrier *m = simt_mbarrier_at(w, c, lane, reg_at(w, c->d)[lane]);
  Engine e = engine_of(w, c, lane);
  if (to % 16 || from % 16 || bytes % 16)
    simt_issue(w, SIMT_MISALIGNED, c, lane, to % 16 ? to - SHARED_BASE : from, (int)bytes, NULL);
  uint8_t *at = engine_shared(&e, to, (int)bytes, true);
  const uint8_t *source = simt_global_at(w, c, lane, from, (int)bytes, RACE_READ);
  if (at && source) memcpy(at, source, bytes);
  if (m) simt_mbarrier_complete_bytes(w, m, (int)bytes, e.vc);
}

/* ---- tensors ----------------------------------------------------------------------------------------------------- */

typedef enum Way { LOAD, STORE, REDUCE } Way;
typedef struct TileCopy {
  Engine e;
  Way way;
  LLRmw op; /* of a reduction */
  SimtTensorMap map;
  int32_t at[5]; /* the box's corner */
  uint32_t shared;
} TileCopy;

/* The bytes [x, x + n) of the innermost dimension that lie inside, of one line of the box; false: none do. */
static bool inside(const TileCopy *t, const uint32_t *index, uint32_t chunk, uint64_t *address, uint32_t *skip,
                   uint32_t *n) {
  const SimtTensorMap *m = &t->map;
  uint64_t offset = 0;
  for (int d = 1; d < m->rank; d++) {
    int64_t x = (int64_t)t->at[d] + index[d];
    if (x < 0 || x >= m->dims[d]) return false;
    offset += (uint64_t)x * m->strides[d - 1];
  }
  int64_t size = bytes_of(m), begin = t->at[0] * size + chunk * 16, end = begin + 16,
          limit = (int64_t)m->dims[0] * size;
  int64_t from = begin < 0 ? 0 : begin, to = end > limit ? limit : end;
  if (from >= to) return false;
  *address = m->base + offset + (uint64_t)from;
  *skip = (uint32_t)(from - begin);
  *n = (uint32_t)(to - from);
  return true;
}

static void fill(const SimtTensorMap *m, uint8_t *chunk) {
  static const uint8_t nan[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
  int size = bytes_of(m);
  memset(chunk, 0, 16);
  for (int k = 0; m->nan_fill && k < 16; k += size) memcpy(chunk + k, nan + 8 - size, (size_t)size);
}

/* Loads through a map of TFLOAT32: to nearest even at 10 bits of mantissa; infinities and NaN stay. */
static void round_to_tf32(uint8_t *chunk) {
  for (int k = 0; k < 16; k += 4) {
    uint32_t x;
    memcpy(&x, chunk + k, 4);
    x = float_to_tf32_rn(as_float(x));
    memcpy(chunk + k, &x, 4);
  }
}

static uint64_t reduced_int(LLRmw op, uint64_t x, uint64_t y, bool is_signed) {
  bool less = is_signed ? (int64_t)x < (int64_t)y : x < y;
  switch (op) {
  case LLR_ADD: return x + y;
  case LLR_MIN: return less ? x : y;
  case LLR_MAX: return less ? y : x;
  case LLR_AND: return x & y;
  case LLR_OR: return x | y;
  default: return x ^ y;
  }
}

static float reduced_float(LLRmw op, float x, float y) {
  return op == LLR_ADD ? x + y : op == LLR_MIN ? fminf(x, y) : fmaxf(x, y);
}

/* memory = memory op value, element by element. */
static void reduce(const TileCopy *t, uint8_t *memory, const uint8_t *value, uint32_t n) {
  int size = bytes_of(&t->map);
  SimtElem elem = (SimtElem)t->map.elem;
  for (uint32_t k = 0; k < n; k += (uint32_t)size, memory += size, value += size) {
    uint64_t x = 0, y = 0;
    memcpy(&x, memory, (size_t)size), memcpy(&y, value, (size_t)size);
    if (elem == SIMT_S32) x = (uint64_t)(int64_t)(int32_t)x, y = (uint64_t)(int64_t)(int32_t)y;
    if (elem <= SIMT_S64)
      x = reduced_int(t->op, x, y, elem == SIMT_S32 || elem == SIMT_S64);
    else if (elem == SIMT_F16)
      x = float_to_half(reduced_float(t->op, half_to_float((uint16_t)x), half_to_float((uint16_t)y)));
    else if (elem == SIMT_BF16)
      x = float_to_bfloat(reduced_float(t->op, bfloat_to_float((uint16_t)x), bfloat_to_float((uint16_t)y)));
    else
      x = float_bits(reduced_float(t->op, as_float((uint32_t)x), as_float((uint32_t)y)));
    memcpy(memory, &x, (size_t)size);
  }
}

static void one_chunk(TileCopy *t, const uint32_t *index, uint32_t chunk, uint32_t linear) {
  bool store = t->way != LOAD;
  const uint32_t width = t->map.swizzle ? UINT32_C(1) << t->map.swizzle : 1; /* chunks to a line: 2, 4, 8 */
  uint32_t address = t->shared + linear, skip = 0, n = 0;
  uint64_t global = 0;
  bool in = inside(t, index, chunk, &global, &skip, &n);
  address ^= (address >> 7 & (width - 1)) << 4;
  uint8_t *at = engine_shared(&t->e, address, 16, !store);
  if (!at) return;
  if (!store) fill(&t->map, at);
  if (store && in && skip + n < 16) {
    simt_issue(t->e.w, SIMT_TENSOR_MAP, t->e.c, t->e.lane, global, 0,
               "a row of the tensor ends within 16 bytes, and a store writes up to their end");
    return;
  }
  RaceAccess access = !store ? RACE_READ : t->way == REDUCE ? RACE_ATOMIC : RACE_WRITE;
  uint8_t *memory = in ? simt_global_at(t->e.w, t->e.c, t->e.lane, global, (int)n, access) : NULL;
  if (!memory) return;
  if (t->way == REDUCE)
    reduce(t, memory, at + skip, n);
  else if (store)
    memcpy(memory, at + skip, n);
  else
    memcpy(at + skip, memory, n);
  if (!store && t->map.elem >= SIMT_TF32) round_to_tf32(at);
}

static const char *bad_map(const TileCopy *t, int rank) {
  const SimtTensorMap *m = &t->map;
  if (m->magic != MAGIC) return "this is not a tensor map";
  if (m->unfenced) return "the program wrote the map, and no fence.proxy.tensormap makes it known to the copy engine";
  if (m->rank != rank) return "the tensor map has another number of dimensions";
  if (m->elem >= SIMT_ELEMS) return "no such element type";
  if (m->nan_fill && m->elem <= SIMT_S64) return "integers are not filled with NaN";
  uint32_t line = m->box[0] * (uint32_t)bytes_of(m);
  if (m->base % 16) return "the tensor is not aligned to 16 bytes";
  for (int d = 0; d + 1 < rank; d++)
    if (m->strides[d] % 16 || m->strides[d] >> 40) return "a stride is not a multiple of 16 bytes, or too large";
  if (line % 16) return "the box's innermost dimension is not a multiple of 16 bytes";
  if (m->swizzle > SIMT_SWIZZLE_128 || (m->swizzle && line > UINT32_C(16) << m->swizzle))
    return "the box is wider than the swizzle";
  for (int d = 0; d < rank; d++)
    if (m->steps[d] != 1 || !m->box[d] || m->box[d] > 256) return "no such box";
  if (t->at[0] * (int64_t)bytes_of(m) % 16) return "the innermost coordinate is not on a step of 16 bytes";
  for (int d = 0; t->way != LOAD && d < rank; d++)
    if (t->at[d] < 0) return "what is stored begins at a negative coordinate";
  if (t->shared % 128) return "shared memory is not aligned to 128 bytes";
  return NULL;
}

static int copy_tile(TileCopy *t) {
  const SimtTensorMap *m = &t->map;
  uint32_t chunks = m->box[0] * (uint32_t)bytes_of(m) / 16, lines = 1, index[5] = {0}, linear = 0;
  for (int d = 1; d < m->rank; d++) lines *= m->box[d];
  for (uint32_t line = 0; line < lines; line++) {
    for (uint32_t k = 0; k < chunks; k++, linear += 16) one_chunk(t, index, k, linear);
    for (int d = 1; d < m->rank && ++index[d] == m->box[d]; d++) index[d] = 0;
  }
  return (int)linear;
}

static void tensor_copy(Warp *w, const Code *c, int lane, Way way, int rank) {
  bool store = way != LOAD;
  int32_t map_reg = c->list[store ? 0 : 1], shared_reg = c->list[store ? 1 : 0];
  const int32_t *coordinates = c->list + (store ? 2 : 3);
  uint64_t map = reg64_at(w, map_reg)[lane];
  TileCopy t = {.way = way, .op = (LLRmw)c->src->mods.rmw, .shared = reg_at(w, shared_reg)[lane] + (uint32_t)c->imm};
  const uint8_t *bytes = simt_global_at(w, c, lane, map, 128, RACE_READ);
  if (!bytes) return;
  memcpy(&t.map, bytes, sizeof t.map);
  for (int d = 0; d < rank; d++) t.at[d] = (int32_t)reg_at(w, coordinates[d])[lane];
  const char *wrong = bad_map(&t, rank);
  if (wrong) {
    simt_issue(w, SIMT_TENSOR_MAP, c, lane, map, 0, wrong);
    return;
  }
  Mbarrier *m = store ? NULL : simt_mbarrier_at(w, c, lane, reg_at(w, c->list[2])[lane]);
  t.e = engine_of(w, c, lane);
  int n = copy_tile(&t);
  if (m) simt_mbarrier_complete_bytes(w, m, n, t.e.vc);
}

/* ---- maps that programs make --------------------------------------------------------------------------------------- */

static void set_field(SimtTensorMap *m, int op, unsigned d, uint64_t x) {
  uint32_t *const per_dimension[] = {m->box, m->dims, NULL, m->steps};
  m->magic = MAGIC;
  switch (op) {
  case LL_TENSORMAP_ADDRESS: m->base = x; break;
  case LL_TENSORMAP_RANK: m->rank = (uint8_t)(x + 1); break;
  case LL_TENSORMAP_STRIDE:
    if (d < 4) m->strides[d] = x;
    break;
  case LL_TENSORMAP_ELEM: m->elem = (uint8_t)x; break;
  case LL_TENSORMAP_SWIZZLE: m->swizzle = (uint8_t)x; break;
  case LL_TENSORMAP_FILL: m->nan_fill = (uint8_t)x; break;
  case LL_TENSORMAP_INTERLEAVE: break;
  default:
    if (d < 5) per_dimension[op - LL_TENSORMAP_BOX][d] = (uint32_t)x;
  }
}

static SimtTensorMap *map_in_shared(Warp *w, const Code *c, int lane, uint32_t at, bool write) {
  if (!simt_shared_ok(w, c, lane, at, 128, write)) return NULL;
  if (at % 128) simt_issue(w, SIMT_MISALIGNED, c, lane, at - SHARED_BASE, 128, NULL);
  if (write)
    simt_shadow_write(w, c, w->index, w->vc, lane, at, 128);
  else
    simt_shadow_read(w, c, w->index, w->vc, lane, at, 128, false);
  return (SimtTensorMap *)(void *)(w->b->shared + (at - SHARED_BASE));
}

void simt_tensormap_field(Warp *w, const Code *c, uint32_t mask) {
  bool wide = c->op == LL_TENSORMAP_ADDRESS || c->op == LL_TENSORMAP_STRIDE;
  EACH_LANE(l, mask) {
    SimtTensorMap *m = map_in_shared(w, c, (int)l, reg_at(w, c->a)[l] + (uint32_t)c->imm, true), copy;
    if (!m) continue;
    memcpy(&copy, m, sizeof copy);
    set_field(&copy, c->op, c->src->mods.variant, wide ? reg64_at(w, c->b)[l] : reg_at(w, c->b)[l]);
    memcpy(m, &copy, sizeof copy);
  }
}

/* A whole warp copies one map. */
void simt_tensormap_publish(Warp *w, const Code *c, uint32_t mask) {
  if (!mask) return;
  int l = first_lane(mask);
  uint64_t to = reg64_at(w, c->a)[l];
  const SimtTensorMap *m = map_in_shared(w, c, l, reg_at(w, c->b)[l] + (uint32_t)c->imm, false);
  uint8_t *at = simt_global_at(w, c, l, to, 128, RACE_WRITE);
  if (to % 128) simt_issue(w, SIMT_MISALIGNED, c, l, to, 128, NULL);
  if (!m || !at) return;
  SimtTensorMap copy;
  memcpy(&copy, m, sizeof copy);
  copy.unfenced = 1;
  memcpy(at, &copy, sizeof copy);
}

void simt_tensormap_acquire(Warp *w, const Code *c, uint32_t mask) {
  if (!mask) return;
  uint8_t *at = simt_global_at(w, c, first_lane(mask), reg64_at(w, c->a)[first_lane(mask)], 128, RACE_READ);
  SimtTensorMap copy;
  if (!at) return;
  memcpy(&copy, at, sizeof copy);
  if (copy.magic != MAGIC) return;
  copy.unfenced = 0;
  memcpy(at, &copy, sizeof copy);
}

void simt_bulk_op(Warp *w, const Code *c, uint32_t mask) {
  EACH_LANE(l, mask) {
    if (c->op == LL_BULK_LOAD)
      bulk_load(w, c, (int)l);
    else if (c->op >= LL_TMA_REDUCE_1D)
      tensor_copy(w, c, (int)l, REDUCE, c->op - LL_TMA_REDUCE_1D + 1);
    else if (c->op >= LL_TMA_STORE_1D)
      tensor_copy(w, c, (int)l, STORE, c->op - LL_TMA_STORE_1D + 1);
    else
      tensor_copy(w, c, (int)l, LOAD, c->op - LL_TMA_LOAD_1D + 1);
  }
  w->b->events++;
}

void simt_bulk_wait(Warp *w, uint32_t pending) {
  int agent = w->b->m->nwarps;
  if (w->bulk_groups <= pending) return;
  uint32_t clock = w->bulk_clocks[(w->bulk_groups - pending - 1) % COUNT(w->bulk_clocks)];
  if (clock > w->vc[agent]) w->vc[agent] = clock;
}
