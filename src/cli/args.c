/* args.c: the command line, from the tables args.def and lang/options.def. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

typedef enum Action { DO_TEXT, DO_SWITCH, DO_LIST, DO_OPTION_ON } Action;
typedef struct Flag {
  const char *letter, *name, *value, *help;
  Action action;
  size_t offset;
  const char *option;
} Flag;

#define TEXT(field) DO_TEXT, offsetof(Cli, field), NULL
#define SWITCH(field) DO_SWITCH, offsetof(Cli, field), NULL
#define LIST(field) DO_LIST, offsetof(Cli, field), NULL
#define OPTION_ON(name) DO_OPTION_ON, 0, name
#define FLAG(letter, name, value, action, help) {letter, name, value, help, action},
static const Flag flags[] = {
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

static _Noreturn void usage(Ctx *cx, const char *message, const char *what, const char *near) {
  fprintf(stderr, "tritonc: %s%s", message, what);
  if (near) fprintf(stderr, "; did you mean `%s`?", near);
  fprintf(stderr, "\n(tritonc --help lists what there is)\n");
  ctx_throw(cx, ERR_HOST);
}

static const Flag *find_flag(const char *arg, size_t n) {
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
  usage(cx, "unknown option ", arg, nearest_name(arg, names.at, names.len));
}

/* The value of the flag at argv[*i], after `=` or in the next word. */
static const char *value_of(Ctx *cx, int argc, char **argv, int *i, size_t n) {
  if (argv[*i][n] == '=') return argv[*i] + n + 1;
  if (*i + 1 >= argc) usage(cx, "a value is missing after ", argv[*i], NULL);
  return argv[++*i];
}

static void apply(Ctx *cx, Cli *cli, const Flag *f, const char *value) {
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
      if (cli->file) usage(cx, "one file at a time, and this is the second: ", arg, NULL);
      cli->file = arg;
      continue;
    }
    if (strcmp(arg, "--") == 0) {
      only_files = true;
      continue;
    }
    size_t n = arg[1] == '-' ? strcspn(arg, "=") : strlen(arg);
    const Flag *f = find_flag(arg, n);
    if (f) {
      if (!f->value && arg[n] == '=') usage(cx, "no value goes with ", f->name, NULL);
      apply(cx, cli, f, f->value ? value_of(cx, argc, argv, &i, n) : NULL);
      continue;
    }
    const OptionInfo *o = find_option(cx, arg, n);
    if (!o) unknown(cx, arg);
    const char *value = o->kind == OPTION_BOOL && arg[n] != '=' ? "true" : value_of(cx, argc, argv, &i, n);
    vec_push(cx, &cli->options, ((ttc_option){o->name, value}));
  }
}

static void help_line(const char *left, const char *help) {
  if (strlen(left) > 31)
    printf("  %s\n%34s%s\n", left, "", help);
  else
    printf("  %-31s %s\n", left, help);
}

void cli_help(Ctx *cx) {
  printf("usage: tritonc FILE [options]\n\n"
         "Compile a kernel of FILE, a Python source with @triton.jit functions (read, never executed) or Triton IR\n"
         "(.ttir, .mlir, or by its first words). FILE may be - for standard input.\n\noptions:\n");
  for (size_t i = 0; i < COUNT(flags); i++) {
    const Flag *f = &flags[i];
    help_line(ctx_printf(cx, "%s%s%s%s%s", f->letter ? f->letter : "  ", f->letter ? ", " : "  ", f->name,
                         f->value ? " " : "", f->value ? f->value : ""),
              f->help);
  }
  printf("\noptions of the compile:\n");
  for (size_t i = 0; i < run_noptions; i++) {
    static const char *const values[] = {"N", "", "TEXT"};
    const OptionInfo *o = &run_option_table[i];
    if (!find_flag(option_flag(cx, o), strlen(option_flag(cx, o))))
      help_line(ctx_printf(cx, "    %s %s", option_flag(cx, o), values[o->kind]), o->help);
  }
  printf("\nA signature describes the parameters in their order, separated by commas: a type (*fp32, i32, fp16 ...), "
         "with :16\n"
         "if the value or the address is known to be a multiple of 16; or, for a constant, its value (1024, \"text\", "
         "True,\n"
         "None, 1.5, fp32). NAME=... describes the parameter NAME. A parameter with a default may be left out.\n"
         "    tritonc add.py -k add -s \"*fp32:16,*fp32:16,*fp32:16,i32,1024\" --emit llir\n\n"
         "--simulate runs the kernel on a simulated GPU, with memory made up for its pointers, and reports accesses "
         "out of\n"
         "bounds, reads of what was never written, races, bank conflicts and sectors per access, with lines of the "
         "source.\n"
         "    tritonc add.py -k add -s \"*fp32,*fp32,*fp32,i32,1024\" --simulate --grid 4 --arg x=random:4000 \\\n"
         "        --arg y=iota:4000 --arg z=uninit:4000 --arg n=4000 --print z[:8]\n\n"
         "exit status: 0 done, 1 the source is wrong (or the simulated run was), 2 the command line is, 3 the system "
         "failed\n");
}
