/* dot_amx.c: dot on AMX tiles: bf16 and int8 directly, f16 and f32 by exact splits into bf16.
 *
 * The unit. A tile register is 16 rows of 64 bytes. TDPBF16PS adds to a 16 x 16 tile of f32 the product of a 16 x 32
 * tile of bf16 and a 32 x 16 one, whose rows come in pairs (pair p, column j: two neighbouring bf16). It takes 16
 * cycles, 512 multiply-adds a cycle, sixteen times what two 512-bit FMA units do for f32. Four tiles of c, two of a and
 * two of b fill the eight registers: four loads feed four products.
 *
 * The split. A float x of 24 significant bits is the sum of three bf16 of 8 bits: x1 = x rounded to 8 bits, x2 = x - x1
 * rounded to 8 bits, x3 = x - x1 - x2; every subtraction is exact, and so is the sum. A product of two bf16 has 16 bits
 * and is exact in f32. Of the nine products of a b we take six,
 *     a b = a1 b1 + (a1 b2 + a2 b1) + (a2 b2 + a1 b3 + a3 b1) + rest,
 * and drop a2 b3 + a3 b2 + a3 b3. As |x2| <= 2^-8 |x| and |x3| <= 2^-16 |x|, the rest is at most 2^-23 (1 + 2^-9) |a b|
 * in the worst case and, the signs of the parts being as good as random, about 2^-27 |a b| in the mean: less than the
 * 2^-25 that the rounding of one f32 addition costs. The unit sums the 32 products of a tile's row in two chains of 16
 * before it adds them on, so the chains that round are shorter than those of multiply-add code, and the measured error
 * (bench/micro/dot.c error) is no larger than the FMA kernel's on the distributions tried. The sum of a call starts
 * from zero and is added to c once, in the vector unit, so that c's magnitude does not round every product's sum. The
 * cost is six products for one: at most 2.7 times the speed of FMA.
 *     f16 has 11 bits: two parts, and all four products are taken, so that each product is exact.
 *
 * When. TDPBF16PS reads denormals as zero and flushes denormal results, and an infinity minus itself is a NaN, so the
 * split is used only where none of this can happen: all elements finite and less than 2^60, the nonzero ones at least
 * 2^-100, and the smallest |a| times the smallest |b| at least 2^-101, so that even the smallest part of the smallest
 * product is normal. The packing watches this (two lanes of minima and maxima); a block that fails goes through FMA
 * instead, which gives what FMA always gives. For f16 all that is needed is that elements are finite.
 *
 * Into c. For bf16, f8 and int8 tiles begin with c itself where a block of it is whole tiles near each other; a product
 * that sets c (DOT_SET) is stored to it straight from the tiles for every type. bf16 and int8 rows of a that stand
 * close together and on cache lines are loaded as tiles from where they are.
 *
 * Packing. The order of k within a tile is free as long as a and b agree. The split pairs k = i with k = i + 16, which
 * makes a pair out of two vectors by a shift and a blend; bf16 pairs neighbours, as they lie in a row of a.
 *
 * Side by side. Splitting costs as much as multiplying, in other units of the processor. To overlap them the
 * instructions must stand close together: a kernel alternates four tile products and a slot, and in a slot the
 * vector unit packs a little of the next panel of b (while the first panel is multiplied, of the next block of a) and adds
 * a little of the last block's product to c. The tile loads of the next four products come before the slot: a load
 * after the slot's stores was seen to wait for them. Packing also prefetches the data of the next call, in case that
 * continues along k.
 *
 * Sources: Intel Architecture Instruction Set Extensions Programming Reference, chapter 3 (AMX); Henry, Tang, Heinecke,
 * "Leveraging the bfloat16 Artificial Intelligence Datatype For Higher-Precision Computations", arXiv 1904.06376.
 */
#include "cpu/rt/dot_set.h"

#if RT_HAS_AMX

#include "cpu/rt/avx512.h"

#define TARGET_AMX                                                                                                     \
  __attribute__((target("amx-tile,amx-bf16,amx-int8,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")))
#define INLINE_AMX                                                                                                     \
  static inline __attribute__((always_inline,                                                                          \
                               target("amx-tile,amx-bf16,amx-int8,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")))

enum { TILE = 1024, MAX_LEVELS = 3 };

/* ---- packing ----------------------------------------------------------------------------------------------------- */

/* Largest and smallest nonzero magnitude seen: of the bits doubled (no sign), the smallest less one so that zero is
 * large. */
typedef struct Magnitudes {
  __m512i max, min;
} Magnitudes;

typedef struct Extent {
  uint32_t max, min;
} Extent;

INLINE_AVX512 void range_start(Magnitudes *r) { r->max = _mm512_setzero_si512(), r->min = _mm512_set1_epi32(-1); }
INLINE_AVX512 void range_see(Magnitudes *r, __m512i x) {
  __m512i t = _mm512_add_epi32(x, x);
  r->max = _mm512_max_epu32(r->max, t);
  r->min = _mm512_min_epu32(r->min, _mm512_add_epi32(t, _mm512_set1_epi32(-1)));
}
INLINE_AVX512 Extent range_end(const Magnitudes *r) {
  return (Extent){_mm512_reduce_max_epu32(r->max), _mm512_reduce_min_epu32(r->min)};
}

