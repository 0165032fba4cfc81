/* jit.c: LLVM's part: optimization, object code, loading.
 *
 * The input is already in loops and vectors, so the passes only clean up after lowering: mem2reg, instruction
 * combining, value numbering, hoisting, simplification of control flow; no vectorizers and no unroller. Floating-point arithmetic keeps
 * its meaning: no fast-math flag is ever set, contraction is decided by lowering.
 *
 * LLVM reports three ways. A function that fails returns an error or a string; a diagnostic (a bad inline assembly, an
 * instruction that cannot be selected) goes to the context's handler, which keeps the first error; a fatal error calls
 * the installed handler and must not return, so it leaves by longjmp to the guard in this file, losing what LLVM had
 * allocated but keeping the process. Running out of memory is such an error; what was being built is then left as it
 * is, never taken apart.
 *
 * Size. Some of LLVM's analyses are quadratic in a function's size, and some recurse over it. A large function is
 * compiled on a thread with a large stack, and a huge one without those analyses. When the compile is
 * interrupted (Ctrl-C), that thread is left to finish by itself, for LLVM cannot be stopped inside a pass.
 *
 * Loading. One LLJIT serves the process. Each kernel gets a JITDylib of its own, in which the run-time library's
 * symbols are defined at their addresses, so kernels of one name do not clash, and unloading is clearing the dylib, which
 * is then used again.
 */
#include "cpu/jit.h"

#include "ir/watch.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <llvm-c/Core.h>
#include <llvm-c/DebugInfo.h>
#include <llvm-c/Error.h>
#include <llvm-c/ErrorHandling.h>
#include <llvm-c/Analysis.h>
#include <llvm-c/ExecutionEngine.h>
#include <llvm-c/IRReader.h>
#include <llvm-c/LLJIT.h>
#include <llvm-c/Object.h>
#include <llvm-c/Orc.h>
#include <llvm-c/OrcEE.h>
#include <llvm-c/Support.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <llvm/Config/llvm-config.h>

/* ---- starting, and errors ---------------------------------------------------------------------------------------- */

/* Where a fatal error in LLVM goes: set while this thread is inside LLVM. */
typedef struct Guard {
  jmp_buf back;
  char message[400];
  bool no_memory;
  struct Guard *outer;
} Guard;
static _Thread_local Guard *guard;

static void on_fatal(const char *reason) {
  if (!guard) {
    fprintf(stderr, "tritonc: LLVM: %s\n", reason);
    return; /* LLVM then ends the process; nothing of ours called it without a guard */
  }
  snprintf(guard->message, sizeof guard->message, "%s", reason);
  longjmp(guard->back, 1);
}

/* Which of LLVM's targets are linked in: said by the build; by default the machine's own. */
#if !defined(TRITONC_LLVM_X86) && !defined(TRITONC_LLVM_AARCH64)
#if defined(__x86_64__)
#define TRITONC_LLVM_X86 1
#elif defined(__aarch64__)
#define TRITONC_LLVM_AARCH64 1
#endif
#endif

/* LLVM's and the C++ library's own hooks for running out of memory, which LLVM's C API does not show. Weak: a library
 * without them aborts as it always did. */
extern void install_bad_alloc(void (*fn)(void *, const char *, bool),
                              void *arg) __asm__("_ZN4llvm31install_bad_alloc_error_handlerEPFvPvPKcbES0_")
    __attribute__((weak));
extern void (*set_new_handler(void (*fn)(void)))(void) __asm__("_ZSt15set_new_handlerPFvvE") __attribute__((weak));

static void on_no_memory(void) {
  if (guard) {
    guard->no_memory = true;
    longjmp(guard->back, 1);
  }
  set_new_handler(NULL); /* then `new` throws */
}

static void on_bad_alloc(void *arg, const char *reason, bool diagnose) {
  (void)arg, (void)diagnose;
  if (guard) on_no_memory();
  on_fatal(reason);
}

