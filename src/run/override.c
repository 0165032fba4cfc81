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

/* Every stage has been made: the edited one was among them, or there is no such stage, or none that can be read. */
void run_override_check(Ctx *cx, const Compiled *c) {
  if (!c->edited.stage || c->edited.taken) return;
  Buf taken = {.cx = cx};
  const char *const *more = c->target.backend ? c->target.backend->edited_stages : NULL;
  for (; more && *more; more++) buf_printf(&taken, "%s .%s", more[1] ? "," : " or", *more);
  ctx_fail(cx, ERR_SOURCE,
           "ir_override: target `%s` takes no edited stage from `%s`; it does from a file named .ttir%s",
           c->target.name, c->options.ir_override, taken.len ? buf_text(&taken) : "");
}
