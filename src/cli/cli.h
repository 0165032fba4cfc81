/* cli.h: the command `tritonc`: what its files share. */
#ifndef TRITONC_CLI_H
#define TRITONC_CLI_H

#include "run/run.h"
#include "simt/simt.h"

typedef Vec(const char *) Texts;

typedef struct Cli {
  const char *file, *kernel, *target, *emit, *output, *passes, *explain, *manual;
  const char *grid;
  Texts signatures, defines, args, prints; /* NAME=VALUE; NAME=VALUE; NAME[FROM:TO] */
  Vec(ttc_option) options;
  bool simulate, print_pipeline, help, version;
} Cli;

/* Understand the command line. Unwinds with ERR_HOST after saying what is wrong with it. */
void cli_parse(Ctx *cx, int argc, char **argv, Cli *cli);
void cli_help(Ctx *cx);

/* What the manual has beside the options: manual.def. The first is the description. */
typedef struct CliSection {
  const char *title, *text, *example;
} CliSection;
const CliSection *cli_sections(size_t *n);

/* An option as --help, the man page and shells know it. */
typedef struct CliFlag {
  const char *letter, *name, *value, *help; /* "-k" or NULL, "--kernel", "NAME" or NULL */
  bool repeats;
} CliFlag;
/* All of them: first the cli_noptions() of args.def, then those of lang/options.def that are not among these. */
const CliFlag *cli_flags(Ctx *cx, size_t *n);
size_t cli_noptions(void);

/* Print "man", the man page, or the completions of "bash", "zsh" or "fish": manual.c. Unwinds on another kind. */
void cli_manual(Ctx *cx, const char *kind);
/* Write C sources, objects or a shared object of what the command line, or the list that it names, describes. artefact.c. */
void cli_artefact(Ctx *cx, const Cli *cli);
/* Compile and run on the simulated GPU, and print what it found; true if that is nothing. simulate.c. */
bool cli_simulate(Ctx *cx, const Cli *cli, RunRequest *request);
/* The same for --emit facts and html: nothing is printed; what was found is in `report`. */
void cli_simulate_reported(Ctx *cx, const Cli *cli, const RunRequest *request, uint32_t grid[3], SimtReport *report);

#endif
