/* module.c: writes into the module what it says of the machine: warps, threads, target. Read there by layout/machine.c. */
#include "gpu/passes/passes.h"

#include <string.h>

enum {
  MAX_CTAS = 16,     /* blocks of a cluster */
  SHARED_WARPS = 16, /* of a block that runs a program for several: more would leave a thread too few registers */
};

/* A program that num_ctas blocks may share is run by one block with the warps of all: a tensor is spread over the same
 * threads, program ids count programs, and no exchange between blocks is needed. */
static int block_warps(Ctx *cx, const GpuOptions *o) {
  int ctas = o->common.num_ctas, warps = o->common.num_warps;
  if (ctas <= 1) return warps;
  if (o->sm < 90)
    ctx_fail(cx, ERR_SOURCE, "num_ctas = %d: num_ctas > 1 requires NVIDIA SM90+ (Hopper), and the target is sm_%d",
             ctas, o->sm);
  if (ctas > MAX_CTAS || (ctas & (ctas - 1)))
    ctx_fail(cx, ERR_SOURCE, "num_ctas = %d: it must be a power of 2, %d at most", ctas, MAX_CTAS);
  return warps >= SHARED_WARPS ? warps : (int)min64((int64_t)warps * ctas, SHARED_WARPS);
}

typedef struct Stages {
  Ctx *cx;
  int most;
} Stages;

static void limit_loop(Op *op, void *arg) {
  const Stages *s = arg;
  if (op->code == OP_FOR && ir_attr_int_or(op, "tt.num_stages", 0) > s->most)
    ir_set_attr(s->cx, op, "tt.num_stages", ir_attr_int(s->cx, ir_int(s->cx, 32), s->most));
}

static void limit_stages(Ctx *cx, Module *m, int most) {
  Stages s = {cx, most};
  ir_set_int(cx, m->op, "ttg.num-stages", min64(gpu_num_stages(m), most));
  ir_walk(m->op, limit_loop, &s);
}

void gpu_describe(Ctx *cx, Module *m, const GpuOptions *o) {
  gpu_check_ranks(cx, m);
  ir_set_int(cx, m->op, "ttg.num-ctas", 1);
  ir_set_int(cx, m->op, "ttg.num-warps", block_warps(cx, o));
  ir_set_int(cx, m->op, "ttg.threads-per-warp", 32);
  const char *target = ctx_printf(cx, "cuda:%d", o->sm);
  ir_set_attr(cx, m->op, "ttg.target", ir_attr_string(cx, target, strlen(target)));
  ir_set_int(cx, m->op, "ttg.num-stages", o->common.num_stages);
  if (o->most_stages) limit_stages(cx, m, o->most_stages);
  ir_set_attr(cx, m->op, GPU_WAIT_FOR_STORES, o->wait_for_stores ? ir_attr_unit(cx) : NULL);
  ir_set_attr(cx, m->op, GPU_SUBNORMALS, o->common.enable_reflect_ftz ? NULL : ir_attr_unit(cx));
  if (o->common.num_warps > 32) /* a block of any GPU has at most 1024 threads */
    ctx_fail(cx, ERR_RESOURCES,
             "out of resource: threads, Required: %lld, Hardware limit: 1024. Reducing `num_warps` may help.",
             32 * (long long)o->common.num_warps);
}

int64_t gpu_shared_limit(int sm) {
  switch (sm) {
  case 75: return 64 << 10;
  case 80:
  case 87: return 163 << 10;
  case 90:
  case 100:
  case 103: return 227 << 10;
  default: return 99 << 10;
  }
}
