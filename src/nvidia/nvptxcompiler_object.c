/* nvptxcompiler_object.c: all of libtritonc_nvptxcompiler but the static library itself, which is linked into it. */
#include "nvidia/nvptxcompiler.h"

#define F(name, symbol, args) int symbol args;
NVPTXCOMPILER_FUNCTIONS(F)
#undef F

__attribute__((visibility("default"))) NvPtxCompilerFn tritonc_nvptxcompiler;
const NvPtxCompiler *tritonc_nvptxcompiler(void) {
  static const NvPtxCompiler functions = {
#define F(name, symbol, args) .name = symbol,
      NVPTXCOMPILER_FUNCTIONS(F)
#undef F
  };
  return &functions;
}
