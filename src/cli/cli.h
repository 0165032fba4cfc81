/* cli.h: the command `tritonc`: what its files share. */
#ifndef TRITONC_CLI_H
#define TRITONC_CLI_H

#include "run/run.h"

typedef Vec(const char *) Texts;

typedef struct Cli {
  const char *file, *kernel, *signature, *target, *emit, *output, *passes, *explain;
  const char *grid;
  Texts defines, args, prints; /* NAME=VALUE; NAME=VALUE; NAME[FROM:TO] */
  Vec(ttc_option) options;
  bool simulate, print_pipeline, help, version;
} Cli;

/* Understand the command line. Unwinds with ERR_HOST after saying what is wrong with it. */
void cli_parse(Ctx *cx, int argc, char **argv, Cli *cli);
void cli_help(Ctx *cx);
/* Compile and run on the simulated GPU, and print what it found; true if that is nothing. simulate.c. */
bool cli_simulate(Ctx *cx, const Cli *cli, RunRequest *request);

#endif