/* Code has lines, but no variables: the newer of two analyses of where variables are looks at every instruction before it
 * knows that, a tenth of the code generator's time; the older one does not. These versions have both; an option that LLVM does
 * not know would end the process. */
static void choose_cheap_analysis(void) {
  static const char *const options[] = {"tritonc", "-experimental-debug-variable-locations=false"};
  if (LLVM_VERSION_MAJOR == 19 || LLVM_VERSION_MAJOR == 20) LLVMParseCommandLineOptions(2, options, "");
}

static void start(void) {
  choose_cheap_analysis();
  LLVMInstallFatalErrorHandler(on_fatal);
  if (install_bad_alloc) install_bad_alloc(on_bad_alloc, NULL);
  if (set_new_handler) set_new_handler(on_no_memory);
#ifdef TRITONC_LLVM_X86
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
  LLVMInitializeX86AsmParser();
  LLVMInitializeX86Disassembler();
#endif
#ifdef TRITONC_LLVM_AARCH64
  LLVMInitializeAArch64TargetInfo();
  LLVMInitializeAArch64Target();
  LLVMInitializeAArch64TargetMC();
  LLVMInitializeAArch64AsmPrinter();
  LLVMInitializeAArch64AsmParser();
  LLVMInitializeAArch64Disassembler();
#endif
}

void cpu_llvm_init(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, start);
}

bool cpu_llvm_has(const char *triple) {
  cpu_llvm_init();
  LLVMTargetRef target;
  char *message = NULL;
  bool has = !LLVMGetTargetFromTriple(triple, &target, &message);
  LLVMDisposeMessage(message);
  return has;
}

/* The first error among LLVM's diagnostics for a module. */
typedef struct Complaint {
  char text[400];
} Complaint;

static void on_diagnostic(LLVMDiagnosticInfoRef info, void *arg) {
  Complaint *c = arg;
  if (LLVMGetDiagInfoSeverity(info) != LLVMDSError || c->text[0]) return;
  char *text = LLVMGetDiagInfoDescription(info);
  snprintf(c->text, sizeof c->text, "%s", text);
  LLVMDisposeMessage(text);
}

/* ---- optimizing and emitting ------------------------------------------------------------------------------------- */

static void dispose_machine(void *m) {
  if (!cpu_llvm_abandoned()) LLVMDisposeTargetMachine(m);
}

/* How large is the module? Functions of ordinary kernels have hundreds to thousands of instructions. */
typedef enum Size { ORDINARY, LARGE, HUGE_SIZE } Size;
static Size size_of(LLVMModuleRef m) {
  enum { MANY_BLOCKS = 1000, MANY_INSTRUCTIONS = 30000, MANY_IN_A_BLOCK = 4000, TO_RECURSE_OVER = 3000 };
  unsigned blocks = 0, instructions = 0, longest = 0;
  for (LLVMValueRef f = LLVMGetFirstFunction(m); f; f = LLVMGetNextFunction(f))
    for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(f); b; b = LLVMGetNextBasicBlock(b), blocks++) {
      unsigned n = 0;
      for (LLVMValueRef i = LLVMGetFirstInstruction(b); i; i = LLVMGetNextInstruction(i)) n++;
      instructions += n;
      longest = n > longest ? n : longest;
    }
  if (blocks > MANY_BLOCKS || instructions > MANY_INSTRUCTIONS || longest > MANY_IN_A_BLOCK) return HUGE_SIZE;
  return instructions > TO_RECURSE_OVER ? LARGE : ORDINARY;
}

static LLVMTargetMachineRef machine_for(Ctx *cx, const CpuIsa *isa, Size size) {
  cpu_llvm_init();
  LLVMTargetRef target;
  char *message = NULL;
  if (LLVMGetTargetFromTriple(isa->triple, &target, &message)) {
    char *text = ctx_printf(cx, "%s", message);
    LLVMDisposeMessage(message);
    ctx_fail(cx, ERR_SYSTEM, "LLVM: %s", text);
  }
  LLVMTargetMachineRef tm = LLVMCreateTargetMachine(target, isa->triple, isa->cpu, isa->features,
                                                    size == HUGE_SIZE ? LLVMCodeGenLevelNone : LLVMCodeGenLevelDefault,
                                                    LLVMRelocPIC, LLVMCodeModelSmall);
  if (!tm) ctx_fail(cx, ERR_SYSTEM, "LLVM cannot make code for %s", isa->triple);
  ctx_defer(cx, dispose_machine, tm);
  return tm;
}

