/* sample.c: at which instructions the GPU's warps are, by source line.
 *
 * Problem. A kernel's time does not say which of its lines it is spent on. Idea. Each multiprocessor looks at one of its
 * warps every so many cycles and notes its instruction and why the warp did not issue (what it waits for). CUPTI counts these
 * samples by instruction: by the checksum of the code that was loaded, the function's name and the distance from its
 * beginning. Our own code is at hand (driver.c): the same checksum finds it, and its line table (cubin.c) gives the line.
 * Other kernels (PyTorch's) have samples as a whole.
 *
 * Which scope. A sample does not say which launch it is of. So a range of samples ends wherever ids change, and when they are
 * read: the device is waited for, the range is stopped and read, and the next one begins.
 *
 * A sample that was taken while no warp of its scheduler could issue is counted under a reason of its own, called
 * ..._not_issued: those are the ones in which time is lost.
 *
 * The interface needs no header: structures that begin with their size, as CUPTI's own header has them (CUDA 11.3 to 13).
 */
#include "nvidia/sample.h"
#include "base/system.h"
#include "nvidia/driver.h"
#include "nvidia/nvidia.h"
#include "target/profile.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- CUPTI's interface ------------------------------------------------------------------------------------------- */

enum {
  PERIOD = 1,
  STALL_REASONS = 2,
  COLLECTION_MODE = 5,
  START_STOP_CONTROL = 6,
  OUTPUT_FORMAT = 7,
  DATA_BUFFER = 8,
  CONTINUOUS = 1,
  PARSED = 1,
  REASON_LENGTH = 128,
  INSUFFICIENT_PRIVILEGES = 35,
  VIRTUALIZED_INSUFFICIENT_PRIVILEGES = 40
};

typedef struct StallCount {
  uint32_t reason, samples;
} StallCount;

typedef struct PcData {
  size_t size;
  uint64_t crc, offset;
  uint32_t function_index, unused;
  char *function;
  size_t nreasons;
  StallCount *reasons;
  uint32_t correlation;
} PcData;

typedef struct SampleData {
  size_t size, most; /* how many there is room for */
  uint64_t samples, dropped;
  size_t n, left; /* that were collected, that wait to be */
  uint64_t range;
  PcData *at;
  uint64_t others;
  uint8_t full;
} SampleData;
_Static_assert(sizeof(StallCount) == 8 && sizeof(PcData) == 64 && sizeof(SampleData) == 80, "as CUPTI has them");

typedef struct Attribute {
  int kind, status;
  union {
    uint64_t data[3];
    uint32_t number;
    struct {
      size_t n;
      uint32_t *at;
    } reasons;
    void *buffer;
  } value;
} Attribute;

typedef struct ContextParams { /* of enable, disable, start, stop */
  size_t size;
  void *unused, *context;
} ContextParams;
typedef struct ConfigureParams {
  size_t size;
  void *unused, *context;
  size_t n;
  Attribute *at;
} ConfigureParams;
typedef struct CountParams {
  size_t size;
  void *unused, *context;
  size_t *n;
} CountParams;
typedef struct ReasonParams {
  size_t size;
  void *unused, *context;
  size_t n;
  uint32_t *numbers;
  char **names;
} ReasonParams;
typedef struct DataParams {
  size_t size;
  void *unused, *context, *data;
} DataParams;
typedef struct CrcParams {
  size_t size, len;
  const void *cubin;
  uint64_t crc;
} CrcParams;

#define SAMPLING_FUNCTIONS(F)                                                                                          \
  F(cuptiPCSamplingEnable, ContextParams)                                                                              \
  F(cuptiPCSamplingDisable, ContextParams)                                                                             \
  F(cuptiPCSamplingStart, ContextParams)                                                                               \
  F(cuptiPCSamplingStop, ContextParams)                                                                                \
  F(cuptiPCSamplingSetConfigurationAttribute, ConfigureParams)                                                         \
  F(cuptiPCSamplingGetNumStallReasons, CountParams)                                                                    \
  F(cuptiPCSamplingGetStallReasons, ReasonParams)                                                                      \
  F(cuptiPCSamplingGetData, DataParams)                                                                                \
  F(cuptiGetCubinCrc, CrcParams)

static struct {
#define F(name, type) int (*name)(type *);
  SAMPLING_FUNCTIONS(F)
#undef F
  int (*cuptiGetResultString)(int, const char **);
} cupti;

/* ---- state ------------------------------------------------------------------------------------------------------- */

typedef struct SampledCode { /* of a kernel that samples were taken in */
  uint64_t crc;
  const char *name;
  CodeLines lines; /* none: not known */
} SampledCode;

