/* fuzz_ir.c: whatever text is read as IR ends in a module, which then prints and reads again as the same text, or in a
 * message. */
#include "ir/ir.h"

#include <stdlib.h>
#include <string.h>

typedef struct Input {
  const char *text;
  size_t len;
  char *printed; /* malloc'ed */
} Input;

static void read_and_print(Ctx *cx, void *arg) {
  Input *in = arg;
  Module *m = ir_read(cx, source_new(cx, "fuzz.mlir", in->text, in->len, 1));
  Buf b = {.cx = cx};
  ir_print(&b, m, (PrintOptions){0});
  in->printed = strdup(buf_text(&b));
}

static Err run(Input *in) {
  Ctx *cx = ctx_new(NULL);
  if (!cx) return ERR_MEMORY;
  Err err = ctx_protect(cx, read_and_print, in);
  if (err) {
    Buf b = {.cx = cx};
    for (const Diag *d = ctx_diags(cx); d; d = d->next) diag_render(&b, d, false);
  }
  ctx_free(cx);
  return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Input first = {.text = (const char *)data, .len = size};
  if (run(&first)) return 0;
  Input second = {.text = first.printed, .len = strlen(first.printed)};
  if (run(&second) || strcmp(first.printed, second.printed) != 0) __builtin_trap();
  free(first.printed);
  free(second.printed);
  return 0;
}
