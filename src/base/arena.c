/* arena.c: contexts and their arena. Nothing here unwinds: alloc.c does where there is no memory.
 *
 * Memory comes in chunks that grow geometrically, and is handed out by advancing a pointer. An allocation too big for
 * that gets a chunk of its own, so that it does not waste the rest of the current one. Memory is zeroed as it is
 * handed out and not before: that is when it enters the cache anyway.
 *
 * Under AddressSanitizer everything in a chunk that is not handed out is poisoned, the padding between two allocations
 * included, so that running over the end of one is reported as it would be with malloc.
 */
#include "base/internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#endif
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n) ASAN_POISON_MEMORY_REGION((p), (n))
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#define RED_ZONE 16
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#define RED_ZONE 0
#endif

enum { ALIGN = 16, FIRST_CHUNK = 32 * 1024, LARGEST_CHUNK = 8 * 1024 * 1024 };

struct Chunk {
  Chunk *older;
  size_t bytes; /* after this header */
};
#define CHUNK_HEADER ((sizeof(Chunk) + ALIGN - 1) / ALIGN * ALIGN)

static size_t round_up(size_t n) { return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1); }

static void *default_alloc(void *self, size_t bytes) {
  (void)self;
  return malloc(bytes);
}

static void default_release(void *self, void *chunk) {
  (void)self;
  free(chunk);
}

/* A chunk with `bytes` of room, or NULL; all of it poisoned. */
static Chunk *chunk_new(Ctx *cx, size_t bytes) {
  Chunk *chunk = cx->allocator.alloc(cx->allocator.self, CHUNK_HEADER + bytes);
  if (!chunk) return NULL;
  assert((uintptr_t)chunk % ALIGN == 0);
  *chunk = (Chunk){.older = cx->chunks, .bytes = bytes};
  cx->chunks = chunk;
  POISON((char *)chunk + CHUNK_HEADER, bytes);
  return chunk;
}

Ctx *ctx_new(const Allocator *allocator) {
  Allocator from = allocator ? *allocator : (Allocator){default_alloc, default_release, NULL};
  Ctx *cx = from.alloc(from.self, sizeof *cx);
  if (!cx) return NULL;
  *cx = (Ctx){.allocator = from, .chunk_bytes = FIRST_CHUNK};
  return cx;
}

void ctx_free(Ctx *cx) {
  if (!cx) return;
  assert(!cx->protect);
  for (Deferred *d = cx->deferred; d; d = d->older) d->action(d->arg);
  Allocator from = cx->allocator;
  for (Chunk *chunk = cx->chunks, *older; chunk; chunk = older) {
    older = chunk->older;
    UNPOISON((char *)chunk + CHUNK_HEADER, chunk->bytes);
    from.release(from.self, chunk);
  }
  from.release(from.self, cx);
}

size_t ctx_bytes(const Ctx *cx) { return cx->bytes; }

void **ctx_slot(Ctx *cx, int slot) { return &cx->slots[slot]; }

/* Room for `need` bytes (already rounded up), or NULL. */
static char *arena_room(Ctx *cx, size_t need) {
  if (need <= (size_t)(cx->limit - cx->free)) {
    cx->last = cx->free;
    cx->free += need;
    return cx->last;
  }
  if (need > cx->chunk_bytes / 4) {
    Chunk *own = chunk_new(cx, need);
    return own ? (char *)own + CHUNK_HEADER : NULL;
  }
  Chunk *chunk = chunk_new(cx, cx->chunk_bytes);
  if (!chunk) return NULL;
  cx->last = (char *)chunk + CHUNK_HEADER;
  cx->free = cx->last + need;
  cx->limit = cx->last + chunk->bytes;
  if (cx->chunk_bytes < LARGEST_CHUNK) cx->chunk_bytes *= 2;
  return cx->last;
}

void *arena_try(Ctx *cx, size_t bytes) {
  if (bytes > SIZE_MAX / 2) return NULL;
  char *p = arena_room(cx, round_up(bytes ? bytes + RED_ZONE : 1));
  if (!p) return NULL;
  UNPOISON(p, bytes);
  cx->bytes += bytes;
  return memset(p, 0, bytes);
}

bool arena_extend(Ctx *cx, void *p, size_t old, size_t bytes) {
  assert(bytes > old);
  size_t need = round_up(bytes + RED_ZONE);
  if (!p || p != (void *)cx->last || bytes > SIZE_MAX / 2 || need > (size_t)(cx->limit - cx->last)) return false;
  cx->free = cx->last + need;
  cx->bytes += bytes - old;
  UNPOISON(cx->last, bytes);
  memset(cx->last + old, 0, bytes - old);
  return true;
}