typedef struct Reason {
  const char *name; /* without what all have in front, and without _not_issued */
  bool stalled;
} Reason;

/* All that a session has lives in its context, which goes when the next one starts. */
typedef struct Sampler {
  Ctx *cx; /* NULL: there was no session */
  void *context;
  Reason *reasons; /* by CUPTI's number */
  size_t nreasons;
  SampleData data;
  Vec(SampledCode) codes;
  Vec(ttc_profile_sample) samples;
  uint32_t *slots; /* a hash set: numbers of samples plus one */
  size_t nslots, taken;
} Sampler;

static struct {
  pthread_mutex_t lock; /* of all of it */
  Sampler sampler;
  bool running;
  long cycles;
  int result; /* of CUPTI, during a start */
  const char *doing;
} state = {.lock = PTHREAD_MUTEX_INITIALIZER};

#define PARAMS(type, ...) (&(type){.size = sizeof(type), __VA_ARGS__})

/* ---- what was sampled -------------------------------------------------------------------------------------------- */

static bool same(const ttc_profile_sample *a, const ttc_profile_sample *b) { /* texts are interned */
  return a->id == b->id && a->kernel == b->kernel && a->file == b->file && a->line == b->line &&
         a->reason == b->reason && a->stalled == b->stalled;
}

static size_t slot_of(const Sampler *s, const ttc_profile_sample *x) {
  uint64_t key[] = {x->id,     (uintptr_t)x->kernel, (uintptr_t)x->file, (uint64_t)x->line, (uintptr_t)x->reason,
                    x->stalled};
  size_t i = (size_t)hash_bytes(key, sizeof key, 0) & (s->nslots - 1);
  while (s->slots[i] && !same(&s->samples.at[s->slots[i] - 1], x)) i = (i + 1) & (s->nslots - 1);
  return i;
}

static void grow_slots(Sampler *s) {
  s->nslots = s->nslots ? 2 * s->nslots : 256;
  s->slots = NEWN(s->cx, uint32_t, s->nslots);
  for (uint32_t i = 0; i < s->samples.len; i++) s->slots[slot_of(s, &s->samples.at[i])] = i + 1;
}

static void add_sample(Sampler *s, ttc_profile_sample x) {
  if (2 * (size_t)s->samples.len >= s->nslots) grow_slots(s);
  size_t i = slot_of(s, &x);
  if (s->slots[i]) {
    s->samples.at[s->slots[i] - 1].count += x.count;
    return;
  }
  vec_push(s->cx, &s->samples, x);
  s->slots[i] = s->samples.len;
}

typedef struct Search {
  Sampler *s;
  SampledCode *code;
  int candidates;
  const void *image;
  size_t len;
} Search;

static void read_lines(Ctx *cx, void *arg) {
  Search *f = arg;
  f->code->lines = (CodeLines){0};
  nvidia_cubin_lines(cx, f->image, f->len, f->code->name, &f->code->lines);
}

/* A kernel of ours; one of the same name is taken where no checksum is the same and there is no other. */
static void visit_kernel(void *arg, const char *name, const void *image, size_t len) {
  Search *f = arg;
  if (strcmp(name, f->code->name) != 0) return;
  CrcParams p = {.size = sizeof p, .len = len, .cubin = image};
  bool is_same = cupti.cuptiGetCubinCrc(&p) == 0 && p.crc == f->code->crc;
  if (!is_same && f->candidates++) {
    if (f->candidates == 2) f->code->lines = (CodeLines){0};
    return;
  }
  if (is_same) f->candidates = 2;
  f->image = image;
  f->len = len;
  if (ctx_protect(f->s->cx, read_lines, f) != ERR_NONE) f->code->lines = (CodeLines){0};
}

static const SampledCode *code_of(Sampler *s, const PcData *pc) {
  const char *name = intern(s->cx, pc->function ? pc->function : "?");
  for (uint32_t i = 0; i < s->codes.len; i++)
    if (s->codes.at[i].crc == pc->crc && s->codes.at[i].name == name) return &s->codes.at[i];
  vec_push(s->cx, &s->codes, ((SampledCode){.crc = pc->crc, .name = name}));
  Search f = {.s = s, .code = &s->codes.at[s->codes.len - 1]};
  nvidia_driver_each(visit_kernel, &f);
  return f.code;
}

static const CodeLine *line_at(const SampledCode *c, uint64_t offset) {
  const CodeLine *found = NULL;
  for (uint32_t i = 0; i < c->lines.len && c->lines.at[i].address <= offset; i++) found = &c->lines.at[i];
  return found && found->file ? found : NULL;
}

