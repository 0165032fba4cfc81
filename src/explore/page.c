/* page.c: the page that shows facts: one file, which asks for nothing from anywhere else.
 *
 * page.html is the frame. Its lines that are a comment of the form <!-- page.css --> are replaced by that file, and
 * <!-- facts --> by the facts, as JSON that a script element may hold (buf_json).
 */
#include "explore/internal.h"

#include <string.h>

static void put_file(Buf *out, const char *name, size_t n, const char *facts, size_t len);

/* The text, with what its comments name in their place. */
static void put_frame(Buf *out, const char *text, size_t n, const char *facts, size_t len) {
  const char *end = text + n;
  while (text < end) {
    const char *open = strstr(text, "<!-- "), *close = open ? strstr(open, " -->") : NULL;
    if (!close || close >= end) break;
    buf_write(out, text, (size_t)(open - text));
    put_file(out, open + 5, (size_t)(close - open - 5), facts, len);
    text = close + 4;
  }
  buf_write(out, text, (size_t)(end - text));
}

static void put_file(Buf *out, const char *name, size_t n, const char *facts, size_t len) {
  if (n == 5 && !strncmp(name, "facts", n)) {
    buf_write(out, facts, len);
    return;
  }
  for (size_t i = 0; i < explore_page_files_count; i++) {
    const PageFile *p = &explore_page_files[i];
    if (strlen(p->name) == n && !strncmp(p->name, name, n)) buf_write(out, p->text, p->len);
  }
}

void explore_page(Buf *out, const char *facts, size_t len) {
  for (size_t i = 0; i < explore_page_files_count; i++)
    if (!strcmp(explore_page_files[i].name, "page.html"))
      put_frame(out, explore_page_files[i].text, explore_page_files[i].len, facts, len);
}
