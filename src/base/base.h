/* base.h: what every other folder stands on.
 *
 * A compilation owns one `Ctx`: an arena, a table of interned strings, the diagnostics it made, and the state of
 * error unwinding. Everything a compile makes lives in the context's arena and dies with it;
 * nothing is freed one by one. A context belongs to one thread at a time; any number of contexts may work at once, for
 * there is no global mutable state.
 *
 * Errors unwind by longjmp from wherever they are found to the nearest ctx_protect(). Between the two there is only
 * arena memory, so nothing leaks; a resource that is not arena memory (a file, an LLVM module) is registered with
 * ctx_defer() so that the unwinding releases it.
 */
#ifndef TRITONC_BASE_H
#define TRITONC_BASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#if defined(__MINGW32__) && !defined(__clang__) /* there printf is the system's, gnu_printf the C standard's */
#define PRINTF_LIKE(fmt, args) __attribute__((format(gnu_printf, fmt, args)))
#else
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#endif
#else
#define PRINTF_LIKE(fmt, args)
#endif

typedef struct Ctx Ctx;

/* ---- allocation -------------------------------------------------------------------------------------------------- */

/* Where a context takes its chunks from. NULL means malloc/free. Tests pass one that fails on demand. */
typedef struct Allocator {
  void *(*alloc)(void *self, size_t bytes); /* NULL when out of memory */
  void (*release)(void *self, void *chunk);
  void *self;
} Allocator;

/* A fresh context, or NULL when there is no memory for it. */
Ctx *ctx_new(const Allocator *allocator);
void ctx_free(Ctx *cx);
size_t ctx_bytes(const Ctx *cx); /* arena bytes handed out so far */
/* A place in the context where a folder keeps a pointer to its own tables (interned types, say). NULL at first. */
enum { CTX_SLOT_IR, CTX_SLOT_WATCH, CTX_SLOT_LANG, CTX_SLOT_RUN, CTX_SLOT_TIMES, CTX_SLOTS };
void **ctx_slot(Ctx *cx, int slot);

/* Zeroed memory, aligned to 16. Never NULL: running out unwinds with ERR_MEMORY. */
void *ctx_alloc(Ctx *cx, size_t bytes);
void *ctx_alloc_n(Ctx *cx, size_t count, size_t bytes); /* checks the product */
void *ctx_copy(Ctx *cx, const void *from, size_t bytes);
char *ctx_strndup(Ctx *cx, const char *s, size_t n);
char *ctx_printf(Ctx *cx, const char *fmt, ...) PRINTF_LIKE(2, 3);
char *ctx_vprintf(Ctx *cx, const char *fmt, va_list args) PRINTF_LIKE(2, 0);
#define NEW(cx, T) ((T *)ctx_alloc((cx), sizeof(T)))
#define NEWN(cx, T, n) ((T *)ctx_alloc_n((cx), (size_t)(n), sizeof(T)))

/* A request to stop: polled during the work, at intervals well below a second. */
typedef struct Interrupt {
  bool (*wanted)(void *self); /* should the work stop? quick; NULL: never */
  void *self;
} Interrupt;
void ctx_set_interrupt(Ctx *cx, Interrupt interrupt);
bool ctx_interrupt_wanted(Ctx *cx);
void ctx_check_interrupt(Ctx *cx); /* unwinds with ERR_HOST when a stop is requested; allocations poll as well */

/* Spans of time, which lie in each other: times.c. time_whole() begins one of which a tree is to be printed; it gives
 * NULL, and so do those within it, unless TRITONC_TIME asks. time_end() also ends what an error left open inside. */
typedef struct TimeSpan TimeSpan;
bool times_wanted(void);
int64_t time_now(void); /* nanoseconds */
TimeSpan *time_whole(Ctx *cx, const char *name);
TimeSpan *time_begin(Ctx *cx, const char *name);
int64_t time_end(Ctx *cx, TimeSpan *s); /* what it took */
const char *time_tree(Ctx *cx, const TimeSpan *root); /* a line for each span: its name, milliseconds, share */

/* Interned strings: equal text has equal pointers within one context. */
const char *intern(Ctx *cx, const char *s);
const char *intern_n(Ctx *cx, const char *s, size_t n);