static void set_layout(LLVMModuleRef m, const CpuIsa *isa, LLVMTargetMachineRef tm) {
  LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(tm);
  LLVMSetModuleDataLayout(m, layout);
  LLVMSetTarget(m, isa->triple);
  LLVMDisposeTargetData(layout);
}

/* Run `work` inside LLVM under the guard, with the module's diagnostics watched; unwinds if either reported an error. */
typedef struct Work {
  LLVMModuleRef module;
  LLVMTargetMachineRef machine;
  LLVMMemoryBufferRef buffer;
  LLVMErrorRef error;
  char *message;
} Work;

static bool guarded(void (*work)(Work *), Work *w, Guard *g) {
  g->outer = guard;
  guard = g;
  bool done = false;
  if (!setjmp(g->back)) {
    work(w);
    done = true;
  }
  guard = g->outer;
  return done;
}

static _Thread_local bool abandoned; /* what this thread's compile made of LLVM's objects may be half built */

bool cpu_llvm_abandoned(void) { return abandoned; }

_Noreturn static void fail_guarded(Ctx *cx, const char *step, const Guard *g) {
  abandoned = true;
  if (g->no_memory) ctx_throw(cx, ERR_MEMORY);
  ctx_fail(cx, ERR_INTERNAL, "LLVM, %s: %s", step, g->message);
}

static void leave_guard(void *g) { guard = ((Guard *)g)->outer; }

void cpu_llvm_build(Ctx *cx, const char *step, void (*build)(void *arg), void *arg) {
  abandoned = false;
  Guard *g = NEW(cx, Guard);
  g->outer = guard;
  ctx_defer(cx, leave_guard, g); /* also where an error of ours unwinds */
  guard = g;
  if (setjmp(g->back)) fail_guarded(cx, step, g);
  build(arg);
  guard = g->outer;
}

/* A piece of work, maybe on a thread of its own. Its starter may leave before it is finished; then that thread
 * disposes of the objects. */
typedef struct Task {
  void (*work)(Work *);
  Work w;
  Guard g;
  Complaint complaint;
  bool done;           /* nothing fatal happened */
  bool finished, left; /* under tasks.lock */
} Task;

static struct {
  pthread_mutex_t lock;
  pthread_cond_t finished;
  pthread_once_t once;
  int nleft; /* tasks left to their threads, of the process `owner` */
  pid_t owner;
} tasks = {.lock = PTHREAD_MUTEX_INITIALIZER, .finished = PTHREAD_COND_INITIALIZER, .once = PTHREAD_ONCE_INIT};

static void dispose_of_left(Task *t) {
  if (t->done) { /* else it is half built */
    LLVMContextRef llvm = LLVMGetModuleContext(t->w.module);
    if (t->w.buffer) LLVMDisposeMemoryBuffer(t->w.buffer);
    if (t->w.error) LLVMConsumeError(t->w.error);
    if (t->w.message) LLVMDisposeMessage(t->w.message);
    LLVMDisposeModule(t->w.module);
    LLVMDisposeTargetMachine(t->w.machine);
    LLVMContextDispose(llvm);
  }
  free(t);
}

static void *run_task(void *arg) {
  Task *t = arg;
  t->done = guarded(t->work, &t->w, &t->g);
  pthread_mutex_lock(&tasks.lock);
  t->finished = true;
  pthread_cond_broadcast(&tasks.finished);
  bool left = t->left;
  pthread_mutex_unlock(&tasks.lock);
  if (!left) return NULL;
  dispose_of_left(t);
  pthread_mutex_lock(&tasks.lock);
  tasks.nleft--;
  pthread_cond_broadcast(&tasks.finished);
  pthread_mutex_unlock(&tasks.lock);
  return NULL;
}

