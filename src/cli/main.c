/* main.c: the command `tritonc`: one file in, one stage or artefact out. */
#include "aot/aot.h"
#include "base/system.h"
#include "cli/cli.h"
#include "explore/explore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_SOURCE = 1, EXIT_USAGE = 2, EXIT_SYSTEM = 3 };

typedef struct Main {
  int argc;
  char **argv;
  Cli cli;
  bool failed; /* the simulated run found mistakes */
} Main;

static bool wants_colour(void) {
  const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
  return isatty(STDERR_FILENO) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

/* The stage obj goes to standard output; as an artefact it has a name. */
static bool is_artefact(const Cli *c) {
  if (c->simulate || !aot_is_kind(c->emit)) return false;
  return strcmp(c->emit, "obj") != 0 || (c->output && strcmp(c->output, "-") != 0);
}

static void parse(Ctx *cx, void *arg) {
  Main *m = arg;
  cli_parse(cx, m->argc, m->argv, &m->cli);
  const Cli *c = &m->cli;
  if (!c->file && !c->help && !c->version && !c->print_pipeline && !c->explain && !c->manual) {
    fprintf(stderr, "tritonc: which file? (tritonc --help lists the options)\n");
    ctx_throw(cx, ERR_HOST);
  }
  bool artefact = is_artefact(c);
  if (!c->simulate && ((c->grid && !artefact) || c->args.len || c->prints.len)) {
    fprintf(stderr,
            "tritonc: --grid, --arg and --print go with --simulate, --grid with an artefact too (tritonc --help)\n");
    ctx_throw(cx, ERR_HOST);
  }
  if (!artefact && c->signatures.len > 1) {
    fprintf(stderr,
            "tritonc: several signatures go with an artefact, --emit c, obj or so with -o DIR/NAME (tritonc --help)\n");
    ctx_throw(cx, ERR_HOST);
  }
}

static char *read_stdin(Ctx *cx, size_t *len) {
  Buf b = {.cx = cx};
  char block[65536];
  size_t n;
  while ((n = fread(block, 1, sizeof block, stdin)) > 0) buf_write(&b, block, n);
  if (ferror(stdin)) ctx_fail(cx, ERR_SYSTEM, "cannot read standard input: %s", strerror(errno));
  *len = b.len;
  return buf_text(&b);
}

static const char *output_path(Ctx *cx, const Cli *c, const Compiled *k, const Stage *s) {
  if (c->output) return strcmp(c->output, "-") == 0 ? NULL : c->output;
  return s->binary && isatty(STDOUT_FILENO) ? ctx_printf(cx, "%s.%s", k->info.name, s->name) : NULL;
}

static void write_stage(Ctx *cx, const Cli *c, const Compiled *k, const Stage *s) {
  const char *path = output_path(cx, c, k, s);
  FILE *out = path ? fopen(path, "wb") : stdout;
  if (!out) ctx_fail(cx, ERR_SYSTEM, "cannot write %s: %s", path, strerror(errno));
  bool ok = fwrite(s->bytes, 1, s->len, out) == s->len && fflush(out) == 0;
  if (path) ok = fclose(out) == 0 && ok;
  if (!ok) ctx_fail(cx, ERR_SYSTEM, "cannot write %s: %s", path ? path : "standard output", strerror(errno));
}

static void print_pipeline(Ctx *cx, const Cli *c) {
  size_t n;
  const Pass *const *passes = opt_ttir_passes(&n);
  RunTarget t = run_target(cx, c->target);
  printf("passes on Triton IR:");
  for (size_t i = 0; i < n; i++) printf(" %s", passes[i]->name);
  if (t.backend && t.backend->passes) {
    printf("\npasses of %s:", t.name);
    for (const Pass *const *p = t.backend->passes; *p; p++) printf(" %s", (*p)->name);
  }
  passes = opt_passes(&n);
  printf("\n--passes knows:\n");
  for (size_t i = 0; i < n; i++) printf("  %-15s %s\n", passes[i]->name, passes[i]->what);
  printf("stages of %s:", t.resolved);
  for (const char *const *s = run_stages(&t); *s; s++) printf(" %s", *s);
  printf("\n");
  if (!t.backend) printf("(%s)\n", t.missing);
}

/* --explain: everything of that name in any module (`load`, `tl.load`), or all. */
static void explain(Ctx *cx, const char *name) {
  Buf out = {.cx = cx};
  Vec(const char *) names = {0};
  ttc_doc doc;
  for (size_t i = 0; lang_doc_at(i, &doc); i++) {
    const char *last = strrchr(doc.name, '.') + 1;
    vec_push(cx, &names, doc.name);
    vec_push(cx, &names, last);
    if (strcmp(name, "all") != 0 && strcmp(name, doc.name) != 0 && strcmp(name, last) != 0) continue;
    if (out.len) buf_printf(&out, "\n");
    lang_explain(&out, &doc);
  }
  if (!out.len) {
    ctx_fail(cx, ERR_SOURCE, "--explain: the language has no name `%s`%s", name,
             did_you_mean(cx, name, names.at, names.len));
  }
  fputs(buf_text(&out), stdout);
}

/* The assembly of a target, whatever it is called there. */
static const char *last_text(Ctx *cx, const char *target) {
  RunTarget t = run_target(cx, target);
  for (const char *const *s = run_stages(&t); *s; s++)
    if (!strcmp(*s, "ptx")) return *s;
  return "asm";
}

/* --emit facts, --emit html; with --simulate, of a run, too. True if that found no mistake. */
static bool explore(Ctx *cx, const Cli *c, RunRequest *r, bool page) {
  Compiled k;
  SimtReport report;
  uint32_t grid[3];
  if (c->simulate && !c->target) r->target = "cuda:90";
  run_compile(cx, r, &k);
  if (c->simulate) cli_simulate_reported(cx, c, r, grid, &report);
  Buf facts = {.cx = cx}, html = {.cx = cx};
  explore_facts(&facts, &k, c->simulate ? &(ExploreRun){grid, &report} : NULL);
  if (page) explore_page(&html, buf_text(&facts), facts.len);
  const Buf *out = page ? &html : &facts;
  write_stage(cx, c, &k, &(Stage){.name = c->emit, .bytes = out->s, .len = out->len});
  return !c->simulate || report.nissues == 0;
}

/* What needs no kernel; false: nothing of the kind was asked for. */
static bool print_what_is_asked(Ctx *cx, const Cli *c) {
  if (c->help)
    cli_help(cx);
  else if (c->version)
    printf("tritonc %s\n", TTC_VERSION);
  else if (c->print_pipeline)
    print_pipeline(cx, c);
  else if (c->manual)
    cli_manual(cx, c->manual);
  else if (c->explain)
    explain(cx, c->explain);
  else
    return false;
  return true;
}

static void compile(Ctx *cx, Main *m) {
  const Cli *c = &m->cli;
  size_t len;
  bool from_stdin = strcmp(c->file, "-") == 0;
  const char *text = from_stdin ? read_stdin(cx, &len) : file_read(cx, c->file, &len);
  ttc_request q = {.text = text,
                   .len = len,
                   .file = from_stdin ? "<stdin>" : c->file,
                   .kernel = c->kernel,
                   .signature = c->signatures.len ? c->signatures.at[0] : "",
                   .target = c->target,
                   .options = c->options.at,
                   .noptions = c->options.len};
  bool facts = c->emit && !strcmp(c->emit, "facts"), page = c->emit && !strcmp(c->emit, "html");
  if (facts || page) watch_begin(cx);
  RunRequest r = run_request(cx, &q, c->defines.at, c->defines.len);
  r.passes = c->passes;
  if (facts || page) {
    m->failed = !explore(cx, c, &r, page);
    return;
  }
  const char *emit = c->emit || c->simulate ? c->emit : last_text(cx, r.target);
  r.stop = emit;
  if (c->simulate) {
    m->failed = !cli_simulate(cx, c, &r);
    return;
  }
  Compiled k;
  run_compile(cx, &r, &k);
  for (uint32_t i = 0; i < k.stages.len; i++)
    if (strcmp(k.stages.at[i].name, emit) == 0) {
      write_stage(cx, c, &k, &k.stages.at[i]);
      return;
    }
  ctx_fail(cx, ERR_SYSTEM, "the target made no stage `%s`", emit);
}

static void work(Ctx *cx, void *arg) {
  Main *m = arg;
  if (print_what_is_asked(cx, &m->cli)) return;
  if (is_artefact(&m->cli))
    cli_artefact(cx, &m->cli);
  else
    compile(cx, m);
}

static void show(Ctx *cx, void *arg) {
  Buf b = {.cx = cx};
  (void)arg;
  for (const Diag *d = ctx_diags(cx); d; d = d->next) diag_render(&b, d, wants_colour());
  fputs(buf_text(&b), stderr);
  if (b.len && b.s[b.len - 1] != '\n') fputc('\n', stderr);
}

int main(int argc, char **argv) {
  sys_binary_streams();
  Ctx *cx = ctx_new(NULL);
  if (!cx) {
    fprintf(stderr, "tritonc: out of memory\n");
    return EXIT_SYSTEM;
  }
  Main m = {argc, argv, {0}, false};
  Err err = ctx_protect(cx, parse, &m);
  int status = err == ERR_NONE ? 0 : err == ERR_HOST ? EXIT_USAGE : EXIT_SYSTEM;
  if (err == ERR_NONE) {
    err = ctx_protect(cx, work, &m);
    status = err == ERR_NONE ? (m.failed ? EXIT_SOURCE : 0) : err == ERR_SOURCE ? EXIT_SOURCE : EXIT_SYSTEM;
    if (err == ERR_MEMORY)
      fprintf(stderr, "tritonc: out of memory\n");
    else
      ctx_protect(cx, show, NULL); /* warnings too */
  }
  ctx_free(cx);
  if (status == 0 && (fflush(stdout) != 0 || ferror(stdout))) status = EXIT_SYSTEM;
  return status;
}