/* ---- vectors, maps, text ----------------------------------------------------------------------------------------- */

/* A growing array in the arena: `Vec(int) v = {0}; vec_push(cx, &v, 3); v.at[0]`. */
#define Vec(T)                                                                                                         \
  struct {                                                                                                             \
    T *at;                                                                                                             \
    uint32_t len, cap;                                                                                                 \
  }
#define vec_push(cx, v, x)                                                                                             \
  ((v)->at = vec_room((cx), (v)->at, (v)->len, &(v)->cap, sizeof *(v)->at), (v)->at[(v)->len++] = (x))
void *vec_room(Ctx *cx, void *at, uint32_t len, uint32_t *cap, size_t size); /* room for one more */

/* A hash map from pointers (or interned strings, or small integers cast to pointers) to pointers. NULL is no key.
 * Walk it in insertion order: for (uint32_t i = 0; i < m.len; i++) use m.entries[i]; a removed entry has key NULL. */
typedef struct MapEntry {
  const void *key;
  void *value;
} MapEntry;
typedef struct Map {
  MapEntry *entries;
  uint32_t *slots;
  uint32_t len, cap, nslots, live;
} Map;
void *map_get(const Map *m, const void *key); /* NULL when absent */
bool map_has(const Map *m, const void *key);
void map_put(Ctx *cx, Map *m, const void *key, void *value);
void map_remove(Map *m, const void *key);

uint64_t hash_bytes(const void *data, size_t n, uint64_t seed); /* fast, not cryptographic */
static inline uint64_t hash_mix(uint64_t h, uint64_t x) { /* one more word */
  h = (h ^ x) * UINT64_C(0x9E3779B97F4A7C15);
  return h ^ (h >> 32);
}
typedef struct Sha256 {
  uint32_t h[8];
  uint64_t bytes;
  uint8_t block[64];
} Sha256;
void sha256_init(Sha256 *s);
void sha256_add(Sha256 *s, const void *data, size_t n);
void sha256_hex(Sha256 *s, char hex[65]); /* finishes; writes 64 digits and a NUL */

