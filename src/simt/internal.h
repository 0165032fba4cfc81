/* internal.h: what the files of simt/ share. simt.c has an overview. */
#ifndef TRITONC_SIMT_INTERNAL_H
#define TRITONC_SIMT_INTERNAL_H

#include "base/races.h"
#include "simt/simt.h"

enum {
  LANES = 32,
  SHARED_BASE = 1024, /* shared addresses begin here; a multiple of every swizzle's period */
  MAX_WARPS = 32,
  BARRIERS = 17,      /* 16 numbered ones, and the cluster's */
  CLUSTER_BARRIER = 16,
};
static const uint64_t SHARED_WINDOW = UINT64_C(1) << 60; /* where shared memory lies in the generic space */

typedef enum SimtOp {
  S_BEFORE = LL_OPS,
#define INT2(id) S_##id##32, S_##id##64,
#define CMP(id) S_##id##32, S_##id##64,
#define FCMP(id) S_F##id##F, S_F##id##D,
#define FLT1(id) S_F##id##F, S_F##id##D,
#define FLT2(id) S_F##id##F, S_F##id##D,
#define OP(id) S_##id,
#include "simt/machine_ops.def"
#undef INT2
#undef CMP
#undef FCMP
#undef FLT1
#undef FLT2
#undef OP
  S_END
} SimtOp;

/* Of what kind a register is: 32 bits of a predicate, one per lane; 32 or 64 bits in each lane. MANY: see `list`. */
typedef enum RegKind { REG_NONE, REG_PRED, REG_32, REG_64, REG_MANY } RegKind;
/* Which threads have to come together: none, all of the warp, those that operand `a` names. */
typedef enum Meet { MEET_NONE, MEET_ALL, MEET_MASK } Meet;

typedef struct Code {
  uint16_t op;             /* SimtOp, or LLOp of an intrinsic */
  uint8_t dkind, meet;     /* RegKind, Meet */
  uint8_t sh;              /* integers of b <= 32 bits: 32 - b; TOINT: b */
  uint8_t space;           /* of a memory access */
  uint8_t bytes, rbytes;   /* of a memory access: of all of it, of one register */
  uint32_t mask;           /* integers of at most 32 bits: the bits that count */
  int32_t dst, a, b, c, d; /* registers: word offsets; negative: ~offset among the constants */
  int32_t pred;            /* NO_REG: none */
  uint32_t target;
  uint16_t n;              /* registers in `list` */
  bool has_other;
  int64_t imm;
  const int32_t *list;
  const LLInst *src;
} Code;
enum { NO_REG = INT32_MAX };

/* Shared memory's shadow, per byte. `write`, `read`: agent + 1 in the upper 8 bits, its clock in the lower 24; 0:
 * no access yet. SEVERAL in the upper bits of `read`: the lower ones are the number of a row of `readers`, a clock per
 * agent. IN_FLIGHT in those of `write`: an asynchronous copy of the warp in the lower bits is writing. */
typedef struct Shadow {
  uint32_t write, read;
  uint32_t writer, reader; /* code */
} Shadow;
enum { SEVERAL = 0xff, IN_FLIGHT = 0xfe };

typedef enum FragState { FRAG_RUN, FRAG_MEET, FRAG_BARRIER, FRAG_MBARRIER } FragState;
typedef struct Frag { /* threads of a warp that are at the same place */
  uint32_t pc, mask;
  uint8_t state;
  bool forced;   /* goes on though others are missing */
  bool rested;   /* yielded to others of its warp */
  int barrier;
  uint32_t generation; /* of the barrier, when it began to wait */
  uint32_t address, parity;
} Frag;

typedef struct Copy { /* cp.async under way */
  uint32_t address, bytes, lane;
  uint32_t group;
  uint8_t data[16];
} Copy;

typedef struct Blk Blk;
typedef struct Warp {
  Blk *b;
  int index;
  uint32_t live; /* threads that did not end */
  Frag frags[LANES];
  int nfrags, at; /* at: the one that runs */
  uint32_t *regs;
  uint32_t *vc;       /* a clock per agent: what this warp knows of the others */
  uint32_t *fenced;   /* the clocks at its last fence.proxy.async */
  uint32_t group[LANES]; /* cp.async groups committed */
  Vec(Copy) copies;
  uint32_t wgmma_clocks[64], bulk_clocks[64]; /* rings: the engine's clock at each commit */
  uint32_t wgmma_groups, bulk_groups;
  bool wgmma_fenced, yield;
  uint64_t instructions;
  uint32_t backward; /* jumps since another fragment had its turn */
} Warp;

