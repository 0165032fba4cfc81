/* key.c: the key of a compile.
 *
 * It is everything that the result depends on: this build of the code and of the backend, the kernel's source and what it
 * takes from outside (other functions' sources, constants), the parameters, the options, the exact CPU or compute capability. Equal keys
 * mean equal kernels, so the key is also the kernel's name in the cache.
 */
#include "run/run.h"

#include <string.h>

static void add_text(Sha256 *h, const char *s) {
  uint64_t n = s ? strlen(s) : UINT64_MAX;
  sha256_add(h, &n, sizeof n);
  if (s) sha256_add(h, s, (size_t)n);
}

static void add_param(Ctx *cx, Sha256 *h, const ttc_host *host, const ttc_param *p) {
  add_text(h, p->type);
  sha256_add(h, &p->divisibility, sizeof p->divisibility);
  lang_fingerprint_value(cx, host, &p->constant, h);
  sha256_add(h, &p->nitems, sizeof p->nitems);
  for (size_t i = 0; i < p->nitems; i++) {
    add_text(h, p->items[i].name);
    add_param(cx, h, host, &p->items[i]);
  }
}

void run_key(Ctx *cx, const RunRequest *r, Compiled *c) {
  Sha256 h;
  sha256_init(&h);
  add_text(&h, "tritonc " TTC_VERSION);
  run_build_id(&h, (const void *)(uintptr_t)run_key);
  if (c->target.backend) run_build_id(&h, c->target.backend);
  add_text(&h, c->target.resolved);
  for (size_t i = 0; i < run_noptions; i++) {
    const OptionInfo *o = &run_option_table[i];
    const void *field = (const char *)&c->options + o->offset;
    if (o->kind == OPTION_INT)
      sha256_add(&h, field, sizeof(int));
    else if (o->kind == OPTION_BOOL)
      sha256_add(&h, field, sizeof(bool));
    else
      add_text(&h, *(const char *const *)field);
  }
  if (c->edited.text) sha256_add(&h, c->edited.text, c->edited.len);
  add_text(&h, r->passes);
  add_text(&h, r->symbol);
  if (r->ir) sha256_add(&h, r->ir->text, r->ir->len);
  add_text(&h, r->kernel);
  if (r->function) {
    /* File and line go into the locations and the line information. */
    add_text(&h, r->function->qualname);
    add_text(&h, r->function->file);
    sha256_add(&h, &r->function->first_line, sizeof r->function->first_line);
    sha256_add(&h, r->function->source, r->function->source_len);
    lang_fingerprint(cx, r->host, r->function, &h);
    for (size_t i = 0; i < r->nparams; i++) add_param(cx, &h, r->host, &r->params[i]);
  }
  sha256_hex(&h, c->hash);
}
