/* fuzz_syntax.c: the parser on arbitrary bytes, for libFuzzer.
 *
 * Whatever the bytes, the parser either returns a tree, which can be walked, or one diagnostic whose place lies within
 * the source. The first byte chooses between a module and an expression.
 */
#include "syntax/syntax.h"

#include <stdlib.h>

typedef struct Input {
  const Source *source;
  bool expression;
  Node *tree;
} Input;

static void parse(Ctx *cx, void *arg) {
  Input *in = arg;
  in->tree = in->expression ? syn_parse_expression(cx, in->source) : syn_parse_module(cx, in->source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (!size) return 0;
  Ctx *cx = ctx_new(NULL);
  if (!cx) return 0;
  Source source = {.file = "fuzz.py", .text = (const char *)data + 1, .len = size - 1, .first_line = 1};
  Input in = {.source = &source, .expression = data[0] == 'e'};
  Err err = ctx_protect(cx, parse, &in);
  Buf out = {.cx = cx};
  if (err == ERR_NONE) {
    syn_dump(&out, in.tree, true);
  } else {
    const Diag *d = ctx_diags(cx);
    if (err != ERR_SOURCE || !d || d->next || d->span.begin > d->span.end || d->span.end > source.len) abort();
    diag_render(&out, d, true);
  }
  ctx_free(cx);
  return 0;
}
