/* cli.h: the command `tritonc`: what its files share. */
#ifndef TRITONC_CLI_H
#define TRITONC_CLI_H

#include "run/run.h"

typedef struct Cli {
  const char *file, *kernel, *signature, *target, *emit, *output, *passes;
  Vec(const char *) defines; /* NAME=VALUE */
  Vec(ttc_option) options;
  bool print_pipeline, help, version;
} Cli;

/* Understand the command line. Unwinds with ERR_HOST after saying what is wrong with it. */
void cli_parse(Ctx *cx, int argc, char **argv, Cli *cli);
void cli_help(Ctx *cx);

#endif
