/* options.c: a compile's options: a table, its defaults, the environment, and what the caller says. */
#include "run/run.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

const OptionInfo run_option_table[] = {
#define OPTION(name, kind, fallback, help) {#name, OPTION_##kind, offsetof(Options, name), help},
#include "lang/options.def"
#undef OPTION
};
const size_t run_noptions = COUNT(run_option_table);

static const Options defaults = {
#define OPTION(name, kind, fallback, help) .name = fallback,
#include "lang/options.def"
#undef OPTION
};

static bool env_is_on(const char *name) {
  const char *v = getenv(name);
  if (!v) return false;
  return strcmp(v, "1") == 0 || strcasecmp(v, "true") == 0 || strcasecmp(v, "on") == 0 || strcasecmp(v, "yes") == 0 ||
         strcasecmp(v, "y") == 0;
}

static bool parse_bool(const char *text, bool *out) {
  static const char *const yes[] = {"1", "true", "True", "on"}, *const no[] = {"0", "false", "False", "off", "None"};
  for (size_t i = 0; i < COUNT(yes); i++)
    if (strcmp(text, yes[i]) == 0) return *out = true;
  for (size_t i = 0; i < COUNT(no); i++)
    if (strcmp(text, no[i]) == 0) return *out = false, true;
  return false;
}

static void set_option(Ctx *cx, Options *o, const OptionInfo *info, const char *text) {
  void *field = (char *)o + info->offset;
  switch (info->kind) {
  case OPTION_INT: {
    if (strcmp(text, "None") == 0) return;
    char *end;
    errno = 0;
    long x = strtol(text, &end, 10);
    if (end == text || *end || errno || x < 0 || x > INT_MAX)
      ctx_fail(cx, ERR_SOURCE, "option %s: `%s` is not a number", info->name, text);
    *(int *)field = (int)x;
    return;
  }
  case OPTION_BOOL:
    if (!parse_bool(text, field))
      ctx_fail(cx, ERR_SOURCE, "option %s: `%s` is neither true nor false", info->name, text);
    return;
  case OPTION_TEXT: *(const char **)field = strcmp(text, "None") == 0 ? NULL : intern(cx, text); return;
  }
}

Options run_options(Ctx *cx, const ttc_option *given, size_t n) {
  Options o = defaults;
  bool debug = env_is_on("TRITON_DEBUG");
  if (env_is_on("TRITON_DISABLE_LINE_INFO")) o.no_line_info = true;
  if (env_is_on("TRITON_ALLOW_NON_CONSTEXPR_GLOBALS")) o.allow_non_constexpr_globals = true;
  const char *fusion = getenv("TRITON_DEFAULT_FP_FUSION"), *f32 = getenv("TRITON_F32_DEFAULT");
  if (fusion && !parse_bool(fusion, &o.enable_fp_fusion))
    ctx_fail(cx, ERR_SOURCE, "TRITON_DEFAULT_FP_FUSION: `%s` is neither true nor false", fusion);
  if (f32 && *f32) o.default_dot_input_precision = intern(cx, f32);
  const char *maps = getenv("TRITONC_LAUNCH_MAPS");
  if (maps && !parse_bool(maps, &o.launch_maps))
    ctx_fail(cx, ERR_SOURCE, "TRITONC_LAUNCH_MAPS: `%s` is neither true nor false", maps);
  for (size_t i = 0; i < n; i++) {
    const OptionInfo *info = NULL;
    for (size_t j = 0; j < run_noptions && !info; j++)
      if (strcmp(run_option_table[j].name, given[i].name) == 0) info = &run_option_table[j];
    if (!info) {
      const char **names = NEWN(cx, const char *, run_noptions);
      for (size_t j = 0; j < run_noptions; j++) names[j] = run_option_table[j].name;
      ctx_fail(cx, ERR_SOURCE, "there is no option `%s`%s", given[i].name,
               did_you_mean(cx, given[i].name, names, run_noptions));
    }
    set_option(cx, &o, info, given[i].value);
  }
  if (debug) o.debug = o.check_memory = true; /* whatever a kernel says */
  if (!is_pow2(o.num_warps)) ctx_fail(cx, ERR_SOURCE, "num_warps must be a power of 2, and is %d", o.num_warps);
  return o;
}

const char *run_options_without_maps(Ctx *cx, const Options *o) {
  Buf text = {.cx = cx};
  Options plain = *o;
  plain.launch_maps = false;
  for (size_t i = 0; i < run_noptions; i++) {
    const OptionInfo *info = &run_option_table[i];
    const void *field = (const char *)&plain + info->offset;
    if (info->kind == OPTION_TEXT) continue;
    int x = info->kind == OPTION_INT ? *(const int *)field : *(const bool *)field;
    buf_printf(&text, "%s%s=%d", text.len ? " " : "", info->name, x);
  }
  return buf_text(&text);
}
