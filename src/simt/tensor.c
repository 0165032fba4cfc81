/* tensor.c: matrices: ldmatrix, stmatrix, mma.sync, wgmma.
 *
 * Fragments (PTX ISA, "Matrix fragments for mma"), with g = lane / 4, t = lane % 4, and E elements in a register:
 *   a   register i: row g + 8 (i mod 2), from column 4E (i / 2) + E t;   with 8 rows: row g, column E t
 *   b   register i: column g, from row 4E i + E t
 *   c   register i: row g + 8 (i / 2), column 2 t + i mod 2;   pairs of halves: row g + 8 i, columns 2 t and 2 t + 1
 * wgmma's accumulator is n/8 such c fragments side by side, its a in registers one such a of 16 rows per warp.
 *
 * wgmma's operands in shared memory (PTX ISA, "Asynchronous warpgroup level matrix shared memory layout"): the
 * descriptor has the start address, two strides and the swizzle; the unit is a chunk of 16 bytes. Swizzling exchanges
 * chunks within a line of 32, 64 or 128 bytes by XOR with the address bits from bit 7 on. With W chunks to a line (1:
 * not swizzled):
 *   K-major    chunk k of row r:            16 W (r mod 8) + stride (r / 8) + 16 k       (W = 1: leading k)
 *   MN-major   chunk c of row k of B or A:  16 (c mod W) + leading (c / W) + 16 W (k mod 8) + stride (k / 8)
 *                                           (W = 1: leading and stride change places)
 *
 * Products are summed in double and rounded once: more exact than the hardware, which cuts intermediate sums.
 */
#include "simt/internal.h"
#include "simt/number.h"

#include <math.h>
#include <string.h>

/* ---- eight by eight matrices of 16 bits -------------------------------------------------------------------------- */

/* The address of row r of matrix m comes from lane 8 m + r. False: a row is out of bounds (and reported). */
static bool matrix_rows(Warp *w, const Code *c, int n, bool write, uint8_t *rows[LANES]) {
  Request r = {.bytes = 16, .mask = n == 4 ? UINT32_MAX : (UINT32_C(1) << 8 * n) - 1};
  bool ok = true;
  EACH_LANE(l, r.mask) {
    uint32_t address = reg_at(w, c->a)[l] + (uint32_t)c->imm;
    r.address[l] = address;
    if (address % 16) simt_issue(w, SIMT_MISALIGNED, c, (int)l, address - SHARED_BASE, 16, NULL);
    if (!simt_shared_ok(w, c, (int)l, address, 16, write)) {
      ok = false;
      continue;
    }
    rows[l] = w->b->shared + (address - SHARED_BASE);
    if (write)
      simt_shadow_write(w, c, w->index, w->vc, (int)l, address, 16);
    else
      simt_shadow_read(w, c, w->index, w->vc, (int)l, address, 16, false);
  }
  simt_count_shared(w, c, &r, write);
  return ok;
}

/* Where lane l's k-th element of matrix m is. */
static uint8_t *matrix_place(uint8_t *const rows[LANES], int m, uint32_t l, uint32_t k, bool trans) {
  uint32_t row = trans ? l % 4 * 2 + k : l / 4, column = trans ? l / 4 : l % 4 * 2 + k;
  return rows[8 * (uint32_t)m + row] + 2 * column;
}

void simt_ldmatrix(Warp *w, const Code *c, uint32_t mask) {
  uint8_t *rows[LANES];
  int n = c->src->mods.variant;
  bool trans = c->src->mods.flags & LLF_TRANS;
  if (!matrix_rows(w, c, n, false, rows)) return;
  for (int m = 0; m < n; m++) EACH_LANE(l, mask) {
      uint16_t pair[2];
      for (uint32_t k = 0; k < 2; k++) memcpy(&pair[k], matrix_place(rows, m, l, k, trans), 2);
      reg_at(w, c->list[1 + m])[l] = pair[0] | (uint32_t)pair[1] << 16;
    }
}

void simt_stmatrix(Warp *w, const Code *c, uint32_t mask) {
  uint8_t *rows[LANES];
  int n = c->src->mods.variant;
  bool trans = c->src->mods.flags & LLF_TRANS;
  if (!matrix_rows(w, c, n, true, rows)) return;
  for (int m = 0; m < n; m++) EACH_LANE(l, mask)
  for (uint32_t k = 0; k < 2; k++) {
    uint16_t x = (uint16_t)(reg_at(w, c->list[1 + m])[l] >> 16 * k);
    memcpy(matrix_place(rows, m, l, k, trans), &x, 2);
  }
  w->b->events++;
}

/* ---- formats ----------------------------------------------------------------------------------------------------- */

