/* optimize.c: the standard order of passes. */
#include "ll/internal.h"

void ll_optimize(LLFunc *f, int sm) {
  ll_simplify_cfg(f);
  ll_dce(f);
  ll_predicate(f);
  ll_simplify_cfg(f);
  ll_pack16(f, sm);
  ll_addressing(f);
  ll_licm(f);
  ll_strength(f);
  ll_widen(f);
  ll_fuse(f);
  ll_dce(f);
  ll_sink(f);
  ll_order(f);
  if (ll_count(f)) ll_dce(f);
}