/* Text under construction, NUL-terminated at all times once something was written. */
typedef struct Buf {
  Ctx *cx;
  char *s;
  size_t len, cap;
} Buf;
void buf_putc(Buf *b, char c);
void buf_puts(Buf *b, const char *s);
void buf_write(Buf *b, const char *s, size_t n);
void buf_printf(Buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
char *buf_text(Buf *b); /* "" for an empty one */

/* The shortest decimal text that reads back as the same double ("1.5", "1e+30", "inf", "nan"). */
void buf_double(Buf *b, double x);
/* A string of JSON, in quotes. It may be part of a script element of HTML: "</" and "<!" are escaped. */
void buf_json(Buf *b, const char *s, size_t n);
/* strtod, independent of the locale: the decimal point is a point. */
double text_to_double(const char *s, char **end);

/* The number of bytes of the UTF-8 sequence at s (at most n bytes), or 0 if it is not a valid one. */
size_t utf8_len(const char *s, size_t n);

/* ---- sources, spans, diagnostics --------------------------------------------------------------------------------- */

/* A piece of program text. `first_line` is the line number of its first line in the file it was cut from; `indent` is
 * the number of columns removed from the start of every line (a method's source is dedented before it comes here). */
typedef struct Source {
  const char *file;
  const char *text;
  size_t len;
  int first_line;
  int indent;
  const uint32_t *lines; /* source_new: where each line begins; NULL elsewhere */
  uint32_t nlines;
} Source;
typedef struct Span {
  const Source *source; /* NULL: nowhere */
  uint32_t begin, end;  /* byte offsets, end excluded */
} Span;
Source *source_new(Ctx *cx, const char *file, const char *text, size_t len, int first_line);
void span_line_col(Span s, int *line, int *col); /* both from 1, in the file's numbering; col counts code points */
Span span_join(Span a, Span b);

typedef enum Severity { SEV_ERROR, SEV_WARNING, SEV_NOTE } Severity;
typedef struct Diag {
  Severity severity;
  Span span;
  const char *message;
  const char *hint;      /* or NULL */
  struct Diag *calls;    /* notes, innermost first: "called from here" */
  struct Diag *next;
} Diag;

/* The chain of @jit calls that is being compiled; diagnostics copy it. */
typedef struct CallFrame {
  const char *function; /* the callee */
  Span call;
  struct CallFrame *outer;
} CallFrame;

typedef enum Err {
  ERR_NONE = 0,
  ERR_SOURCE,    /* the user's program is wrong; ctx_diags() says how */
  ERR_MEMORY,    /* out of memory */
  ERR_HOST,      /* a host callback failed; its own error is pending there */
  ERR_SYSTEM,    /* a file, a library, the operating system; ctx_diags() says how */
  ERR_INTERNAL,  /* a bug in tritonc, caught before it did harm */
  ERR_RESOURCES, /* more is asked for than the device has; ctx_diags() says it in TARGET_RESOURCES' words */
} Err;

/* Run fn(cx, arg); returns ERR_NONE, or what unwound it. Calls nest. Deferred actions registered inside have run. */
Err ctx_protect(Ctx *cx, void (*fn)(Ctx *cx, void *arg), void *arg);
_Noreturn void ctx_throw(Ctx *cx, Err err);
/* Run `action(arg)` when the innermost ctx_protect() ends, by return or by unwinding, last registered first. What
 * `arg` points at must still be there then: memory of the arena, not of a function that may have returned. If there is
 * no memory to register it, it runs at once, and the call unwinds. */
void ctx_defer(Ctx *cx, void (*action)(void *arg), void *arg);

/* Report the user's mistake at `span` and unwind. `hint` may be NULL. */
_Noreturn void diag_fail(Ctx *cx, Span span, const char *hint, const char *fmt, ...) PRINTF_LIKE(4, 5);
_Noreturn void diag_vfail(Ctx *cx, Span span, const char *hint, const char *fmt, va_list args);
/* The same with notes of the caller's own in place of the chain of calls that is being compiled. */
_Noreturn void diag_fail_noted(Ctx *cx, Span span, const char *hint, Diag *notes, const char *fmt, ...)
    PRINTF_LIKE(5, 6);
/* Goes on. The same text at the same place is kept once. */
void diag_warn(Ctx *cx, Span span, const char *hint, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* A failure without a place in a source (a file that cannot be read, a target that is not known). Unwinds. */
_Noreturn void ctx_fail(Ctx *cx, Err err, const char *fmt, ...) PRINTF_LIKE(3, 4);
const Diag *ctx_diags(const Ctx *cx);
void ctx_clear_diags(Ctx *cx);
void ctx_push_call(Ctx *cx, CallFrame *frame); /* frame lives in the caller; ctx_protect restores the chain */
void ctx_pop_call(Ctx *cx);
const CallFrame *ctx_calls(const Ctx *cx);

/* file:line:col: error: message, the source line, a caret under the span, hint, the chain of calls. */
void diag_render(Buf *out, const Diag *d, bool colour);

/* The name among the n `names` that is nearest to `wrong` by edit distance, or NULL if none is near. */
const char *nearest_name(const char *wrong, const char *const *names, size_t n);
/* The same for the end of a message: "; did you mean `NAME`?", or "". */
const char *did_you_mean(Ctx *cx, const char *wrong, const char *const *names, size_t n);
/* For a hint: "did you mean `NAME`?" of a name that was found near, after `prefix` ("."); NULL for NULL. */
const char *hint_near(Ctx *cx, const char *prefix, const char *near);

/* ---- small things ------------------------------------------------------------------------------------------------ */

static inline bool is_pow2(int64_t x) { return x > 0 && (x & (x - 1)) == 0; }
static inline int64_t div_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
static inline int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int log2_of(int64_t x) { /* of a power of two; of others rounded down */
  int b = 0;
  while (x > 1) x >>= 1, b++;
  return b;
}
/* Two's complement in `bits` bits. */
static inline uint64_t low_bits(uint64_t x, int bits) { return bits >= 64 ? x : x & ((UINT64_C(1) << bits) - 1); }
static inline int64_t sign_extended(uint64_t x, int bits) {
  return bits >= 64 ? (int64_t)x : (int64_t)(x << (64 - bits)) >> (64 - bits);
}
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Whole file into the arena; unwinds with ERR_SYSTEM. */
char *file_read(Ctx *cx, const char *path, size_t *len);

#endif
