/* profile.h: the launches of this process and how long they took, while somebody wants to know: triton.profiler.
 *
 * A launch belongs to the id that its thread was given last, which means something to the caller alone (a scope). Where nobody
 * wants to know, a launch costs one look at a flag. */
#ifndef TRITONC_TARGET_PROFILE_H
#define TRITONC_TARGET_PROFILE_H

#include "tritonc.h"

#include <stdatomic.h>

extern atomic_bool target_profile_running;
static inline bool target_profile_wanted(void) { return atomic_load_explicit(&target_profile_running, memory_order_relaxed); }

void target_profile_begin(void); /* nothing is recorded yet */
void target_profile_end(void);
/* What this thread (all threads) launches from now on belongs to `id`. */
void target_profile_mark(uint64_t id);
void target_profile_mark_all(uint64_t id);
uint64_t target_profile_id(void);     /* of this thread */
uint64_t target_profile_default(void); /* of a thread that was given none */
/* The name is copied. Without memory the record is dropped, and counted. */
void target_profile_add(ttc_profile_record r);
size_t target_profile_take(ttc_profile_record *out, size_t n); /* the oldest, at most n */
size_t target_profile_dropped(void);

#endif
