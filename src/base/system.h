/* system.h: what operating systems differ in. system_posix.c has it for Linux and macOS, system_windows.c for Windows;
 * the rest of the compiler is C17 and pthreads.
 *
 * Names of files are UTF-8 or what the system takes them for, with '/' between folders. What is said to be "of malloc"
 * is the caller's to free. */
#ifndef TRITONC_SYSTEM_H
#define TRITONC_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#if defined(_WIN32)
#define SYS_LIBRARY_SUFFIX ".dll"
#define SYS_LIST_SEPARATOR ";" /* between the folders of PATH and the like */
#elif defined(__APPLE__)
#define SYS_LIBRARY_SUFFIX ".dylib"
#define SYS_LIST_SEPARATOR ":"
#else
#define SYS_LIBRARY_SUFFIX ".so"
#define SYS_LIST_SEPARATOR ":"
#endif

/* ---- shared objects ---------------------------------------------------------------------------------------------- */

/* NULL: it cannot be opened, and sys_library_error() says why (to this thread, once). Opening an open one counts. */
void *sys_library_open(const char *path);
void *sys_library_symbol(void *library, const char *name);
const char *sys_library_error(void);
/* The absolute path of the program or library that holds the address, of malloc; NULL: unknown. */
char *sys_object_path(const void *address);
/* The id that the linker gave that object; false: it has none. */
bool sys_build_id(const void *address, const void **id, size_t *len);

/* ---- memory ------------------------------------------------------------------------------------------------------ */

/* Zeros, which take room when they are first touched. NULL: there is no memory. */
void *sys_reserve(size_t bytes);
void sys_release(void *memory, size_t bytes);

/* ---- files ------------------------------------------------------------------------------------------------------- */

typedef struct SysFile {
  uint64_t bytes;
  int64_t time; /* when it was written, in nanoseconds since 1970 */
  bool regular;
} SysFile;

bool sys_file(const char *path, SysFile *out); /* follows symbolic links */
/* The first file that the pattern with '*' matches, of malloc; NULL: none. */
char *sys_first_match(const char *pattern);
/* A folder for this user alone; true also where it was there. */
bool sys_make_folder(const char *path);
/* All of a regular file that belongs to this user (or the system's administrator), of malloc; NULL: it is no such file.
 * `time` may be NULL. */
char *sys_read_own(const char *path, size_t *len, int64_t *time);
/* Makes and opens a file for this user alone, whose name ends in XXXXXX and `suffix` bytes more; fills in the name. */
FILE *sys_temporary_file(char *name, size_t suffix);
/* The same for a folder; no suffix. */
bool sys_temporary_folder(char *name);
/* Where temporary files belong. */
const char *sys_temporary_place(void);
/* Renames, in place of what has the new name. */
bool sys_replace(const char *from, const char *to);
bool sys_remove(const char *path);
bool sys_remove_folder(const char *path);
/* Makes the file empty and of now, following no symbolic link. */
bool sys_touch(const char *path);
/* Removes the regular files of a folder that were written before `time` and that `which` accepts by name. */
void sys_sweep(const char *folder, int64_t time, bool (*which)(const char *name));

/* ---- programs ---------------------------------------------------------------------------------------------------- */

bool sys_is_program(const char *path);
/* Runs it, with everything that it prints in the file `log`. `status`: what it ended with, -1 for a signal. False: it
 * could not be run, and `error` (an errno) says why. */
bool sys_run(const char *const argv[], const char *log, int *status, int *error);

/* ---- text -------------------------------------------------------------------------------------------------------- */

/* strtod() with a point, whatever the host's locale. */
double sys_strtod(const char *s, char **end);
/* Standard output and input carry bytes as they are. */
void sys_binary_streams(void);

#if defined(_WIN32)
void *memmem(const void *text, size_t len, const void *wanted, size_t wanted_len);
#endif

#endif
