/* internal.h: what the files of base/ know of a context and others do not. */
#ifndef TRITONC_BASE_INTERNAL_H
#define TRITONC_BASE_INTERNAL_H

#include "base/base.h"

typedef struct Chunk Chunk;

/* An action that ctx_defer() registered; a stack, newest first. */
typedef struct Deferred {
  void (*action)(void *arg);
  void *arg;
  struct Deferred *older;
} Deferred;

/* One ctx_protect() in progress, on the C stack. It remembers what the unwinding has to restore. */
typedef struct Protect {
  jmp_buf jump;
  struct Protect *outer;
  Deferred *deferred;
  const CallFrame *calls;
} Protect;

/* The interned strings: open addressing, linear probing, never more than half full. */
typedef struct Interned {
  const char *s;
  size_t len;
  uint64_t hash;
} Interned;

struct Ctx {
  Allocator allocator;
  Chunk *chunks;      /* all of them, newest first */
  char *free, *limit; /* the unused part of the chunk that small allocations come from */
  char *last;         /* the newest allocation in it: that one can grow in place */
  size_t chunk_bytes; /* size of the next chunk */
  size_t bytes;       /* handed out */

  Interned *interned;
  size_t interned_len, interned_cap;

  Interrupt interrupt;
  unsigned allocations; /* since the context was made; tells when to poll `interrupt` */

  Protect *protect;
  Deferred *deferred;
  Err err; /* of the unwinding in progress */

  Diag *diags, *last_diag;
  Map warned; /* the place and text of every warning, interned */
  const CallFrame *calls;

  void *slots[CTX_SLOTS];
};

/* As ctx_alloc, but NULL when there is no memory: for the few places that have to clean up before they unwind. */
void *arena_try(Ctx *cx, size_t bytes);
/* Makes `p`, an allocation of `old` bytes, `bytes` long (bytes > old) in place; false where something was allocated since
 * or there is no room. */
bool arena_extend(Ctx *cx, void *p, size_t old, size_t bytes);
/* The same, or moved; unwinds. */
void *arena_grow(Ctx *cx, void *p, size_t old, size_t bytes);

#endif