typedef enum NumberFormat {
  FMT_F16,
  FMT_BF16,
  FMT_TF32,
  FMT_F64,
  FMT_S8,
  FMT_U8,
  FMT_E4M3,
  FMT_E5M2,
  FMT_F32,
  FMT_S32
} NumberFormat;
static const struct {
  const char *name;
  int bytes;
} formats[] = {{"f16", 2}, {"bf16", 2}, {"tf32", 4}, {"f64", 8}, {"s8", 1},
               {"u8", 1},  {"e4m3", 1}, {"e5m2", 1}, {"f32", 4}, {"s32", 4}};

typedef struct Shape {
  int m, k, per; /* per: elements of a and b in a register */
  NumberFormat a, b, d;
  bool saturates; /* sums of integers stop at the largest and the smallest */
} Shape;

static NumberFormat format_of(const char *s) {
  size_t n = strcspn(s, ".");
  for (size_t f = 0; f < COUNT(formats); f++)
    if (strlen(formats[f].name) == n && memcmp(formats[f].name, s, n) == 0) return (NumberFormat)f;
  return FMT_F32;
}
static const char *next(const char *s) { return s + strcspn(s, ".") + 1; }

/* "m16n8k16.row.col.f32.f16.f16.f32", or wgmma's "k16.f32.f16.f16" */
static Shape shape_of(const LLMmaInfo *info) {
  const char *s = info->text;
  Shape r = {.m = s[0] == 'm' && s[1] == '8' ? 8 : 16};
  while (*s != 'k') s++;
  for (s++; *s >= '0' && *s <= '9'; s++) r.k = r.k * 10 + *s - '0';
  s = info->k ? next(s) : next(next(next(s)));
  if (!strncmp(s, "satfinite", 9)) r.saturates = true, s = next(s);
  r.d = format_of(s);
  r.a = format_of(next(s));
  r.b = format_of(next(next(s)));
  r.per = r.a == FMT_F64 ? 1 : 4 / formats[r.a].bytes;
  return r;
}

static double e4m3(uint32_t x) {
  float f = half_to_float((x & 0x80) << 8 | (x & 0x7f) << 7) * 256;
  return (x & 0x7f) == 0x7f ? (double)NAN : (double)f;
}

static double decode(NumberFormat f, uint64_t bits) {
  switch (f) {
  case FMT_F16: return (double)half_to_float((uint32_t)bits & 0xffff);
  case FMT_BF16: return (double)bfloat_to_float((uint32_t)bits & 0xffff);
  case FMT_TF32: return (double)tf32_to_float((uint32_t)bits);
  case FMT_F64: return as_double(bits);
  case FMT_S8: return (double)(int8_t)bits;
  case FMT_U8: return (double)(uint8_t)bits;
  case FMT_E4M3: return e4m3((uint32_t)bits & 0xff);
  case FMT_E5M2: return (double)half_to_float(((uint32_t)bits & 0xff) << 8);
  case FMT_F32: return (double)as_float((uint32_t)bits);
  default: return (double)(int32_t)bits;
  }
}

static uint32_t encode(NumberFormat f, double x) {
  if (f == FMT_F32) return result_bits((float)x);
  if (f == FMT_F16) return double_to_half(x);
  return (uint32_t)(int64_t)x; /* s32: sums stay far below 2^53, and wrap */
}

/* ---- fragments --------------------------------------------------------------------------------------------------- */

typedef double Rows[16][32];   /* of a: m x k */
typedef double Columns[32][8]; /* of b: k x 8 */

static double element_of(const Warp *w, int32_t r, uint32_t l, NumberFormat f, int j) {
  if (f == FMT_F64) return as_double(reg64_at(w, r)[l]);
  return decode(f, reg_at(w, r)[l] >> 8 * formats[f].bytes * j % 32);
}

static void get_a(const Warp *w, const Shape *s, const int32_t *r, int n, Rows a) {
  for (int i = 0; i < n; i++)
    for (uint32_t l = 0; l < LANES; l++)
      for (int j = 0; j < s->per; j++) {
        int row = (int)(l / 4) + (s->m == 16 ? 8 * (i & 1) : 0), block = s->m == 16 ? i >> 1 : i;
        a[row][(4 * block + (int)(l % 4)) * s->per + j] = element_of(w, r[i], l, s->a, j);
      }
}

static void get_b(const Warp *w, const Shape *s, const int32_t *r, int n, Columns b) {
  for (int i = 0; i < n; i++)
    for (uint32_t l = 0; l < LANES; l++)
      for (int j = 0; j < s->per; j++) b[(4 * i + (int)(l % 4)) * s->per + j][l / 4] = element_of(w, r[i], l, s->b, j);
}

