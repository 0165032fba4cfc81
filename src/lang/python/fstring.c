/* fstring.c: f-strings: their expressions evaluated and formatted. */
#include "lang/python/python.h"

Val *py_eval_fstring(Lang *L, Node *e) {
  Buf out = {.cx = L->cx};
  for (uint32_t i = 0; i < e->items.len; i++) {
    Node *part = e->items.at[i];
    if (part->kind == N_STR) {
      buf_write(&out, part->name, (size_t)part->integer);
      continue;
    }
    Val *v = py_eval(L, part->a);
    if (part->op && part->name2) buf_puts(&out, part->name2);
    Val *spec = part->b ? py_eval(L, part->b) : NULL;
    char conversion = part->name ? part->name[0] : part->op && !spec ? 'r' : 0;
    L->here = part->span;
    py_format(L, &out, v, conversion, spec ? spec->text : "", spec ? spec->len : 0);
  }
  return val_str(L, buf_text(&out), out.len);
}
