/* write.c: the header, and files: what is written is the source; objects are what the system's C compiler makes of it. */
#include "aot/internal.h"
#include "base/system.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {"c", "obj", "so"};

bool aot_is_kind(const char *emit) {
  for (size_t i = 0; emit && i < COUNT(kinds); i++)
    if (!strcmp(kinds[i], emit)) return true;
  return false;
}

/* ---- the header -------------------------------------------------------------------------------------------------- */

static void put_guard(Buf *out, const char *name) {
  buf_puts(out, "KERNELS_");
  for (const char *s = name; *s; s++)
    buf_putc(out, isalnum((unsigned char)*s) ? (char)toupper((unsigned char)*s) : '_');
  buf_puts(out, "_H");
}

static void declare_cuda(Buf *out, const AotBuild *b) {
  for (size_t i = 0; i < b->nfunctions; i++) {
    const AotFunction *f = &b->functions[i];
    buf_printf(out, "/* Into the current context; a launch does it where it was not done. */\n");
    buf_printf(out, "CUresult load_%s(void);\nCUresult unload_%s(void);\n", f->name, f->name);
    aot_describe(out, b, f);
    if (b->tag) buf_puts(out, b->tag);
    buf_printf(out, "CUresult %s(", f->name);
    aot_params(out, b, &f->variants[0]);
    buf_puts(out, ");\n\n");
  }
}

static void declare_cpu(Buf *out, const AotBuild *b) {
  for (size_t i = 0; i < b->nfunctions; i++) {
    const AotFunction *f = &b->functions[i];
    aot_describe(out, b, f);
    buf_printf(out, "int %s(", f->name);
    aot_params(out, b, &f->variants[0]);
    buf_puts(out, ");\n\n");
  }
  buf_printf(
      out,
      "/* What this thread's last call of the above said that did not return 0. */\nconst char *%s_message(void);\n\n",
      b->name);
}

void aot_header(Buf *out, const AotBuild *b) {
  buf_printf(out, "/* Kernels that tritonc %s compiled. %s. Half floats are their bits. */\n", TTC_VERSION,
             b->is_cuda ? "The result is CUDA_SUCCESS or the driver's error"
                        : "The result is 0 or what went wrong: 1 an argument, 2 no code for this processor, 4 the run");
  buf_puts(out, "#ifndef ");
  put_guard(out, b->name);
  buf_puts(out, "\n#define ");
  put_guard(out, b->name);
  buf_puts(out, "\n\n");
  if (b->is_cuda) buf_puts(out, "#include <cuda.h>\n");
  buf_puts(out, "#include <stdint.h>\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");
  if (aot_takes_descriptors(b))
    buf_puts(out, b->is_cuda ? aot_cuda_descriptor
                             : "typedef struct ttc_rt_descriptor ttc_rt_descriptor; /* tritonc_rt.h */\n\n");
  if (b->is_cuda)
    declare_cuda(out, b);
  else
    declare_cpu(out, b);
  buf_puts(out, "#ifdef __cplusplus\n}\n#endif\n#endif\n");
}

void aot_source(Buf *out, const AotBuild *b) {
  if (b->is_cuda)
    aot_source_cuda(out, b);
  else
    aot_source_cpu(out, b);
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

static void write_text(Ctx *cx, const char *path, const Buf *text) {
  FILE *f = fopen(path, "wb");
  bool ok = f && fwrite(text->s, 1, text->len, f) == text->len;
  int error = errno;
  if (f && fclose(f) != 0 && ok) ok = false, error = errno;
  if (!ok) ctx_fail(cx, ERR_SYSTEM, "cannot write %s: %s", path, strerror(error));
}

/* An executable file called `name` in PATH. */
static const char *find_program(Ctx *cx, const char *name) {
  if (strchr(name, '/')) return name;
  for (const char *s = getenv("PATH"); s && *s;) {
    size_t n = strcspn(s, SYS_LIST_SEPARATOR);
    const char *path = ctx_printf(cx, "%.*s/%s", (int)n, s, name);
    if (sys_is_program(path)) return path;
    s += n + (s[n] != 0);
  }
  ctx_fail(cx, ERR_SYSTEM, "there is no C compiler `%s` in PATH: set CC, or take --emit c", name);
}

static void discard(void *path) { (void)!sys_remove(path); }

/* Runs $CC with these words; what it says goes into the message. */
static void run_compiler(Ctx *cx, const char *const *words, size_t n) {
  const char *cc = getenv("CC");
  if (!cc || !*cc) cc = "cc";
  const char **argv = NEWN(cx, const char *, n + 2);
  argv[0] = find_program(cx, cc);
  memcpy(argv + 1, words, n * sizeof *words);
  char *log = ctx_printf(cx, "%s/tritonc-XXXXXX", sys_temporary_place());
  FILE *f = sys_temporary_file(log, 0);
  if (!f) ctx_fail(cx, ERR_SYSTEM, "cannot write in %s: %s", sys_temporary_place(), strerror(errno));
  fclose(f);
  ctx_defer(cx, discard, log);
  int status, error;
  if (!sys_run(argv, log, &status, &error)) ctx_fail(cx, ERR_SYSTEM, "cannot run %s: %s", argv[0], strerror(error));
  size_t len;
  if (status) ctx_fail(cx, ERR_SYSTEM, "%s failed: %s", argv[0], file_read(cx, log, &len));
}

void aot_write(Ctx *cx, const AotBuild *b, const char *kind, const char *path) {
  Buf header = {.cx = cx}, source = {.cx = cx};
  aot_header(&header, b);
  aot_source(&source, b);
  write_text(cx, ctx_printf(cx, "%s.h", path), &header);
  char *c = ctx_printf(cx, "%s.c", path);
  if (!strcmp(kind, "c")) {
    write_text(cx, c, &source);
    return;
  }
  /* Beside the header that it includes, for the moment. */
  c = ctx_printf(cx, "%s.tritonc.c", path);
  ctx_defer(cx, discard, c);
  write_text(cx, c, &source);
  bool so = !strcmp(kind, "so");
  const char *out = ctx_printf(cx, "%s.%s", path, so ? "so" : "o");
  Vec(const char *) words = {0};
  static const char *const always[] = {"-std=c11", "-O2", "-fPIC", "-g0", "-o"};
  for (size_t i = 0; i < COUNT(always); i++) vec_push(cx, &words, always[i]);
  vec_push(cx, &words, out);
  if (!so) vec_push(cx, &words, "-c");
  vec_push(cx, &words, c);
  if (so) {
    vec_push(cx, &words, "-shared");
    vec_push(cx, &words, "-Wl,--exclude-libs,ALL,--build-id=none,-s,-z,defs");
    if (b->is_cuda) {
      vec_push(cx, &words, "-lcuda");
    } else {
      const char *rt = run_library_file(cx, "libtritonc_rt.a");
      if (!rt)
        ctx_fail(cx, ERR_SYSTEM, "libtritonc_rt.a, which a shared object holds, is not beside this build's libraries");
      vec_push(cx, &words, rt);
      vec_push(cx, &words, "-lm");
      vec_push(cx, &words, "-lpthread");
    }
  }
  run_compiler(cx, words.at, words.len);
}
