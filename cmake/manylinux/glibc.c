/* glibc.c: what objects compiled against a newer glibc ask for that glibc 2.28 does not have.
 *
 * A manylinux wheel is linked against glibc 2.28, and LLVM's static libraries, libstdc++ and libgcc come from a
 * distribution with a later one. Between the two a few functions appeared (or stopped being inline wrappers); they are
 * defined here, hidden, by means of those that glibc 2.28 has. This is an archive: the linker takes it only for symbols
 * that nothing else defines.
 */
#include <link.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

/* ---- stat and its kin: real functions since 2.33, before then wrappers of these ------------------------------------ */

#if defined(__x86_64__)
enum { STAT_VERSION = 1, MKNOD_VERSION = 0 };
#else
enum { STAT_VERSION = 0, MKNOD_VERSION = 0 };
#endif

int __xstat(int version, const char *path, void *status);
int __lxstat(int version, const char *path, void *status);
int __fxstat(int version, int fd, void *status);
int __fxstatat(int version, int fd, const char *path, void *status, int flags);
int __xmknod(int version, const char *path, unsigned mode, unsigned long *device);

/* struct stat and struct stat64 are one on both machines. */
int stat(const char *path, void *status) { return __xstat(STAT_VERSION, path, status); }
int lstat(const char *path, void *status) { return __lxstat(STAT_VERSION, path, status); }
int fstat(int fd, void *status) { return __fxstat(STAT_VERSION, fd, status); }
int fstatat(int fd, const char *path, void *status, int flags) {
  return __fxstatat(STAT_VERSION, fd, path, status, flags);
}
int stat64(const char *path, void *status) { return __xstat(STAT_VERSION, path, status); }
int lstat64(const char *path, void *status) { return __lxstat(STAT_VERSION, path, status); }
int fstat64(int fd, void *status) { return __fxstat(STAT_VERSION, fd, status); }
int fstatat64(int fd, const char *path, void *status, int flags) {
  return __fxstatat(STAT_VERSION, fd, path, status, flags);
}
int mknod(const char *path, unsigned mode, unsigned long device) {
  return __xmknod(MKNOD_VERSION, path, mode, &device);
}

/* ---- memory, random numbers, threads ------------------------------------------------------------------------------ */

struct mallinfo2 mallinfo2(void) {
  struct mallinfo m = mallinfo();
  return (struct mallinfo2){.arena = (unsigned)m.arena, .hblkhd = (unsigned)m.hblkhd, .uordblks = (unsigned)m.uordblks};
}

uint32_t arc4random(void) {
  uint32_t value = 0;
  while (getrandom(&value, sizeof value, 0) != (ssize_t)sizeof value) {}
  return value;
}

/* Not known here, so: no. What asks (libstdc++'s reference counts) then uses atomic instructions. */
char __libc_single_threaded = 0;

/* ---- unwinding: libgcc asks for the object that holds an address (2.35) ------------------------------------------- */

struct Search {
  uintptr_t address;
  struct dl_find_object *found;
};

static int look_into(struct dl_phdr_info *info, size_t size, void *arg) {
  struct Search *s = arg;
  (void)size;
  uintptr_t frame = 0, begin = 0, end = 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    uintptr_t at = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
    if (info->dlpi_phdr[i].p_type == PT_GNU_EH_FRAME) frame = at;
    if (info->dlpi_phdr[i].p_type == PT_LOAD && s->address >= at && s->address - at < info->dlpi_phdr[i].p_memsz) {
      begin = at;
      end = at + info->dlpi_phdr[i].p_memsz;
    }
  }
  if (!end) return 0;
  if (!frame) return -1;
  *s->found = (struct dl_find_object){
      .dlfo_map_start = (void *)begin, .dlfo_map_end = (void *)end, .dlfo_eh_frame = (void *)frame};
  return 1;
}

int _dl_find_object(void *address, struct dl_find_object *found) {
  struct Search s = {(uintptr_t)address, found};
  return dl_iterate_phdr(look_into, &s) == 1 ? 0 : -1;
}