/* An accumulator fragment of 8 columns: sum[row][column] from registers, and back. */
static int fragment_regs(NumberFormat d, int m) { return (d == FMT_F16 ? 2 : 4) * m / 16; }

static void get_c(const Warp *w, NumberFormat d, int m, const int32_t *r, double sum[16][8]) {
  for (int i = 0; i < fragment_regs(d, m); i++)
    for (uint32_t l = 0; l < LANES; l++) {
      if (d == FMT_F16) {
        uint32_t x = reg_at(w, r[i])[l];
        for (uint32_t j = 0; j < 2; j++) sum[l / 4 + 8 * (uint32_t)i][l % 4 * 2 + j] = decode(d, x >> 16 * j);
      } else {
        sum[l / 4 + 8 * (uint32_t)(i / 2)][l % 4 * 2 + (uint32_t)i % 2] = element_of(w, r[i], l, d, 0);
      }
    }
}

static void put_c(Warp *w, NumberFormat d, int m, const int32_t *r, double sum[16][8]) {
  for (int i = 0; i < fragment_regs(d, m); i++)
    for (uint32_t l = 0; l < LANES; l++) {
      if (d == FMT_F16) {
        const double *pair = &sum[l / 4 + 8 * (uint32_t)i][l % 4 * 2];
        reg_at(w, r[i])[l] = encode(d, pair[0]) | encode(d, pair[1]) << 16;
      } else {
        double x = sum[l / 4 + 8 * (uint32_t)(i / 2)][l % 4 * 2 + (uint32_t)i % 2];
        if (d == FMT_F64)
          reg64_at(w, r[i])[l] = double_bits(x);
        else
          reg_at(w, r[i])[l] = encode(d, x);
      }
    }
}

static void multiply(const Shape *s, Rows a, Columns b, double sum[16][8]) {
  for (int i = 0; i < s->m; i++)
    for (int k = 0; k < s->k; k++) {
      double x = a[i][k];
      for (int j = 0; j < 8; j++) sum[i][j] += x * b[k][j];
    }
}

void simt_mma_sync(Warp *w, const Code *c) {
  const LLMmaInfo *info = &ll_mma[c->src->mods.variant];
  Shape s = shape_of(info);
  Rows a;
  Columns b;
  double sum[16][8];
  const int32_t *r = c->list;
  get_a(w, &s, r, info->a, a);
  get_b(w, &s, r + info->a, info->b, b);
  get_c(w, s.d, s.m, r + info->a + info->b, sum);
  multiply(&s, a, b, sum);
  if (s.saturates)
    for (int i = 0; i < s.m; i++)
      for (int j = 0; j < 8; j++) sum[i][j] = fmax(fmin(sum[i][j], INT32_MAX), INT32_MIN);
  put_c(w, s.d, s.m, r + info->a + info->b + info->c, sum);
}

/* ---- wgmma ------------------------------------------------------------------------------------------------------- */

typedef struct Operand { /* in shared memory */
  uint32_t start, leading, stride, base;
  int width; /* chunks to a swizzled line; 1: not swizzled */
  bool k_major;
  NumberFormat format;
} Operand;

static Operand operand_of(uint64_t descriptor, bool transposed, NumberFormat format) {
  static const int widths[] = {1, 8, 4, 2};
  return (Operand){.start = (uint32_t)(descriptor & 0x3fff) << 4,
                   .leading = (uint32_t)(descriptor >> 16 & 0x3fff) << 4,
                   .stride = (uint32_t)(descriptor >> 32 & 0x3fff) << 4,
                   .base = (uint32_t)(descriptor >> 49 & 7),
                   .width = widths[descriptor >> 62],
                   .k_major = !transposed,
                   .format = format};
}

/* The chunk's address. K-major: `line` is a row of A (a column of B), `chunk` counts along k; else the other way
 * round. */
static uint32_t chunk_address(const Operand *o, uint32_t line, uint32_t chunk) {
  uint32_t w = (uint32_t)o->width, at = o->start + 16 * w * (line % 8);
  if (o->k_major)
    at += line / 8 * o->stride + chunk * (w == 1 ? o->leading : 16);
  else if (w == 1)
    at += line / 8 * o->leading + chunk * o->stride;
  else
    at += line / 8 * o->stride + chunk % w * 16 + chunk / w * o->leading;
  return at ^ (((at >> 7) - o->base) & (w - 1)) << 4;
}

static const uint8_t *chunk_at(Warp *w, const Code *c, const Operand *o, uint32_t line, uint32_t chunk) {
  static const uint8_t nothing[16];
  uint32_t address = chunk_address(o, line, chunk);
  if (!simt_shared_ok(w, c, 0, address, 16, false)) return nothing;
  simt_shadow_read(w, c, w->b->m->nwarps + 1 + w->index, w->b->engines[1 + w->index], 0, address, 16, true);
  return w->b->shared + (address - SHARED_BASE);
}

