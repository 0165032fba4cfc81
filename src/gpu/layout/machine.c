/* machine.c: what a module says of the machine: warps, compute capability, stages; and what fits it. */
#include "gpu/layout/encoding.h"

#include <stdlib.h>
#include <string.h>

int gpu_num_ctas(const Module *m) { return (int)ir_attr_int_or(m->op, "ttg.num-ctas", 1); }

int gpu_num_warps(const Module *m) { return (int)ir_attr_int_or(m->op, "ttg.num-warps", 4) * gpu_num_ctas(m); }

int gpu_num_stages(const Module *m) { return (int)ir_attr_int_or(m->op, "ttg.num-stages", 1); }

int gpu_sm(const Module *m) {
  const char *target = ir_attr_text_or(m->op, "ttg.target", "cuda:80"), *colon = strchr(target, ':');
  return colon ? atoi(colon + 1) : 80;
}

static void check_rank(Op *op, void *arg) {
  for (int i = 0; i < op->nresults; i++) {
    const Type *t = op->results[i].type;
    if (ir_is_tensor(t) && t->rank > LAYOUT_MAX_DIMS - 1)
      ir_fail(arg, op, NULL, "a tensor of %d dimensions: at most %d are possible on this target", t->rank,
              LAYOUT_MAX_DIMS - 1);
  }
}

void gpu_check_ranks(Ctx *cx, Module *m) { ir_walk(m->op, check_rank, cx); }
