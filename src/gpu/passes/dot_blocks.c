/* dot_blocks.c: how many blocks of a loop with dots share a multiprocessor, estimated before there are registers.
 *
 * Passes that choose how many buffers copies have ask this: a buffer that lowers the number costs more than it saves. The
 * figures are those of matrix products that were compiled: accumulators, temporaries that grow with them, counters and
 * descriptors, and the addresses of copies.
 */
#include "gpu/passes/passes.h"

int64_t gpu_dot_registers(const Block *body, int num_warps, bool at_once) {
  int64_t registers = 0;
  for (const Op *op = body->first; op; op = op->next) {
    if (op->code != OP_WARP_GROUP_DOT && op->code != OP_DOT) continue;
    int64_t n = ir_numel(op->results[0].type) / (32 * num_warps);
    registers = at_once ? registers + n : max64(registers, n);
  }
  return registers;
}

int64_t gpu_dot_registers_beside(int64_t accumulators, int64_t copies) {
  enum { COUNTERS = 20, PER_COPY = 2, ACCUMULATORS_PER_TEMPORARY = 8 };
  return accumulators / ACCUMULATORS_PER_TEMPORARY + PER_COPY * copies + COUNTERS;
}

/* For a second block a sixth of the registers is given up: the assembler is asked to do with fewer then (nvidia/target.c). */
int64_t gpu_dot_blocks(int sm, int num_warps, int64_t registers, int64_t bytes) {
  enum { MOST_REGISTERS = 255 };
  const GpuMultiprocessor *m = gpu_multiprocessor(sm);
  if (!m) return 1; /* not known, and no reason to choose by it */
  int most = (int)min64(registers, MOST_REGISTERS);
  int64_t blocks = gpu_blocks_held(m, most, bytes, num_warps, NULL);
  return blocks == 1 ? min64(2, gpu_blocks_held(m, most * 5 / 6, bytes, num_warps, NULL)) : blocks;
}
