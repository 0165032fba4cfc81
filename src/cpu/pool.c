/* pool.c: the thread pool that runs a grid.
 *
 * A launch is a Job: a range of program numbers and a shared counter from which every thread takes chunks until the
 * range is used up. Jobs that have work left stand in a list, so launches from several threads share the workers.
 *
 * Alone or with help. The caller works on its own job. What a program of this kernel took the last time (CpuKernel) times
 * the programs of this launch tells how many threads are worth waking; for a few microseconds of work none is. If the
 * caller's work then takes longer than that, it wakes workers between two chunks.
 *
 * Nothing waits for a thread that has been preempted, unless that thread is in the middle of a program: a job is
 * done when all of its programs are, not when all threads have left it. So a job that others may see is
 * reference-counted: the last thread to leave frees it, and a late worker finds the counter used up. (Most launches are
 * short and alone: theirs lies on the stack.) Only `args` and `grid` belong to the caller, and
 * only the holder of a chunk reads them.
 *
 * An idle worker spins on the pool's ticket for a few tens of microseconds, which catches the next of a series of
 * launches without a system call, and then sleeps on a condition variable.
 *
 * Alone in the machine. Who compares kernels while other programs run has no use for a clock on the wall: a thread that is
 * preempted in the middle of a program makes its launch many times as long. A launch that is counted (cpu_pool_count) adds
 * up the processor time of its programs on every thread; that, divided by the threads with what the last round leaves
 * idle, is what the launch would take alone. The time of every chunk is kept beside the sum: the same chunk of two launches
 * does the same work, and what disturbs one of them hardly ever disturbs both. It is no region of OpenMP's, which ends when
 * all its threads have been there, also those that others keep off the processors.
 *
 * Each thread keeps a block of scratch that grows to the largest kernel it has run. A kernel that launches (nothing
 * does today) gets a block of its own for the inner launch.
 *
 * Beside OpenMP. PyTorch's operators run on OpenMP's threads, and one that has just run dry spins on its core for
 * milliseconds (GNU: 300000 pauses, some 12 ms) waiting for the next. Workers of ours would share that core with it,
 * half each: two threads then do the work of one and a half. So where the process has an OpenMP library whose team
 * is of our size, a launch is a parallel region of it: the threads that spin are the ones that work. GOMP_parallel is
 * what compilers call; the GNU library, LLVM's and Intel's all have it. Not used: within a region, after fork(), which
 * OpenMP's threads do not survive, and for launches so short that waiting for all of its threads could be the longer
 * part.
 *
 * Alone among threads. An atomic operation costs twenty plain ones, and a launch on one thread needs none, as long as no
 * other launch runs. So threads that run programs are counted, and so are updates by plain loads and stores: who begins one
 * (ttc_rt_alone_begin) shows it first and looks at the other count then; who begins to run programs counts itself first
 * and waits then until no update is shown. Whichever comes first, one of the two sees the other.
 *
 * A child of fork() has none of the threads: it starts with a fresh pool and forgets the old one.
 */
#include "cpu/internal.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum {
  MAX_THREADS = 512,
  SPIN_NS = 40000,
  HELP_NS = 8000,   /* of work for one thread, for which another is woken */
  TEAM_NS = 200000, /* of work for one thread, from which on OpenMP's team does it */
  CHUNKS_PER_THREAD = 16,
  HUGE_PAGE = 2 << 20,
  UNWRITTEN = 0xFF /* in check mode every byte of scratch at first: NaN, or -1 */
};