/* The upper halves of x and y as one row of pairs. */
INLINE_AVX512 __m512i pair_halves(__m512i x, __m512i y) {
  return _mm512_mask_blend_epi16(0xaaaaaaaau, _mm512_srli_epi32(x, 16), y);
}

/* x rounded to bf16 (ties away from zero), and in *rest what that leaves; exact. */
INLINE_AVX512 __m512i take_bf16(__m512i x, __m512i *rest) {
  __m512i high = _mm512_and_si512(_mm512_add_epi32(x, _mm512_set1_epi32(0x8000)), _mm512_set1_epi32((int)0xffff0000));
  *rest = _mm512_castps_si512(_mm512_sub_ps(_mm512_castsi512_ps(x), _mm512_castsi512_ps(high)));
  return high;
}

/* Row `out` of `levels` consecutive tiles from two vectors of f32. */
INLINE_AVX512 void emit_row(int levels, __m512i x, __m512i y, char *out, Magnitudes *range) {
  if (levels > 1) range_see(range, x), range_see(range, y);
#pragma GCC unroll 3
  for (int level = 0; level < levels; level++) {
    if (level == levels - 1) {
      _mm512_store_si512(out + level * TILE, pair_halves(x, y));
    } else {
      __m512i xh = take_bf16(x, &x), yh = take_bf16(y, &y);
      _mm512_store_si512(out + level * TILE, pair_halves(xh, yh));
    }
  }
}

/* What is packed is the matrix m seen as [outer][k] (a: tiles of 16 outer x 32 k) or as [k][outer] (b). A Packer walks
 * over the tiles of 32 of outer in units of work that take a few tens of cycles each, so that packing can be
 * distributed between tile products. Tiles follow each other in `out` by halves of outer, then steps of k, then levels. */
typedef struct Packer Packer;
typedef void UnitFn(Packer *p);
struct Packer {
  UnitFn *unit_fn;
  const RtMatrix *m;
  char *out;
  int64_t i0, p0, width, kc; /* the piece: outer from i0, width of them (1 .. 32); k from p0 */
  int64_t steps, tile, ntiles;
  int unit, nunits; /* of the current tile */
  int levels, tile_k;
  /* The current tile: where it begins, how much of it the matrix has, and how far from it lies what will be packed
   * next. */
  int64_t i, p;
  int outer, depth;
  int64_t ahead;
  Magnitudes range;
  char kept[2][16][64]; /* a transposed tile as rows of f32, between units */
};

static void place_tile(Packer *p) {
  int64_t half = p->tile / p->steps, s = p->tile % p->steps;
  p->unit = 0;
  p->i = p->i0 + half * 16;
  p->p = p->p0 + s * p->tile_k;
  p->outer = (int)min64(16, p->width - half * 16);
  p->depth = (int)min64(p->tile_k, p->kc - s * p->tile_k);
}

/* Up to n units; the caller's turn again after that. */
static inline void pack_units(Packer *p, int64_t n) {
  for (; n > 0 && p->tile < p->ntiles; n--) {
    p->unit_fn(p);
    if (++p->unit < p->nunits) continue;
    p->tile++;
    p->out += p->levels * TILE;
    if (p->tile < p->ntiles) place_tile(p);
  }
}

INLINE_AVX512 void prefetch(const char *p) { _mm_prefetch(p, _MM_HINT_T1); }
INLINE_AVX512 __mmask16 first_lanes(int n) { return (__mmask16)(n >= 16 ? 0xffffu : n <= 0 ? 0 : (1u << n) - 1); }

/* Splits, UNIT_ROWS rows of the tile a unit. By rows of a, a row of the tile is 32 neighbours; */
enum { UNIT_ROWS = 4, ROW_UNITS = 16 / UNIT_ROWS, BLOCK_UNITS = 2 + ROW_UNITS };

INLINE_AVX512 void split_a_rows_part(Packer *p, CpuElem type, int bytes, int levels, bool whole) {
  const int64_t step = p->m->row * bytes, ahead = p->ahead;
  const int outer = p->outer, first = UNIT_ROWS * p->unit;
  const __mmask16 mask0 = whole ? 0xffff : first_lanes(p->depth), mask1 = whole ? 0xffff : first_lanes(p->depth - 16);
  const char *at = p->m->base + (p->i + first) * step + p->p * bytes;
  char *out = p->out + first * 64;
  Magnitudes range = p->range;
#pragma GCC unroll 4
  for (int r = 0; r < UNIT_ROWS; r++, at += step, out += 64) {
    __m512i x = _mm512_setzero_si512(), y = x;
    if (whole || first + r < outer) {
      x = load_f32_lanes(type, at, mask0);
      y = load_f32_lanes(type, at + 16 * bytes, mask1);
      prefetch(at + ahead);
      if (bytes == 4) prefetch(at + ahead + 64);
    }
    emit_row(levels, x, y, out, &range);
  }
  p->range = range;
}

