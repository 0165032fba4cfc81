/* options.c: which keywords of a launch are options of the compile. */
#include "ext.h"

#include <string.h>

/* Options that kernels name for other devices: accepted, part of the key, and without meaning here. */
static const char *const foreign_options[] = {
    "cluster_dims",
    "ptx_version",
    "ptx_options",
    "supported_fp8_dtypes",
    "deprecated_fp8_dot_operand_dtypes",
    "extern_libs",
    "backend_name",
    "allowed_dot_input_precisions",
    "arch",
    "instrumentation_mode",
    "waves_per_eu",
    "kpack",
    "matrix_instr_nonkdim",
    "schedule_hint",
    "minRegAutoWS",
    "maxRegAutoWS",
};

bool ext_option_for_us(const char *name) {
  const char *known;
  for (size_t i = 0; (known = ttc_option_name(i)); i++)
    if (strcmp(known, name) == 0) return true;
  return false;
}

bool ext_option_known(const char *name) {
  for (size_t i = 0; i < sizeof foreign_options / sizeof *foreign_options; i++)
    if (strcmp(foreign_options[i], name) == 0) return true;
  return ext_option_for_us(name);
}
