/* tma_shape.c: the shape of the copy engine's copies: what of a block one message moves, and how PTX numbers the rest.
 *
 * A block's encoding (tma.c chooses it) says how it lies in shared memory; the box of a message follows from that and from
 * the engine's limits.
 */
#include "gpu/passes/passes.h"

enum { MAX_BOX = 256 };

int gpu_tma_swizzle(const Type *block) {
  int64_t bytes =
      gpu_is(block->encoding, "ttg.nvmma_shared") ? gpu_param_int(block->encoding, "swizzlingByteWidth", 0) : 0;
  return bytes >= 32 ? log2_of(bytes) - 4 : 0;
}

/* The box of one message: all of the block along the inner dimensions as far as the engine's limits allow; where one is
 * cut, the dimensions outside of it are gone through one by one, so that what a message brings lies together. */
void gpu_tma_box(const Type *block, int64_t *box) {
  bool cut = false;
  for (int d = block->rank - 1; d >= 0; d--) {
    int64_t most = MAX_BOX;
    bool lines = d == block->rank - 1 && gpu_is(block->encoding, "ttg.nvmma_shared");
    int64_t line = lines ? gpu_param_int(block->encoding, "swizzlingByteWidth", 0) : 0;
    if (line) most = line / ir_elem_bytes(block->elem);
    box[d] = cut ? 1 : min64(block->shape[d], most);
    cut |= !line && box[d] < block->shape[d];
  }
}

int64_t gpu_tma_messages(const Type *block) {
  int64_t box[LAYOUT_MAX_DIMS], n = 1;
  gpu_tma_box(block, box);
  for (int d = 0; d < block->rank; d++) n *= block->shape[d] / box[d];
  return n;
}

/* PTX's number of the element type (tensormap.replace, .elemtype). Integers that are not reduced have no sign. */
int gpu_tma_elem_type(const Type *desc) {
  enum { U8, U16, U32, S32, U64, S64, F16_, F32_, F32_FTZ, F64_, BF16_ };
  const Type *t = desc->elem->elem;
  if (t->kind == TYPE_FLOAT && t->bits >= 16)
    return t->fkind == F16 ? F16_ : t->fkind == BF16 ? BF16_ : t->fkind == F32 ? F32_ : F64_;
  bool is_signed = t->kind == TYPE_INT && desc->sign != 'u';
  return t->bits == 8 ? U8 : t->bits == 16 ? U16 : t->bits == 32 ? (is_signed ? S32 : U32) : is_signed ? S64 : U64;
}

bool gpu_tma_is_map(const Type *t) { return t->kind == TYPE_TENSORDESC && t->elem->encoding; }