/* by rows of b, it is two rows of 16, 16 apart; */
INLINE_AVX512 void split_b_rows_part(Packer *p, CpuElem type, int bytes, int levels, bool whole) {
  const int64_t step = p->m->row * bytes, ahead = p->ahead;
  const int depth = p->depth, first = UNIT_ROWS * p->unit;
  const __mmask16 mask = whole ? 0xffff : first_lanes(p->outer);
  const char *at = p->m->base + (p->p + first) * step + p->i * bytes;
  char *out = p->out + first * 64;
  Magnitudes range = p->range;
#pragma GCC unroll 4
  for (int r = 0; r < UNIT_ROWS; r++, at += step, out += 64) {
    __m512i x = _mm512_setzero_si512(), y = x;
    if (whole || first + r < depth) {
      x = load_f32_lanes(type, at, mask);
      prefetch(at + ahead);
    }
    if (whole || first + r + 16 < depth) {
      y = load_f32_lanes(type, at + 16 * step, mask);
      prefetch(at + 16 * step + ahead);
    }
    emit_row(levels, x, y, out, &range);
  }
  p->range = range;
}

INLINE_AVX512 void split_rows(Packer *p, CpuElem type, bool is_b, int levels) {
  int bytes = type == CPU_F32 ? 4 : type == CPU_F16 || type == CPU_BF16 ? 2 : 1;
  bool whole = p->outer == 16 && p->depth == 32;
  if (is_b && whole)
    split_b_rows_part(p, type, bytes, levels, true);
  else if (is_b)
    split_b_rows_part(p, type, bytes, levels, false);
  else if (whole)
    split_a_rows_part(p, type, bytes, levels, true);
  else
    split_a_rows_part(p, type, bytes, levels, false);
}

/* otherwise two units transpose (or gather) 16 of k each, and the rest go on from there. */
INLINE_AVX512 void split_block(Packer *p, CpuElem type, int how, bool is_b, int levels) {
  if (p->unit >= 2) {
    int first = UNIT_ROWS * (p->unit - 2);
    char *out = p->out + first * 64;
    Magnitudes range = p->range;
#pragma GCC unroll 4
    for (int v = 0; v < UNIT_ROWS; v++)
      emit_row(levels, _mm512_loadu_si512(p->kept[0][first + v]), _mm512_loadu_si512(p->kept[1][first + v]),
               out + v * 64, &range);
    p->range = range;
    return;
  }
  const RtMatrix *m = p->m;
  int depth = (int)max64(0, min64(16, p->depth - 16 * p->unit));
  int64_t k = p->p + 16 * p->unit;
  __m512i r[16];
  if (!depth)
    for (int v = 0; v < 16; v++) r[v] = _mm512_setzero_si512();
  else if (is_b)
    load_block(m, type, how, m->bytes, k, p->i, depth, p->outer, r);
  else
    load_block(m, type, how, m->bytes, p->i, k, p->outer, depth, r);
#pragma GCC unroll 16
  for (int v = 0; v < 16; v++) _mm512_storeu_si512(p->kept[p->unit][v], r[v]);
  const char *at = m->base + (is_b ? k * m->row + p->i * m->col : p->i * m->row + k * m->col) * m->bytes + p->ahead;
  for (int v = 0; how == BY_COLUMNS && v < (is_b ? p->outer : depth); v++, at += m->col * m->bytes) prefetch(at);
}

/* bf16 and int8 go as they are, a tile a unit. A lane of 32 bits holds neighbours in k, 2 or 4 of them; a tile's 64
 * bytes 32 or 64 of k. */
INLINE_AVX512 __m512i load_along_k(const char *p, int nbytes) {
  return _mm512_maskz_loadu_epi8((__mmask64)(~(uint64_t)0 >> (64 - nbytes)), p);
}

INLINE_AVX512 void native_tile(int bytes, const Packer *p, bool along_k, bool is_b, int outer, int depth) {
  __m512i r[16];
  const RtMatrix *m = p->m;
  const char *at = m->base + (is_b ? p->p * m->row + p->i * m->col : p->i * m->row + p->p * m->col) * bytes;
  if (along_k) {
    int64_t step = (is_b ? m->col : m->row) * bytes;
#pragma GCC unroll 16
    for (int v = 0; v < 16; v++) {
      r[v] = v < outer ? load_along_k(at + v * step, depth * bytes) : _mm512_setzero_si512();
      prefetch(at + v * step + p->ahead);
    }
    if (is_b) transpose_16x16(r);
  } else {
    int64_t step = (is_b ? m->row : m->col) * bytes;
    int group = 4 / bytes;
    __mmask16 mask = first_lanes(outer);
#pragma GCC unroll 16
    for (int v = 0; v < 16; v++) {
      r[v] = rows_as_words(bytes, at + v * group * step, step, depth - v * group, mask);
      for (int g = 0; g < group; g++) prefetch(at + (v * group + g) * step + p->ahead);
    }
    if (!is_b) transpose_16x16(r);
  }
#pragma GCC unroll 16
  for (int v = 0; v < 16; v++) _mm512_store_si512(p->out + v * 64, r[v]);
}

/* Any strides: element by element. */
static void native_elements(int bytes, const Packer *p, bool is_b) {
  const RtMatrix *m = p->m;
  int group = 4 / bytes;
  memset(p->out, 0, TILE);
  for (int v = 0; v < p->outer; v++)
    for (int q = 0; q < p->depth; q++) {
      int64_t row = is_b ? p->p + q : p->i + v, col = is_b ? p->i + v : p->p + q;
      int at = is_b ? q / group * 64 + v * 4 + q % group * bytes : v * 64 + q * bytes;
      memcpy(p->out + at, m->base + (row * m->row + col * m->col) * bytes, (size_t)bytes);
    }
}