typedef struct Job {
  CpuKernelFn *fn;
  const void *const *args;
  const uint32_t *grid;
  const CpuChecks *checks;
  const char *name;
  size_t scratch_bytes;
  bool may_end_early; /* then programs are taken in steps that do not last, but where chunks are timed */
  uint64_t end, chunk;
  _Atomic uint64_t next, done; /* programs taken (and beyond); programs run or, after a failure, given up */
  bool timed;
  _Atomic uint64_t ns, counted; /* what `counted` of its programs took */
  bool alone;                   /* the processor time of all programs is wanted, … */
  _Atomic uint64_t alone_ns;
  uint64_t *parts;      /* … and of every chunk; NULL: not by chunk */
  _Atomic int users;    /* references: the caller's, and one for each worker inside */
  int most_users;       /* before it begins: as many threads as the launch may take */
  _Atomic bool waiting; /* the caller sleeps until all programs are done */
  bool listed;          /* in pool.jobs; under pool.lock */
  struct Job *link;
  _Atomic int failed;
  _Atomic bool told; /* `error` is written, by the one that set `failed` from 0 to 1 */
  char error[1024];  /* last: it is not cleared */
} Job;

static struct {
  pthread_mutex_t lock;
  pthread_cond_t work, done;
  _Atomic unsigned ticket; /* incremented by every launch: what idle workers watch */
  _Atomic bool stopping;
  Job *jobs;
  int nworkers, nsleeping;
  _Atomic int nthreads; /* with the caller; 0 until asked */
  pid_t owner;          /* the process that started the workers */
  _Atomic bool forked;  /* this process is a child */
  pthread_t workers[MAX_THREADS];
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};

/* ---- scratch ----------------------------------------------------------------------------------------------------- */

typedef struct Scratch {
  void *block;
  size_t size;
  bool in_use;
} Scratch;
static _Thread_local Scratch scratch;
static _Thread_local Interrupt interrupt;     /* what this thread's launches poll */
static _Thread_local const CpuChecks *checks; /* what they are checked against */
static _Thread_local CountedTime *counted;    /* to this, this thread's launches add what they would take alone */
static _Thread_local Job *current;            /* the job whose program this thread runs: where assertions are told */
static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;

static void make_scratch_key(void) { (void)!pthread_key_create(&scratch_key, free); }

static void *emit_new_block(size_t bytes) {
  size_t align = bytes >= HUGE_PAGE ? HUGE_PAGE : 64;
  void *block = NULL;
  if (bytes > SIZE_MAX - align) return NULL;
  if (posix_memalign(&block, align, (bytes + align - 1) / align * align)) return NULL;
#ifdef MADV_HUGEPAGE
  if (align == HUGE_PAGE) (void)!madvise(block, (bytes + align - 1) / align * align, MADV_HUGEPAGE);
#endif
  return block;
}

/* This thread's block, grown to `bytes`; NULL when out of memory. Give back with release_scratch. */
static void *take_scratch(size_t bytes) {
  if (!bytes) bytes = 64;
  if (scratch.in_use) return emit_new_block(bytes);
  if (scratch.size < bytes) {
    pthread_once(&scratch_once, make_scratch_key);
    free(scratch.block);
    scratch.block = emit_new_block(bytes);
    scratch.size = scratch.block ? bytes : 0;
    pthread_setspecific(scratch_key, scratch.block);
    if (!scratch.block) return NULL;
  }
  scratch.in_use = true;
  return scratch.block;
}

static void release_scratch(void *block) {
  if (block == scratch.block)
    scratch.in_use = false;
  else
    free(block);
}

/* ---- working ----------------------------------------------------------------------------------------------------- */

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t processor_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void fail(Job *job, const char *message) {
  if (atomic_exchange(&job->failed, 1)) return;
  snprintf(job->error, sizeof job->error, "%s", message);
  atomic_store_explicit(&job->told, true, memory_order_release);
}

static void finish(Job *job, uint64_t programs) {
  if (atomic_fetch_add(&job->done, programs) + programs < job->end || !atomic_load(&job->waiting)) return;
  pthread_mutex_lock(&pool.lock);
  pthread_cond_broadcast(&pool.done);
  pthread_mutex_unlock(&pool.lock);
}

void cpu_pool_set_interrupt(Interrupt i) { interrupt = i; }
void cpu_pool_set_checks(const CpuChecks *c) { checks = c; }
const CpuChecks *cpu_pool_checks(void) { return current ? current->checks : NULL; }

