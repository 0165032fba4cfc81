/* override.c: the stages that a user has edited, which take the place of what was made. */
#include "run/run.h"

#include <string.h>

/* The file that the option ir_override names; its ending says which stage it is. */
void run_override_read(Ctx *cx, Compiled *c) {
  const char *path = c->options.ir_override, *dot = path ? strrchr(path, '.') : NULL;
  if (!path) return;
  c->edited.stage = dot && !strchr(dot, '/') ? dot + 1 : "";
  c->edited.text = file_read(cx, path, &c->edited.len);
}

const char *run_override_stage(void *self, Ctx *cx, const char *stage, size_t *len) {
  Compiled *c = self;
  if (c->edited.stage && strcmp(stage, c->edited.stage) == 0) {
    c->edited.taken = true;
    *len = c->edited.len;
    return c->edited.text;
  }
  const char *text = run_override(cx, c, stage, len);
  if (text) c->edited.from_folder = true;
  return text;
}

static bool is_edited_stage(const Compiled *c, const char *stage) {
  if (!strcmp(stage, "ttir")) return true;
  const char *const *more = c->target.backend ? c->target.backend->edited_stages : NULL;
  for (; more && *more; more++)
    if (!strcmp(stage, *more)) return true;
  return false;
}

/* A file of the override folder for a stage that cannot be edited, with something else in it than what was made. */
static void refuse_others(Ctx *cx, const Compiled *c) {
  for (uint32_t i = 0; i < c->stages.len; i++) {
    const Stage *s = &c->stages.at[i];
    size_t len;
    const char *text = is_edited_stage(c, s->name) ? NULL : run_override(cx, c, s->name, &len);
    if (text && (len != s->len || memcmp(text, s->bytes, len) != 0))
      ctx_fail(cx, ERR_SOURCE, "TRITON_KERNEL_OVERRIDE: target `%s` takes no edited `%s`; remove %s.%s", c->target.name,
               s->name, c->info.name, s->name);
  }
}

/* Every stage has been made: the edited one was among them, or there is no such stage, or none that can be read. */
void run_override_check(Ctx *cx, const Compiled *c, bool whole) {
  if (whole) refuse_others(cx, c);
  if (!c->edited.stage || c->edited.taken || (!whole && is_edited_stage(c, c->edited.stage))) return;
  Buf taken = {.cx = cx};
  const char *const *more = c->target.backend ? c->target.backend->edited_stages : NULL;
  for (; more && *more; more++) buf_printf(&taken, "%s .%s", more[1] ? "," : " or", *more);
  ctx_fail(cx, ERR_SOURCE,
           "ir_override: target `%s` takes no edited stage from `%s`; it does from a file named .ttir%s",
           c->target.name, c->options.ir_override, taken.len ? buf_text(&taken) : "");
}
