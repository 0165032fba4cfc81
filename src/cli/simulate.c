/* simulate.c: `tritonc FILE --simulate`: runs a kernel on the simulated GPU with generated data, and prints what it
 * found.
 *
 * The parameters are the compiled function's: their names and types are read from its Triton IR, so that it does not
 * matter whether a Python source or IR was given.
 */
#include "cli/cli.h"

#include "ir/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 256, UNWRITTEN = 0xcd };
static const size_t MOST_BYTES = (size_t)1 << 32;

typedef enum Fill { FILL_RANDOM, FILL_ZEROS, FILL_ONES, FILL_IOTA, FILL_UNINIT, FILLS } Fill;
static const char *const fills[] = {"random", "zeros", "ones", "iota", "uninit"};

/* A pointer's buffer, or a number. */
typedef struct Arg {
  const char *name;
  const Type *elem; /* of a pointer; NULL: a number */
  bool is_unsigned;
  uint64_t value;
  uint8_t *at, *before;
  size_t n;
  int bytes; /* of an element */
  Fill fill;
} Arg;

typedef struct Run {
  Ctx *cx;
  const Cli *cli;
  const Compiled *kernel;
  Arg *args;
  int nargs;
} Run;

/* ---- elements ---------------------------------------------------------------------------------------------------- */

static int elem_bytes(const Type *t) {
  if (t->kind == TYPE_PTR) return 8;
  int bits = t->kind == TYPE_FLOAT ? ir_float_bits(t->fkind) : t->bits;
  return (bits + 7) / 8;
}

static uint64_t encode(const Type *t, double x) {
  if (t->kind == TYPE_FLOAT) return ir_float_encode(t->fkind, x);
  return t->bits == 1 ? x != 0 : (uint64_t)(int64_t)x;
}

static double decode(const Type *t, uint64_t bits, bool is_unsigned) {
  if (t->kind == TYPE_FLOAT) return ir_float_decode(t->fkind, bits);
  int unused = 64 - 8 * elem_bytes(t);
  return is_unsigned || t->bits == 1 ? (double)bits : (double)((int64_t)(bits << unused) >> unused);
}

static uint64_t element(const Arg *a, const uint8_t *from, size_t i) {
  uint64_t x = 0;
  memcpy(&x, from + i * (size_t)a->bytes, (size_t)a->bytes);
  return x;
}