/* At the end of the process, before LLVM's own data goes. A second Ctrl-C does not wait. */
static void wait_for_left(void) {
  pthread_mutex_lock(&tasks.lock);
  while (tasks.nleft && tasks.owner == getpid()) pthread_cond_wait(&tasks.finished, &tasks.lock);
  pthread_mutex_unlock(&tasks.lock);
}

static void wait_at_exit(void) { (void)!atexit(wait_for_left); }

/* Under the lock. */
static void leave_task(Task *t) {
  if (tasks.owner != getpid()) tasks.nleft = 0;
  tasks.owner = getpid();
  tasks.nleft++;
  t->left = true;
  pthread_once(&tasks.once, wait_at_exit);
}

/* True: it finished; false: the compile was interrupted before. */
static bool wait_for_task(Ctx *cx, Task *t) {
  enum { ASKS_NS = 20000000, SECOND = 1000000000 };
  bool left = false;
  pthread_mutex_lock(&tasks.lock);
  while (!t->finished && !left) {
    pthread_mutex_unlock(&tasks.lock); /* the callback may wait for another thread */
    bool wanted = ctx_interrupt_wanted(cx);
    pthread_mutex_lock(&tasks.lock);
    if (t->finished) break;
    if (wanted) {
      leave_task(t);
      left = true;
      break;
    }
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += ASKS_NS;
    until.tv_sec += until.tv_nsec / SECOND;
    until.tv_nsec %= SECOND;
    pthread_cond_timedwait(&tasks.finished, &tasks.lock, &until);
  }
  pthread_mutex_unlock(&tasks.lock);
  return !left;
}

/* The work on a thread with a large stack, on this one if there is no memory for it. Unwinds when the compile is to end;
 * what LLVM made for it is then the thread's. */
static void run_deep(Ctx *cx, Task *t) {
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  bool started =
      !pthread_attr_setstacksize(&attributes, (size_t)256 << 20) && !pthread_create(&thread, &attributes, run_task, t);
  pthread_attr_destroy(&attributes);
  if (!started) {
    t->done = guarded(t->work, &t->w, &t->g);
  } else if (wait_for_task(cx, t)) {
    pthread_join(thread, NULL);
  } else {
    pthread_detach(thread);
    abandoned = true;
    ctx_throw(cx, ERR_HOST);
  }
}

static void work_in_llvm(Ctx *cx, const char *step, Size size, void (*work)(Work *), Work *w) {
  Task *t = calloc(1, sizeof *t);
  if (!t) ctx_throw(cx, ERR_MEMORY);
  t->work = work;
  t->w = *w;
  LLVMContextRef llvm = LLVMGetModuleContext(w->module);
  LLVMContextSetDiagnosticHandler(llvm, on_diagnostic, &t->complaint);
  if (size == ORDINARY)
    t->done = guarded(work, &t->w, &t->g);
  else
    run_deep(cx, t);
  Complaint complaint = t->complaint;
  Guard g = t->g;
  bool done = t->done;
  *w = t->w;
  free(t);
  if (!done) fail_guarded(cx, step, &g);
  LLVMContextSetDiagnosticHandler(llvm, NULL, NULL);
  if (w->error) {
    char *text = LLVMGetErrorMessage(w->error);
    char *kept = ctx_printf(cx, "%s", text);
    LLVMDisposeErrorMessage(text);
    ctx_fail(cx, ERR_INTERNAL, "LLVM, %s: %s", step, kept);
  }
  if (w->message) {
    char *kept = ctx_printf(cx, "%s", w->message);
    LLVMDisposeMessage(w->message);
    ctx_fail(cx, ERR_INTERNAL, "LLVM, %s: %s", step, kept);
  }
  if (complaint.text[0]) ctx_fail(cx, ERR_SYSTEM, "LLVM, %s: %s", step, complaint.text);
}

