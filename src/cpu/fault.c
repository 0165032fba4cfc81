/* fault.c: a kernel that accesses unmapped memory ends its launch and not the process.
 *
 * Problem. A bad pointer raises SIGSEGV or SIGBUS in the middle of a kernel's code, on whatever thread runs it.
 *
 * Idea. Around each run of programs the thread notes a place to come back to (sigsetjmp). The handler of the signal jumps
 * there when the fault happened on a thread that has such a place, and passes everything else on to the handler
 * installed before. A jump out of a kernel leaks nothing: kernels hold no lock and own no memory, their scratch is
 * the thread's, and the functions of the run-time library that they hand pointers to only compute.
 *
 * The place is kept with pthread_setspecific: asking for it in a handler allocates nothing, unlike a thread-local variable of
 * a library that was loaded late. The handlers are installed at the first launch, so that those which the program sets
 * before (Python's faulthandler) get the faults that are not ours, and those set later get all. SA_NODEFER: after the
 * jump the signal is not blocked.
 */
#include "cpu/internal.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>

typedef struct Landing {
  sigjmp_buf place;
  CpuFault fault;
} Landing;

static const int signals[] = {SIGSEGV, SIGBUS};
static struct sigaction before[COUNT(signals)];
static pthread_key_t landing_key;
static bool installed;

static void hand_on(int number, siginfo_t *info, void *context) {
  size_t i = 0;
  while (i + 1 < COUNT(signals) && signals[i] != number) i++;
  const struct sigaction *old = &before[i];
  if (old->sa_flags & SA_SIGINFO) {
    old->sa_sigaction(number, info, context);
  } else if (old->sa_handler != SIG_DFL && old->sa_handler != SIG_IGN) {
    old->sa_handler(number);
  } else { /* the instruction faults once more, or the signal is sent once more */
    sigaction(number, old, NULL);
    if (info->si_code <= 0) raise(number);
  }
}

static void handle(int number, siginfo_t *info, void *context) {
  Landing *landing = info->si_code > 0 ? pthread_getspecific(landing_key) : NULL;
  if (!landing) {
    hand_on(number, info, context);
    return;
  }
  landing->fault = (CpuFault){number, (uintptr_t)info->si_addr};
  siglongjmp(landing->place, 1);
}

static void install(void) {
  if (pthread_key_create(&landing_key, NULL)) return;
  struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < COUNT(signals); i++) sigaction(signals[i], &action, &before[i]);
  installed = true;
}

/* Before the library's code goes away. What others have installed since stays. */
__attribute__((destructor)) static void uninstall(void) {
  struct sigaction now;
  for (size_t i = 0; installed && i < COUNT(signals); i++)
    if (!sigaction(signals[i], NULL, &now) && now.sa_flags & SA_SIGINFO && now.sa_sigaction == handle)
      sigaction(signals[i], &before[i], NULL);
}

CpuFault cpu_fault_run(CpuKernelFn *fn, const void *const *args, const uint32_t grid[3], uint64_t begin, uint64_t end,
                       void *scratch) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, install);
  if (!installed) return fn(args, grid, begin, end, scratch), (CpuFault){0};
  Landing landing = {.fault = {0}}, *volatile outer = pthread_getspecific(landing_key);
  if (!sigsetjmp(landing.place, 0)) {
    pthread_setspecific(landing_key, &landing);
    fn(args, grid, begin, end, scratch);
  }
  pthread_setspecific(landing_key, outer);
  return landing.fault;
}