static double chunk_element(const uint8_t *chunk, NumberFormat f, int j) {
  uint64_t bits = 0;
  memcpy(&bits, chunk + j * formats[f].bytes, (size_t)formats[f].bytes);
  return decode(f, bits);
}

/* out[i * step_i + k * step_k] for `n` rows (columns of B) from `first`, all of k. */
static void get_operand(Warp *w, const Code *c, const Operand *o, int first, int n, int k, double *out, int step_i,
                        int step_k) {
  int per = 16 / formats[o->format].bytes;
  for (int line = o->k_major ? first : 0; line < (o->k_major ? first + n : k); line++)
    for (int chunk = o->k_major ? 0 : first / per; chunk < (o->k_major ? k : first + n) / per; chunk++) {
      const uint8_t *bytes = chunk_at(w, c, o, (uint32_t)line, (uint32_t)chunk);
      for (int j = 0; j < per; j++) {
        int i = (o->k_major ? line : chunk * per + j) - first, at_k = o->k_major ? chunk * per + j : line;
        out[i * step_i + at_k * step_k] = chunk_element(bytes, o->format, j);
      }
    }
}

static bool is_uniform(const Warp *w, int32_t r) {
  const uint64_t *x = reg64_at(w, r);
  for (int l = 1; l < LANES; l++)
    if (x[l] != x[0]) return false;
  return true;
}

static const char *misuse(const Warp *w, int32_t adesc, int32_t bdesc, const Shape *s, unsigned flags) {
  if (w->index / 4 * 4 + 4 > w->b->m->nwarps) return "it takes four warps, the first a multiple of four";
  if (!w->wgmma_fenced) return "no wgmma.fence before it";
  if ((adesc != NO_REG && !is_uniform(w, adesc)) || !is_uniform(w, bdesc))
    return "the descriptor differs between threads";
  if ((flags & (LLF_TRANS | LLF_TRANS_A)) && formats[s->a].bytes != 2) return "only 16-bit operands can be transposed";
  return NULL;
}

void simt_wgmma(Warp *w, const Code *c) {
  const LLInst *i = c->src;
  const LLMmaInfo *info = &ll_mma[i->mods.variant];
  Shape s = shape_of(info);
  int n = (int)i->imm, nacc = ll_nregs(i->type), na = ll_nregs(i->args[1]->type), tile = fragment_regs(s.d, 16);
  const int32_t *acc = c->list, *a = acc + nacc, *b = a + na, *out = b + 2;
  unsigned flags = i->mods.flags;
  const char *wrong = misuse(w, na == 1 ? a[0] : NO_REG, b[0], &s, flags);
  if (wrong) simt_issue(w, SIMT_WGMMA, c, 0, 0, 0, wrong);
  simt_clock_join(w->b->m, w->b->engines[1 + w->index], w->vc);
  Rows rows = {{0}};
  if (na == 1) {
    Operand o = operand_of(reg64_at(w, a[0])[0], flags & LLF_TRANS_A, s.a);
    get_operand(w, c, &o, w->index % 4 * 16, 16, s.k, &rows[0][0], 32, 1);
  } else {
    get_a(w, &s, a, na, rows);
  }
  Operand o = operand_of(reg64_at(w, b[0])[0], flags & LLF_TRANS, s.b);
  bool accumulate = *reg_at(w, b[1]) & 1;
  for (int t = 0; t < n / 8; t++) {
    Columns columns;
    double sum[16][8] = {{0}};
    get_operand(w, c, &o, 8 * t, 8, s.k, &columns[0][0], 1, 8);
    if (accumulate) get_c(w, s.d, 16, acc + t * tile, sum);
    multiply(&s, rows, columns, sum);
    put_c(w, s.d, 16, out + t * tile, sum);
  }
}

void simt_wgmma_commit(Warp *w) {
  int agent = w->b->m->nwarps + 1 + w->index;
  w->wgmma_clocks[w->wgmma_groups++ % COUNT(w->wgmma_clocks)] = w->b->engines[1 + w->index][agent]++;
}

void simt_wgmma_wait(Warp *w, uint32_t pending) {
  int agent = w->b->m->nwarps + 1 + w->index;
  w->wgmma_fenced = false;
  if (w->wgmma_groups <= pending) return;
  uint32_t clock = w->wgmma_clocks[(w->wgmma_groups - pending - 1) % COUNT(w->wgmma_clocks)];
  if (clock > w->vc[agent]) w->vc[agent] = clock;
}
