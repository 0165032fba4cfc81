/* targets.c: what a target string means, and where its backend is.
 *
 * The CPU backend carries LLVM and is a shared object of its own, beside this library; others are named in
 * TRITONC_TARGETS. The loader keeps an open object open and counts, so opening it again for each compile costs a
 * look-up, and no table of ours has to be kept or guarded. A backend is never closed: its code may be running.
 */
#include "base/system.h"
#include "run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Backends that this build knows by name. `library` is NULL where a backend is not in this build; the language still
 * knows how to make Triton IR for it. */
extern const Target nvidia_cuda_target; /* nvidia/target.c: needs no library to build, so it is part of this one */
extern const Target nvidia_simt_target; /* nvidia/simulate.c */

static const struct Known {
  const char *name, *library, *missing;
  const Target *built_in;
} known[] = {
    {"cpu", "libtritonc_cpu" SYS_LIBRARY_SUFFIX,
     "this build has no CPU backend: it is a `nocpu` wheel, or was built without LLVM. "
     "Kernels can be compiled for GPUs, and run on the simulated one: TRITONC_SIMULATE=1, or `tritonc --simulate`",
     NULL},
    {"cuda", NULL, NULL, &nvidia_cuda_target},
    {"simt", NULL, NULL, &nvidia_simt_target},
};

const char *run_library_dir(Ctx *cx) {
  char *path = sys_object_path((const void *)(uintptr_t)run_library_dir);
  const char *slash = path ? strrchr(path, '/') : NULL;
  const char *dir = slash ? intern_n(cx, path, (size_t)(slash - path)) : ".";
  free(path);
  return dir;
}

static const Target *open_backend(Ctx *cx, const char *path, const char **why) {
  void *library = sys_library_open(path);
  if (!library) {
    const char *error = sys_library_error();
    *why = ctx_printf(cx, "%s", error ? error : path);
    return NULL;
  }
  const Target *(*get)(void);
  *(void **)&get = sys_library_symbol(library, "tritonc_target");
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

/* A file in TRITONC_LIBDIR; beside this library; above it or in the package (a build folder); in ../lib next to bin/; in the
 * Python package (of the distribution triton or tritonc) of the environment or of the folder whose bin/ this is. */
const char *run_library_file(Ctx *cx, const char *name) {
  static const char *const places[] = {"",
                                       "/..",
                                       "/../python/triton/_C",
                                       "/../../..",
                                       "/../lib",
                                       "/../lib64",
                                       "/../lib/python3*/*-packages/triton/_C",
                                       "/../lib/python3*/*-packages/tritonc/_packages/triton/_C",
                                       "/../Lib/site-packages/triton/_C",
                                       "/../triton/_C",
                                       "/../tritonc/_packages/triton/_C"};
  const char *given = getenv("TRITONC_LIBDIR"), *dir = run_library_dir(cx);
  SysFile file;
  if (given && *given) {
    const char *path = ctx_printf(cx, "%s/%s", given, name);
    if (sys_file(path, &file)) return path;
  }
  for (size_t i = 0; i < COUNT(places); i++) {
    const char *path = ctx_printf(cx, "%s%s/%s", dir, places[i], name);
    char *first = strchr(places[i], '*') ? sys_first_match(path) : NULL;
    if (first) {
      path = intern(cx, first);
      free(first);
      return path;
    }
    if (sys_file(path, &file)) return path;
  }
  return NULL;
}

/* The backend among this build's files, or where the loader looks. */
static const Target *open_beside(Ctx *cx, const struct Known *k, const char **why) {
  const char *path = run_library_file(cx, k->library);
  if (path) return open_backend(cx, path, why);
  const Target *t = open_backend(cx, k->library, why);
  if (!t) *why = k->missing;
  return t;
}

/* A target called `name` among the objects of TRITONC_TARGETS. */
static const Target *open_third_party(Ctx *cx, const char *name, const char **why) {
  const char *list = getenv("TRITONC_TARGETS");
  while (list && *list) {
    size_t n = strcspn(list, SYS_LIST_SEPARATOR);
    const char *problem = NULL;
    const Target *t = n ? open_backend(cx, ctx_strndup(cx, list, n), &problem) : NULL;
    if (t && strcmp(t->name, name) == 0) return t;
    if (problem) *why = ctx_printf(cx, "TRITONC_TARGETS: %s", problem);
    list += n + (list[n] != 0);
  }
  return NULL;
}

const Target *run_built_in_target(const char *name) {
  for (size_t i = 0; i < COUNT(known); i++)
    if (strcmp(known[i].name, name) == 0) return known[i].built_in;
  return NULL;
}

/* The target of a text, but for what its architecture is exactly. Unwinds when there is none. */
static RunTarget find_target(Ctx *cx, const char *text) {
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
    if (t.missing) ctx_fail(cx, ERR_SYSTEM, "there is no target `%s`: %s", t.name, t.missing);
    const char *names[COUNT(known)];
    for (size_t i = 0; i < COUNT(known); i++) names[i] = known[i].name;
    const char *guess = did_you_mean(cx, t.name, names, COUNT(known));
    ctx_fail(cx, ERR_SYSTEM, "there is no target `%s`%s", t.name,
             *guess ? guess : "; known are `cpu`, `cuda` and `simt`");
  }
  return t;
}

bool run_takes_capability(Ctx *cx, const char *text) {
  RunTarget t = find_target(cx, text);
  return t.backend && t.backend->takes_capability;
}

RunTarget run_target(Ctx *cx, const char *text) {
  RunTarget t = find_target(cx, text);
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

void run_build_id(Sha256 *hash, const void *address) {
  const void *id;
  size_t len;
  if (sys_build_id(address, &id, &len)) {
    sha256_add(hash, id, len);
    return;
  }
  char *path = sys_object_path(address);
  SysFile file;
  if (path && sys_file(path, &file)) {
    int64_t facts[] = {(int64_t)file.bytes, file.time};
    sha256_add(hash, facts, sizeof facts);
  }
  free(path);
}
