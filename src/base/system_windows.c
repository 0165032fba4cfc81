/* system_windows.c: base/system.h for Windows. Files belong to whoever may read them: there is no test of ownership. */
#include "base/system.h"

#if defined(_WIN32)

#include <direct.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <windows.h>

/* ---- shared objects ---------------------------------------------------------------------------------------------- */

void *sys_library_open(const char *path) { return (void *)LoadLibraryA(path); }

void *sys_library_symbol(void *library, const char *name) {
  FARPROC f = GetProcAddress((HMODULE)library, name);
  void *symbol;
  memcpy(&symbol, &f, sizeof symbol);
  return symbol;
}

const char *sys_library_error(void) {
  static _Thread_local char text[512];
  DWORD n = FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, GetLastError(), 0, text,
                           sizeof text, NULL);
  while (n && (text[n - 1] == '\n' || text[n - 1] == '\r' || text[n - 1] == ' ')) text[--n] = 0;
  return n ? text : "the library cannot be loaded";
}

char *sys_object_path(const void *address) {
  HMODULE module;
  if (!GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                          address, &module))
    return NULL;
  for (DWORD size = 256;; size *= 2) {
    char *path = malloc(size);
    DWORD n = path ? GetModuleFileNameA(module, path, size) : 0;
    if (n && n < size) {
      for (char *s = path; *s; s++)
        if (*s == '\\') *s = '/';
      return path;
    }
    free(path);
    if (!n || size > 1u << 20) return NULL;
  }
}

