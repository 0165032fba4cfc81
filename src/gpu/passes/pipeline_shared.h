/* pipeline_shared.h: what the files of the software pipeliner share; the page at the top of pipeline.c is the design.
 *
 *   pipeline_loads.c   which loads are issued ahead
 *   pipeline_rotate.c  the loop rewritten
 *   pipeline.c         the pass: how many stages and buffers, what is reported
 */
#ifndef TRITONC_GPU_PIPELINE_SHARED_H
#define TRITONC_GPU_PIPELINE_SHARED_H

#include "gpu/passes/passes.h"

#include "opt/internal.h"

typedef struct Tile {
  Op *load, *user; /* user: local_alloc or convert_layout, of the load or of its transposition; NULL: others */
  Op *trans;       /* or NULL */
  Attr *shared;
  Value *buffers;
  int contiguity;
  bool registers; /* it is read into registers, at once */
  bool also;      /* it has uses beside `user`, which read the same buffer into registers */
  int ring;
} Tile;

/* How many buffers tiles have; which of them is read and which is filled in an iteration, as carried values. */
typedef struct Ring {
  int n;
  bool used;
  int read_slot, fill_slot;
} Ring;

enum { OPERANDS, REGISTERS, RINGS }; /* for tiles that tensor cores read, and for those read into registers */

typedef struct Pipeline {
  Ctx *cx;
  IndexInfo *index;
  Op *loop;
  Block *body;
  int sm, stages, num_warps;
  bool is_crowded; /* a multiprocessor holds blocks enough that some multiply while others issue copies */
  Op *in_flight;  /* the last of the dots if they may stay in flight over iterations, or NULL */
  bool late;      /* copies fill buffers that the iteration reads, or that dots in flight do: after those, and a barrier */
  bool after_dot; /* copies come after what the iteration has read so far */
  bool is_asked;  /* a loop without dots whose stages the source names: all that it loads is copied ahead */
  Vec(Tile) tiles;
  Ring rings[RINGS];
  Map feeds;       /* loads that dots depend on, or what becomes of their results in the loop; all, if `is_asked` */
  Map addresses;   /* values that loads' addresses and masks depend on */
  Map slice;       /* ops of the body that addresses depend on */
  bool *is_ahead;  /* the carried values they depend on */
  Vec(Op *) early; /* loads whose results they depend on */
  Map early_slice; /* what those loads' addresses depend on */
  bool *is_early;
  Vec(Op *) loads;  /* of the body, as they stood; what became of them: */
  Map refused;      /* to why they are not copied ahead */
  Map in_registers; /* set of those that are loaded ahead into registers */
} Pipeline;

/* ---- pipeline_loads.c -------------------------------------------------------------------------------------------- */

/* What the loop computes from its dots, and from what; what addresses are computed from. */
void gpu_pipeline_find_feeds(Pipeline *p);
/* How a load is read: by tensor cores, or else into registers. False: not in this way; else `t` says how. */
typedef bool TileReader(Pipeline *p, Tile *t);
TileReader gpu_pipeline_find_operand, gpu_pipeline_find_reader;
/* The load becomes a tile, if it is read so and `room` bytes of shared memory suffice (0: no limit yet). */
void gpu_pipeline_consider(Pipeline *p, Op *load, TileReader *find, int64_t room);
/* ... or is loaded one iteration ahead into registers, by the loop that `next` describes. */
void gpu_pipeline_consider_next(Pipeline *p, Pipeline *next, Op *load);
/* The layout of a buffer that mma.sync's left (0) or right (1) operand is read from. */
Attr *gpu_pipeline_swizzled(Ctx *cx, const Type *t, int operand);
bool gpu_pipeline_prefetch(Pipeline *p); /* of a loop without dots: all it loads, or nothing */
bool gpu_pipeline_is_early(const Pipeline *p, const Op *op);
/* Of all buffers; `late`: with one fewer of tiles that are read into registers. */
int64_t gpu_pipeline_bytes(const Pipeline *p, int stages, bool late);

/* ---- pipeline_rotate.c ------------------------------------------------------------------------------------------- */

void gpu_pipeline_transform(Pipeline *p);
/* A swizzled buffer as `trans` turns it. */
Value *gpu_pipeline_transposed(Builder *b, Value *view, const Op *trans);

#endif