static void add_pc(Sampler *s, const PcData *pc, uint64_t id) {
  const SampledCode *c = code_of(s, pc);
  const CodeLine *line = line_at(c, pc->offset);
  ttc_profile_sample x = {.id = id, .kernel = c->name};
  if (line) x.file = intern(s->cx, line->file), x.line = line->line;
  for (size_t i = 0; i < pc->nreasons; i++) {
    uint32_t number = pc->reasons[i].reason;
    if (!pc->reasons[i].samples || number >= s->nreasons) continue;
    x.reason = s->reasons[number].name;
    x.stalled = s->reasons[number].stalled;
    x.count = pc->reasons[i].samples;
    if (x.reason) add_sample(s, x);
  }
}

/* Under the lock: the current range has ended. Stopping it filled the buffer; what found no room there is asked for. */
static void read_range(Ctx *cx, void *arg) {
  (void)cx;
  Sampler *s = arg;
  uint64_t id = target_profile_id();
  for (bool asked = false;; asked = true) {
    size_t n = s->data.n < s->data.most ? s->data.n : s->data.most, left = s->data.left;
    for (size_t i = 0; i < n; i++) add_pc(s, &s->data.at[i], id);
    s->data.n = s->data.left = 0;
    if ((asked && !left) || cupti.cuptiPCSamplingGetData(PARAMS(DataParams, .context = s->context, .data = &s->data)))
      return;
  }
}

void nvidia_samples_settle(void) {
  pthread_mutex_lock(&state.lock);
  if (state.running) {
    Sampler *s = &state.sampler;
    nvidia_driver_wait();
    cupti.cuptiPCSamplingStop(PARAMS(ContextParams, .context = s->context));
    ctx_protect(s->cx, read_range, s);
    cupti.cuptiPCSamplingStart(PARAMS(ContextParams, .context = s->context));
  }
  pthread_mutex_unlock(&state.lock);
}

size_t nvidia_samples_take(ttc_profile_sample *out, size_t n) {
  pthread_mutex_lock(&state.lock);
  Sampler *s = &state.sampler;
  size_t have = s->samples.len - s->taken;
  if (n > have) n = have;
  if (n) memcpy(out, s->samples.at + s->taken, n * sizeof *out);
  s->taken += n;
  if (s->taken == s->samples.len) { /* what is sampled from now on is counted anew */
    s->samples.len = 0;
    s->taken = 0;
    if (s->nslots) memset(s->slots, 0, s->nslots * sizeof *s->slots);
  }
  pthread_mutex_unlock(&state.lock);
  return n;
}

/* ---- beginning and end ------------------------------------------------------------------------------------------- */

