/* simt.h: a simulated machine that runs ll/ on the CPU: threads in warps of 32, warps in blocks, blocks in a grid.
 *
 * It is how the GPU path is tested without a GPU, and it reports what hardware hides: accesses outside of any buffer,
 * uninitialized reads, races on shared memory and between blocks, missing waits for copies, bank conflicts, sectors per request.
 * Pointers in global memory are the host's own addresses; the buffers a kernel may touch are registered beforehand.
 * A run is deterministic: the same module, arguments and options give the same memory and the same report.
 */
#ifndef TRITONC_SIMT_H
#define TRITONC_SIMT_H

#include "ll/ll.h"

typedef enum SimtKind {
#define K(id, text) SIMT_##id,
#include "simt/issues.def"
#undef K
  SIMT_KINDS
} SimtKind;
const char *simt_kind_text(SimtKind kind); /* "out-of-bounds read" */

/* One kind of mistake at one instruction: where it was first seen, and how often. */
typedef struct SimtIssue {
  SimtKind kind;
  const LLInst *inst;  /* its loc is the place in the source; NULL: no instruction in particular */
  const LLInst *other; /* races: the earlier access; or NULL */
  uint32_t block[3];
  int thread;          /* in the block */
  bool other_known;     /* races between blocks: in which block the earlier access was is known */
  uint32_t other_block[3];
  int other_warp;      /* races: whose the earlier access was; -1 otherwise, or when it was a copy engine's */
  uint64_t address;    /* shared memory: offset from its beginning */
  int bytes;
  uint64_t count;
  const char *detail;  /* or NULL */
  const char *where;   /* global memory: the place as text, relative to a nearby named buffer; or NULL */
} SimtIssue;

/* What one instruction that touches memory did. A warp's access is one request. */
typedef struct SimtAccess {
  const LLInst *inst;
  int space;              /* 1 global, 3 shared */
  bool is_write;
  uint64_t requests, bytes;
  uint64_t sectors;       /* global: 32-byte sectors that were touched */
  uint64_t ideal_sectors; /* as many as the bytes need when they lie side by side */
  uint64_t wavefronts;    /* shared: passes over the 32 banks */
  uint64_t ideal_wavefronts;
  int worst;              /* the most words that one bank had to give in one pass: 32 is a 32-way conflict */
} SimtAccess;

/* How often warps executed one instruction. */
typedef struct SimtCount {
  const LLInst *inst;    /* NULL: several, or none in particular */
  uint64_t instructions; /* by warps */
  uint64_t divergent;    /* of those, with some thread of the warp elsewhere */
  uint64_t splits;       /* branches that some threads of a warp took and others did not */
  uint64_t barriers;     /* times that a warp came to a barrier here */
  uint64_t waits;        /* … and had to wait: it was not the last, or what was to arrive had not */
} SimtCount;

typedef struct SimtReport {
  SimtIssue *issues;
  uint32_t nissues;
  SimtAccess *accesses;   /* in the order of the code; those that ran */
  uint32_t naccesses;
  SimtCount *counts;      /* in the order of the code; those that ran */
  uint32_t ncounts;
  uint64_t instructions;  /* of warps */
  uint64_t divergent;     /* of those, with some thread of the warp elsewhere */
  uint64_t barriers;
  bool stopped;           /* a trap, a failed assertion, a deadlock or the limit ended the run */
} SimtReport;

typedef struct SimtBuffer {
  uintptr_t base;
  size_t size;
  bool read_only;
  uint8_t *written; /* a bit per byte; NULL: all of it counts as written */
  const char *name; /* for messages, as they print it: "`x`"; or NULL */
} SimtBuffer;

typedef struct SimtOptions {
  Vec(SimtBuffer) buffers;
  uint64_t max_instructions; /* of one warp; 0: a billion */
  int resident;              /* blocks that take turns when one waits for another; 0: 32 */
  bool unbounded;            /* every address but the first 64 KB counts as allocated */
  bool no_shared_checks;     /* faster: no races, no uninitialized reads of shared memory */
  Interrupt interrupt;       /* polled for a request to stop; unwinds with ERR_HOST then */
  void (*print)(void *self, const char *text, size_t n); /* of vprintf; NULL: standard output */
  void *self;
} SimtOptions;

/* Memory that kernels may touch. `uninitialized`: reading a byte of it before some kernel wrote it is reported. */
void simt_add_buffer(Ctx *cx, SimtOptions *o, const void *base, size_t size, bool read_only, bool uninitialized);

/* Runs a kernel. args[i] points at the value of the i-th parameter; of a by-value structure, at the structure.
 * What the simulated machine cannot do (inline assembly, clusters of several blocks) unwinds with a diagnostic;
 * what the kernel does wrong is in the report. `module` is analyzed and renumbered, not otherwise changed. */
void simt_run(Ctx *cx, LLModule *module, const char *kernel, const uint32_t grid[3], int threads, size_t shared_bytes,
              const void *const *args, const SimtOptions *o, SimtReport *report);

/* The report for people, with the lines of the source where its file is there: issues first, then each access that was
 * not ideal. True if there are no issues. */
bool simt_print(Buf *out, const SimtReport *r);
void simt_print_issues(Buf *out, const SimtReport *r);

/* ---- tensor maps ------------------------------------------------------------------------------------------------- */

typedef enum SimtSwizzle { SIMT_SWIZZLE_NONE, SIMT_SWIZZLE_32, SIMT_SWIZZLE_64, SIMT_SWIZZLE_128 } SimtSwizzle;

/* As PTX numbers them (tensormap.replace, .elemtype). */
typedef enum SimtElem {
  SIMT_U8, SIMT_U16, SIMT_U32, SIMT_S32, SIMT_U64, SIMT_S64, SIMT_F16, SIMT_F32, SIMT_F32_FTZ, SIMT_F64, SIMT_BF16,
  SIMT_TF32, SIMT_TF32_FTZ, SIMT_ELEMS
} SimtElem;

/* What a TMA descriptor says, in the simulated machine's own encoding: 128 bytes as the hardware's are, so that it can be
 * put in its place as a parameter or in global memory. Dimensions from the innermost one. */
typedef struct SimtTensorMap {
  uint32_t magic;
  uint8_t rank, elem, swizzle, nan_fill;
  uint64_t base;
  uint32_t dims[5];    /* elements */
  uint64_t strides[4]; /* bytes, of dimensions 1… */
  uint32_t box[5];     /* elements that one copy moves */
  uint32_t steps[5];   /* in elements; 1: side by side */
  uint32_t unfenced;   /* written by a program, without a fence since */
} SimtTensorMap;
_Static_assert(sizeof(SimtTensorMap) <= 128, "a descriptor has 128 bytes");
void simt_tensor_map(SimtTensorMap *map, const void *base, SimtElem elem, int rank, const uint32_t *dims,
                     const uint64_t *strides, const uint32_t *box, SimtSwizzle swizzle, bool nan_fill);

#endif
