/* sum.c: sums of products of values, in a normal form.
 *
 * A sum is a constant and terms, a term a number times a product of values. Terms are sorted (by how many factors they
 * have, then by the factors' numbers), factors within a term too; a value gets its number when it first becomes a
 * factor, so that the order is the same in every run. Equal sums are interned: comparing two is comparing pointers.
 *
 * Sums have at most INDEX_TERMS terms and terms at most INDEX_FACTORS factors; what would be longer is given up (NULL),
 * and the value that was to be described becomes a factor itself. So every operation takes bounded time.
 */
#include "index/internal.h"

#include <string.h>

typedef struct SumNode {
  const IndexSum *sum;
  struct SumNode *next;
} SumNode;

static size_t bytes_of(int n) { return sizeof(IndexSum) + (size_t)n * sizeof(IndexTerm); }

static bool same_product(const IndexTerm *a, const IndexTerm *b) {
  return a->n == b->n && !memcmp(a->factors, b->factors, (size_t)a->n * sizeof *a->factors);
}

static bool same_sum(const IndexSum *a, const IndexSum *b) {
  if (a->constant != b->constant || a->n != b->n) return false;
  for (int i = 0; i < a->n; i++)
    if (a->terms[i].times != b->terms[i].times || !same_product(&a->terms[i], &b->terms[i])) return false;
  return true;
}

static int number_of(IndexInfo *ix, const Value *v) {
  Fact *f = index_fact(ix, v);
  if (!f->number) f->number = ++ix->numbers;
  return f->number;
}

/* The same in every run: of numbers, not of addresses. */
static uint64_t hash_of(IndexInfo *ix, int64_t constant, const IndexTerm *terms, int n) {
  uint64_t h = hash_mix((uint64_t)n, (uint64_t)constant);
  for (int i = 0; i < n; i++) {
    h = hash_mix(h, (uint64_t)terms[i].times);
    for (int k = 0; k < terms[i].n; k++) h = hash_mix(h, (uint64_t)number_of(ix, terms[i].factors[k]));
  }
  return h;
}

static const IndexSum *interned(IndexInfo *ix, int64_t constant, const IndexTerm *terms, int n) {
  if (n == 1 && !constant && terms->n == 1 && terms->times == 1) return index_sum_value(ix, terms->factors[0]);
  const void *key = (const void *)(uintptr_t)(hash_of(ix, constant, terms, n) | 1);
  SumNode *known = map_get(&ix->sums, key);
  union {
    IndexSum sum;
    char room[sizeof(IndexSum) + INDEX_TERMS * sizeof(IndexTerm)];
  } made;
  made.sum.constant = constant;
  made.sum.n = n;
  if (n) memcpy(made.sum.terms, terms, (size_t)n * sizeof *terms);
  for (SumNode *x = known; x; x = x->next)
    if (same_sum(x->sum, &made.sum)) return x->sum;
  SumNode *fresh = NEW(ix->cx, SumNode);
  *fresh = (SumNode){ctx_copy(ix->cx, &made.sum, bytes_of(n)), known};
  map_put(ix->cx, &ix->sums, key, fresh);
  return fresh->sum;
}

const IndexSum *index_sum_const(IndexInfo *ix, int64_t x) {
  if (x == 0 && ix->zero) return ix->zero;
  return interned(ix, x, NULL, 0);
}

const IndexSum *index_sum_value(IndexInfo *ix, const Value *v) {
  Fact *f = index_fact(ix, v);
  if (f->self) return f->self;
  number_of(ix, v);
  IndexSum *s = ctx_alloc(ix->cx, bytes_of(1));
  s->n = 1;
  s->terms[0] = (IndexTerm){.times = 1, .n = 1, .factors = {v}};
  return f->self = s;
}

static int compare(IndexInfo *ix, const IndexTerm *a, const IndexTerm *b) {
  if (a->n != b->n) return a->n - b->n;
  for (int i = 0; i < a->n; i++)
    if (a->factors[i] != b->factors[i]) return number_of(ix, a->factors[i]) - number_of(ix, b->factors[i]);
  return 0;
}

static bool multiply(int64_t a, int64_t b, int64_t *out) { return !__builtin_mul_overflow(a, b, out); }

static bool add(int64_t a, int64_t b, int64_t times, int64_t *out) {
  int64_t x;
  return multiply(b, times, &x) && !__builtin_add_overflow(a, x, out);
}

