/* failing.h: an allocator that fails from its n-th call on, and counts what is still alive. */
#ifndef TRITONC_TESTS_FAILING_H
#define TRITONC_TESTS_FAILING_H

#include <stdlib.h>

typedef struct Failing {
  long calls, fail_at, alive;
} Failing;

static void *failing_alloc(void *self, size_t bytes) {
  Failing *f = self;
  if (++f->calls >= f->fail_at) return NULL;
  void *p = malloc(bytes);
  f->alive += p != NULL;
  return p;
}

static void failing_release(void *self, void *chunk) {
  ((Failing *)self)->alive -= chunk != NULL;
  free(chunk);
}

#endif
