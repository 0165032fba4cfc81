/* targets.c: what a target string means, and where its backend is.
 *
 * The CPU backend carries LLVM and is a shared object of its own, beside this library; others are named in
 * TRITONC_TARGETS. The loader keeps an open object open and counts, so opening it again for each compile costs a
 * look-up, and no table of ours has to be kept or guarded. A backend is never closed: its code may be running.
 */
#include "run/run.h"

#include <dlfcn.h>
#include <glob.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#if defined(__APPLE__)
#define LIBRARY_SUFFIX ".dylib"
#else
#define LIBRARY_SUFFIX ".so"
#endif

/* Backends that this build knows by name. `library` is NULL where a backend is not in this build; the language still
 * knows how to make Triton IR for it. */
extern const Target cuda_target; /* nvidia/target.c: needs no library to build, so it is part of this one */
extern const Target simt_target; /* nvidia/simulate.c */

static const struct Known {
  const char *name, *library, *missing;
  const Target *built_in;
} known[] = {
    {"cpu", "libtritonc_cpu" LIBRARY_SUFFIX, "this build has no CPU backend (LLVM was absent when it was built)", NULL},
    {"cuda", NULL, NULL, &cuda_target},
    {"simt", NULL, NULL, &simt_target},
};

const char *run_library_dir(Ctx *cx) {
  Dl_info info;
  const void *here = (const void *)(uintptr_t)run_library_dir;
  if (!dladdr(here, &info) || !info.dli_fname || !*info.dli_fname) return ".";
  /* A program's own name is argv[0]; where that was found on PATH, it does not tell the folder. */
  char *path = realpath(strchr(info.dli_fname, '/') ? info.dli_fname : "/proc/self/exe", NULL);
  const char *from = path ? path : info.dli_fname;
  const char *slash = strrchr(from, '/');
  const char *dir = slash ? intern_n(cx, from, (size_t)(slash - from)) : ".";
  free(path);
  return dir;
}

static const Target *open_backend(Ctx *cx, const char *path, const char **why) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *error = dlerror();
    *why = ctx_printf(cx, "%s", error ? error : path);
    return NULL;
  }
  const Target *(*get)(void);
  *(void **)&get = dlsym(library, "tritonc_target");
  if (!get) {
    *why = ctx_printf(cx, "%s exports no function tritonc_target", path);
    return NULL;
  }
  const Target *t = get();
  if (!t || t->abi != TARGET_ABI) {
    *why = ctx_printf(cx, "%s was built for another version of tritonc", path);
    return NULL;
  }
  return t;
}

/* The backend in TRITONC_LIBDIR; beside this library; above it or in the package (a build folder); in ../lib next to
 * bin/; in the Python package (of the distribution triton or tritonc) of the environment or of the folder whose bin/ this
 * is; or where the loader looks. */
static const Target *open_beside(Ctx *cx, const struct Known *k, const char **why) {
  static const char *const places[] = {"",
                                       "/..",
                                       "/../python/triton/_C",
                                       "/../lib",
                                       "/../lib64",
                                       "/../lib/python3*/*-packages/triton/_C",
                                       "/../lib/python3*/*-packages/tritonc/_packages/triton/_C",
                                       "/../triton/_C",
                                       "/../tritonc/_packages/triton/_C"};
  const char *given = getenv("TRITONC_LIBDIR"), *dir = run_library_dir(cx);
  struct stat st;
  if (given && *given) {
    const char *path = ctx_printf(cx, "%s/%s", given, k->library);
    if (stat(path, &st) == 0) return open_backend(cx, path, why);
  }
  for (size_t i = 0; i < COUNT(places); i++) {
    const char *path = ctx_printf(cx, "%s%s/%s", dir, places[i], k->library);
    glob_t found = {0};
    if (strchr(places[i], '*') && glob(path, 0, NULL, &found) == 0) {
      char *first = realpath(found.gl_pathv[0], NULL);
      globfree(&found);
      if (!first) continue;
      const Target *t = open_backend(cx, first, why);
      free(first);
      return t;
    }
    if (stat(path, &st) == 0) return open_backend(cx, path, why);
  }
  const Target *t = open_backend(cx, k->library, why);
  if (!t) *why = k->missing;
  return t;
}

