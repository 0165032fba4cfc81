/* override.c: the stages that a user has edited, which take the place of what was made.
 *
 * Problem. A user copies all stages of a kernel, edits one and asks for it to be taken. The others are still what was
 * made of the source: a later one that is taken as well hides the edit. Idea. Edited is what differs from what is made
 * without any edit: where there are several files, the kernel is compiled once without them and each is compared. Of the
 * edited ones the last counts, as each takes the place of what was made of the one before; so one that is older than an
 * edited one before it, and would hide it, is an error. Cost: a second compile, where there is more than one file.
 */
#include "run/run.h"

#include <string.h>

/* The file that the option ir_override names; its ending says which stage it is. */
void run_override_read(Ctx *cx, Compiled *c) {
  const char *path = c->options.ir_override, *dot = path ? strrchr(path, '.') : NULL;
  if (!path) return;
  c->edited.stage = dot && !strchr(dot, '/') ? dot + 1 : "";
  c->edited.text = file_read(cx, path, &c->edited.len);
}

int run_override_files(Ctx *cx, const Compiled *c) {
  int files = 0;
  size_t len;
  int64_t time;
  for (const char *const *stage = run_stages(&c->target); *stage; stage++)
    files += run_override(cx, c, *stage, &len, &time) != NULL;
  return files;
}

static bool is_made(const Stages *made, const char *stage, const char *text, size_t len) {
  for (uint32_t i = 0; made && i < made->len; i++) {
    const Stage *s = &made->at[i];
    if (!strcmp(s->name, stage)) return s->len == len && !memcmp(s->bytes, text, len);
  }
  return false;
}

/* The folder's file for the stage, if somebody has edited it. */
static const char *edited_file(Ctx *cx, const Compiled *c, const char *stage, size_t *len, int64_t *time) {
  const char *text = run_override(cx, c, stage, len, time);
  return text && !is_made(c->edited.made, stage, text, *len) ? text : NULL;
}

const char *run_override_stage(void *self, Ctx *cx, const char *stage, size_t *len) {
  Compiled *c = self;
  if (c->edited.stage && strcmp(stage, c->edited.stage) == 0) {
    c->edited.taken = true;
    *len = c->edited.len;
    return c->edited.text;
  }
  int64_t time;
  const char *text = edited_file(cx, c, stage, len, &time);
  if (!text) return NULL;
  if (c->edited.last && time < c->edited.last_time)
    ctx_fail(
        cx, ERR_SOURCE,
        "TRITON_KERNEL_OVERRIDE: %s.%s and %s.%s are both edited, and the second, which would be taken, is the older "
        "one; remove it, or touch it",
        c->info.name, c->edited.last, c->info.name, stage);
  c->edited.last = stage;
  c->edited.last_time = time;
  c->edited.from_folder = true;
  return text;
}

static bool is_edited_stage(const Compiled *c, const char *stage) {
  if (!strcmp(stage, "ttir")) return true;
  const char *const *more = c->target.backend ? c->target.backend->edited_stages : NULL;
  for (; more && *more; more++)
    if (!strcmp(stage, *more)) return true;
  return false;
}

/* Refuses a file of the override folder for a stage that cannot be overridden, if it differs from the generated one. */
static void refuse_others(Ctx *cx, const Compiled *c) {
  for (uint32_t i = 0; i < c->stages.len; i++) {
    const Stage *s = &c->stages.at[i];
    size_t len;
    int64_t time;
    const char *text = is_edited_stage(c, s->name) ? NULL : edited_file(cx, c, s->name, &len, &time);
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