static bool look_up(void *library, char *error, size_t size) {
  bool there = true;
#define F(name, type)                                                                                                  \
  if (!(*(void **)&cupti.name = sys_library_symbol(library, #name)))                                                   \
    there = false, snprintf(error, size, "CUPTI is too old to sample instructions: it has no %s", #name);
  SAMPLING_FUNCTIONS(F)
#undef F
  *(void **)&cupti.cuptiGetResultString = sys_library_symbol(library, "cuptiGetResultString");
  return there;
}

static bool failed(int result, const char *doing) {
  state.result = result;
  state.doing = doing;
  return result != 0;
}

/* "smsp__pcsamp_warps_issue_stalled_long_scoreboard_not_issued": what stands after the prefix, of which sort. */
static Reason reason_called(Ctx *cx, const char *name) {
  static const char prefix[] = "smsp__pcsamp_warps_issue_stalled_", suffix[] = "_not_issued";
  if (!strncmp(name, prefix, sizeof prefix - 1)) name += sizeof prefix - 1;
  size_t n = strlen(name), m = sizeof suffix - 1;
  bool stalled = n > m && !strcmp(name + n - m, suffix);
  return (Reason){intern_n(cx, name, stalled ? n - m : n), stalled};
}

static bool ask_reasons(Sampler *s, uint32_t **numbers, size_t *n) {
  *n = 0;
  if (failed(cupti.cuptiPCSamplingGetNumStallReasons(PARAMS(CountParams, .context = s->context, .n = n)),
             "asking for the reasons of stalls"))
    return false;
  char **names = NEWN(s->cx, char *, *n + 1);
  *numbers = NEWN(s->cx, uint32_t, *n + 1);
  for (size_t i = 0; i < *n; i++) names[i] = NEWN(s->cx, char, REASON_LENGTH);
  if (failed(cupti.cuptiPCSamplingGetStallReasons(
                 PARAMS(ReasonParams, .context = s->context, .n = *n, .numbers = *numbers, .names = names)),
             "asking for the reasons of stalls"))
    return false;
  for (size_t i = 0; i < *n; i++)
    if ((*numbers)[i] >= s->nreasons) s->nreasons = (size_t)(*numbers)[i] + 1;
  s->reasons = NEWN(s->cx, Reason, s->nreasons + 1);
  for (size_t i = 0; i < *n; i++) s->reasons[(*numbers)[i]] = reason_called(s->cx, names[i]);
  return true;
}

static void make_room(Sampler *s, size_t nreasons) {
  enum { INSTRUCTIONS = 4096 };
  s->data = (SampleData){.size = sizeof s->data, .most = INSTRUCTIONS, .at = NEWN(s->cx, PcData, INSTRUCTIONS)};
  for (size_t i = 0; i < INSTRUCTIONS; i++) {
    s->data.at[i].size = sizeof(PcData);
    s->data.at[i].reasons = NEWN(s->cx, StallCount, nreasons);
  }
}

static uint32_t period(long cycles) {
  uint32_t bits = 5; /* the least and the most that there are */
  while (bits < 31 && (1L << (bits + 1)) <= cycles) bits++;
  return bits;
}

static void start_sampling(Ctx *cx, void *arg) {
  (void)cx;
  Sampler *s = arg;
  uint32_t *numbers;
  size_t n;
  if (failed(cupti.cuptiPCSamplingEnable(PARAMS(ContextParams, .context = s->context)), "opening it")) return;
  if (!ask_reasons(s, &numbers, &n)) return;
  make_room(s, n);
  Attribute all[] = {
      {.kind = COLLECTION_MODE, .value.number = CONTINUOUS},  {.kind = PERIOD, .value.number = period(state.cycles)},
      {.kind = STALL_REASONS, .value.reasons = {n, numbers}}, {.kind = START_STOP_CONTROL, .value.number = 1},
      {.kind = OUTPUT_FORMAT, .value.number = PARSED},        {.kind = DATA_BUFFER, .value.buffer = &s->data}};
  if (failed(cupti.cuptiPCSamplingSetConfigurationAttribute(
                 PARAMS(ConfigureParams, .context = s->context, .n = COUNT(all), .at = all)),
             "configuring it"))
    return;
  failed(cupti.cuptiPCSamplingStart(PARAMS(ContextParams, .context = s->context)), "beginning");
}

static void tell_failure(char *error, size_t size) {
  const char *text = NULL;
  int r = state.result;
  if (cupti.cuptiGetResultString) cupti.cuptiGetResultString(r, &text);
  snprintf(error, size, "instructions cannot be sampled here (%s): %s (CUPTI's error %d)%s", state.doing,
           text ? text : "unknown", r,
           r == INSUFFICIENT_PRIVILEGES || r == VIRTUALIZED_INSUFFICIENT_PRIVILEGES
               ? "; the driver keeps the counters to administrators: its module's option "
                 "NVreg_RestrictProfilingToAdminUsers=0, or root (in a container CAP_SYS_ADMIN), opens them"
               : "");
}

bool nvidia_samples_start(void *library, long cycles, char *error, size_t size) {
  void *context;
  if (!look_up(library, error, size) || !nvidia_driver_context(&context, error, size)) return false;
  pthread_mutex_lock(&state.lock);
  if (state.sampler.cx) ctx_free(state.sampler.cx);
  Sampler *s = &state.sampler;
  *s = (Sampler){.cx = ctx_new(NULL), .context = context};
  state.cycles = cycles;
  state.result = 0;
  bool ok = s->cx && ctx_protect(s->cx, start_sampling, s) == ERR_NONE && !state.result;
  if (!ok && state.result) {
    tell_failure(error, size);
    cupti.cuptiPCSamplingDisable(PARAMS(ContextParams, .context = context));
  } else if (!ok) {
    snprintf(error, size, "out of memory");
  }
  state.running = ok;
  pthread_mutex_unlock(&state.lock);
  return ok;
}

void nvidia_samples_stop(void) {
  nvidia_samples_settle();
  pthread_mutex_lock(&state.lock);
  if (state.running) {
    cupti.cuptiPCSamplingStop(PARAMS(ContextParams, .context = state.sampler.context));
    cupti.cuptiPCSamplingDisable(PARAMS(ContextParams, .context = state.sampler.context));
  }
  state.running = false;
  pthread_mutex_unlock(&state.lock);
}
