/* internal.h: what the files of cpu/ share.
 *
 *   target.c    the struct Target: options, architecture, compile = the list of steps
 *   isa.c       what the processor has
 *   plan_*.c    which tensors are stored, which ops share a loop nest, and how each nest runs: all of it, before anything is
 *               emitted (plan.h)
 *   forms.c     in which form vectors of a nest are: the rules that emitting asks (forms.h)
 *   emit/       the planned function as LLVM IR (emit.h)
 *   disasm.c    assembly text
 *   jit.c       LLVM: optimization, object code, assembly text, loading (ORC)
 *   perf.c      what perf reads of loaded code
 *   pool.c      the thread pool that runs a grid
 *   fault.c     bad pointers: signals that become a launch's failure
 *   rt/         code that kernels call: dot micro-kernels, printing, assertions. Plain C with intrinsics, compiled once
 *               for each instruction set and chosen at run time, so that a kernel's compile does not pay for it.
 *
 * The function that a kernel becomes:
 *     void NAME(const void *const *args, const uint32_t grid[3], uint64_t begin, uint64_t end, void *scratch)
 * runs the programs whose linear number (x fastest, then y, then z) is in [begin, end). args[i] points at the i-th
 * run-time argument's value. `scratch` is this thread's, KernelInfo.shared bytes, aligned to 64, contents undefined.
 */
#ifndef TRITONC_CPU_INTERNAL_H
#define TRITONC_CPU_INTERNAL_H

#include "base/lines.h"
#include "cpu/cpu.h"

#include <stdatomic.h>

typedef void CpuKernelFn(const void *const *args, const uint32_t grid[3], uint64_t begin, uint64_t end, void *scratch);

/* ---- the processor ----------------------------------------------------------------------------------------------- */

typedef struct CpuIsa {
  const char *cpu;       /* LLVM's name: "sapphirerapids" */
  const char *features;  /* "+avx512f,-…" */
  const char *triple;    /* "x86_64-pc-linux-gnu" */
  const char *key;       /* the exact CPU as text, for cache keys: "sapphirerapids+9f…" (name and hash of the features) */
  bool avx2, avx512, avx512_bf16, avx512_fp16, amx_bf16, amx_int8, neon;
  int vector_bytes;      /* 64, 32 or 16 */
  int64_t l1_bytes, l2_bytes;
} CpuIsa;
/* The processor named `arch` (NULL or "native": this one). Unwinds if LLVM does not know it. */
const CpuIsa *cpu_isa(Ctx *cx, const char *arch);

/* ---- lowering: emit_function.c --------------------------------------------------------------------------------------- */

struct LLVMOpaqueBinary;
struct LLVMOpaqueContext;
struct LLVMOpaqueModule;
/* Lower the module's public function to a new LLVM module; fills info's scratch size and args. Unwinds on errors; the
 * LLVM module is released by ctx_defer when unwinding. */
struct LLVMOpaqueModule *cpu_lower(Ctx *cx, struct LLVMOpaqueContext *llvm, Module *m, const CpuIsa *isa,
                                   const TargetOptions *o, KernelInfo *info);

/* Is this function of the math dialect lowered to a short sequence of instructions? (Others come from our library.) */
bool cpu_native_math(Opcode code, const Type *elem);

/* ---- LLVM: jit.c ------------------------------------------------------------------------------------------------- */

/* Optimize in place, then emit; texts and bytes into the arena. */
void cpu_optimize(Ctx *cx, struct LLVMOpaqueModule *m, const CpuIsa *isa, const TargetOptions *o);
/* A user's LLVM IR in place of the module `like`. Unwinds when it is wrong or has no such function. */
struct LLVMOpaqueModule *cpu_read_llir(Ctx *cx, struct LLVMOpaqueContext *llvm, struct LLVMOpaqueModule *like,
                                       const char *name, const char *text, size_t len);