/* Chosen by measurement on vector add, softmax, matmul and attention. Global value numbering, loop rotation, induction
 * variables and dead stores after these left the code as it was (to 1% of its lines) and took a third more time. */
static const char passes[] = "function(early-cse<memssa>,simplifycfg,instcombine<no-verify-fixpoint>,"
                             "loop-mssa(licm<allowspeculation>),early-cse<memssa>,simplifycfg)";

static void run_passes(Work *w) {
  LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
  LLVMPassBuilderOptionsSetLoopVectorization(options, 0);
  LLVMPassBuilderOptionsSetSLPVectorization(options, 0);
  LLVMPassBuilderOptionsSetLoopUnrolling(options, 0);
  LLVMPassBuilderOptionsSetLoopInterleaving(options, 0);
  w->error = LLVMRunPasses(w->module, passes, w->machine, options);
  LLVMDisposePassBuilderOptions(options);
}

/* The work on module m, its machine made and its layout set. */
typedef struct Preparation {
  Ctx *cx;
  const CpuIsa *isa;
  Size size;
  Work work;
} Preparation;

static void prepare_guarded(void *arg) {
  Preparation *p = arg;
  p->work.machine = machine_for(p->cx, p->isa, p->size);
  set_layout(p->work.module, p->isa, p->work.machine);
}

static Work prepare(Ctx *cx, const CpuIsa *isa, LLVMModuleRef m, Size size) {
  Preparation *p = NEW(cx, Preparation);
  *p = (Preparation){cx, isa, size, {.module = m}};
  cpu_llvm_build(cx, "starting", prepare_guarded, p);
  return p->work;
}

void cpu_optimize(Ctx *cx, LLVMModuleRef m, const CpuIsa *isa, const TargetOptions *o) {
  (void)o;
  Size size = size_of(m);
  Work w = prepare(cx, isa, m, size);
  work_in_llvm(cx, "optimizing", size, run_passes, &w);
}

typedef struct Reading {
  LLVMContextRef llvm;
  const char *text;
  size_t len;
  LLVMModuleRef module;
  char *wrong;
} Reading;

static void read_module(void *arg) {
  Reading *r = arg;
  /* the reader takes the buffer */
  LLVMMemoryBufferRef buffer = LLVMCreateMemoryBufferWithMemoryRangeCopy(r->text, r->len, "kernel.llir");
  if (LLVMParseIRInContext(r->llvm, buffer, &r->module, &r->wrong)) return;
  if (!LLVMVerifyModule(r->module, LLVMReturnStatusAction, &r->wrong)) LLVMDisposeMessage(r->wrong), r->wrong = NULL;
}

LLVMModuleRef cpu_read_llir(Ctx *cx, LLVMContextRef llvm, LLVMModuleRef like, const char *name, const char *text,
                            size_t len) {
  Reading *r = NEW(cx, Reading);
  *r = (Reading){.llvm = llvm, .text = text, .len = len};
  cpu_llvm_build(cx, "reading", read_module, r);
  if (r->wrong) {
    char *kept = ctx_printf(cx, "%s", r->wrong);
    LLVMDisposeMessage(r->wrong);
    ctx_fail(cx, ERR_SOURCE, "the edited llir: %s", kept);
  }
  LLVMValueRef f = LLVMGetNamedFunction(r->module, name);
  if (!f || LLVMIsDeclaration(f)) ctx_fail(cx, ERR_SOURCE, "the edited llir has no function `%s`", name);
  if (LLVMGlobalGetValueType(f) != LLVMGlobalGetValueType(LLVMGetNamedFunction(like, name)))
    ctx_fail(cx, ERR_SOURCE, "the edited llir's function `%s` does not have the kernel's parameters", name);
  return r->module;
}

static void emit_object(Work *w) {
  if (!LLVMTargetMachineEmitToMemoryBuffer(w->machine, w->module, LLVMObjectFile, &w->message, &w->buffer))
    w->message = NULL;
}

