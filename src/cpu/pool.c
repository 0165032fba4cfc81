/* pool.c: the thread pool that runs a grid.
 *
 * A launch is a Job on its caller's stack: a range of program numbers and a shared counter from which every thread
 * takes chunks until the range is used up. Jobs that have work left stand in a list, so launches from several threads
 * share the workers. The caller works on its own job too, so a launch never waits for a worker to start, only for those
 * that did to finish; a grid of one program runs without waking anybody.
 *
 * A worker without work looks at the pool's ticket for a few tens of microseconds, which catches the next of a row of
 * launches without a system call, and then sleeps on a condition variable.
 *
 * Invariants, all under pool.lock: a worker counts itself into job->users before it touches the job and out when it is
 * done; the caller takes the job off the list and leaves only when users is 0. So no thread holds a dead job.
 *
 * Each thread keeps a block of scratch that grows to the largest kernel it has run. A kernel that launches (nothing
 * does today) gets a block of its own for the inner launch.
 *
 * Beside OpenMP. PyTorch's operators run on OpenMP's threads, and one that has just run dry spins on its processor for
 * milliseconds (GNU: 300000 pauses, some 12 ms) waiting for the next. Workers of ours would share that processor with
 * it, half each: two threads then do the work of one and a half. So where the process has an OpenMP library whose team
 * is of our size, a launch is a parallel region of it: the threads that spin are the ones that work. GOMP_parallel is
 * what compilers call; the GNU library, LLVM's and Intel's all have it. Not used: within a region, and after fork(),
 * which OpenMP's threads do not survive.
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

enum { MAX_THREADS = 512, SPIN_NS = 40000, CHUNKS_PER_THREAD = 16, HUGE_PAGE = 2 << 20 };

typedef struct Job {
  CpuKernelFn *fn;
  const void *const *args;
  const uint32_t *grid;
  size_t scratch_bytes;
  uint64_t end, chunk;
  _Atomic uint64_t next;
  int users;        /* workers inside; under pool.lock */
  struct Job *link; /* in pool.jobs */
  _Atomic int failed;
  char error[512]; /* written by the one that set `failed` from 0 to 1; read when users is 0 */
} Job;

static struct {
  pthread_mutex_t lock;
  pthread_cond_t work, done;
  _Atomic unsigned ticket; /* goes up with every launch: what idle workers watch */
  _Atomic bool stopping;
  Job *jobs;
  int nworkers, nsleeping;
  int nthreads; /* with the caller; 0 until asked */
  pid_t owner;  /* the process that started the workers */
  bool fork_handled;
  _Atomic bool forked; /* this process is a child */
  pthread_t workers[MAX_THREADS];
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};

/* ---- scratch ----------------------------------------------------------------------------------------------------- */

typedef struct Scratch {
  void *block;
  size_t size;
  bool in_use;
} Scratch;
static _Thread_local Scratch scratch;
static _Thread_local Job *current; /* the job whose program this thread runs: where assertions are told */
static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;

static void make_scratch_key(void) { (void)!pthread_key_create(&scratch_key, free); }