void cpu_emit(Ctx *cx, struct LLVMOpaqueModule *m, const CpuIsa *isa, bool want_asm, Stage *assembly, Stage *object);
/* Assembly text of the object that cpu_emit made, with labels and relocations named; disasm.c. */
/* `lines`: the text says of which line each instruction is (`.loc`). */
const char *cpu_disassemble(Ctx *cx, const CpuIsa *isa, const char *object, size_t len, bool lines, size_t *text_len);
/* The rows of an object's line table; disasm.c. */
void cpu_read_lines(Ctx *cx, struct LLVMOpaqueBinary *object, CodeLines *out);
/* Object bytes into memory; NULL and a message on failure. Runtime symbols (rt_symbols) are resolved by name. */
typedef struct CpuCode CpuCode;
CpuCode *cpu_code_load(const char *object, size_t len, const char *name, CpuKernelFn **entry, char *error, size_t error_size);
void cpu_code_free(CpuCode *code);
/* Tell perf of code that was loaded, its functions and their lines; perf.c. */
void cpu_tell_perf(const char *object, size_t len, const char *name, const void *entry);

/* ---- the pool: pool.c -------------------------------------------------------------------------------------------- */

/* What launches from this thread poll, between programs, for a request to stop. */
void cpu_pool_set_interrupt(Interrupt interrupt);
/* What the pool keeps of a kernel. */
typedef struct CpuKernel {
  const char *name;        /* for messages; or NULL */
  int max_threads;         /* of a launch; 0: all there are */
  unsigned batch : 31;     /* up to so many programs that follow each other along … run as one; 0, 1: none do */
  unsigned batch_axis : 1; /* … this axis of the grid */
  _Atomic uint64_t ns_256; /* the measured time of a program, in 1/256 ns; 0: not known yet */
} CpuKernel;

/* Run programs [0, n) of `fn` on up to TRITONC_NUM_THREADS threads (default: the processors this process may use), in
 * chunks taken from a shared counter; the calling thread works too, and alone where that is as fast. `kernel` may be
 * NULL. Scratch comes from a per-thread block that is kept and
 * grown. Returns 0, or a message when a program failed (device_assert) or memory is out. Nested and concurrent calls
 * are safe. */
int cpu_pool_run(CpuKernelFn *fn, const void *const *args, const uint32_t grid[3], size_t scratch_bytes, CpuKernel *kernel,
                 char *error, size_t error_size);
int cpu_pool_threads(void);
/* From here on this thread's launches add to `to` what they would have taken if no other program had run. NULL: they do not. */
void cpu_pool_count(CountedTime *to);
/* The current program fails with this message, and its launch with it; the first message is kept. */
void cpu_pool_fail(const char *message);

/* ---- faults: fault.c --------------------------------------------------------------------------------------------- */

typedef struct CpuFault {
  int signal;        /* 0: none */
  uintptr_t address; /* that was accessed */
} CpuFault;
/* Run programs; a fault in the middle of one ends them all. */
CpuFault cpu_fault_run(CpuKernelFn *fn, const void *const *args, const uint32_t grid[3], uint64_t begin, uint64_t end,
                       void *scratch);

/* ---- check mode: rt/check.c -------------------------------------------------------------------------------------- */

/* An access of a kernel that was compiled with checks. A kernel's sites are one array. */
typedef struct CpuSite {
  const char *file;
  const char *argument; /* what the argument is called that the pointer comes from; or NULL */
  const char *type;     /* of the elements: "fp32" */
  const int64_t *shape;
  int32_t rank, line, index; /* index: which of the array */
  int32_t arg;          /* number of that argument; CPU_SITE_ANY: some; CPU_SITE_UNKNOWN: perhaps none */
  int32_t bytes;        /* of an element */
  int32_t access;       /* CpuAccess */
  int32_t releases;     /* an atomic that does */
} CpuSite;
enum { CPU_SITE_ANY = -1, CPU_SITE_UNKNOWN = -2 };
typedef enum CpuAccess { CPU_LOAD, CPU_STORE, CPU_ATOMIC, CPU_VOLATILE } CpuAccess;

/* What the accesses of a launch are checked against. */
typedef struct CpuChecks CpuChecks;
/* Of the kernel `info` with `args` as it takes them; `memory` is what it may touch. NULL: out of memory. */
CpuChecks *rt_checks_new(const KernelInfo *info, const void *const *args, const uint32_t grid[3],
                          const ttc_memory *memory, size_t nmemory);
void rt_checks_free(CpuChecks *c);
/* What launches from this thread are checked against; NULL: nothing. */
void cpu_pool_set_checks(const CpuChecks *checks);
const CpuChecks *cpu_pool_checks(void); /* of the launch that this thread works for */

/* Called by kernels. 0: the access is wrong, and the program is to end. The elements of a row: those at first + k * step
 * (bytes) for begin <= k < end; element k is number position + k * position_step of the tensor. Or n elements anywhere;
 * mask: a byte each, or NULL. */