/* How many programs to run before the clock is read again: enough for its cost to be negligible, few enough that
 * an interruption is noticed soon. */
static uint64_t next_step(const Job *job, uint64_t step, uint64_t took) {
  enum { SHORT = 1000000, LONG = 50000000 };
  if (atomic_load_explicit(&job->failed, memory_order_relaxed)) return job->chunk;
  if (took > LONG) return step > 1 ? step / 2 : 1;
  return took < SHORT && step < job->chunk ? 2 * step : step;
}

/* ---- alone among threads ----------------------------------------------------------------------------------------- */

static struct {
  _Atomic int threads, updates;
} running;
static _Thread_local bool updates; /* this thread is counted in running.updates */

static void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

int32_t ttc_rt_alone_begin(void) {
  atomic_fetch_add(&running.updates, 1);
  if (atomic_load(&running.threads) == 1) return updates = true;
  atomic_fetch_sub(&running.updates, 1);
  return false;
}

void ttc_rt_alone_end(void) {
  updates = false;
  atomic_fetch_sub(&running.updates, 1);
}

static void before_fork(void) { pthread_mutex_lock(&pool.lock); }
static void after_fork_parent(void) { pthread_mutex_unlock(&pool.lock); }
static void after_fork_child(void) {
  /* The workers and whatever they were doing stayed with the parent. */
  pthread_mutex_init(&pool.lock, NULL);
  pthread_cond_init(&pool.work, NULL);
  pthread_cond_init(&pool.done, NULL);
  atomic_store(&running.threads, 0);
  atomic_store(&running.updates, 0);
  pool.jobs = NULL;
  pool.nworkers = pool.nsleeping = 0;
  atomic_store(&pool.nthreads, 0);
  atomic_store(&pool.forked, true);
}

/* Before the first launch: before there are threads, ours or OpenMP's, that a child would lack. */
static void handle_fork(void) { pthread_atfork(before_fork, after_fork_parent, after_fork_child); }

static void begin_programs(void) {
  enum { SPINS = 100 };
  atomic_fetch_add(&running.threads, 1);
  for (int i = 0; atomic_load(&running.updates); i++)
    if (i < SPINS)
      relax();
    else
      sched_yield();
}

static void end_programs(void) { atomic_fetch_sub(&running.threads, 1); }

/* ---- a thread's part of a job ------------------------------------------------------------------------------------ */

static void put_program(char *to, size_t size, const Job *job, uint64_t program) {
  uint64_t x = job->grid[0], y = job->grid[1];
  snprintf(to, size, "(%llu, %llu, %llu)", (unsigned long long)(program % x), (unsigned long long)(program / x % y),
           (unsigned long long)(program / x / y));
}

static void run_programs(Job *job, uint64_t begin, uint64_t end, void *block) {
  CpuFault fault = cpu_fault_run(job->fn, job->args, job->grid, begin, end, block);
  if (!fault.signal) return;
  if (updates) ttc_rt_alone_end();
  char text[sizeof job->error], first[80], last[80];
  put_program(first, sizeof first, job, begin);
  put_program(last, sizeof last, job, end - 1);
  bool one = end - begin == 1;
  snprintf(text, sizeof text,
           "kernel `%s`, %s %s%s%s: access to unmapped memory, at address 0x%llx; compiled with the option "
           "debug, the kernel says which access it is",
           job->name ? job->name : "?", one ? "program" : "one of the programs", first, one ? "" : " to ",
           one ? "" : last, (unsigned long long)fault.address);
  fail(job, text);
}

/* Is the processor time of its programs wanted? Never in a program of its own, which has no tuner. */
static bool is_counted(const Job *job) {
#ifdef RT_STATIC
  (void)job;
  return false;
#else
  return job->alone;
#endif
}