bool sys_build_id(const void *address, const void **id, size_t *len) {
  (void)address, (void)id, (void)len;
  return false; /* callers then take the file's size and time */
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

void *sys_reserve(size_t bytes) { return VirtualAlloc(NULL, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE); }

void sys_release(void *memory, size_t bytes) {
  (void)bytes;
  VirtualFree(memory, 0, MEM_RELEASE);
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

bool sys_file(const char *path, SysFile *out) {
  struct _stat64 st;
  if (_stat64(path, &st) != 0) return false;
  *out = (SysFile){(uint64_t)st.st_size, (int64_t)st.st_mtime * 1000000000, S_ISREG(st.st_mode)};
  return true;
}

/* The folders that are looked for by patterns are those of Python's packages, and Windows' name no version. */
char *sys_first_match(const char *pattern) {
  SysFile file;
  return sys_file(pattern, &file) ? _strdup(pattern) : NULL;
}

bool sys_make_folder(const char *path) { return _mkdir(path) == 0 || errno == EEXIST; }

char *sys_read_own(const char *path, size_t *len, int64_t *time) {
  SysFile file;
  if (!sys_file(path, &file) || !file.regular || file.bytes >= UINT64_C(1) << 32) return NULL;
  FILE *f = fopen(path, "rb");
  char *text = f ? malloc((size_t)file.bytes + 1) : NULL;
  if (text) *len = fread(text, 1, (size_t)file.bytes, f);
  if (f) fclose(f);
  if (time) *time = file.time;
  return text;
}

/* Fills in the six letters until `make` makes something of that name. */
static int make_unique(char *name, size_t suffix, int (*make)(const char *name)) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
  char *at = name + strlen(name) - suffix - 6;
  LARGE_INTEGER ticks;
  QueryPerformanceCounter(&ticks);
  uint64_t bits = (uint64_t)ticks.QuadPart ^ (uint64_t)GetCurrentProcessId() << 32 ^ GetCurrentThreadId();
  for (int tries = 0; tries < 1000; tries++) {
    bits = bits * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    uint64_t x = bits >> 20;
    for (int i = 0; i < 6; i++, x /= 36) at[i] = letters[x % 36];
    int made = make(name);
    if (made >= 0 || errno != EEXIST) return made;
  }
  return -1;
}

static int make_file(const char *name) {
  return _open(name, _O_WRONLY | _O_CREAT | _O_EXCL | _O_BINARY | _O_NOINHERIT, _S_IREAD | _S_IWRITE);
}
static int make_folder(const char *name) { return _mkdir(name); }

FILE *sys_temporary_file(char *name, size_t suffix) {
  int fd = make_unique(name, suffix, make_file);
  FILE *f = fd >= 0 ? _fdopen(fd, "wb") : NULL;
  if (fd >= 0 && !f) _close(fd), _unlink(name);
  return f;
}

bool sys_temporary_folder(char *name) { return make_unique(name, 0, make_folder) >= 0; }

const char *sys_temporary_place(void) {
  const char *dir = getenv("TEMP");
  return dir && *dir ? dir : ".";
}

bool sys_replace(const char *from, const char *to) { return MoveFileExA(from, to, MOVEFILE_REPLACE_EXISTING); }
bool sys_remove(const char *path) { return _unlink(path) == 0; }
bool sys_remove_folder(const char *path) { return _rmdir(path) == 0; }

bool sys_touch(const char *path) {
  FILE *f = fopen(path, "wb");
  return f && fclose(f) == 0;
}

void sys_sweep(const char *folder, int64_t time, bool (*which)(const char *name)) {
  DIR *d = opendir(folder);
  if (!d) return;
  for (struct dirent *e; (e = readdir(d));) {
    size_t size = strlen(folder) + strlen(e->d_name) + 2;
    char *path = which(e->d_name) ? malloc(size) : NULL;
    SysFile file;
    if (path && snprintf(path, size, "%s/%s", folder, e->d_name) > 0 && sys_file(path, &file) && file.regular &&
        file.time <= time)
      _unlink(path);
    free(path);
  }
  closedir(d);
}

/* ---- programs ---------------------------------------------------------------------------------------------------- */

bool sys_is_program(const char *path) {
  SysFile file;
  return sys_file(path, &file) && file.regular;
}

/* Appends an argument as CommandLineToArgvW() reads it: in quotes, with the backslashes before a quote doubled. */
static char *quote(char *to, const char *s) {
  *to++ = '"';
  for (size_t slashes = 0;; s++) {
    if (*s == '\\') {
      slashes++;
    } else {
      if (*s == '"' || !*s)
        for (size_t i = 0; i < slashes; i++) *to++ = '\\';
      if (*s == '"') *to++ = '\\';
      slashes = 0;
    }
    if (!*s) break;
    *to++ = *s;
  }
  *to++ = '"';
  *to = 0;
  return to;
}

bool sys_run(const char *const argv[], const char *log, int *status, int *error) {
  size_t size = 1;
  for (int i = 0; argv[i]; i++) size += 2 * strlen(argv[i]) + 3;
  char *line = malloc(size), *at = line;
  *error = ENOMEM;
  if (!line) return false;
  for (int i = 0; argv[i]; i++) {
    if (i) *at++ = ' ';
    at = quote(at, argv[i]);
  }
  SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
  HANDLE out = CreateFileA(log, GENERIC_WRITE, FILE_SHARE_READ, &inherited, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
  STARTUPINFOA start = {.cb = sizeof start, .dwFlags = STARTF_USESTDHANDLES, .hStdOutput = out, .hStdError = out};
  PROCESS_INFORMATION process;
  bool ok = out != INVALID_HANDLE_VALUE &&
            CreateProcessA(argv[0], line, NULL, NULL, TRUE, CREATE_NO_WINDOW, NULL, NULL, &start, &process);
  *error = ok ? 0 : GetLastError() == ERROR_FILE_NOT_FOUND ? ENOENT : EACCES;
  if (out != INVALID_HANDLE_VALUE) CloseHandle(out);
  free(line);
  if (!ok) return false;
  DWORD code = 1;
  WaitForSingleObject(process.hProcess, INFINITE);
  GetExitCodeProcess(process.hProcess, &code);
  CloseHandle(process.hThread);
  CloseHandle(process.hProcess);
  *status = (int)code;
  return true;
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

double sys_strtod(const char *s, char **end) {
  if (strcmp(localeconv()->decimal_point, ".") == 0) return strtod(s, end);
  int before = _configthreadlocale(_ENABLE_PER_THREAD_LOCALE);
  char *was = _strdup(setlocale(LC_NUMERIC, NULL));
  setlocale(LC_NUMERIC, "C");
  double x = strtod(s, end);
  if (was) setlocale(LC_NUMERIC, was);
  free(was);
  _configthreadlocale(before);
  return x;
}

void sys_binary_streams(void) {
  _setmode(_fileno(stdin), _O_BINARY);
  _setmode(_fileno(stdout), _O_BINARY);
  _setmode(_fileno(stderr), _O_BINARY);
}

/* By a rolling hash (Karp and Rabin, 1987): as many steps as there are bytes. */
void *memmem(const void *text, size_t len, const void *wanted, size_t wanted_len) {
  const unsigned char *s = text, *w = wanted;
  if (wanted_len > len) return NULL;
  if (!wanted_len) return (void *)(uintptr_t)s;
  uint64_t hash = 0, goal = 0, first = 1; /* the factor of the byte that leaves */
  const uint64_t base = UINT64_C(0x9E3779B97F4A7C15);
  for (size_t i = 0; i < wanted_len; i++) {
    hash = hash * base + s[i];
    goal = goal * base + w[i];
    if (i) first *= base;
  }
  for (size_t i = 0;; i++) {
    if (hash == goal && memcmp(s + i, w, wanted_len) == 0) return (void *)(uintptr_t)(s + i);
    if (i + wanted_len == len) return NULL;
    hash = (hash - s[i] * first) * base + s[i + wanted_len];
  }
}
#endif