int32_t ttc_rt_check_row(const CpuSite *site, uint64_t program, const char *first, int64_t step, int64_t begin,
                         int64_t end, int64_t position, int64_t position_step);
int32_t ttc_rt_check_many(const CpuSite *site, uint64_t program, const char *const *at, const uint8_t *mask, int64_t n,
                          int64_t position, int64_t position_step);
void ttc_rt_check_acquire(uint64_t program);

/* Called by kernels in loops that may run for long. `loop`: what was returned last (in the low 32 bits the number of rounds
 * since; above, when), at first that number alone. Returns the rounds until the next call, in the same form; low bits 0:
 * the loop is to end. */
int64_t ttc_rt_poll(int64_t loop);

/* Called by kernels around plain updates of memory in place of atomic ones. Not 0: no other thread runs programs, and none
 * begins to before ttc_rt_alone_end(). */
int32_t ttc_rt_alone_begin(void);
void ttc_rt_alone_end(void);

/* ---- the run-time library: rt/ ----------------------------------------------------------------------------------- */

typedef struct CpuRtSymbol {
  const char *name;
  void *address;
} CpuRtSymbol;
extern const CpuRtSymbol rt_symbols[];
extern const int rt_nsymbols;

/* Element types as the run-time library counts them. */
typedef enum CpuElem {
  CPU_I1, CPU_I8, CPU_U8, CPU_I16, CPU_U16, CPU_I32, CPU_U32, CPU_I64, CPU_U64,
  CPU_F8E4M3FN, CPU_F8E5M2, CPU_F8E4M3FNUZ, CPU_F8E5M2FNUZ, CPU_F8E4M3B11FNUZ, CPU_F16, CPU_BF16, CPU_F32, CPU_F64
} CpuElem;

/* c[m][n] += sum_k a[m][k] * b[k][n] on one thread.
 *
 * `a` and `b` may lie anywhere (scratch, or straight in the user's tensors when no mask is in the way): element (i, j)
 * of a matrix is at base + (i * row_stride + j * col_stride) elements. c is in scratch, col_stride 1. Sizes m, n, k are
 * any positive numbers (an edge tile may be passed with its true extent instead of padding). `pack` is
 * rt_dot_pack_bytes() of scratch, 64-aligned. Types: a and b alike (or mixed fp8), c: CPU_F32 for f8/f16/bf16/f32,
 * CPU_F64 for f64, CPU_I32 for i8/u8, CPU_F16 for f16 with 16-bit accumulation (products and sums still f32 within the
 * call). f32 is computed at full precision. */
typedef struct CpuDot {
  int64_t m, n, k;
  const void *a, *b;
  void *c;
  int64_t a_row, a_col, b_row, b_col, c_row; /* strides in elements */
  int32_t a_type, b_type, c_type;            /* CpuElem */
  int32_t flags;                             /* DOT_ */
  void *pack;
} CpuDot;
enum { DOT_SET = 1 }; /* c = a b; the old c is ignored */
void ttc_rt_dot(const CpuDot *d);
/* The set of micro-kernels ("avx2") that such a call takes on this processor. Sizes and types are looked at. */
const char *rt_dot_set_name(const CpuDot *d);
size_t rt_dot_pack_bytes(int64_t m, int64_t n, int64_t k, CpuElem a, CpuElem b); /* an upper bound; compile time */

/* 2-D copies that change order, for transposes through scratch: dst[i][j] = src[j][i] blocks done in registers. Strides
 * in elements. */
void ttc_rt_transpose(void *dst, int64_t dst_row, const void *src, int64_t src_row, int64_t rows, int64_t cols, int32_t elem_bytes);

/* device_print: one line per element as the reference prints it: "pid (x, y, z) idx (i, j) prefix: value". `shape` has
 * `rank` entries. */
void ttc_rt_print(const uint32_t pid[3], const char *prefix, int32_t hex, int32_t type, int32_t rank, const int64_t *shape, const void *data);
/* device_assert: notes the failure (first one wins) for cpu_pool_run to report. The function that calls it returns
 * then, and no further program of the launch begins. */
void ttc_rt_assert_fail(const uint32_t pid[3], const char *message, const char *file, int32_t line);
void ttc_rt_assert_holds(const uint32_t pid[3], const char *message, const char *file, int32_t line, int32_t holds);

#endif