/* Note what the programs from `begin` on took since `used`; before they are finished, for then the job may be, too. */
static uint64_t note_processor_time(Job *job, uint64_t begin, uint64_t used) {
  uint64_t now = processor_ns();
  atomic_fetch_add_explicit(&job->alone_ns, now - used, memory_order_relaxed);
  if (job->parts) job->parts[begin / job->chunk] = now - used;
  return now;
}

/* Take chunks of the job until none is left, or until `deadline` (0: none) has passed. After a failure chunks are still
 * taken, but not run. */
static void work_on(Job *job, uint64_t deadline) {
  void *block = NULL;
  bool asks = job->may_end_early;
  uint64_t taken = 0, start = job->timed || asks ? now_ns() : 0, step = asks && !is_counted(job) ? 1 : job->chunk;
  uint64_t now = start;
  uint64_t used = is_counted(job) ? processor_ns() : 0;
  Job *outer = current;
  current = job;
  for (;;) {
    uint64_t begin = atomic_fetch_add_explicit(&job->next, step, memory_order_relaxed);
    if (begin >= job->end) break;
    uint64_t n = job->end - begin < step ? job->end - begin : step;
    if (!outer && !taken) begin_programs();
    if (!block) block = take_scratch(job->scratch_bytes);
    if (!block) fail(job, "out of memory for a kernel's scratch");
    if (block && job->checks) memset(block, UNWRITTEN, job->scratch_bytes);
    if (!atomic_load_explicit(&job->failed, memory_order_relaxed)) run_programs(job, begin, begin + n, block);
    taken += n;
    if (is_counted(job)) used = note_processor_time(job, begin, used);
    finish(job, n);
    if (asks) {
      uint64_t before = now;
      now = now_ns();
      if (!is_counted(job)) step = next_step(job, step, now - before);
      if (interrupt.wanted && interrupt.wanted(interrupt.self)) fail(job, "interrupted");
    }
    if (deadline && begin + n < job->end && now_ns() > deadline) break;
  }
  current = outer;
  if (!outer && taken) end_programs();
  if (block) release_scratch(block);
  if (!job->timed || !taken) return;
  atomic_fetch_add_explicit(&job->ns, now_ns() - start, memory_order_relaxed);
  atomic_fetch_add_explicit(&job->counted, taken, memory_order_relaxed);
}

/* A loop asks about every millisecond. */
int64_t ttc_rt_poll(int64_t loop) {
  enum { OFTEN_NS = 1000000, SELDOM_NS = 20000000, MOST = 1 << 20, TICK_BITS = 16 }; /* a tick is 65 us */
  static _Thread_local uint64_t questioned;                                          /* when `interrupt` was, last */
  Job *job = current;
  if (!job) return MOST;
  if (atomic_load_explicit(&job->failed, memory_order_relaxed)) return 0;
  uint64_t now = now_ns(), rounds = (uint32_t)loop;
  uint32_t tick = (uint32_t)(now >> TICK_BITS), asked = (uint32_t)((uint64_t)loop >> 32);
  uint64_t took = (uint64_t)(uint32_t)(tick - asked) << TICK_BITS;
  if (asked && took < OFTEN_NS && rounds < MOST) rounds *= 2;
  if (asked && took > SELDOM_NS && rounds > 1) rounds /= 2;
  int64_t next = (int64_t)((uint64_t)(tick ? tick : 1) << 32 | rounds);
  if (now - questioned < OFTEN_NS || !interrupt.wanted) return next;
  questioned = now;
  if (!interrupt.wanted(interrupt.self)) return next;
  fail(job, "interrupted");
  return 0;
}

static void leave_job(Job *job) {
  if (atomic_fetch_sub(&job->users, 1) == 1) free(job);
}

void ttc_rt_assert_fail(const uint32_t pid[3], const char *message, const char *file, int32_t line) {
  if (!current) return;
  char text[sizeof current->error];
  snprintf(text, sizeof text, "%s:%d: program (%u, %u, %u): assertion failed: %s", file ? file : "?", (int)line, pid[0],
           pid[1], pid[2], message ? message : "");
  fail(current, text);
}