typedef struct Disassembly {
  Ctx *cx;
  const CpuIsa *isa;
  const Stage *object;
  Stage *assembly;
} Disassembly;

static void disassemble(void *arg) {
  Disassembly *d = arg;
  d->assembly->bytes =
      cpu_disassemble(d->cx, d->isa, d->object->bytes, d->object->len, watch_of(d->cx) != NULL, &d->assembly->len);
}

void cpu_emit(Ctx *cx, LLVMModuleRef m, const CpuIsa *isa, bool want_asm, Stage *assembly, Stage *object) {
  Size size = size_of(m);
  TimeSpan *span = time_begin(cx, "LLVM's code generator");
  Work w = prepare(cx, isa, m, size);
  work_in_llvm(cx, "making code", size, emit_object, &w);
  time_end(cx, span);
  size_t len = LLVMGetBufferSize(w.buffer);
  ctx_defer(cx, (void (*)(void *))LLVMDisposeMemoryBuffer, w.buffer);
  object->name = "obj";
  object->bytes = ctx_copy(cx, LLVMGetBufferStart(w.buffer), len);
  object->len = len;
  object->binary = true;
  if (!want_asm) return;
  assembly->name = "asm";
  Disassembly d = {cx, isa, object, assembly};
  span = time_begin(cx, "disassembling");
  cpu_llvm_build(cx, "printing the code", disassemble, &d);
  time_end(cx, span);
  assembly->binary = false;
}

/* ---- loading ----------------------------------------------------------------------------------------------------- */

struct CpuCode {
  LLVMOrcJITDylibRef dylib;
  CpuCode *next; /* in the list of cleared dylibs */
};

static struct {
  pthread_once_t once;
  pthread_mutex_t lock;    /* of free_dylibs and ndylibs */
  pthread_mutex_t loading; /* held while the session works: see load_object */
  LLVMOrcLLJITRef jit;
  char error[400];
  CpuCode *free_dylibs;
  unsigned ndylibs;
} loader = {.once = PTHREAD_ONCE_INIT, .lock = PTHREAD_MUTEX_INITIALIZER, .loading = PTHREAD_MUTEX_INITIALIZER};

/* Functions that LLVM's code generator inserts calls of. */
static const CpuRtSymbol c_symbols[] = {
#define SYMBOL(f) {#f, (void *)(uintptr_t)f}
    SYMBOL(memcpy), SYMBOL(memmove), SYMBOL(memset), SYMBOL(memcmp), SYMBOL(fmod),   SYMBOL(fmodf), SYMBOL(floor),
    SYMBOL(floorf), SYMBOL(ceil),    SYMBOL(ceilf),  SYMBOL(trunc),  SYMBOL(truncf), SYMBOL(rint),  SYMBOL(rintf),
    SYMBOL(fma),    SYMBOL(fmaf),    SYMBOL(exp),    SYMBOL(expf),   SYMBOL(exp2),   SYMBOL(exp2f), SYMBOL(log),
    SYMBOL(logf),   SYMBOL(log2),    SYMBOL(log2f),  SYMBOL(sin),    SYMBOL(sinf),   SYMBOL(cos),   SYMBOL(cosf),
    SYMBOL(fmin),   SYMBOL(fminf),   SYMBOL(fmax),   SYMBOL(fmaxf),  SYMBOL(pow),    SYMBOL(powf),  SYMBOL(round),
    SYMBOL(roundf), SYMBOL(sqrt),    SYMBOL(sqrtf),
#undef SYMBOL
};

static void keep_error(LLVMErrorRef e, char *error, size_t size) {
  char *text = LLVMGetErrorMessage(e);
  snprintf(error, size, "%s", text);
  LLVMDisposeErrorMessage(text);
}

/* Errors on the way to a symbol, which the look-up's own error only sums up ("failed to materialize"). The work is done
 * on the thread that asks, so the first is kept for it. */
static _Thread_local char reported[400];