static void *new_block(size_t bytes) {
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
  if (scratch.in_use) return new_block(bytes);
  if (scratch.size < bytes) {
    pthread_once(&scratch_once, make_scratch_key);
    free(scratch.block);
    scratch.block = new_block(bytes);
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

static void fail(Job *job, const char *message) {
  if (atomic_exchange(&job->failed, 1)) return;
  snprintf(job->error, sizeof job->error, "%s", message);
}

/* Take chunks of the job until none is left. */
static void work_on(Job *job) {
  void *block = take_scratch(job->scratch_bytes);
  if (!block) {
    fail(job, "out of memory for a kernel's scratch");
    return;
  }
  Job *outer = current;
  current = job;
  while (!atomic_load_explicit(&job->failed, memory_order_relaxed)) {
    uint64_t begin = atomic_fetch_add_explicit(&job->next, job->chunk, memory_order_relaxed);
    if (begin >= job->end) break;
    uint64_t end = job->end - begin < job->chunk ? job->end : begin + job->chunk;
    job->fn(job->args, job->grid, begin, end, block);
  }
  current = outer;
  release_scratch(block);
}

void ttc_rt_assert_fail(const uint32_t pid[3], const char *message, const char *file, int32_t line) {
  if (!current) return;
  char text[sizeof current->error];
  snprintf(text, sizeof text, "%s:%d: program (%u, %u, %u): assertion failed: %s", file ? file : "?", (int)line, pid[0],
           pid[1], pid[2], message ? message : "");
  fail(current, text);
}

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
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
    if (atomic_load_explicit(&job->next, memory_order_relaxed) >= job->end || atomic_load(&job->failed)) continue;
    job->users++;
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
      work_on(job);
      pthread_mutex_lock(&pool.lock);
      if (!--job->users) pthread_cond_broadcast(&pool.done);
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

static void before_fork(void) { pthread_mutex_lock(&pool.lock); }
static void after_fork_parent(void) { pthread_mutex_unlock(&pool.lock); }
static void after_fork_child(void) {
  /* The workers and whatever they were doing stayed with the parent. */
  pthread_mutex_init(&pool.lock, NULL);
  pthread_cond_init(&pool.work, NULL);
  pthread_cond_init(&pool.done, NULL);
  pool.jobs = NULL;
  pool.nworkers = pool.nsleeping = pool.nthreads = 0;
  atomic_store(&pool.forked, true);
}

/* Once, under the lock: before there are threads, ours or OpenMP's, that a child would lack. */
static void handle_fork(void) {
  if (pool.fork_handled) return;
  pool.fork_handled = true;
  pthread_atfork(before_fork, after_fork_parent, after_fork_child);
}

/* Under the lock. Fewer workers than wished is no error: the caller works anyway. */
static void start_workers(void) {
  if (!pool.nthreads) pool.nthreads = count_threads();
  handle_fork();
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

/* The library may be loaded at any time; it is looked for at launches 1, 2, 4, 8, ... */
static bool find_openmp(void) {
  if (atomic_load_explicit(&openmp.parallel, memory_order_acquire)) return true;
  unsigned n = atomic_fetch_add_explicit(&openmp.launches, 1, memory_order_relaxed) + 1;
  if (n & (n - 1)) return false;
  AskFn *max_threads, *in_parallel;
  ParallelFn *parallel;
  *(void **)&max_threads = dlsym(RTLD_DEFAULT, "omp_get_max_threads");
  *(void **)&in_parallel = dlsym(RTLD_DEFAULT, "omp_in_parallel");
  *(void **)&parallel = dlsym(RTLD_DEFAULT, "GOMP_parallel");
  if (!max_threads || !in_parallel || !parallel) return false;
  pthread_mutex_lock(&pool.lock);
  handle_fork();
  pthread_mutex_unlock(&pool.lock);
  atomic_store(&openmp.max_threads, max_threads);
  atomic_store(&openmp.in_parallel, in_parallel);
  atomic_store_explicit(&openmp.parallel, parallel, memory_order_release);
  return true;
}

static void work_in_team(void *job) { work_on(job); }

/* Run the job on OpenMP's threads; false if that is not to be done. */
static bool run_in_team(Job *job, int nthreads) {
  if (atomic_load(&pool.forked) || !find_openmp()) return false;
  if (atomic_load(&openmp.max_threads)() != nthreads || atomic_load(&openmp.in_parallel)()) return false;
  atomic_load (&openmp.parallel)(work_in_team, job, (unsigned)nthreads, 0);
  return true;
}

/* ---- a launch ---------------------------------------------------------------------------------------------------- */

/* Show the job to the workers and wake as many as it can use. */
static void publish(Job *job) {
  pthread_mutex_lock(&pool.lock);
  start_workers();
  job->link = pool.jobs;
  pool.jobs = job;
  int nsleeping = pool.nsleeping;
  atomic_fetch_add(&pool.ticket, 1);
  if (nsleeping) {
    if (job->end > (uint64_t)nsleeping)
      pthread_cond_broadcast(&pool.work);
    else
      for (uint64_t i = 1; i < job->end; i++) pthread_cond_signal(&pool.work);
  }
  pthread_mutex_unlock(&pool.lock);
}

/* Wait for the workers that are inside, and take the job back. */
static void retire(Job *job) {
  pthread_mutex_lock(&pool.lock);
  Job **at = &pool.jobs;
  while (*at != job) at = &(*at)->link;
  *at = job->link;
  while (job->users) pthread_cond_wait(&pool.done, &pool.lock);
  pthread_mutex_unlock(&pool.lock);
}

int cpu_pool_run(CpuKernelFn *fn, const void *const *args, const uint32_t grid[3], size_t scratch_bytes, char *error,
                 size_t error_size) {
  uint64_t total;
  if (__builtin_mul_overflow((uint64_t)grid[0] * grid[1], grid[2], &total) || total > INT64_MAX) {
    snprintf(error, error_size, "the grid (%u, %u, %u) has too many programs", grid[0], grid[1], grid[2]);
    return 1;
  }
  if (!total) return 0;
  Job job = {.fn = fn, .args = args, .grid = grid, .scratch_bytes = scratch_bytes, .end = total, .chunk = total};
  int nthreads = total == 1 ? 1 : cpu_pool_threads();
  if (nthreads > 1) {
    uint64_t chunks = (uint64_t)nthreads * CHUNKS_PER_THREAD;
    job.chunk = total / chunks ? total / chunks : 1;
  }
  if (nthreads == 1) {
    work_on(&job);
  } else if (!run_in_team(&job, nthreads)) {
    publish(&job);
    work_on(&job);
    retire(&job);
  }
  if (!atomic_load(&job.failed)) return 0;
  snprintf(error, error_size, "%s", job.error);
  return 1;
}
