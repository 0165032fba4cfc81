/* corpus.h: the kernels of tests/corpus.txt, for the tests that compile all of them. */
#ifndef TRITONC_TESTS_CORPUS_H
#define TRITONC_TESTS_CORPUS_H

#include "tritonc.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct CorpusEntry {
  char file[128], kernel[64], signature[256];
  char *text; /* of the file */
  size_t len;
} CorpusEntry;

static CorpusEntry corpus[64];
static size_t corpus_size;

static inline char *corpus_read_file(const char *path, size_t *len) {
  FILE *f = fopen(path, "rb");
  if (!f) return NULL;
  char *text = calloc(1, 1 << 20);
  *len = text ? fread(text, 1, (1 << 20) - 1, f) : 0;
  fclose(f);
  return text;
}

/* Loads the manifest; false (and a message) when something of it is missing. */
static inline bool corpus_load(void) {
  char line[512], path[1024];
  FILE *f = fopen(SOURCE_DIR "/tests/corpus.txt", "r");
  if (!f) return false;
  while (fgets(line, sizeof line, f)) {
    CorpusEntry *e = &corpus[corpus_size];
    if (line[0] == '#' || sscanf(line, "%127s | %63s | %255[^\n]", e->file, e->kernel, e->signature) != 3) continue;
    snprintf(path, sizeof path, "%s/%s", SOURCE_DIR, e->file);
    if (!(e->text = corpus_read_file(path, &e->len))) {
      fprintf(stderr, "cannot read %s\n", path);
      fclose(f);
      return false;
    }
    if (++corpus_size == sizeof corpus / sizeof *corpus) break;
  }
  fclose(f);
  return corpus_size > 0;
}

/* Compile `text` (a variant of the entry's source) as the entry says, up to `stop`. */
static inline ttc_status corpus_compile(ttc_context *cx, const CorpusEntry *e, const char *text, size_t len, const char *stop,
                                        ttc_kernel **kernel) {
  ttc_request q = {.size = sizeof q,
                   .text = text,
                   .len = len,
                   .file = e->file,
                   .kernel = e->kernel,
                   .signature = e->signature,
                   .stop = stop};
  *kernel = NULL;
  return ttc_compile(cx, &q, kernel);
}

#endif
