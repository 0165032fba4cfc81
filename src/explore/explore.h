/* explore.h: what a compile made of a kernel, as one JSON of facts, and as a page to look at.
 *
 * The facts (docs/facts.md) are taken from a compile that was watched (ir/watch.h), from its printed stages, and from a
 * run on the simulated GPU if there was one:
 *
 *   facts.c     the JSON: kernel, resources, passes, remarks
 *   places.c    locations, callers and sources; which line of a stage is of which place
 *   gpu.c       of Triton GPU IR: layouts, accesses, conversions, loops, values in registers
 *   sass.c      machine code of a GPU's kernel
 *   json.c      commas and brackets
 *   occupancy.c how many blocks a multiprocessor holds, and what limits them
 *   page.c      the page: the facts within page.html, page.css and page.js
 */
#ifndef TRITONC_EXPLORE_H
#define TRITONC_EXPLORE_H

#include "ir/watch.h"
#include "run/run.h"
#include "simt/simt.h"

enum { FACTS_VERSION = 1 };

/* A run on the simulated GPU. */
typedef struct ExploreRun {
  const uint32_t *grid;
  const SimtReport *report;
} ExploreRun;

/* The facts of a compile that began after watch_begin(); `run`: NULL for none. */
void explore_facts(Buf *out, const Compiled *c, const ExploreRun *run);
/* The page that shows facts. */
void explore_page(Buf *out, const char *facts, size_t len);

#endif
