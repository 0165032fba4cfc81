/* system_posix.c: base/system.h for Linux and macOS. */
#include "base/system.h"

#if !defined(_WIN32)

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <locale.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#if defined(__APPLE__)
#include <xlocale.h>
#endif
#if defined(__ELF__)
#include <link.h>
#endif

extern char **environ;

/* ---- shared objects ---------------------------------------------------------------------------------------------- */

static _Thread_local const char *library_problem; /* NULL: dlerror() has it */

/* How much memory the object in a file takes when it is loaded; 0: not known. */
static size_t bytes_when_loaded(const char *path) {
  size_t end = 0;
#if defined(__ELF__)
  ElfW(Ehdr) header;
  ElfW(Phdr) segment;
  FILE *f = fopen(path, "rb");
  if (!f) return 0;
  bool good = fread(&header, sizeof header, 1, f) == 1 && memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
              fseek(f, (long)header.e_phoff, SEEK_SET) == 0;
  for (int i = 0; good && i < header.e_phnum; i++) {
    good = fread(&segment, sizeof segment, 1, f) == 1;
    if (good && segment.p_type == PT_LOAD && segment.p_vaddr + segment.p_memsz > end)
      end = segment.p_vaddr + segment.p_memsz;
  }
  fclose(f);
#else
  (void)path;
#endif
  return end;
}

/* An object's initializers cannot fail: where they find no memory, as LLVM's, the process ends. So there has to be room
 * for what they allocate, too. */
static bool has_room(const char *path) {
  enum { FOR_INITIALIZERS = 2 << 20 };
  size_t bytes = bytes_when_loaded(path) + FOR_INITIALIZERS;
  void *room = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) return false;
  munmap(room, bytes);
  return true;
}

void *sys_library_open(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
  if (library) return library;
  library_problem = has_room(path) ? NULL : "there is not enough memory to load it";
  return library_problem ? NULL : dlopen(path, RTLD_NOW | RTLD_LOCAL);
}
void *sys_library_symbol(void *library, const char *name) { return dlsym(library, name); }
const char *sys_library_error(void) { return library_problem ? library_problem : dlerror(); }

char *sys_object_path(const void *address) {
  Dl_info info;
  if (!dladdr(address, &info) || !info.dli_fname || !*info.dli_fname) return NULL;
  /* A program's own name is argv[0]; where that was found on PATH, it does not tell the folder. */
  char *path = realpath(strchr(info.dli_fname, '/') ? info.dli_fname : "/proc/self/exe", NULL);
  return path ? path : strdup(info.dli_fname);
}

#if defined(__ELF__)
typedef struct FindNote {
  uintptr_t address;
  const void *id;
  size_t len;
} FindNote;

/* The GNU build id among an object's notes, if the object holds the address. */
static int find_build_id(struct dl_phdr_info *info, size_t size, void *arg) {
  FindNote *f = arg;
  (void)size;
  bool ours = false;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    uintptr_t begin = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
    if (info->dlpi_phdr[i].p_type == PT_LOAD && f->address >= begin && f->address < begin + info->dlpi_phdr[i].p_memsz)
      ours = true;
  }
  if (!ours) return 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    if (info->dlpi_phdr[i].p_type != PT_NOTE) continue;
    const char *at = (const char *)(uintptr_t)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    const char *end = at + info->dlpi_phdr[i].p_memsz;
    while (end - at >= (ptrdiff_t)sizeof(ElfW(Nhdr))) {
      ElfW(Nhdr) note;
      memcpy(&note, at, sizeof note);
      const char *name = at + sizeof note, *data = name + ((note.n_namesz + 3u) & ~3u);
      if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && memcmp(name, "GNU", 4) == 0) {
        f->id = data;
        f->len = note.n_descsz;
        return 1;
      }
      at = data + ((note.n_descsz + 3u) & ~3u);
    }
  }
  return 1;
}

bool sys_build_id(const void *address, const void **id, size_t *len) {
  FindNote f = {.address = (uintptr_t)address};
  dl_iterate_phdr(find_build_id, &f);
  *id = f.id;
  *len = f.len;
  return f.id != NULL;
}
#else
bool sys_build_id(const void *address, const void **id, size_t *len) {
  (void)address, (void)id, (void)len;
  return false;
}
#endif

