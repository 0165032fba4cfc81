/* unwind.c: error unwinding: ctx_protect(), ctx_throw(), and the actions deferred in between.
 *
 * Nothing here allocates while it unwinds, so running out of memory unwinds as any other error does.
 */
#include "base/internal.h"

#include <assert.h>
#include <stdlib.h>

/* Newest first, down to `until`. An action is taken off before it runs. */
static void run_deferred(Ctx *cx, const Deferred *until) {
  while (cx->deferred != until) {
    Deferred *d = cx->deferred;
    cx->deferred = d->older;
    d->action(d->arg);
  }
}

Err ctx_protect(Ctx *cx, void (*fn)(Ctx *cx, void *arg), void *arg) {
  Protect here = {.outer = cx->protect, .deferred = cx->deferred, .calls = cx->calls};
  cx->protect = &here;
  cx->err = ERR_NONE;
  if (setjmp(here.jump) == 0) {
    fn(cx, arg);
    cx->err = ERR_NONE; /* a protect inside may have left its own */
    run_deferred(cx, here.deferred);
  }
  cx->protect = here.outer;
  cx->calls = here.calls;
  return cx->err;
}

void ctx_throw(Ctx *cx, Err err) {
  assert(err != ERR_NONE);
  /* An error outside of any ctx_protect() is a bug: the API boundary protects all that a user can reach. */
  assert(cx->protect);
  if (!cx->protect) abort();
  /* The actions run before the jump: what their arguments point at may be on the stack that it discards. */
  run_deferred(cx, cx->protect->deferred);
  cx->err = err;
  longjmp(cx->protect->jump, 1);
}

void ctx_defer(Ctx *cx, void (*action)(void *arg), void *arg) {
  Deferred *d = arena_try(cx, sizeof *d);
  if (!d) {
    action(arg);
    ctx_throw(cx, ERR_MEMORY);
  }
  *d = (Deferred){action, arg, cx->deferred};
  cx->deferred = d;
}

void ctx_push_call(Ctx *cx, CallFrame *frame) {
  frame->outer = (CallFrame *)cx->calls;
  cx->calls = frame;
}

void ctx_pop_call(Ctx *cx) {
  assert(cx->calls);
  cx->calls = cx->calls->outer;
}

const CallFrame *ctx_calls(const Ctx *cx) { return cx->calls; }