void ttc_rt_assert_holds(const uint32_t pid[3], const char *message, const char *file, int32_t line, int32_t holds) {
  if (!holds) ttc_rt_assert_fail(pid, message, file, line);
}

void cpu_pool_fail(const char *message) {
  if (current) fail(current, message);
}

/* Watch the ticket for a while; true when it moved on from `seen`. */
static bool spin(unsigned seen) {
  uint64_t start = now_ns();
  do {
    for (int i = 0; i < 32; i++) {
      if (atomic_load_explicit(&pool.ticket, memory_order_acquire) != seen) return true;
      relax();
    }
  } while (now_ns() - start < SPIN_NS);
  return false;
}

/* A job with programs left, counted into; NULL if there is none. Under the lock. */
static Job *enter_job(void) {
  for (Job *job = pool.jobs; job; job = job->link) {
    if (atomic_load_explicit(&job->next, memory_order_relaxed) >= job->end) continue;
    if (atomic_load(&job->users) >= job->most_users) continue;
    atomic_fetch_add(&job->users, 1);
    return job;
  }
  return NULL;
}

static void *worker(void *unused) {
  (void)unused;
  pthread_mutex_lock(&pool.lock);
  while (!atomic_load(&pool.stopping)) {
    unsigned seen = atomic_load(&pool.ticket);
    Job *job = enter_job();
    if (job) {
      pthread_mutex_unlock(&pool.lock);
      work_on(job, 0);
      leave_job(job);
      pthread_mutex_lock(&pool.lock);
      continue;
    }
    pthread_mutex_unlock(&pool.lock);
    bool moved = spin(seen);
    pthread_mutex_lock(&pool.lock);
    if (moved) continue;
    pool.nsleeping++;
    while (atomic_load(&pool.ticket) == seen && !atomic_load(&pool.stopping)) pthread_cond_wait(&pool.work, &pool.lock);
    pool.nsleeping--;
  }
  pthread_mutex_unlock(&pool.lock);
  return NULL;
}

/* ---- starting and stopping --------------------------------------------------------------------------------------- */

static int count_threads(void) {
  const char *text = getenv("TRITONC_NUM_THREADS");
  if (text && *text) {
    char *end;
    long n = strtol(text, &end, 10);
    if (!*end && n >= 1) return n > MAX_THREADS ? MAX_THREADS : (int)n;
  }
#ifdef __linux__
  cpu_set_t set;
  if (!sched_getaffinity(0, sizeof set, &set)) {
    int n = CPU_COUNT(&set);
    if (n >= 1) return n > MAX_THREADS ? MAX_THREADS : n;
  }
#endif
  long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : (int)n;
}

/* Under the lock. Fewer workers than wished is no error: the caller works anyway. */
static void start_workers(void) {
  if (!pool.nthreads) pool.nthreads = count_threads();
  pool.owner = getpid();
  while (pool.nworkers < pool.nthreads - 1)
    if (pthread_create(&pool.workers[pool.nworkers], NULL, worker, NULL))
      pool.nthreads = pool.nworkers + 1;
    else
      pool.nworkers++;
}

/* Before the library's code goes away, by dlclose or at exit. */
__attribute__((destructor)) static void stop_workers(void) {
  pthread_mutex_lock(&pool.lock);
  int n = pool.owner == getpid() ? pool.nworkers : 0;
  pool.nworkers = 0;
  atomic_store(&pool.stopping, true);
  atomic_fetch_add(&pool.ticket, 1);
  pthread_cond_broadcast(&pool.work);
  pthread_mutex_unlock(&pool.lock);
  for (int i = 0; i < n; i++) pthread_join(pool.workers[i], NULL);
}