INLINE_AVX512 void native(int bytes, const Packer *p, int how, bool is_b) {
  int tile_k = 64 / bytes;
  bool along_k = (how == BY_ROWS) != is_b;
  if (how == BY_ELEMENTS)
    native_elements(bytes, p, is_b);
  else if (p->outer == 16 && p->depth == tile_k)
    native_tile(bytes, p, along_k, is_b, 16, tile_k);
  else
    native_tile(bytes, p, along_k, is_b, p->outer, p->depth);
}

/* For each way of loading (BY_ROWS, BY_COLUMNS, BY_ELEMENTS) the unit and how many make a tile. */
typedef struct PackWay {
  UnitFn *fn;
  int nunits;
} PackWay;

#define DEFINE_SPLIT(name, type, is_b, levels)                                                                         \
  TARGET_AVX512 static void name##_rows(Packer *p) { split_rows(p, type, is_b, levels); }                              \
  TARGET_AVX512 static void name##_columns(Packer *p) { split_block(p, type, BY_COLUMNS, is_b, levels); }              \
  TARGET_AVX512 static void name##_elements(Packer *p) { split_block(p, type, BY_ELEMENTS, is_b, levels); }            \
  static const PackWay name[3] = {                                                                                     \
      {name##_rows, ROW_UNITS}, {name##_columns, BLOCK_UNITS}, {name##_elements, BLOCK_UNITS}};
#define DEFINE_NATIVE(name, bytes, is_b)                                                                               \
  TARGET_AVX512 static void name##_rows(Packer *p) { native(bytes, p, BY_ROWS, is_b); }                                \
  TARGET_AVX512 static void name##_columns(Packer *p) { native(bytes, p, BY_COLUMNS, is_b); }                          \
  TARGET_AVX512 static void name##_elements(Packer *p) { native(bytes, p, BY_ELEMENTS, is_b); }                        \
  static const PackWay name[3] = {{name##_rows, 1}, {name##_columns, 1}, {name##_elements, 1}};
DEFINE_SPLIT(pack_a_f32, CPU_F32, false, 3)
DEFINE_SPLIT(pack_b_f32, CPU_F32, true, 3)
DEFINE_SPLIT(pack_a_f16, CPU_F16, false, 2)
DEFINE_SPLIT(pack_b_f16, CPU_F16, true, 2)
DEFINE_SPLIT(pack_a_f8, p->m->type, false, 1)
DEFINE_SPLIT(pack_b_f8, p->m->type, true, 1)
DEFINE_NATIVE(pack_a_bf16, 2, false)
DEFINE_NATIVE(pack_b_bf16, 2, true)
DEFINE_NATIVE(pack_a_i8, 1, false)
DEFINE_NATIVE(pack_b_i8, 1, true)

/* ---- what runs beside the tile unit ------------------------------------------------------------------------------ */

/* A block's product, and how it comes to c: straight from the tiles, which begin with c or with zero, where the block
 * fills whole tiles; or by way of `at`, from where the vector unit adds it to c. */
typedef struct Sum {
  uint32_t *c;
  int64_t c_bytes; /* of a row */
  int height, width;
  bool direct, with_c;
  _Alignas(64) uint32_t at[32 * 32];
} Sum;

/* Vector work to distribute between tile products: the core holds only a few tile instructions in flight, so work
 * that is to run beside them must be placed between them. A slot is the place after four products, about 64 cycles. */
typedef struct Feed {
  const Sum *sum; /* whose rows [added, to_add) wait to be added to c */
  int64_t added, to_add, rows_a_slot;
  bool integers, set; /* c is i32; c = sum rather than c += sum */
  int64_t ldc;
  Packer *packer[2];
  int64_t rate[2]; /* units a slot */
} Feed;

typedef enum Adding { ADD_FLOATS, ADD_INTEGERS, SET } Adding;

INLINE_AVX512 __m512i add_lanes(Adding how, __m512i x, __m512i y) {
  return how == SET            ? y
         : how == ADD_INTEGERS ? _mm512_add_epi32(x, y)
                               : _mm512_castps_si512(_mm512_add_ps(_mm512_castsi512_ps(x), _mm512_castsi512_ps(y)));
}

INLINE_AVX512 void add_rows(const Sum *sum, int64_t from, int64_t to, int64_t ldc, Adding how) {
  uint32_t *c = sum->c + from * ldc;
  const uint32_t *at = sum->at + from * 32, *end = sum->at + to * 32;
  if (sum->width == 32) {
    for (; at < end; at += 32, c += ldc) {
      _mm512_storeu_si512(c, add_lanes(how, _mm512_loadu_si512(c), _mm512_load_si512(at)));
      _mm512_storeu_si512(c + 16, add_lanes(how, _mm512_loadu_si512(c + 16), _mm512_load_si512(at + 16)));
    }
    return;
  }
  __mmask16 mask0 = first_lanes(sum->width), mask1 = first_lanes(sum->width - 16);
  for (; at < end; at += 32, c += ldc) {
    _mm512_mask_storeu_epi32(c, mask0, add_lanes(how, _mm512_maskz_loadu_epi32(mask0, c), _mm512_load_si512(at)));
    if (mask1)
      _mm512_mask_storeu_epi32(c + 16, mask1,
                               add_lanes(how, _mm512_maskz_loadu_epi32(mask1, c + 16), _mm512_load_si512(at + 16)));
  }
}

TARGET_AVX512 static void add_some(Feed *f, int64_t n) {
  if (f->added >= f->to_add) return;
  int64_t to = min64(f->added + n, f->to_add);
  if (f->set)
    add_rows(f->sum, f->added, to, f->ldc, SET);
  else if (f->integers)
    add_rows(f->sum, f->added, to, f->ldc, ADD_INTEGERS);
  else
    add_rows(f->sum, f->added, to, f->ldc, ADD_FLOATS);
  f->added = to;
}

TARGET_AVX512 static __attribute__((noinline)) void run_slot(Feed *f) {
  add_some(f, f->rows_a_slot);
  if (f->packer[0]) pack_units(f->packer[0], f->rate[0]);
  if (f->packer[1]) pack_units(f->packer[1], f->rate[1]);
}

/* ---- multiplying ------------------------------------------------------------------------------------------------- */

typedef struct TileConfig {
  uint8_t palette, start_row, reserved[14];
  uint16_t bytes_per_row[16];
  uint8_t rows[16];
} TileConfig;

/* Constant, for gcc's intrinsic claims to read only the first 8 bytes and would let the rest of a local one go. */
static const TileConfig config = {
    .palette = 1, .bytes_per_row = {64, 64, 64, 64, 64, 64, 64, 64}, .rows = {16, 16, 16, 16, 16, 16, 16, 16}};

TARGET_AMX static void configure(void) { _tile_loadconfig(&config); }

/* Tile registers: c in 0 .. 3, a in 4 and 5, b in 6 and 7. */
#define LOAD_A(level)                                                                                                  \
  do {                                                                                                                 \
    _tile_loadd(4, a + (level) * TILE, left.row);                                                                      \
    if (rows == 2) _tile_loadd(5, a + left.half + (level) * TILE, left.row);                                           \
  } while (0)
#define LOAD_B(level)                                                                                                  \
  do {                                                                                                                 \
    _tile_loadd(6, b + (level) * TILE, 64);                                                                            \
    if (cols == 2) _tile_loadd(7, b + half + (level) * TILE, 64);                                                      \
  } while (0)
#define MULTIPLY(op)                                                                                                   \
  do {                                                                                                                 \
    op(0, 4, 6);                                                                                                       \
    if (cols == 2) op(1, 4, 7);                                                                                        \
    if (rows == 2) op(2, 5, 6);                                                                                        \
    if (rows == 2 && cols == 2) op(3, 5, 7);                                                                           \
  } while (0)

typedef enum Product { BF16_1, BF16_2, BF16_3, I8_SS, I8_SU, I8_US, I8_UU } Product;

/* The compiler's notion of tile loads does not include that they read memory. */
#define FENCE() __asm__ volatile("" ::: "memory")
#define SLOT()                                                                                                         \
  do {                                                                                                                 \
    FENCE();                                                                                                           \
    run_slot(feed);                                                                                                    \
    FENCE();                                                                                                           \
  } while (0)

/* Where a block of a is: tiles in a row, or the matrix itself. In bytes: from row to row of a tile, to the second 16
 * rows, from one tile of k to the next. */
typedef struct Left {
  const char *at;
  int64_t row, half, step;
} Left;

/* The tiles of c. */
#define EACH_C(op, row, from, width)                                                                                   \
  do {                                                                                                                 \
    op(0, from, row);                                                                                                  \
    if (cols == 2) op(1, (from) + 16, row);                                                                            \
    if (rows == 2) op(2, (from) + 16 * (width), row);                                                                  \
    if (rows == 2 && cols == 2) op(3, (from) + 16 * (width) + 16, row);                                                \
  } while (0)

/* sum = a b for rows x cols tiles (1 or 2 each) over `steps` tiles of k. The second 16 columns of b begin `half` bytes
 * after the first. */
INLINE_AMX void block(Product product, int rows, int cols, const Left *from, const char *b, int64_t half, int64_t steps,
                      Sum *sum, Feed *feed) {
  const Left left = *from;
  const char *a = left.at;
  FENCE();
  if (sum->direct && sum->with_c) {
    EACH_C(_tile_loadd, sum->c_bytes, sum->c, sum->c_bytes / 4);
  } else {
    _tile_zero(0);
    if (cols == 2) _tile_zero(1);
    if (rows == 2) _tile_zero(2);
    if (rows == 2 && cols == 2) _tile_zero(3);
  }
  int levels = product == BF16_3 ? 3 : product == BF16_2 ? 2 : 1;
  for (int64_t s = 0; s < steps; s++, a += left.step, b += levels * TILE) {
    /* Each product shares an operand with the one before it; the largest comes last. */
    if (product == BF16_3) {
      LOAD_A(2);
      LOAD_B(0);
      SLOT();
      MULTIPLY(_tile_dpbf16ps);
      LOAD_A(1);
      SLOT();
      MULTIPLY(_tile_dpbf16ps);
      LOAD_B(1);
      SLOT();
      MULTIPLY(_tile_dpbf16ps);
      LOAD_A(0);
      SLOT();
      MULTIPLY(_tile_dpbf16ps);
      LOAD_B(2);
      SLOT();
      MULTIPLY(_tile_dpbf16ps);
      LOAD_B(0);
      SLOT();
      MULTIPLY(_tile_dpbf16ps);
    } else if (product == BF16_2) {
      LOAD_A(1);
      LOAD_B(0);
      SLOT();
      MULTIPLY(_tile_dpbf16ps);
      LOAD_B(1);
      SLOT();
      MULTIPLY(_tile_dpbf16ps);
      LOAD_A(0);
      SLOT();
      MULTIPLY(_tile_dpbf16ps);
      LOAD_B(0);
      SLOT();
      MULTIPLY(_tile_dpbf16ps);
    } else {
      LOAD_A(0);
      LOAD_B(0);
      SLOT();
      if (product == BF16_1) MULTIPLY(_tile_dpbf16ps);
      if (product == I8_SS) MULTIPLY(_tile_dpbssd);
      if (product == I8_SU) MULTIPLY(_tile_dpbsud);
      if (product == I8_US) MULTIPLY(_tile_dpbusd);
      if (product == I8_UU) MULTIPLY(_tile_dpbuud);
    }
  }
  if (sum->direct)
    EACH_C(_tile_stored, sum->c_bytes, sum->c, sum->c_bytes / 4);
  else
    EACH_C(_tile_stored, 128, sum->at, 32);
}
enum { SLOTS_1 = 1, SLOTS_2 = 4, SLOTS_3 = 6 }; /* slots a step, by levels */

typedef void BlockFn(const Left *a, const char *b, int64_t half, int64_t steps, Sum *sum, Feed *feed);
#define DEFINE_BLOCK(name, product)                                                                                    \
  TARGET_AMX static void name(const Left *a, const char *b, int64_t half, int64_t steps, Sum *sum, Feed *feed) {       \
    if (sum->height > 16 && sum->width > 16)                                                                           \
      block(product, 2, 2, a, b, half, steps, sum, feed);                                                              \
    else if (sum->height > 16)                                                                                         \
      block(product, 2, 1, a, b, half, steps, sum, feed);                                                              \
    else if (sum->width > 16)                                                                                          \
      block(product, 1, 2, a, b, half, steps, sum, feed);                                                              \
    else                                                                                                               \
      block(product, 1, 1, a, b, half, steps, sum, feed);                                                              \
  }
DEFINE_BLOCK(block_bf16, BF16_1)
DEFINE_BLOCK(block_f16, BF16_2)
DEFINE_BLOCK(block_f32, BF16_3)
DEFINE_BLOCK(block_ss, I8_SS)
DEFINE_BLOCK(block_su, I8_SU)
DEFINE_BLOCK(block_us, I8_US)
DEFINE_BLOCK(block_uu, I8_UU)

/* ---- whole calls ------------------------------------------------------------------------------------------------- */

typedef bool AllowFn(Extent a, Extent b);
typedef struct Plan {
  const PackWay *pack_a, *pack_b;
  BlockFn *block;
  AllowFn *allow;            /* may tiles be used on elements of these extents? NULL: always */
  int levels, tile_k, slots; /* tiles a step; k a tile; slots a step */
  bool integers;
  bool as_it_is; /* rows of a are rows of its tiles */
} Plan;

enum { BLOCKS = RT_TILES_MC / 32, PANELS = RT_NC / 32 };

/* A call's chunk: 32-row blocks of a, 32-column panels of b. Panels are packed into two buffers in turn. */
typedef struct Work {
  const CpuDot *d;
  const Plan *plan;
  RtMatrix a, b;
  int64_t i0, j0, p0, mc, nc, kc;
  int64_t steps, half; /* tiles of k; bytes of 16 rows or columns */
  int64_t nblocks, npanels;
  bool set;    /* c = a b: this is the first chunk of k */
  bool a_read; /* a's tiles are loaded from where it is */
  char *packed_a, *packed_b[2];
  Extent a_extent[BLOCKS], b_extent[PANELS];
  uint32_t by_fma[BLOCKS]; /* panels that this block must not multiply by tiles */
  Packer a_packer, b_packer;
  Feed feed;
  Sum sums[2];
} Work;

/* Whole tiles of rows that begin on cache lines and are near each other. Far apart they would evict each other from the
 * first-level cache, so that packing them once pays. */
static bool a_in_place(const Work *w) {
  int64_t row = w->a.row * w->a.bytes;
  return w->plan->as_it_is && w->a.col == 1 && row <= 512 && row % 64 == 0 && (uintptr_t)w->a.base % 64 == 0 &&
         w->mc % 16 == 0 && w->kc % w->plan->tile_k == 0;
}

static char *block_of_a(const Work *w, int64_t block) { return w->packed_a + block * 2 * w->half; }

TARGET_AVX512 static void start_packer(const Work *w, Packer *p, const RtMatrix *m, const PackWay *ways, char *out,
                                       int64_t i0, int64_t width) {
  const PackWay *way = &ways[rt_how(m)];
  p->unit_fn = way->fn, p->nunits = way->nunits;
  p->m = m;
  p->out = out;
  p->i0 = i0, p->width = width, p->p0 = w->p0, p->kc = w->kc;
  p->steps = w->steps;
  p->tile = 0, p->ntiles = (width > 16 ? 2 : 1) * w->steps;
  p->levels = w->plan->levels, p->tile_k = w->plan->tile_k;
  range_start(&p->range);
  place_tile(p);
}

static void start_block_of_a(Work *w, int64_t block) {
  w->a_packer.ahead = w->kc * w->a.col * w->a.bytes; /* the next call's, if it goes on along k */
  start_packer(w, &w->a_packer, &w->a, w->plan->pack_a, block_of_a(w, block), w->i0 + block * 32,
               min64(32, w->mc - block * 32));
}

static void start_panel_of_b(Work *w, int64_t panel) {
  /* Ahead is the next panel, after the last one the first of the next call's rows of k. */
  int64_t next = panel + 1 < w->npanels ? 1 : -panel, down = panel + 1 < w->npanels ? 0 : w->kc;
  w->b_packer.ahead = (next * 32 * w->b.col + down * w->b.row) * w->b.bytes;
  start_packer(w, &w->b_packer, &w->b, w->plan->pack_b, w->packed_b[panel & 1], w->j0 + panel * 32,
               min64(32, w->nc - panel * 32));
}

TARGET_AVX512 static void finish_block_of_a(Work *w, int64_t block) {
  pack_units(&w->a_packer, INT64_MAX);
  if (w->plan->allow) w->a_extent[block] = range_end(&w->a_packer.range);
}

TARGET_AVX512 static void finish_panel_of_b(Work *w, int64_t panel) {
  pack_units(&w->b_packer, INT64_MAX);
  if (w->plan->allow) w->b_extent[panel] = range_end(&w->b_packer.range);
}

/* Units a slot for a packer's whole piece to be done in nslots. */
static int64_t rate_of(const Packer *p, int64_t nslots) { return div_up(p->ntiles * p->nunits, nslots); }

/* Multiply block by panel while the feed is worked off. True if `sum` is then to be added to c; false if it is there
 * already, or nothing was done because tiles must not. */
static bool multiply(Work *w, int64_t block, int64_t panel, Sum *sum) {
  if (w->plan->allow && !w->plan->allow(w->a_extent[block], w->b_extent[panel])) {
    w->by_fma[block] |= (uint32_t)1 << panel;
    return false;
  }
  sum->c = (uint32_t *)w->d->c + (w->i0 + block * 32) * w->d->c_row + w->j0 + panel * 32;
  sum->height = (int)min64(32, w->mc - block * 32);
  sum->width = (int)min64(32, w->nc - panel * 32);
  sum->c_bytes = w->d->c_row * 4;
  sum->with_c = !w->set;
  /* Rows far apart share too few sets of the first-level cache for both a load and a store of each. */
  sum->direct =
      sum->height % 16 == 0 && sum->width % 16 == 0 && (w->set || (w->plan->levels == 1 && sum->c_bytes <= 512));
  Left left = {block_of_a(w, block), 64, w->half, w->plan->levels * TILE};
  if (w->a_read) {
    int64_t row = w->a.row * w->a.bytes;
    left = (Left){w->a.base + (w->i0 + block * 32) * row + w->p0 * w->a.bytes, row, 16 * row, 64};
  }
  w->plan->block(&left, w->packed_b[panel & 1], w->half, w->steps, sum, &w->feed);
  return !sum->direct;
}

/* All blocks by all panels. While tiles multiply, the feed packs what comes next and adds to c what came before. */
static void run_chunk(Work *w) {
  Feed *f = &w->feed;
  int64_t slots = w->steps * w->plan->slots;
  int turn = 0;
  f->to_add = f->added = 0;
  f->integers = w->plan->integers;
  f->set = w->set;
  f->ldc = w->d->c_row;
  f->rows_a_slot = div_up(32, slots);
  if (!w->a_read) start_block_of_a(w, 0), finish_block_of_a(w, 0);
  start_panel_of_b(w, 0), finish_panel_of_b(w, 0);
  for (int64_t panel = 0; panel < w->npanels; panel++) {
    bool more_b = panel + 1 < w->npanels;
    if (more_b) {
      start_panel_of_b(w, panel + 1);
      f->packer[1] = &w->b_packer;
      f->rate[1] = rate_of(&w->b_packer, slots * w->nblocks);
    }
    for (int64_t n = 0; n < w->nblocks; n++) {
      /* Boustrophedon: the block that ended one panel begins the next, while it is still in the first-level cache. */
      int64_t block = panel & 1 ? w->nblocks - 1 - n : n;
      bool more_a = !w->a_read && panel == 0 && block + 1 < w->nblocks;
      if (more_a) {
        start_block_of_a(w, block + 1);
        f->packer[0] = &w->a_packer;
        f->rate[0] = rate_of(&w->a_packer, slots);
      }
      bool added_later = multiply(w, block, panel, &w->sums[turn]);
      if (more_a) finish_block_of_a(w, block + 1);
      f->packer[0] = NULL;
      add_some(f, 32);
      f->sum = &w->sums[turn];
      f->added = 0;
      f->to_add = added_later ? f->sum->height : 0;
      turn ^= 1;
    }
    if (more_b) finish_panel_of_b(w, panel + 1);
    f->packer[1] = NULL;
  }
  add_some(f, 32);
}

/* Products that tiles must not do: runs of panels at once. */
static void run_by_fma(const Work *w, int64_t block) {
  const CpuDot *d = w->d;
  for (int64_t from = 0; from < w->npanels;) {
    int64_t to = from;
    while (to < w->npanels && w->by_fma[block] >> to & 1) to++;
    if (to > from) {
      int64_t i = w->i0 + block * 32, j = w->j0 + from * 32;
      CpuDot part = *d;
      part.a = w->a.base + (i * d->a_row + w->p0 * d->a_col) * w->a.bytes;
      part.b = w->b.base + (w->p0 * d->b_row + j * d->b_col) * w->b.bytes;
      part.c = (float *)d->c + i * d->c_row + j;
      part.m = min64(32, w->mc - block * 32), part.n = min64((to - from) * 32, w->nc - from * 32), part.k = w->kc;
      if (w->set) rt_dot_clear(&part);
      rt_dot_avx512.f32(&part);
    }
    from = to + 1;
  }
}

TARGET_AMX static void run_plan(const CpuDot *d, const Plan *plan) {
  Work w;
  w.d = d, w.plan = plan;
  memset(&w.feed, 0, sizeof w.feed);
  w.a = rt_matrix(d->a, d->a_row, d->a_col, d->a_type);
  w.b = rt_matrix(d->b, d->b_row, d->b_col, d->b_type);
  int64_t most = div_up(min64(d->k, RT_KC), plan->tile_k) * plan->levels * TILE;
  w.packed_b[0] = rt_tiles_area(d);
  w.packed_b[1] = w.packed_b[0] + 2 * most;
  w.packed_a = w.packed_b[1] + 2 * most;
  configure();
  for (w.p0 = 0; w.p0 < d->k; w.p0 += RT_KC)
    for (w.i0 = 0; w.i0 < d->m; w.i0 += RT_TILES_MC)
      for (w.j0 = 0; w.j0 < d->n; w.j0 += RT_NC) {
        w.mc = min64(RT_TILES_MC, d->m - w.i0), w.nc = min64(RT_NC, d->n - w.j0), w.kc = min64(RT_KC, d->k - w.p0);
        w.steps = div_up(w.kc, plan->tile_k), w.half = w.steps * plan->levels * TILE;
        w.nblocks = div_up(w.mc, 32), w.npanels = div_up(w.nc, 32);
        w.set = (d->flags & DOT_SET) && w.p0 == 0;
        w.a_read = a_in_place(&w);
        memset(w.by_fma, 0, sizeof w.by_fma);
        run_chunk(&w);
        for (int64_t block = 0; block < w.nblocks; block++)
          if (w.by_fma[block]) run_by_fma(&w, block);
      }
  _tile_release();
}

static bool all_finite(Extent a, Extent b) { return a.max < 0xff000000u && b.max < 0xff000000u; }

/* The exponent of the smallest nonzero magnitude; large when there is none. */
static int least_exponent(Extent e) { return e.min == UINT32_MAX ? 127 : (int)((e.min + 1) >> 24) - 127; }

static bool split_exact(Extent a, Extent b) {
  uint32_t limit = (uint32_t)(127 + 60) << 24;
  int ea = least_exponent(a), eb = least_exponent(b);
  return a.max < limit && b.max < limit && ea >= -100 && eb >= -100 && ea + eb >= -101;
}

static void dot_bf16(const CpuDot *d) {
  run_plan(d, &(Plan){pack_a_bf16, pack_b_bf16, block_bf16, NULL, 1, 32, SLOTS_1, false, true});
}
static void dot_f8(const CpuDot *d) {
  run_plan(d, &(Plan){pack_a_f8, pack_b_f8, block_bf16, NULL, 1, 32, SLOTS_1, false, false});
}
static void dot_f16(const CpuDot *d) {
  run_plan(d, &(Plan){pack_a_f16, pack_b_f16, block_f16, all_finite, 2, 32, SLOTS_2, false, false});
}
static void dot_i8(const CpuDot *d) {
  static BlockFn *const blocks[2][2] = {{block_ss, block_su}, {block_us, block_uu}};
  BlockFn *run = blocks[d->a_type == CPU_U8][d->b_type == CPU_U8];
  run_plan(d, &(Plan){pack_a_i8, pack_b_i8, run, NULL, 1, 64, SLOTS_1, true, true});
}
static void dot_f32(const CpuDot *d) {
  /* Splitting b is worth it when enough rows use it. */
  if (d->m < 32 || d->n < 32) {
    if (d->flags & DOT_SET) rt_dot_clear(d);
    rt_dot_avx512.f32(d);
  } else {
    run_plan(d, &(Plan){pack_a_f32, pack_b_f32, block_f32, split_exact, 3, 32, SLOTS_3, false, false});
  }
}

const RtDotSet rt_dot_amx = {.name = "amx",
                             .bf16 = RT_FOR(RT_KIND_bf16, dot_bf16),
                             .f16 = RT_FOR(RT_KIND_f16, dot_f16),
                             .f32_split = RT_FOR(RT_KIND_f32, dot_f32),
                             .f8 = RT_FOR(RT_KIND_f8, dot_f8),
                             .i8 = RT_FOR(RT_KIND_i8, dot_i8)};

#endif
