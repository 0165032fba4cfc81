/* lines.c: which line of the source each instruction of an object is of: its line table (DWARF 2 to 4, 6.2), as LLVM and
 * NVIDIA's assemblers write it.
 *
 * The table is a program for a small machine whose registers are an address, a file, a line and a column; it says when these
 * are a row. Addresses count from the beginning of the code: the object is not linked, and of relocations only the one of
 * a function that begins there occurs. What is not as expected ends the reading; the rows so far are kept.
 */
#include "base/lines.h"

#include <stdlib.h>
#include <string.h>

typedef struct ByteReader {
  Ctx *cx;
  const uint8_t *at, *end;
} ByteReader;

static uint64_t fixed(ByteReader *r, int bytes) {
  uint64_t x = 0;
  if (r->end - r->at < bytes) return r->at = r->end, 0;
  for (int i = 0; i < bytes; i++) x |= (uint64_t)r->at[i] << 8 * i;
  r->at += bytes;
  return x;
}

/* LEB128. */
static uint64_t number(ByteReader *r, bool is_signed) {
  uint64_t x = 0;
  for (unsigned shift = 0; r->at < r->end; shift += 7) {
    uint8_t byte = *r->at++;
    if (shift < 64) x |= (uint64_t)(byte & 0x7f) << shift;
    if (byte & 0x80) continue;
    if (is_signed && byte & 0x40 && shift + 7 < 64) x |= UINT64_MAX << (shift + 7);
    break;
  }
  return x;
}

static const char *text(ByteReader *r) {
  const uint8_t *zero = memchr(r->at, 0, (size_t)(r->end - r->at));
  if (!zero) return r->at = r->end, "";
  const char *s = ctx_strndup(r->cx, (const char *)r->at, (size_t)(zero - r->at));
  r->at = zero + 1;
  return s;
}

typedef struct Header {
  unsigned min_length, line_range, opcode_base;
  int line_base;
  const uint8_t *operands; /* of each standard opcode, from 1 on */
  Vec(const char *) folders, files;
} Header;

static const char *path_of(ByteReader *r, const Header *h, const char *name, uint64_t folder) {
  const char *in = folder && folder <= h->folders.len ? h->folders.at[folder - 1] : NULL;
  return *name == '/' || !in || !*in || !strcmp(in, ".") ? name : ctx_printf(r->cx, "%s/%s", in, name);
}

/* Of a unit after its length; false: it is of another version. */
static bool header(ByteReader *r, Header *h) {
  uint64_t version = fixed(r, 2);
  if (version < 2 || version > 4) return false;
  uint64_t length = fixed(r, 4);
  if (length > (uint64_t)(r->end - r->at)) return false;
  const uint8_t *program = r->at + length;
  h->min_length = (unsigned)fixed(r, 1);
  if (version == 4) fixed(r, 1);          /* operations of an instruction */
  fixed(r, 1);                            /* whether rows begin statements */
  unsigned least = (unsigned)fixed(r, 1); /* a signed byte */
  h->line_base = least < 128 ? (int)least : (int)least - 256;
  h->line_range = (unsigned)fixed(r, 1);
  h->opcode_base = (unsigned)fixed(r, 1);
  if (!h->line_range || !h->opcode_base || program - r->at < (ptrdiff_t)h->opcode_base) return false;
  h->operands = r->at - 1;
  r->at += h->opcode_base - 1;
  for (const char *s; *(s = text(r));) vec_push(r->cx, &h->folders, s);
  for (const char *s; *(s = text(r));) {
    uint64_t folder = number(r, false);
    number(r, false), number(r, false); /* its time and size */
    vec_push(r->cx, &h->files, path_of(r, h, s, folder));
  }
  r->at = program;
  return true;
}

enum {
  LNS_COPY = 1,
  LNS_ADVANCE_PC,
  LNS_ADVANCE_LINE,
  LNS_SET_FILE,
  LNS_SET_COLUMN,
  LNS_CONST_ADD_PC = 8,
  LNS_FIXED_ADVANCE_PC,
  LNE_END = 1,
  LNE_SET_ADDRESS
};

typedef struct Row {
  uint64_t address, file;
  int64_t line;
  int column;
} Row;

static void put_row(ByteReader *r, const Header *h, const Row *row, bool ends, CodeLines *out) {
  const char *file = row->file && row->file <= h->files.len ? h->files.at[row->file - 1] : NULL;
  bool known = !ends && file && row->line > 0;
  CodeLine line = {row->address, known ? file : NULL, known ? (int)row->line : 0, row->column, ends};
  vec_push(r->cx, out, line);
}

static void extended(ByteReader *r, const Header *h, Row *row, CodeLines *out) {
  uint64_t length = number(r, false);
  if (!length || length > (uint64_t)(r->end - r->at)) {
    r->at = r->end;
    return;
  }
  const uint8_t *next = r->at + length;
  switch (fixed(r, 1)) {
  case LNE_END:
    put_row(r, h, row, true, out);
    *row = (Row){.file = 1, .line = 1};
    break;
  case LNE_SET_ADDRESS: row->address = fixed(r, (int)length - 1 < 8 ? (int)length - 1 : 8); break;
  default: break;
  }
  r->at = next;
}

static void standard(ByteReader *r, const Header *h, unsigned opcode, Row *row, CodeLines *out) {
  switch (opcode) {
  case LNS_COPY: put_row(r, h, row, false, out); break;
  case LNS_ADVANCE_PC: row->address += number(r, false) * h->min_length; break;
  case LNS_ADVANCE_LINE: row->line += (int64_t)number(r, true); break;
  case LNS_SET_FILE: row->file = number(r, false); break;
  case LNS_SET_COLUMN: row->column = (int)number(r, false); break;
  case LNS_CONST_ADD_PC: row->address += (255 - h->opcode_base) / h->line_range * h->min_length; break;
  case LNS_FIXED_ADVANCE_PC: row->address += fixed(r, 2); break;
  default:
    for (unsigned i = 0; i < h->operands[opcode]; i++) number(r, false);
  }
}

static void run(ByteReader *r, const Header *h, CodeLines *out) {
  Row row = {.file = 1, .line = 1};
  while (r->at < r->end) {
    unsigned opcode = (unsigned)fixed(r, 1);
    if (!opcode) {
      extended(r, h, &row, out);
    } else if (opcode < h->opcode_base) {
      standard(r, h, opcode, &row, out);
    } else {
      unsigned special = opcode - h->opcode_base;
      row.address += special / h->line_range * h->min_length;
      row.line += h->line_base + (int)(special % h->line_range);
      put_row(r, h, &row, false, out);
    }
  }
}

void lines_read(Ctx *cx, const uint8_t *table, size_t len, CodeLines *out) {
  ByteReader r = {cx, table, table + len};
  while (r.end - r.at > 4) {
    uint64_t length = fixed(&r, 4);
    if (length > (uint64_t)(r.end - r.at)) return;
    ByteReader unit = {cx, r.at, r.at + length};
    Header h = {0};
    if (!header(&unit, &h)) return;
    run(&unit, &h, out);
    r.at += length;
  }
}