int cpu_pool_threads(void) {
  int known = atomic_load_explicit(&pool.nthreads, memory_order_relaxed);
  if (known) return known;
  pthread_mutex_lock(&pool.lock);
  if (!pool.nthreads) pool.nthreads = count_threads();
  int n = pool.nthreads;
  pthread_mutex_unlock(&pool.lock);
  return n;
}

/* ---- OpenMP's team ----------------------------------------------------------------------------------------------- */

typedef void ParallelFn(void (*fn)(void *), void *data, unsigned nthreads, unsigned flags);
typedef int AskFn(void);
static struct {
  _Atomic(ParallelFn *) parallel; /* set last */
  _Atomic(AskFn *) max_threads, in_parallel;
  _Atomic unsigned launches;
} openmp;

#ifdef RT_STATIC /* in a program of its own: what it is linked with */
extern AskFn omp_get_max_threads __attribute__((weak)), omp_in_parallel __attribute__((weak));
extern ParallelFn GOMP_parallel __attribute__((weak));
static void look_for_openmp(AskFn **max_threads, AskFn **in_parallel, ParallelFn **parallel) {
  *max_threads = omp_get_max_threads;
  *in_parallel = omp_in_parallel;
  *parallel = GOMP_parallel;
}
#else
static void look_for_openmp(AskFn **max_threads, AskFn **in_parallel, ParallelFn **parallel) {
  *(void **)max_threads = dlsym(RTLD_DEFAULT, "omp_get_max_threads");
  *(void **)in_parallel = dlsym(RTLD_DEFAULT, "omp_in_parallel");
  *(void **)parallel = dlsym(RTLD_DEFAULT, "GOMP_parallel");
}
#endif

/* The library may be loaded at any time; it is looked for at launches 1, 2, 4, 8, ... */
static bool find_openmp(void) {
  if (atomic_load_explicit(&openmp.parallel, memory_order_acquire)) return true;
  unsigned n = atomic_fetch_add_explicit(&openmp.launches, 1, memory_order_relaxed) + 1;
  if (n & (n - 1)) return false;
  AskFn *max_threads, *in_parallel;
  ParallelFn *parallel;
  look_for_openmp(&max_threads, &in_parallel, &parallel);
  if (!max_threads || !in_parallel || !parallel) return false;
  atomic_store(&openmp.max_threads, max_threads);
  atomic_store(&openmp.in_parallel, in_parallel);
  atomic_store_explicit(&openmp.parallel, parallel, memory_order_release);
  return true;
}

/* The caller waits for the team itself while somebody may want to end the launch. */
static void watch_team(Job *job) {
  enum { SPINS_NS = 10000000, ASKS_NS = 5000000 };
  uint64_t start = now_ns();
  while (atomic_load(&job->done) < job->end) {
    if (now_ns() - start < SPINS_NS) {
      relax();
      continue;
    }
    nanosleep(&(struct timespec){.tv_nsec = ASKS_NS}, NULL);
    if (interrupt.wanted(interrupt.self)) fail(job, "interrupted");
  }
}

static void work_in_team(void *arg) {
  Job *job = arg;
  work_on(job, 0);
  if (interrupt.wanted) watch_team(job);
}

/* Run the job on OpenMP's threads; false if that is not to be done. */
static bool run_in_team(Job *job, int nthreads) {
  if (atomic_load(&pool.forked) || !find_openmp()) return false;
  if (atomic_load(&openmp.max_threads)() != nthreads || atomic_load(&openmp.in_parallel)()) return false;
  atomic_load (&openmp.parallel)(work_in_team, job, (unsigned)nthreads, 0);
  return true;
}

/* ---- a launch ---------------------------------------------------------------------------------------------------- */

/* Show the job to the workers and wake up to `helpers` of them. */
static void publish(Job *job, int helpers) {
  pthread_mutex_lock(&pool.lock);
  start_workers();
  job->link = pool.jobs;
  job->listed = true;
  pool.jobs = job;
  atomic_fetch_add(&pool.ticket, 1);
  if (helpers >= pool.nsleeping)
    pthread_cond_broadcast(&pool.work);
  else
    for (int i = 0; i < helpers; i++) pthread_cond_signal(&pool.work);
  pthread_mutex_unlock(&pool.lock);
}