typedef struct Barrier {
  uint32_t arrived, generation;
  uint32_t expected;  /* 0: all threads that live */
  uint32_t *vc;
} Barrier;

typedef struct Mbarrier {
  uint32_t address;
  int32_t count, pending, tx;
  uint32_t phase;
  uint32_t *vc, *over; /* clocks released into the current phase; clocks that waiters for finished ones acquire */
} Mbarrier;

typedef struct Machine {
  Ctx *cx;
  LLModule *module;
  LLFunc *f;
  const SimtOptions *o;
  SimtReport *report;
  Code *code;
  uint32_t ncode;
  uint32_t nwords;       /* of a warp's registers */
  uint32_t *consts;
  uint32_t grid[3];
  int threads, nwarps, nagents;
  uint32_t shared_bytes;
  const void *const *args;
  Vec(SimtBuffer) buffers; /* sorted */
  uint32_t last_buffer;
  Races *races;          /* between blocks, on the buffers; NULL: there is one block */
  Vec(SimtIssue) issues;
  Map issue_of;
  SimtAccess *stats;     /* per code */
  SimtCount *counts;     /* per code */
  bool shared_checks, stop;
  Blk *free_blocks;
} Machine;

struct Blk {
  Machine *m;
  Blk *next;
  uint32_t id[3];
  Warp *warps;
  uint8_t *shared;
  Shadow *shadow;
  Barrier barriers[BARRIERS];
  Vec(Mbarrier) mbarriers;
  uint32_t **engines;    /* clocks of the agents that are no warps: one of bulk copies, then one per warp's wgmma */
  uint32_t *atomics;     /* clocks that releasing atomics have published */
  uint32_t *readers;     /* rows of nagents */
  uint32_t readers_cap, free_reader;
  uint32_t events;       /* events that may end a wait */
  uint32_t idle_rounds;
  int live_warps;
};

/* decode.c */
void simt_decode(Machine *m);

/* Executes one instruction of a warp. One with a result computes it for all lanes into `out`, which is a scratch
 * register where not all of them are active; one with an effect has it in the lanes of `mask` alone. arithmetic.c and
 * intrinsics.c hold the tables of them. */
typedef void Handler(Warp *w, const Code *c, uint32_t *out, uint32_t mask);
extern Handler *const simt_arithmetic[];
extern Handler *const simt_intrinsics[];

/* exec.c: until the warp waits, ends, or used up its time slice. True if it executed anything. */
bool simt_warp_run(Warp *w, uint32_t turn);
bool simt_warp_force(Warp *w); /* threads that wait for others of their warp go on without them */

/* report.c */
enum { FIRST_ADDRESS = 1 << 16 }; /* below it there is never memory: null pointers, and offsets from them */
void simt_locate(const Machine *m, SimtIssue *i); /* says where its address is; `i` may be NULL */
/* The new entry; NULL: this kind was seen at this instruction before, and is only counted. */
SimtIssue *simt_issue(Warp *w, SimtKind kind, const Code *c, int lane, uint64_t address, int bytes, const char *detail);
void simt_issue_race(Warp *w, SimtKind kind, const Code *c, int lane, uint64_t address, uint32_t other_code, int other_warp);
/* Between blocks: with what `found` says of the other one. */
void simt_issue_block_race(Warp *w, const Code *c, int lane, uint64_t address, int bytes, const RaceFound *found);
SimtAccess *simt_stat_of(Machine *m, const Code *c, int space, bool write);
void simt_put_printf(Warp *w, const Code *c, uint32_t mask);
const char *simt_device_text(Warp *w, uint64_t address);