/* Both are sorted: a merge. */
const IndexSum *index_sum_add(IndexInfo *ix, const IndexSum *a, const IndexSum *b, int64_t times) {
  if (!a || !b) return NULL;
  IndexTerm terms[2 * INDEX_TERMS];
  int64_t constant;
  int n = 0;
  if (!add(a->constant, b->constant, times, &constant)) return NULL;
  for (int i = 0, k = 0; i < a->n || k < b->n;) {
    int order = i == a->n ? 1 : k == b->n ? -1 : compare(ix, &a->terms[i], &b->terms[k]);
    IndexTerm t = order <= 0 ? a->terms[i++] : b->terms[k];
    if (order > 0) t.times = 0;
    if (order >= 0 && !add(t.times, b->terms[k++].times, times, &t.times)) return NULL;
    if (t.times) terms[n++] = t;
  }
  return n > INDEX_TERMS ? NULL : interned(ix, constant, terms, n);
}

const IndexSum *index_sum_scale(IndexInfo *ix, const IndexSum *a, int64_t times) {
  return times == 1 ? a : index_sum_add(ix, index_sum_const(ix, 0), a, times);
}

/* a * b of terms; false if there are too many factors. */
static bool term_product(IndexInfo *ix, const IndexTerm *a, const IndexTerm *b, IndexTerm *out) {
  if (a->n + b->n > INDEX_FACTORS || !multiply(a->times, b->times, &out->times)) return false;
  out->n = 0;
  for (int i = 0, k = 0; i < a->n || k < b->n;) {
    bool first = k == b->n || (i < a->n && number_of(ix, a->factors[i]) <= number_of(ix, b->factors[k]));
    out->factors[out->n++] = first ? a->factors[i++] : b->factors[k++];
  }
  return true;
}

const IndexSum *index_sum_mul(IndexInfo *ix, const IndexSum *a, const IndexSum *b) {
  if (!a || !b) return NULL;
  const IndexSum *total = index_sum_add(ix, index_sum_const(ix, 0), b, a->constant);
  if (total && b->constant)
    total = index_sum_add(ix, total, index_sum_add(ix, a, index_sum_const(ix, a->constant), -1), b->constant);
  for (int i = 0; i < a->n; i++)
    for (int k = 0; k < b->n && total; k++) {
      IndexTerm t;
      total =
          term_product(ix, &a->terms[i], &b->terms[k], &t) ? index_sum_add(ix, total, interned(ix, 0, &t, 1), 1) : NULL;
    }
  return total;
}

const IndexSum *index_sum_divide(IndexInfo *ix, const IndexSum *a, int64_t by) {
  if (!a || by == 0 || a->constant % by) return NULL;
  IndexTerm terms[INDEX_TERMS];
  for (int i = 0; i < a->n; i++) {
    if (a->terms[i].times % by) return NULL;
    terms[i] = a->terms[i];
    terms[i].times /= by;
  }
  return interned(ix, a->constant / by, terms, a->n);
}

void *index_sum_compute(const IndexSum *s, int64_t by, const IndexArithmetic *with, void *self) {
  void *sum = NULL;
  for (int i = 0; i < s->n; i++) {
    const IndexTerm *t = &s->terms[i];
    void *product = NULL;
    for (int k = 0; k < t->n; k++) {
      void *x = with->factor(self, t->factors[k]);
      product = product ? with->multiply(self, product, x) : x;
    }
    if (t->times != by) product = with->multiply(self, product, with->number(self, t->times / by));
    sum = sum ? with->add(self, sum, product) : product;
  }
  if (!sum) return with->number(self, s->constant / by);
  return s->constant ? with->add(self, sum, with->number(self, s->constant / by)) : sum;
}

bool index_sum_is_small(const IndexSum *s) {
  const int64_t large = (int64_t)1 << 24;
  if (s->constant >= large || s->constant <= -large) return false;
  for (int i = 0; i < s->n; i++)
    if (s->terms[i].times >= large || s->terms[i].times <= -large) return false;
  return true;
}

const IndexSum *index_sub(IndexInfo *ix, const IndexSum *a, const IndexSum *b) { return index_sum_add(ix, a, b, -1); }

/* What divides a factor. A sum may reach an op through values that do not change when the factor's align does, so the op
 * is remembered with the factor. */
static int64_t factor_divisor(IndexInfo *ix, const Value *v) {
  Fact *f = map_get(&ix->facts, v);
  if (!f || !f->index || f->index->align == 1) return 1;
  bool known = f->watchers.len && f->watchers.at[f->watchers.len - 1] == ix->visiting;
  if (ix->visiting && !known) vec_push(ix->cx, &f->watchers, ix->visiting);
  return f->index->align;
}

int64_t index_divisor(IndexInfo *ix, const IndexSum *s) {
  int64_t all = low_bit(s->constant);
  for (int i = 0; i < s->n; i++) {
    int64_t one = low_bit(s->terms[i].times);
    for (int k = 0; k < s->terms[i].n; k++) one = times_pow2(one, factor_divisor(ix, s->terms[i].factors[k]));
    all = min64(all, one);
  }
  return all;
}