/* Under the lock, but not while polling: the callback may wait for another thread that launches. */
static void wait_and_ask(Job *job) {
  enum { ASKS_NS = 10000000, SECOND = 1000000000 };
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += ASKS_NS;
  until.tv_sec += until.tv_nsec / SECOND;
  until.tv_nsec %= SECOND;
  if (!pthread_cond_timedwait(&pool.done, &pool.lock, &until)) return;
  pthread_mutex_unlock(&pool.lock);
  if (interrupt.wanted(interrupt.self)) fail(job, "interrupted");
  pthread_mutex_lock(&pool.lock);
}

/* Take the job off the list and wait for the programs that other threads are still running. */
static void retire(Job *job) {
  for (int i = 0; i < 2000 && atomic_load(&job->done) < job->end; i++) relax();
  pthread_mutex_lock(&pool.lock);
  if (job->listed) {
    Job **at = &pool.jobs;
    while (*at && *at != job) at = &(*at)->link;
    if (*at) *at = job->link;
  }
  atomic_store(&job->waiting, true);
  while (atomic_load(&job->done) < job->end)
    if (interrupt.wanted)
      wait_and_ask(job);
    else
      pthread_cond_wait(&pool.done, &pool.lock);
  pthread_mutex_unlock(&pool.lock);
}

/* How long would one thread take? In nanoseconds; UINT64_MAX: not known. */
static uint64_t expected_ns(const CpuKernel *kernel, uint64_t programs) {
  uint64_t each = kernel ? atomic_load_explicit(&kernel->ns_256, memory_order_relaxed) : 0, all;
  return !each || __builtin_mul_overflow(each, programs, &all) ? UINT64_MAX : all >> 8;
}

/* A launch during which this thread was preempted counts at most double. */
static void note_pace(CpuKernel *kernel, Job *job) {
  uint64_t ns = atomic_load(&job->ns), programs = atomic_load(&job->counted);
  if (!kernel || !programs || ns >> 48) return;
  uint64_t now = (ns << 8) / programs + 1, before = atomic_load_explicit(&kernel->ns_256, memory_order_relaxed);
  if (before && now > 2 * before) now = 2 * before;
  atomic_store_explicit(&kernel->ns_256, now, memory_order_relaxed);
}

void cpu_pool_count(CountedTime *to) { counted = to; }

static uint64_t nchunks(const Job *job) { return (job->end - 1) / job->chunk + 1; }

/* How many programs a thread takes at once: a share of the work small enough that the threads end at about the same time, but
 * those that run as one together, as far as every thread gets some. */
static uint64_t chunk_of(const Job *job, const CpuKernel *kernel, int nthreads) {
  uint64_t all = (uint64_t)nthreads, chunk = job->end / (all * CHUNKS_PER_THREAD);
#ifdef RT_STATIC /* what a kernel of a program of its own is made of does not say */
  (void)kernel;
#else
  if (kernel && kernel->batch > 1) {
    uint64_t unit = kernel->batch_axis ? job->grid[0] : 1; /* whole lines of the grid */
    uint64_t share = job->end / all / unit, batch = share < kernel->batch ? share : kernel->batch;
    if (chunk < batch * unit) chunk = batch * unit;
    if (chunk > unit) chunk = chunk / unit * unit;
  }
#endif
  return chunk ? chunk : 1;
}

