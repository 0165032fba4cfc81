/* docs.c: what the manual says of the language's functions and types.
 *
 * The words are rows of docs.def. A signature is not written twice: a builtin's is its row's in builtins.def, that of a
 * function written in Triton the one in its source in lib/.
 */
#include "lang/tl/tl.h"

#include <string.h>

typedef struct Row {
  const char *group; /* of a heading; the others are NULL then */
  const char *name, *summary, *parameters, *result, *example;
  bool not_called;
  const char *errors; /* of a row that belongs to the one before it */
} Row;

#define GROUP(title) {.group = title},
#define DOC(name, summary, parameters, result, example) {NULL, name, summary, parameters, result, example, false, NULL},
#define ERRORS(text) {.errors = text},
#define LINE(name, summary) {NULL, name, summary, "", "", "", false, NULL},
#define TYPE(name, summary, example) {NULL, name, summary, "", "", example, true, NULL},
static const Row rows[] = {
#include "lang/tl/docs.def"
};
#undef GROUP
#undef DOC
#undef ERRORS
#undef LINE
#undef TYPE

/* The parameters of `def NAME(...):` at the left margin of a file of the library. */
static bool library_signature(const LibFile *file, const char *name, ttc_doc *doc) {
  size_t n = strlen(name);
  for (const char *s = file->text; (s = strstr(s, "\ndef ")); s++) {
    const char *p = s + 5;
    if (strncmp(p, name, n) != 0 || p[n] != '(') continue;
    doc->signature = p + n + 1;
    doc->signature_len = (size_t)(strstr(doc->signature, "):") - doc->signature);
    return true;
  }
  return false;
}

static void find_signature(ttc_doc *doc) {
  const Builtin *b = builtin_find(doc->name);
  if (b) {
    doc->signature = b->params;
    doc->signature_len = strlen(b->params);
    return;
  }
  bool libdevice = strncmp(doc->name, "libdevice.", 10) == 0;
  const char *name = strrchr(doc->name, '.') + 1;
  for (size_t i = 0; i < lang_lib_files_count; i++) {
    bool of_libdevice = strncmp(lang_lib_files[i].name, "libdevice", 9) == 0;
    if (of_libdevice == libdevice && library_signature(&lang_lib_files[i], name, doc)) return;
  }
  doc->signature = "";
  doc->signature_len = 0;
}

bool lang_doc_at(size_t index, ttc_doc *doc) {
  const char *group = "";
  for (size_t i = 0; i < COUNT(rows); i++) {
    const Row *r = &rows[i];
    if (r->group) {
      group = r->group;
    } else if (r->name && index-- == 0) {
      const char *errors = i + 1 < COUNT(rows) && rows[i + 1].errors ? rows[i + 1].errors : "";
      *doc = (ttc_doc){r->name, group, r->summary, r->parameters, r->result, r->example, NULL, 0, errors};
      if (!r->not_called) find_signature(doc);
      return true;
    }
  }
  return false;
}

/* ---- as text ----------------------------------------------------------------------------------------------------- */

enum { WIDTH = 96 };

/* Words of a line in lines of WIDTH, all but the first indented by `hang`. */
static void fill(Buf *out, const char *text, size_t n, size_t indent, size_t hang) {
  size_t column = indent;
  buf_printf(out, "%*s", (int)indent, "");
  for (size_t i = 0; i < n;) {
    size_t word = strcspn(text + i, " \n");
    if (word > n - i) word = n - i;
    if (i && column + 1 + word > WIDTH) {
      buf_printf(out, "\n%*s", (int)hang, "");
      column = hang;
    } else if (i) {
      buf_printf(out, " ");
      column++;
    }
    buf_printf(out, "%.*s", (int)word, text + i);
    column += word;
    i += word;
    while (i < n && text[i] == ' ') i++;
  }
  buf_printf(out, "\n");
}

static void section(Buf *out, const char *title, const char *lines, bool as_written) {
  if (!*lines) return;
  buf_printf(out, "\n%s\n", title);
  for (size_t n; *lines; lines += n + (lines[n] == '\n')) {
    n = strcspn(lines, "\n");
    if (as_written)
      buf_printf(out, "    %.*s\n", (int)n, lines);
    else
      fill(out, lines, n, 4, 8);
  }
}

void lang_explain(Buf *out, const ttc_doc *doc) {
  buf_printf(out, "%s", doc->name);
  if (doc->signature) {
    buf_printf(out, "(");
    for (size_t i = 0; i < doc->signature_len; i++)
      if (doc->signature[i] == '\n')
        buf_printf(out, "\\n"); /* in a default */
      else
        buf_write(out, &doc->signature[i], 1);
    buf_printf(out, ")");
  }
  buf_printf(out, "\n\n");
  fill(out, doc->summary, strlen(doc->summary), 0, 0);
  section(out, "Parameters", doc->parameters, false);
  section(out, "Returns", doc->result, false);
  section(out, "Errors", doc->errors, false);
  section(out, "Example", doc->example, true);
}