/* memory.c */
typedef struct Request { /* a warp's access */
  uint64_t address[LANES];
  uint32_t mask;
  int bytes;
} Request;
uint8_t *simt_global_at(Warp *w, const Code *c, int lane, uint64_t address, int bytes, RaceAccess access); /* NULL: reported */
bool simt_shared_ok(Warp *w, const Code *c, int lane, uint32_t address, int bytes, bool write);
void simt_count_shared(Warp *w, const Code *c, const Request *r, bool write);
void simt_count_global(Warp *w, const Code *c, const Request *r, bool write);
void simt_mem_load(Warp *w, const Code *c, uint32_t mask);
void simt_mem_store(Warp *w, const Code *c, uint32_t mask);
void simt_mem_atomic(Warp *w, const Code *c, uint32_t mask);

/* race.c */
void simt_shadow_read(Warp *w, const Code *c, int agent, const uint32_t *vc, int lane, uint32_t address, int bytes, bool async);
void simt_shadow_write(Warp *w, const Code *c, int agent, const uint32_t *vc, int lane, uint32_t address, int bytes);
void simt_shadow_atomic(Warp *w, const Code *c, int lane, uint32_t address, int bytes);
void simt_shadow_in_flight(Warp *w, const Code *c, int lane, uint32_t address, int bytes);
void simt_shadow_landed(Warp *w, uint32_t address, int bytes);
void simt_readers_reset(Blk *b);
void simt_block_races_begin(Machine *m); /* when the code and the buffers are there */
void simt_block_race_check(Warp *w, const Code *c, int lane, size_t buffer, uint64_t address, int bytes, RaceAccess access);
void simt_block_acquire(Warp *w);
void simt_block_release(Warp *w);
void simt_clock_join(const Machine *m, uint32_t *into, const uint32_t *from);
void simt_clock_release(Warp *w, uint32_t *into); /* release: merges the clocks of `w` into `into`, to be acquired */

/* sync.c */
void simt_barrier_arrive(Warp *w, const Code *c, uint32_t mask, int number, uint32_t expected, bool wait);
void simt_barriers_recheck(Blk *b);
bool simt_frag_ready(Warp *w, Frag *f);
void simt_mbarrier_op(Warp *w, const Code *c, uint32_t *out, uint32_t mask);
const char *simt_mbarrier_lacks(Blk *b, uint32_t address); /* why its phase is not over, for a message */
Mbarrier *simt_mbarrier_at(Warp *w, const Code *c, int lane, uint32_t address);
void simt_mbarrier_complete_bytes(Warp *w, Mbarrier *b, int bytes, const uint32_t *vc);
void simt_cp_async(Warp *w, const Code *c, uint32_t mask);
void simt_cp_async_wait(Warp *w, uint32_t pending, uint32_t mask);

/* tensor.c, bulk.c */
void simt_ldmatrix(Warp *w, const Code *c, uint32_t mask);
void simt_stmatrix(Warp *w, const Code *c, uint32_t mask);
void simt_mma_sync(Warp *w, const Code *c);
void simt_wgmma(Warp *w, const Code *c);
void simt_wgmma_commit(Warp *w);
void simt_wgmma_wait(Warp *w, uint32_t pending);
void simt_bulk_op(Warp *w, const Code *c, uint32_t mask);
void simt_bulk_wait(Warp *w, uint32_t pending);
/* Maps that programs make: one field, in shared memory; the copy to global memory; the fence before its use. */
void simt_tensormap_field(Warp *w, const Code *c, uint32_t mask);
void simt_tensormap_publish(Warp *w, const Code *c, uint32_t mask);
void simt_tensormap_acquire(Warp *w, const Code *c, uint32_t mask);

static inline uint32_t *reg_at(const Warp *w, int32_t r) { return r >= 0 ? w->regs + r : w->b->m->consts + ~r; }
static inline uint64_t *reg64_at(const Warp *w, int32_t r) { return (uint64_t *)(void *)reg_at(w, r); }
/* An address register in lane l, of 32 or 64 bits by the space. */
static inline uint64_t address_at(const Warp *w, int32_t r, int space, int l) {
  return space == 3 ? reg_at(w, r)[l] : reg64_at(w, r)[l];
}
static inline int first_lane(uint32_t mask) { return __builtin_ctz(mask); }
#define EACH_LANE(l, mask) for (uint32_t m_##l = (mask), l; m_##l && (l = (uint32_t)__builtin_ctz(m_##l), 1); m_##l &= m_##l - 1)

#endif