/* Threads take steps in turn, the last of which leave some idle. */
static void note_alone(Job *job, int nthreads) {
  uint64_t steps = nchunks(job), rounds = (steps - 1) / (uint64_t)nthreads + 1;
  double share = (double)rounds / (double)steps;
  uint64_t ns = (uint64_t)((double)atomic_load(&job->alone_ns) * share), n = job->parts ? steps : 1;
  counted->ns += ns;
  uint64_t *more = realloc(counted->parts, (counted->nparts + n) * sizeof *more);
  if (more) {
    for (uint64_t i = 0; i < n; i++)
      more[counted->nparts + i] = job->parts ? (uint64_t)((double)job->parts[i] * share) : ns;
    counted->parts = more;
    counted->nparts += n;
  }
  free(job->parts);
}

/* The job, which nobody else has seen, where it may outlive the launch; NULL when out of memory. */
static Job *shared(const Job *job) {
  Job *copy = malloc(sizeof *copy);
  if (!copy) return NULL;
  memcpy(copy, job, offsetof(Job, error)); /* nothing has failed: there is no text yet */
  atomic_store(&copy->users, 1);
  return copy;
}

/* Work on the job with as many threads as it is worth; how many these were. `*at` is on the stack before, and afterwards where
 * the others saw it. */
static int run(Job **at, int nthreads, uint64_t expected) {
  uint64_t others = expected / HELP_NS;
  int helpers = others > (uint64_t)nthreads - 1 ? nthreads - 1 : (int)others;
  if (!helpers) {
    work_on(*at, now_ns() + 2 * HELP_NS);
    if (atomic_load_explicit(&(*at)->next, memory_order_relaxed) >= (*at)->end) return 1;
    if (atomic_load_explicit(&(*at)->failed, memory_order_relaxed)) return work_on(*at, 0), 1;
    helpers = nthreads - 1;
  }
  Job *job = shared(*at);
  if (!job) return work_on(*at, 0), 1;
  *at = job;
  if (!is_counted(job) && expected >= TEAM_NS && run_in_team(job, nthreads)) return nthreads;
  publish(job, helpers);
  work_on(job, 0);
  retire(job);
  return helpers + 1;
}

int cpu_pool_run(CpuKernelFn *fn, const void *const *args, const uint32_t grid[3], size_t scratch_bytes,
                 CpuKernel *kernel, char *error, size_t error_size) {
  uint64_t total;
  if (__builtin_mul_overflow((uint64_t)grid[0] * grid[1], grid[2], &total) || total > INT64_MAX) {
    snprintf(error, error_size, "the grid (%u, %u, %u) has too many programs", grid[0], grid[1], grid[2]);
    return 1;
  }
  if (!total) return 0;
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, handle_fork);
  int nthreads = total == 1 ? 1 : cpu_pool_threads();
  if (kernel && kernel->max_threads && kernel->max_threads < nthreads) nthreads = kernel->max_threads;
  Job local, *job = &local;
  memset(job, 0, offsetof(Job, error));
  job->fn = fn;
  job->args = args;
  job->grid = grid;
  job->checks = checks;
  job->name = kernel ? kernel->name : NULL;
  job->scratch_bytes = scratch_bytes;
  job->alone = counted != NULL;
  job->end = job->chunk = total;
  job->most_users = nthreads;
  enum { NOTICED_NS = 50000000 }; /* what is over so soon need not be interrupted */
  uint64_t expected = expected_ns(kernel, total);
  job->may_end_early = interrupt.wanted && expected > NOTICED_NS;
  if (nthreads > 1 || is_counted(job)) job->chunk = chunk_of(job, kernel, nthreads);
  if (is_counted(job)) job->parts = calloc(nchunks(job), sizeof *job->parts); /* without memory, not by chunk */
  job->timed = kernel != NULL;
  if (nthreads == 1) {
    work_on(job, 0);
  } else {
    nthreads = run(&job, nthreads, expected);
  }
  note_pace(kernel, job);
  if (is_counted(job)) note_alone(job, nthreads);
  int failed = atomic_load(&job->failed);
  if (failed) {
    while (!atomic_load_explicit(&job->told, memory_order_acquire)) relax();
    snprintf(error, error_size, "%s", job->error);
  }
  if (job != &local) leave_job(job);
  return failed;
}
