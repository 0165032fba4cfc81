/* lines.h: which line of the source each instruction of compiled code is of; lines.c reads the table that says it. */
#ifndef TRITONC_LINES_H
#define TRITONC_LINES_H

#include "base/base.h"

/* From this address on, the code is of this line; file NULL: of none. */
typedef struct CodeLine {
  uint64_t address;
  const char *file;
  int line, column;
  bool ends; /* what the table describes in one piece ends here: of a cubin, a function */
} CodeLine;
typedef Vec(CodeLine) CodeLines;

/* The rows of the section .debug_line. Files are named as it names them, those without a folder by their names alone. */
void lines_read(Ctx *cx, const uint8_t *table, size_t len, CodeLines *out);

#endif
