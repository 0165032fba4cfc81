/* args.c: the command line and --help, from the tables args.def, lang/options.def and manual.def. */
#include "cli/cli.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

typedef enum Action { DO_TEXT, DO_SWITCH, DO_LIST, DO_OPTION_ON } Action;
typedef struct CliOption {
  const char *letter, *name, *value, *help;
  Action action;
  size_t offset;
  const char *option;
} CliOption;

#define TEXT(field) DO_TEXT, offsetof(Cli, field), NULL
#define SWITCH(field) DO_SWITCH, offsetof(Cli, field), NULL
#define LIST(field) DO_LIST, offsetof(Cli, field), NULL
#define OPTION_ON(name) DO_OPTION_ON, 0, name
#define FLAG(letter, name, value, action, help) {letter, name, value, help, action},
static const CliOption flags[] = {
#include "cli/args.def"
};
#undef FLAG

/* `--num-warps` for the option num_warps. */
static const char *option_flag(Ctx *cx, const OptionInfo *o) {
  char *s = ctx_printf(cx, "--%s", o->name);
  for (char *p = s; *p; p++)
    if (*p == '_') *p = '-';
  return s;
}

static _Noreturn void usage(Ctx *cx, const char *message, const char *what, const char *guess) {
  fprintf(stderr, "tritonc: %s%s%s\n(tritonc --help lists the options)\n", message, what, guess);
  ctx_throw(cx, ERR_HOST);
}

static const CliOption *find_flag(const char *arg, size_t n) {
  for (size_t i = 0; i < COUNT(flags); i++) {
    if (strlen(flags[i].name) == n && memcmp(flags[i].name, arg, n) == 0) return &flags[i];
    if (flags[i].letter && strlen(flags[i].letter) == n && memcmp(flags[i].letter, arg, n) == 0) return &flags[i];
  }
  return NULL;
}

static const OptionInfo *find_option(Ctx *cx, const char *arg, size_t n) {
  for (size_t i = 0; i < run_noptions; i++) {
    const char *flag = option_flag(cx, &run_option_table[i]);
    if (strlen(flag) == n && memcmp(flag, arg, n) == 0) return &run_option_table[i];
  }
  return NULL;
}

static _Noreturn void unknown(Ctx *cx, const char *arg) {
  Vec(const char *) names = {0};
  for (size_t i = 0; i < COUNT(flags); i++) vec_push(cx, &names, flags[i].name);
  for (size_t i = 0; i < run_noptions; i++) vec_push(cx, &names, option_flag(cx, &run_option_table[i]));
  usage(cx, "unknown option ", arg, did_you_mean(cx, arg, names.at, names.len));
}

/* The value of the flag at argv[*i], after `=` or in the next word. */
static const char *value_of(Ctx *cx, int argc, char **argv, int *i, size_t n) {
  if (argv[*i][n] == '=') return argv[*i] + n + 1;
  if (*i + 1 >= argc) usage(cx, "a value is missing after ", argv[*i], "");
  return argv[++*i];
}

static void apply(Ctx *cx, Cli *cli, const CliOption *f, const char *value) {
  void *field = (char *)cli + f->offset;
  switch (f->action) {
  case DO_TEXT: *(const char **)field = value; break;
  case DO_SWITCH: *(bool *)field = true; break;
  case DO_LIST: vec_push(cx, (Texts *)field, value); break;
  case DO_OPTION_ON: vec_push(cx, &cli->options, ((ttc_option){f->option, "true"})); break;
  }
}

