/* widen.c: products of two extended 32-bit numbers become one instruction.
 *
 * An address is base + ext(i) * size with a 32-bit index. As an extension, a 64-bit shift or product and an addition this is
 * five to eight 32-bit operations of the machine, as mul.wide and an addition one: the assembler joins the two to a
 * 32 x 32 + 64 bit multiply-add, but does not find the product beneath an extension and a shift. The extension stays
 * where others use it. Runs last: the passes before it know shifts and products.
 */
#include "ll/internal.h"

/* v = ext(x) of 32 bits; or a constant that has those bits. */
static bool is_extended(LLBuilder *b, LLInst *v, LLOp ext, LLInst **x) {
  int64_t c;
  if (v->op == ext && v->args[0]->type == &ll_i32) {
    *x = v->args[0];
    return true;
  }
  if (!ll_is_const_int(v, &c) || (ext == LL_SEXT ? c != (int32_t)c : c != (int64_t)(uint32_t)c)) return false;
  *x = ll_const_i32(b, (int32_t)c);
  return true;
}

static LLInst *widened(LLBuilder *b, const LLInst *i) {
  int64_t c;
  if (i->type != &ll_i64 || (i->op != LL_SHL && i->op != LL_MUL)) return NULL;
  LLInst *x, *y, *factor = i->args[1];
  for (int u = 0; u < 2; u++) {
    LLOp ext = u ? LL_ZEXT : LL_SEXT, wide = u ? LL_MUL_WIDE_U32 : LL_MUL_WIDE_S32;
    if (!is_extended(b, i->args[0], ext, &x)) continue;
    if (i->op == LL_SHL) {
      if (!ll_is_const_int(i->args[1], &c) || c < 0 || c > 30) return NULL;
      y = ll_const_i32(b, 1 << c);
    } else if (!is_extended(b, factor, ext, &y)) {
      continue;
    }
    return ll_call(b, wide, NULL, x, y, NULL);
  }
  return NULL;
}

bool ll_widen(LLFunc *f) {
  bool changed = false;
  ll_forget_values(f);
  for (LLBlock *b = f->first; b; b = b->next)
    for (LLInst *i = b->first; i; i = i->next) {
      LLBuilder at = ll_before(i);
      LLInst *r = widened(&at, i);
      if (!r) continue;
      ll_replace(i, r);
      changed = true;
    }
  if (changed) ll_apply_replacements(f);
  return changed;
}