/* ---- memory ------------------------------------------------------------------------------------------------------ */

void *sys_reserve(size_t bytes) {
#if !defined(MAP_NORESERVE)
#define MAP_NORESERVE 0
#endif
  void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return at == MAP_FAILED ? NULL : at;
}

void sys_release(void *memory, size_t bytes) { munmap(memory, bytes); }

/* ---- files ------------------------------------------------------------------------------------------------------- */

#if defined(__APPLE__)
#define WRITTEN st_mtimespec
#else
#define WRITTEN st_mtim
#endif

static int64_t time_of(const struct stat *st) { return (int64_t)st->WRITTEN.tv_sec * 1000000000 + st->WRITTEN.tv_nsec; }

bool sys_file(const char *path, SysFile *out) {
  struct stat st;
  if (stat(path, &st) != 0) return false;
  *out = (SysFile){(uint64_t)st.st_size, time_of(&st), S_ISREG(st.st_mode)};
  return true;
}

char *sys_first_match(const char *pattern) {
  glob_t found = {0};
  if (glob(pattern, 0, NULL, &found) != 0) return NULL;
  char *first = realpath(found.gl_pathv[0], NULL);
  globfree(&found);
  return first;
}

bool sys_make_folder(const char *path) { return mkdir(path, 0700) == 0 || errno == EEXIST; }

char *sys_read_own(const char *path, size_t *len, int64_t *time) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO would wait for a writer */
  if (fd < 0) return NULL;
  struct stat st;
  bool ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_uid == geteuid() || st.st_uid == 0) &&
            st.st_size >= 0 && st.st_size < (off_t)1 << 32;
  char *text = ok ? malloc((size_t)st.st_size + 1) : NULL;
  size_t n = 0;
  while (text && n < (size_t)st.st_size) {
    ssize_t did = read(fd, text + n, (size_t)st.st_size - n);
    if (did < 0 && errno == EINTR) continue;
    if (did <= 0) break;
    n += (size_t)did;
  }
  close(fd);
  if (!text) return NULL;
  if (time) *time = time_of(&st);
  *len = n;
  return text;
}

FILE *sys_temporary_file(char *name, size_t suffix) {
  int fd = mkstemps(name, (int)suffix); /* mode 0600 */
  if (fd < 0) return NULL;
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  FILE *f = fdopen(fd, "wb");
  if (!f) close(fd), unlink(name);
  return f;
}

bool sys_temporary_folder(char *name) { return mkdtemp(name) != NULL; }

const char *sys_temporary_place(void) {
  const char *dir = getenv("TMPDIR");
  return dir && *dir ? dir : "/tmp";
}

bool sys_replace(const char *from, const char *to) { return rename(from, to) == 0; }
bool sys_remove(const char *path) { return unlink(path) == 0; }
bool sys_remove_folder(const char *path) { return rmdir(path) == 0; }

bool sys_touch(const char *path) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return false;
  futimens(fd, NULL);
  close(fd);
  return true;
}

void sys_sweep(const char *folder, int64_t time, bool (*which)(const char *name)) {
  DIR *d = opendir(folder);
  if (!d) return;
  struct stat st;
  for (struct dirent *e; (e = readdir(d));)
    if (which(e->d_name) && fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
        time_of(&st) <= time)
      unlinkat(dirfd(d), e->d_name, 0);
  closedir(d);
}

/* ---- programs ---------------------------------------------------------------------------------------------------- */

bool sys_is_program(const char *path) { return access(path, X_OK) == 0; }

bool sys_run(const char *const argv[], const char *log, int *status, int *error) {
  posix_spawn_file_actions_t actions;
  pid_t pid;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  *error = posix_spawn(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (*error) return false;
  while (waitpid(pid, status, 0) < 0)
    if (errno != EINTR) return *error = errno, false;
  *status = WIFEXITED(*status) ? WEXITSTATUS(*status) : -1;
  return true;
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

double sys_strtod(const char *s, char **end) {
  /* glibc's "C" locale object is static: this neither allocates nor fails there. */
  locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (!c) return strtod(s, end);
  double x = strtod_l(s, end, c);
  freelocale(c);
  return x;
}

void sys_binary_streams(void) {}
#endif
