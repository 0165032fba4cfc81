/* print.c: device_print. One line per element, in the reference's format:
 *     pid (0, 0, 0) idx ( 3, 12) prefix: 1.500000
 * The lines of one call are written at once, so those of programs that run at the same time do not mix.
 */
#include "cpu/rt/rt.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct PrintedLines {
  char *text;
  size_t len, cap;
} PrintedLines;

/* Text that finds no memory is left out: a print must not stop the program. */
PRINTF_LIKE(2, 3) static void add(PrintedLines *l, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  va_list again;
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, fmt, args);
  va_end(args);
  if (n > 0 && l->len + (size_t)n + 1 > l->cap) {
    size_t cap = (l->len + (size_t)n + 1) * 2;
    char *text = realloc(l->text, cap);
    if (text) l->text = text, l->cap = cap;
  }
  if (n > 0 && l->len + (size_t)n + 1 <= l->cap)
    l->len += (size_t)vsnprintf(l->text + l->len, l->cap - l->len, fmt, again);
  va_end(again);
}

static int digits(int64_t n) {
  int d = 1;
  while (n >= 10) n /= 10, d++;
  return d;
}

/* hex: 0 as a number, 1 all bits, 2 (pointers) without leading zeros. */
static void add_value(PrintedLines *l, CpuElem type, int hex, const void *data, int64_t i) {
  int bytes = rt_elem_bytes(type);
  if (hex) {
    uint64_t bits = 0;
    const unsigned char *at = (const unsigned char *)data + i * bytes;
    if (bytes == 1) bits = *at;
    if (bytes == 2) bits = *(const uint16_t *)(const void *)at;
    if (bytes == 4) bits = *(const uint32_t *)(const void *)at;
    if (bytes == 8) bits = *(const uint64_t *)(const void *)at;
    add(l, "0x%0*" PRIx64, hex > 1 ? 1 : bytes * 2, bits);
    return;
  }
  if (type == CPU_I64)
    add(l, "%" PRIi64, ((const int64_t *)data)[i]);
  else if (type == CPU_U64)
    add(l, "%" PRIu64, ((const uint64_t *)data)[i]);
  else if (type < CPU_I64)
    add(l, "%" PRIi64, (int64_t)rt_elem_value(type, data, i));
  else
    add(l, "%f", rt_elem_value(type, data, i));
}

void ttc_rt_print(const uint32_t pid[3], const char *prefix, int32_t hex, int32_t type, int32_t rank,
                  const int64_t *shape, const void *data) {
  PrintedLines lines = {0};
  int64_t n = 1;
  for (int d = 0; d < rank; d++) n *= shape[d];
  if (!data) add(&lines, "pid (%u, %u, %u)%s\n", pid[0], pid[1], pid[2], prefix);
  for (int64_t i = 0; data && i < n; i++) {
    add(&lines, "pid (%u, %u, %u) idx (", pid[0], pid[1], pid[2]);
    int64_t below = n;
    for (int d = 0; d < rank; d++) {
      below /= shape[d];
      add(&lines, "%s%*" PRId64, d ? ", " : "", digits(shape[d] - 1), i / below % shape[d]);
    }
    add(&lines, ")%s", prefix);
    add_value(&lines, (CpuElem)type, hex, data, i);
    add(&lines, "\n");
  }
  if (lines.len) {
    fwrite(lines.text, 1, lines.len, stdout);
    fflush(stdout);
  }
  free(lines.text);
}