static uint64_t next_random(uint64_t *state) {
  uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

/* Floats from -1 to 1, integers from -100 to 100 (unsigned ones from 0). */
static double made_up(const Arg *a, size_t i, uint64_t *state) {
  switch (a->fill) {
  case FILL_ZEROS: return 0;
  case FILL_ONES: return 1;
  case FILL_IOTA: return (double)i;
  default: break;
  }
  double x = (double)(next_random(state) >> 11) * 0x1p-52 - 1;
  if (a->elem->kind == TYPE_FLOAT) return x;
  return (double)(int64_t)(100 * (a->is_unsigned ? x < 0 ? -x : x : x));
}

/* ---- arguments --------------------------------------------------------------------------------------------------- */

static _Noreturn void wrong(Ctx *cx, const char *arg, const char *why) {
  ctx_fail(cx, ERR_SOURCE, "--arg %s: %s", arg, why);
}

static size_t count_of(Ctx *cx, const char *arg, const char *text, int bytes) {
  char *end;
  errno = 0;
  unsigned long long n = strtoull(text, &end, 0);
  if (end == text || *end || errno || *text == '-')
    wrong(cx, arg, "a number of elements is expected, as in random:4096");
  if (n > MOST_BYTES / (size_t)bytes) wrong(cx, arg, "more than 4 GB of memory");
  return (size_t)n;
}

static void make_buffer(Run *r, Arg *a, const char *arg, const char *text, uint64_t seed) {
  const char *colon = strchr(text, ':');
  if (a->elem->kind == TYPE_PTR) wrong(r->cx, arg, "a buffer of pointers cannot be generated");
  a->bytes = elem_bytes(a->elem);
  a->fill = FILL_RANDOM;
  if (colon) {
    const char *word = intern_n(r->cx, text, (size_t)(colon - text));
    for (a->fill = 0; a->fill < FILLS && strcmp(fills[a->fill], word) != 0;) a->fill++;
    if (a->fill == FILLS) wrong(r->cx, arg, "what to fill it with is one of random, zeros, ones, iota, uninit");
  }
  a->n = count_of(r->cx, arg, colon ? colon + 1 : text, a->bytes);
  size_t bytes = a->n * (size_t)a->bytes;
  uint8_t *memory = ctx_alloc(r->cx, bytes + ALIGNMENT);
  a->at = memory + (ALIGNMENT - (uintptr_t)memory % ALIGNMENT) % ALIGNMENT;
  a->value = (uintptr_t)a->at;
  for (size_t i = 0; i < a->n && a->fill != FILL_UNINIT; i++) {
    uint64_t x = encode(a->elem, made_up(a, i, &seed));
    memcpy(a->at + i * (size_t)a->bytes, &x, (size_t)a->bytes);
  }
  if (a->fill == FILL_UNINIT) memset(a->at, UNWRITTEN, bytes);
  a->before = ctx_copy(r->cx, a->at, bytes ? bytes : 1);
}

static void make_number(Run *r, Arg *a, const Type *t, const char *arg, const char *text) {
  char *end;
  errno = 0;
  if (t->kind == TYPE_FLOAT)
    a->value = ir_float_encode(t->fkind, text_to_double(text, &end));
  else
    a->value = *text == '-' ? (uint64_t)strtoll(text, &end, 0) : strtoull(text, &end, 0);
  if (end == text || *end || errno) wrong(r->cx, arg, "a number is expected: this parameter is not a pointer");
}

/* The text after NAME= of the last --arg for a parameter, or NULL. */
static const char *given_for(const Run *r, const char *name, const char **arg) {
  size_t n = strlen(name);
  for (uint32_t i = r->cli->args.len; i-- > 0;) {
    *arg = r->cli->args.at[i];
    if (strncmp(*arg, name, n) == 0 && (*arg)[n] == '=') return *arg + n + 1;
  }
  return NULL;
}

static const Arg *find_arg(const Run *r, const char *name, size_t n) {
  for (int i = 0; i < r->nargs; i++)
    if (strlen(r->args[i].name) == n && memcmp(r->args[i].name, name, n) == 0) return &r->args[i];
  return NULL;
}

/* NAME of `NAME=…` or `NAME[…]` must be a parameter. */
static const Arg *known_arg(const Run *r, const char *flag, const char *text, const char *stops) {
  size_t n = strcspn(text, stops);
  const Arg *a = find_arg(r, text, n);
  if (a) return a;
  const char **names = NEWN(r->cx, const char *, r->nargs + 1);
  for (int i = 0; i < r->nargs; i++) names[i] = r->args[i].name;
  ctx_fail(r->cx, ERR_SOURCE, "%s %s: kernel `%s` has no run-time parameter of that name%s", flag, text,
           r->kernel->info.name, did_you_mean(r->cx, intern_n(r->cx, text, n), names, (size_t)r->nargs));
}

static bool declared_unsigned(const RunRequest *request, const char *name) {
  for (size_t i = 0; i < request->nparams; i++) {
    const ttc_param *p = &request->params[i];
    if (p->name && p->type && strcmp(p->name, name) == 0) return p->type[p->type[0] == '*'] == 'u';
  }
  return false;
}

static const char *name_of(Ctx *cx, const Value *v, int i) {
  if (v->hint) return v->hint;
  return v->loc && v->loc->kind == LOC_NAME ? v->loc->name : ctx_printf(cx, "arg%d", i);
}

static void refuse_descriptors(const Run *r, const Block *entry) {
  for (int i = 0; i < entry->nargs && i < r->nargs; i++)
    if (entry->args[i]->type->kind == TYPE_TENSORDESC)
      ctx_fail(
          r->cx, ERR_SOURCE,
          "parameter `%s` is a tensor descriptor, which --arg cannot describe: let the kernel make it of a pointer, "
          "by tl.make_tensor_descriptor",
          name_of(r->cx, entry->args[i], i));
}

static void check_names_given(const Run *r) {
  for (uint32_t i = 0; i < r->cli->args.len; i++) {
    const char *arg = r->cli->args.at[i];
    if (!strchr(arg, '=')) wrong(r->cx, arg, "it is written NAME=VALUE");
    known_arg(r, "--arg", arg, "=");
  }
}

/* The buffer or number that the command line gives for a parameter of type `t`. */
static void make_arg(Run *r, Arg *a, const Type *t, uint64_t seed) {
  const char *arg, *text = given_for(r, a->name, &arg);
  if (!text && a->elem)
    ctx_fail(r->cx, ERR_SOURCE,
             "parameter `%s` points at memory of unknown size: --arg %s=random:4096 makes some (or zeros:, ones:, "
             "iota:, uninit:, and the number of elements)",
             a->name, a->name);
  if (!text) ctx_fail(r->cx, ERR_SOURCE, "parameter `%s` has no value: --arg %s=1000 gives it one", a->name, a->name);
  if (a->elem)
    make_buffer(r, a, arg, text, seed);
  else
    make_number(r, a, t, arg, text);
}

static void make_args(Run *r, const RunRequest *request) {
  const Stage *ttir = &r->kernel->stages.at[0];
  Module *m = ir_read(r->cx, source_new(r->cx, ttir->name, ttir->bytes, ttir->len, 1));
  const Block *entry = ir_module_func(m, r->kernel->info.name)->regions[0]->first;
  r->nargs = run_nargs(&r->kernel->info);
  refuse_descriptors(r, entry);
  r->args = NEWN(r->cx, Arg, r->nargs + 1);
  for (int i = 0; i < r->nargs; i++) {
    const Value *v = entry->args[i];
    r->args[i].name = name_of(r->cx, v, i);
    r->args[i].is_unsigned = declared_unsigned(request, r->args[i].name);
    if (v->type->kind == TYPE_PTR) r->args[i].elem = v->type->elem;
  }
  check_names_given(r);
  for (int i = 0; i < r->nargs; i++) make_arg(r, &r->args[i], entry->args[i]->type, (uint64_t)i + 1);
}

static void parse_grid(Ctx *cx, const char *text, uint32_t grid[3]) {
  grid[0] = grid[1] = grid[2] = 1;
  const char *at = text;
  for (int i = 0; at && i < 3; i++) {
    char *end;
    unsigned long n = strtoul(at, &end, 10);
    if (end == at || *at == '-' || !n || n > INT32_MAX || (*end && *end != ',') || (*end && i == 2))
      ctx_fail(cx, ERR_SOURCE, "--grid %s: one to three numbers of programs are expected, as in 4,1,1", text);
    grid[i] = (uint32_t)n;
    at = *end ? end + 1 : NULL;
  }
}

/* ---- what came out ----------------------------------------------------------------------------------------------- */

/* NAME, NAME[FROM:TO], NAME[:TO], NAME[FROM:], NAME[AT] */
static void print_elements(Run *r, const char *text) {
  const Arg *a = known_arg(r, "--print", text, "[");
  if (!a->elem) ctx_fail(r->cx, ERR_SOURCE, "--print %s: this parameter is not a pointer", text);
  unsigned long long from = 0, to = a->n;
  const char *bracket = strchr(text, '[');
  if (bracket) {
    char *end = (char *)(uintptr_t)bracket + 1;
    if (*end != ':') from = strtoull(end, &end, 10), to = from + 1;
    if (*end == ':') {
      const char *second = end + 1;
      to = strtoull(second, &end, 10);
      if (end == second) to = a->n;
    }
    if (strcmp(end, "]") != 0)
      ctx_fail(r->cx, ERR_SOURCE, "--print %s: it is written NAME, NAME[8], NAME[:8] or NAME[8:16]", text);
  }
  Buf b = {.cx = r->cx};
  buf_printf(&b, "%s =", text);
  for (unsigned long long i = from; i < to && i < a->n; i++)
    buf_printf(&b, " %.6g", decode(a->elem, element(a, a->at, i), a->is_unsigned));
  puts(buf_text(&b));
}

/* A line for a buffer that the kernel changed. */
static void print_summary(const Arg *a) {
  size_t changed = 0;
  double sum = 0;
  for (size_t i = 0; i < a->n; i++) {
    changed += element(a, a->at, i) != element(a, a->before, i);
    sum += decode(a->elem, element(a, a->at, i), a->is_unsigned);
  }
  if (changed) printf("%s: %zu of %zu elements changed, sum %.6g\n", a->name, changed, a->n, sum);
}

typedef struct LoadedKernel {
  const Target *target;
  Loaded *kernel;
} LoadedKernel;

static void unload(void *machine) {
  LoadedKernel *m = machine;
  if (m->kernel) m->target->unload(m->kernel);
}

static LoadedKernel *load(Ctx *cx, const Compiled *k) {
  LoadedKernel *m = NEW(cx, LoadedKernel);
  m->target = k->target.backend;
  ctx_defer(cx, unload, m);
  const Stage *code = &k->stages.at[k->stages.len - 1];
  for (uint32_t i = 0; m->target->load_stage && i < k->stages.len; i++)
    if (strcmp(k->stages.at[i].name, m->target->load_stage) == 0) code = &k->stages.at[i];
  char error[512];
  if (m->target->load(&k->info, code->bytes, code->len, &m->kernel, error, sizeof error) != TARGET_OK)
    ctx_fail(cx, ERR_SYSTEM, "%s", error);
  return m;
}

/* The arguments as the kernel takes them: with those that a launch makes. */
static const void *const *placed(Ctx *cx, const Compiled *k, const uint32_t grid[3], const void *const *values) {
  if (!run_places_args(&k->info)) return values;
  char error[512];
  const void **all = NEWN(cx, const void *, k->info.nargs);
  DescriptorValues *descriptors = NEWN(cx, DescriptorValues, k->info.ndescriptors + 1);
  if (!run_place_args(k->target.backend, &k->info, grid, values, all, descriptors, NULL, error, sizeof error))
    ctx_fail(cx, ERR_SOURCE, "%s", error);
  return all;
}

/* The simulated target of the GPU that is named: "simt:90" of "cuda:90". */
static const char *simulated_target(Ctx *cx, const char *target) {
  const char *text = target ? target : "simt";
  if (strncmp(text, "cuda", 4) == 0 && (text[4] == ':' || !text[4])) text = ctx_printf(cx, "simt%s", text + 4);
  RunTarget simulated = run_target(cx, text);
  if (!simulated.backend || !simulated.backend->simulate)
    ctx_fail(cx, ERR_SOURCE, "--simulate is for GPUs: target `%s` cannot be simulated; cuda:90 can", target);
  return text;
}

typedef struct Launch {
  LoadedKernel *machine;
  const void *const *args;
  ttc_memory *memory;
  size_t nmemory;
} Launch;

/* Of the simulated target: compiled, loaded, with memory for its arguments. */
static Launch prepare(Run *r, Compiled *k, RunRequest *request, uint32_t grid[3]) {
  Ctx *cx = r->cx;
  request->target = simulated_target(cx, request->target);
  request->stop = NULL;
  run_compile(cx, request, k);
  make_args(r, request);
  parse_grid(cx, r->cli->grid, grid);
  Launch l = {.machine = load(cx, k), .memory = NEWN(cx, ttc_memory, r->nargs + 1)};
  const void **values = NEWN(cx, const void *, r->nargs + 1);
  for (int i = 0; i < r->nargs; i++) {
    Arg *a = &r->args[i];
    values[i] = &a->value;
    if (a->elem)
      l.memory[l.nmemory++] =
          (ttc_memory){a->at, a->n * (size_t)a->bytes, a->fill == FILL_UNINIT ? TTC_MEMORY_UNINITIALIZED : 0, a->name};
  }
  l.args = placed(cx, k, grid, values);
  return l;
}

static void simulate(Ctx *cx, const Launch *l, const uint32_t grid[3], SimtReport *report) {
  SimulatedLaunch launch = {.grid = grid, .args = l->args, .memory = l->memory, .nmemory = l->nmemory};
  l->machine->target->simulate(cx, l->machine->kernel, &launch, report);
}

bool cli_simulate(Ctx *cx, const Cli *cli, RunRequest *request) {
  if (cli->emit)
    ctx_fail(
        cx, ERR_SOURCE,
        "--simulate runs a kernel and --emit writes a stage: one of them at a time (but for --emit facts and html)");
  Compiled k;
  Run r = {.cx = cx, .cli = cli, .kernel = &k};
  uint32_t grid[3];
  Launch l = prepare(&r, &k, request, grid);
  SimtReport report;
  simulate(cx, &l, grid, &report);
  Buf text = {.cx = cx};
  bool clean = simt_print(&text, &report);
  fputs(buf_text(&text), stdout);
  for (int i = 0; i < r.nargs && !cli->prints.len; i++)
    if (r.args[i].elem) print_summary(&r.args[i]);
  for (uint32_t i = 0; i < cli->prints.len; i++) print_elements(&r, cli->prints.at[i]);
  return clean;
}

void cli_simulate_reported(Ctx *cx, const Cli *cli, const RunRequest *request, uint32_t grid[3], SimtReport *report) {
  RunRequest again = *request;
  Compiled k;
  Run r = {.cx = cx, .cli = cli, .kernel = &k};
  WatchMark mark = watch_mark(cx);
  Launch l = prepare(&r, &k, &again, grid);
  watch_rewind(cx, mark);
  simulate(cx, &l, grid, report);
}