static void on_reported(void *arg, LLVMErrorRef e) {
  (void)arg;
  if (reported[0])
    LLVMConsumeError(e);
  else
    keep_error(e, reported, sizeof reported);
}

/* ---- telling debuggers of the code -------------------------------------------------------------------------------- */

static bool environment_says(const char *name) {
  const char *s = getenv(name);
  return s && *s && strcmp(s, "0") != 0;
}

/* Is a debugger at this process? */
static bool is_traced(void) {
  FILE *f = fopen("/proc/self/status", "r");
  if (!f) return false;
  char line[256];
  int tracer = 0;
  while (fgets(line, sizeof line, f) && sscanf(line, "TracerPid: %d", &tracer) != 1) continue;
  fclose(f);
  return tracer != 0;
}

/* LLVM's listener is told of every object by the older of its two linkers, which keeps the line tables. */
static LLVMOrcObjectLayerRef listened_layer(void *arg, LLVMOrcExecutionSessionRef session, const char *triple) {
  (void)arg, (void)triple;
  LLVMOrcObjectLayerRef layer = LLVMOrcCreateRTDyldObjectLinkingLayerWithSectionMemoryManager(session);
  if (environment_says("TRITONC_GDB") || is_traced())
    LLVMOrcRTDyldObjectLinkingLayerRegisterJITEventListener(layer, LLVMCreateGDBRegistrationListener());
  return layer;
}

static void start_jit(void) {
  cpu_llvm_init();
  LLVMOrcLLJITBuilderRef builder = NULL;
  if (environment_says("TRITONC_GDB") || is_traced()) {
    builder = LLVMOrcCreateLLJITBuilder();
    LLVMOrcLLJITBuilderSetObjectLinkingLayerCreator(builder, listened_layer, NULL);
  }
  LLVMErrorRef e = LLVMOrcCreateLLJIT(&loader.jit, builder);
  if (e) {
    keep_error(e, loader.error, sizeof loader.error);
    loader.jit = NULL;
    return;
  }
  LLVMOrcExecutionSessionSetErrorReporter(LLVMOrcLLJITGetExecutionSession(loader.jit), on_reported, NULL);
}

static size_t add_symbols(LLVMOrcCSymbolMapPair *pairs, const CpuRtSymbol *symbols, size_t n) {
  size_t k = 0;
  for (size_t i = 0; i < n; i++) {
    if (!symbols[i].address) continue;
    pairs[k].Name = LLVMOrcLLJITMangleAndIntern(loader.jit, symbols[i].name);
    pairs[k].Sym.Address = (LLVMOrcExecutorAddress)(uintptr_t)symbols[i].address;
    pairs[k].Sym.Flags = (LLVMJITSymbolFlags){LLVMJITSymbolGenericFlagsExported | LLVMJITSymbolGenericFlagsCallable, 0};
    k++;
  }
  return k;
}

static LLVMErrorRef define_runtime(LLVMOrcJITDylibRef dylib) {
  LLVMOrcCSymbolMapPair pairs[COUNT(c_symbols) + 64];
  size_t n = add_symbols(pairs, c_symbols, COUNT(c_symbols));
  n += add_symbols(pairs + n, rt_symbols, (size_t)rt_nsymbols);
  LLVMOrcMaterializationUnitRef unit = LLVMOrcAbsoluteSymbols(pairs, n);
  LLVMErrorRef e = LLVMOrcJITDylibDefine(dylib, unit);
  if (e) LLVMOrcDisposeMaterializationUnit(unit);
  return e;
}

static CpuCode *take_dylib(void) {
  pthread_mutex_lock(&loader.lock);
  CpuCode *code = loader.free_dylibs;
  unsigned number = loader.ndylibs;
  if (code)
    loader.free_dylibs = code->next;
  else
    loader.ndylibs++;
  pthread_mutex_unlock(&loader.lock);
  if (code) return code;
  code = calloc(1, sizeof *code);
  if (!code) return NULL;
  char name[32];
  snprintf(name, sizeof name, "kernel%u", number);
  code->dylib = LLVMOrcExecutionSessionCreateBareJITDylib(LLVMOrcLLJITGetExecutionSession(loader.jit), name);
  return code;
}