/* A target called `name` among the objects of TRITONC_TARGETS. */
static const Target *open_third_party(Ctx *cx, const char *name, const char **why) {
  const char *list = getenv("TRITONC_TARGETS");
  while (list && *list) {
    size_t n = strcspn(list, ":");
    const char *problem = NULL;
    const Target *t = n ? open_backend(cx, ctx_strndup(cx, list, n), &problem) : NULL;
    if (t && strcmp(t->name, name) == 0) return t;
    if (problem) *why = ctx_printf(cx, "TRITONC_TARGETS: %s", problem);
    list += n + (list[n] == ':');
  }
  return NULL;
}

const Target *run_built_in_target(const char *name) {
  for (size_t i = 0; i < COUNT(known); i++)
    if (strcmp(known[i].name, name) == 0) return known[i].built_in;
  return NULL;
}

RunTarget run_target(Ctx *cx, const char *text) {
  if (!text || !*text) text = "cpu";
  const char *colon = strchr(text, ':');
  RunTarget t = {.name = colon ? intern_n(cx, text, (size_t)(colon - text)) : intern(cx, text)};
  if (colon && colon[1]) t.arch = intern(cx, colon + 1);
  t.backend = open_third_party(cx, t.name, &t.missing);
  const struct Known *k = NULL;
  for (size_t i = 0; i < COUNT(known) && !k; i++)
    if (strcmp(known[i].name, t.name) == 0) k = &known[i];
  if (!t.backend && k) {
    if (k->built_in)
      t.backend = k->built_in;
    else if (k->library)
      t.backend = open_beside(cx, k, &t.missing);
    else
      t.missing = k->missing;
  }
  if (!t.backend && !k) {
    if (t.missing) ctx_fail(cx, ERR_SYSTEM, "there is no target `%s` (%s)", t.name, t.missing);
    const char *names[COUNT(known)];
    for (size_t i = 0; i < COUNT(known); i++) names[i] = known[i].name;
    const char *guess = did_you_mean(cx, t.name, names, COUNT(known));
    ctx_fail(cx, ERR_SYSTEM, "there is no target `%s`%s", t.name,
             *guess ? guess : "; known are `cpu`, `cuda` and `simt`");
  }
  TargetOptions o = {.arch = t.arch};
  const char *arch = t.backend ? t.backend->resolve_arch(cx, &o) : t.arch;
  t.resolved = arch ? ctx_printf(cx, "%s:%s", t.name, arch) : t.name;
  return t;
}

const char *const *run_stages(const RunTarget *t) {
  static const char *const ttir_only[] = {"ttir", NULL};
  return t->backend ? t->backend->stages : ttir_only;
}

/* ---- which build this is ----------------------------------------------------------------------------------------- */

struct FindNote {
  uintptr_t address;
  Sha256 *hash;
  bool found;
};

/* The GNU build id among an object's notes, if the object holds the address. */
static int find_build_id(struct dl_phdr_info *info, size_t size, void *arg) {
  struct FindNote *f = arg;
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
        sha256_add(f->hash, data, note.n_descsz);
        f->found = true;
        return 1;
      }
      at = data + ((note.n_descsz + 3u) & ~3u);
    }
  }
  return 1;
}

void run_build_id(Sha256 *hash, const void *address) {
  struct FindNote f = {(uintptr_t)address, hash, false};
  dl_iterate_phdr(find_build_id, &f);
  if (f.found) return;
  Dl_info info;
  struct stat st;
  if (dladdr(address, &info) && info.dli_fname && stat(info.dli_fname, &st) == 0) {
    int64_t facts[] = {(int64_t)st.st_size, (int64_t)st.st_mtim.tv_sec, (int64_t)st.st_mtim.tv_nsec};
    sha256_add(hash, facts, sizeof facts);
  }
}
