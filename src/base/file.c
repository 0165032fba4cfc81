/* file.c: files as memory. */
#include "base/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The rest of `f` into the arena, NUL-terminated; NULL when out of memory. Does not unwind: the file has to be closed
 * first. */
static char *read_all(Ctx *cx, FILE *f, size_t *len) {
  char block[16384], *text = NULL;
  size_t n = 0, cap = 0, got;
  while ((got = fread(block, 1, sizeof block, f)) > 0) {
    if (n + got + 1 > cap) {
      size_t more = (cap + got + 1) * 2;
      char *moved = arena_try(cx, more);
      if (!moved) return NULL;
      if (n) memcpy(moved, text, n);
      text = moved;
      cap = more;
    }
    memcpy(text + n, block, got);
    n += got;
  }
  *len = n;
  return text ? text : arena_try(cx, 1);
}

char *file_read(Ctx *cx, const char *path, size_t *len) {
  FILE *f = fopen(path, "rb");
  if (!f) ctx_fail(cx, ERR_SYSTEM, "cannot read `%s`: %s", path, strerror(errno));
  size_t n = 0;
  errno = 0;
  char *text = read_all(cx, f, &n);
  int error = ferror(f) ? errno : 0;
  fclose(f);
  if (error) ctx_fail(cx, ERR_SYSTEM, "cannot read `%s`: %s", path, strerror(error));
  if (!text) ctx_throw(cx, ERR_MEMORY);
  if (len) *len = n;
  return text;
}