void cpu_code_free(CpuCode *code) {
  if (!code) return;
  LLVMErrorRef e = LLVMOrcJITDylibClear(code->dylib);
  if (e) LLVMConsumeError(e); /* the memory stays; nothing else can be done about it */
  pthread_mutex_lock(&loader.lock);
  code->next = loader.free_dylibs;
  loader.free_dylibs = code;
  pthread_mutex_unlock(&loader.lock);
}

typedef struct Found {
  void *address;
  LLVMErrorRef error;
} Found;

static void on_found(LLVMErrorRef e, LLVMOrcCSymbolMapPairs pairs, size_t n, void *arg) {
  Found *found = arg;
  found->error = e;
  if (!e && n == 1) found->address = (void *)(uintptr_t)pairs[0].Sym.Address;
}

typedef struct LoadWork {
  Work work; /* first: guarded() hands it over */
  const char *object, *name;
  size_t len;
  LLVMOrcJITDylibRef dylib;
  Found found;
} LoadWork;

static void load_object(Work *w) {
  LoadWork *l = (LoadWork *)w;
  w->error = define_runtime(l->dylib);
  if (w->error) return;
  LLVMMemoryBufferRef buffer = LLVMCreateMemoryBufferWithMemoryRangeCopy(l->object, l->len, l->name);
  w->error = LLVMOrcLLJITAddObjectFile(loader.jit, l->dylib, buffer);
  if (w->error) return;
  LLVMOrcCJITDylibSearchOrderElement order = {l->dylib, LLVMOrcJITDylibLookupFlagsMatchExportedSymbolsOnly};
  LLVMOrcCLookupSetElement wanted = {LLVMOrcLLJITMangleAndIntern(loader.jit, l->name),
                                     LLVMOrcSymbolLookupFlagsRequiredSymbol};
  /* The session has no threads of its own: it does the work here and calls back before it returns, if no other thread
   * looks something up at the same time, which would take this work over. Hence loader.loading. */
  LLVMOrcExecutionSessionLookup(LLVMOrcLLJITGetExecutionSession(loader.jit), LLVMOrcLookupKindStatic, &order, 1,
                                &wanted, 1, on_found, &l->found);
  w->error = l->found.error;
}

CpuCode *cpu_code_load(const char *object, size_t len, const char *name, CpuKernelFn **entry, char *error,
                       size_t error_size) {
  pthread_once(&loader.once, start_jit);
  if (!loader.jit) {
    snprintf(error, error_size, "LLVM's JIT does not start: %s", loader.error);
    return NULL;
  }
  CpuCode *code = take_dylib();
  if (!code) {
    snprintf(error, error_size, "out of memory");
    return NULL;
  }
  LoadWork l = {.object = object, .name = name, .len = len, .dylib = code->dylib};
  Guard g = {0};
  reported[0] = 0;
  pthread_mutex_lock(&loader.loading);
  bool done = guarded(load_object, &l.work, &g);
  pthread_mutex_unlock(&loader.loading);
  if (done && !l.work.error && l.found.address) {
    *entry = (CpuKernelFn *)(uintptr_t)l.found.address;
    if (environment_says("TRITONC_PERF")) cpu_tell_perf(object, len, name, l.found.address);
    return code;
  }
  if (!done) {
    snprintf(error, error_size, "loading %s: LLVM: %s", name, g.no_memory ? "out of memory" : g.message);
    return NULL; /* the dylib is lost */
  } else if (l.work.error) {
    char summary[400];
    keep_error(l.work.error, summary, sizeof summary);
    snprintf(error, error_size, "loading %s: %s", name, reported[0] ? reported : summary);
  } else {
    snprintf(error, error_size, "%s is not in its own object code", name);
  }
  cpu_code_free(code);
  return NULL;
}