void cli_parse(Ctx *cx, int argc, char **argv, Cli *cli) {
  bool only_files = false;
  for (int i = 1; i < argc; i++) {
    const char *arg = argv[i];
    if (only_files || arg[0] != '-' || !arg[1]) {
      if (cli->file) usage(cx, "one file at a time, and this is the second: ", arg, "");
      cli->file = arg;
      continue;
    }
    if (strcmp(arg, "--") == 0) {
      only_files = true;
      continue;
    }
    size_t n = arg[1] == '-' ? strcspn(arg, "=") : strlen(arg);
    const CliOption *f = find_flag(arg, n);
    if (f) {
      if (!f->value && arg[n] == '=') usage(cx, "no value goes with ", f->name, "");
      apply(cx, cli, f, f->value ? value_of(cx, argc, argv, &i, n) : NULL);
      continue;
    }
    const OptionInfo *o = find_option(cx, arg, n);
    if (!o) unknown(cx, arg);
    const char *value = o->kind == OPTION_BOOL && arg[n] != '=' ? "true" : value_of(cx, argc, argv, &i, n);
    vec_push(cx, &cli->options, ((ttc_option){o->name, value}));
  }
}

const CliSection *cli_sections(size_t *n) {
  static const CliSection sections[] = {
#define SECTION(title, text, example) {title, text, example},
#include "cli/manual.def"
#undef SECTION
  };
  *n = COUNT(sections);
  return sections;
}

size_t cli_noptions(void) { return COUNT(flags); }

const CliFlag *cli_flags(Ctx *cx, size_t *n) {
  static const char *const values[] = {[OPTION_INT] = "N", [OPTION_BOOL] = NULL, [OPTION_TEXT] = "TEXT"};
  CliFlag *all = NEWN(cx, CliFlag, COUNT(flags) + run_noptions);
  *n = 0;
  for (size_t i = 0; i < COUNT(flags); i++) {
    const CliOption *f = &flags[i];
    all[(*n)++] = (CliFlag){f->letter, f->name, f->value, f->help, f->action == DO_LIST};
  }
  for (size_t i = 0; i < run_noptions; i++) {
    const OptionInfo *o = &run_option_table[i];
    const char *name = option_flag(cx, o);
    if (!find_flag(name, strlen(name))) all[(*n)++] = (CliFlag){NULL, name, values[o->kind], o->help, false};
  }
  return all;
}

/* ---- --help ------------------------------------------------------------------------------------------------------ */

enum { HELP_COLUMNS = 118, HELP_INDENT = 34 };

/* Words of `text` in lines from column `indent` on; the first line continues one that is there. */
static void help_wrapped(const char *text, int indent) {
  int column = indent;
  while (*text) {
    int n = (int)strcspn(text, " ");
    if (column > indent && column + 1 + n > HELP_COLUMNS) column = indent, printf("\n%*s", indent, "");
    column += printf("%s%.*s", column > indent ? " " : "", n, text);
    text += n;
    text += strspn(text, " ");
  }
  printf("\n");
}

static void help_flag(Ctx *cx, const CliFlag *f) {
  const char *left = ctx_printf(cx, "%s%s%s%s%s", f->letter ? f->letter : "  ", f->letter ? ", " : "  ", f->name,
                                f->value ? " " : "", f->value ? f->value : "");
  if ((int)strlen(left) > HELP_INDENT - 3)
    printf("  %s\n%*s", left, HELP_INDENT, "");
  else
    printf("  %-*s", HELP_INDENT - 2, left);
  help_wrapped(f->help, HELP_INDENT);
}

static void help_section(const CliSection *s) {
  help_wrapped(s->text, 0);
  for (const char *line = s->example; line && *line; line += strcspn(line, "\n"), line += *line == '\n')
    printf("    %.*s\n", (int)strcspn(line, "\n"), line);
}

void cli_help(Ctx *cx) {
  size_t n, count;
  const CliFlag *all = cli_flags(cx, &n);
  const CliSection *sections = cli_sections(&count);
  printf("usage: tritonc FILE [options]\n\n");
  help_section(&sections[0]);
  printf("\noptions:\n");
  for (size_t i = 0; i < n; i++) {
    if (i == cli_noptions()) printf("\noptions of the compile:\n");
    help_flag(cx, &all[i]);
  }
  for (size_t i = 1; i < count; i++) {
    printf("\n");
    for (const char *s = sections[i].title; *s; s++) putchar(tolower((unsigned char)*s));
    printf(":\n");
    help_section(&sections[i]);
  }
}
