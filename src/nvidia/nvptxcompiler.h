/* nvptxcompiler.h: what the object libtritonc_nvptxcompiler gives: NVIDIA's assembler, which is a static library of 40
 * MB and so stands beside ours, to be opened when it is needed. Its functions are declared here, so that its header is
 * not.
 */
#ifndef TRITONC_NVIDIA_NVPTXCOMPILER_H
#define TRITONC_NVIDIA_NVPTXCOMPILER_H

#include <stddef.h>

typedef struct nvPTXCompiler *PtxCompiler;

#define NVPTXCOMPILER_FUNCTIONS(F)                                                                                     \
  F(create, nvPTXCompilerCreate, (PtxCompiler *, size_t, const char *))                                                \
  F(destroy, nvPTXCompilerDestroy, (PtxCompiler *))                                                                    \
  F(compile, nvPTXCompilerCompile, (PtxCompiler, int, const char *const *))                                            \
  F(program_size, nvPTXCompilerGetCompiledProgramSize, (PtxCompiler, size_t *))                                        \
  F(program, nvPTXCompilerGetCompiledProgram, (PtxCompiler, void *))                                                   \
  F(error_size, nvPTXCompilerGetErrorLogSize, (PtxCompiler, size_t *))                                                 \
  F(error, nvPTXCompilerGetErrorLog, (PtxCompiler, char *))                                                            \
  F(info_size, nvPTXCompilerGetInfoLogSize, (PtxCompiler, size_t *))                                                   \
  F(info, nvPTXCompilerGetInfoLog, (PtxCompiler, char *))

typedef struct NvPtxCompiler {
#define F(name, symbol, args) int(*name) args;
  NVPTXCOMPILER_FUNCTIONS(F)
#undef F
} NvPtxCompiler;

/* What the object exports, as "tritonc_nvptxcompiler". */
typedef const NvPtxCompiler *NvPtxCompilerFn(void);

#endif
