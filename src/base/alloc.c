/* alloc.c: allocations that unwind where there is no memory, and the moments at which the host may interrupt. */
#include "base/internal.h"

#include <string.h>

void ctx_set_interrupt(Ctx *cx, Interrupt interrupt) { cx->interrupt = interrupt; }

bool ctx_interrupt_wanted(Ctx *cx) {
  return cx->interrupt.wanted && cx->protect && cx->interrupt.wanted(cx->interrupt.self);
}

void ctx_check_interrupt(Ctx *cx) {
  if (ctx_interrupt_wanted(cx)) ctx_throw(cx, ERR_HOST);
}

void *ctx_alloc(Ctx *cx, size_t bytes) {
  enum { BETWEEN_QUESTIONS = 1024 };
  if (cx->interrupt.wanted && ++cx->allocations % BETWEEN_QUESTIONS == 0) ctx_check_interrupt(cx);
  void *p = arena_try(cx, bytes);
  if (!p) ctx_throw(cx, ERR_MEMORY);
  return p;
}

void *ctx_alloc_n(Ctx *cx, size_t count, size_t bytes) {
  if (bytes && count > SIZE_MAX / bytes) ctx_throw(cx, ERR_MEMORY);
  return ctx_alloc(cx, count * bytes);
}

void *ctx_copy(Ctx *cx, const void *from, size_t bytes) {
  void *to = ctx_alloc(cx, bytes);
  return bytes ? memcpy(to, from, bytes) : to;
}

char *ctx_strndup(Ctx *cx, const char *s, size_t n) {
  char *copy = ctx_alloc(cx, n + 1);
  if (n) memcpy(copy, s, n);
  return copy;
}

void *arena_grow(Ctx *cx, void *p, size_t old, size_t bytes) {
  if (arena_extend(cx, p, old, bytes)) return p;
  void *moved = ctx_alloc(cx, bytes);
  if (old) memcpy(moved, p, old);
  return moved;
}

void *vec_room(Ctx *cx, void *at, uint32_t len, uint32_t *cap, size_t size) {
  if (len < *cap) return at;
  if (*cap > UINT32_MAX / 2) ctx_throw(cx, ERR_MEMORY);
  uint32_t more = *cap ? *cap * 2 : 8;
  if (size && more > SIZE_MAX / size) ctx_throw(cx, ERR_MEMORY);
  at = arena_grow(cx, at, (size_t)*cap * size, (size_t)more * size);
  *cap = more;
  return at;
}
